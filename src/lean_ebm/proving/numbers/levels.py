"""The levels of the world of numbers: ordered theorems. Each may be proved from those before it.

They are those of ``levels.lean`` beside this file, from ``a + 0 = a`` to ``x ≤ y → x ≠ y → x < y``::

    level = find_level("add_comm")
    print(level.statement)  # (a b : MyNat) : a + b = b + a
    print([earlier.name for earlier in lemmas(level.statement)][-2:])  # ['zero_add', 'succ_add']
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from lean_ebm.proving.lexer import SyntaxProblem, plain, tokenize
from lean_ebm.proving.source.binders import parse_binders
from lean_ebm.proving.source.commands import split_commands
from lean_ebm.proving.source.shape import depths
from lean_ebm.proving.source.theorems import name_of, parse_theorem
from lean_ebm.proving.statements import Statement

LEVELS = Path(__file__).with_name("levels.lean")
"""The file of the levels."""
NUMBERS = "MyNat"
"""The type of numbers, and the namespace in which the levels stand."""

_DEFINITIONS = "Definitions"
_CONNECTIVES = frozenset(["→", "↔", "∧", "∨", "¬", "≠", "≤", "<", "≥", ">", "∀", "∃"])


@dataclass(frozen=True)
class Level:
    """One level.

    Args:
        world: The part of the world in which it stands, such as ``Addition``.
        name: Its name, such as ``add_comm``; in Lean it stands in the namespace ``MyNat``, which is open.
        statement: Its statement.
        proof: A proof from earlier levels, as the lines after ``by``.
        kind: ``definition`` for the equations that define + * ^ and the numerals; ``equation`` for an equation over
            numbers, without hypotheses, that ``rfl`` alone does not prove; ``other`` for everything else.
    """

    world: str
    name: str
    statement: Statement
    proof: str
    kind: str


@cache
def levels() -> tuple[Level, ...]:
    """Read all levels, in their order."""
    return tuple(_read(plain(LEVELS.read_text(encoding="utf-8"))))


def worlds() -> dict[str, tuple[Level, ...]]:
    """Read the parts of the world in their order, each with its levels."""
    found: dict[str, tuple[Level, ...]] = {}
    for level in levels():
        found[level.world] = (*found.get(level.world, ()), level)
    return found


def find_level(name: str) -> Level:
    """Find a level by its name.

    Raises:
        KeyError: If there is no such level.
    """
    return levels()[_numbers()[name]]


def lemmas(statement: Statement) -> tuple[Level, ...]:
    """List the levels that a proof of a statement may use, in their order.

    For the statement of a level, also with other names of variables, these are the levels before it; for any other
    statement, they are all levels.
    """
    number = _by_statement().get(_key(statement.binders, statement.proposition))
    return levels() if number is None else levels()[:number]


@cache
def _numbers() -> dict[str, int]:
    return {level.name: number for number, level in enumerate(levels())}


@cache
def _by_statement() -> dict[tuple[str, ...], int]:
    """The number of the first level that has a statement."""
    found: dict[tuple[str, ...], int] = {}
    for number, level in enumerate(levels()):
        found.setdefault(_key(level.statement.binders, level.statement.proposition), number)
    return found


@lru_cache(maxsize=4096)
def _key(binders: str, proposition: str) -> tuple[str, ...]:
    """The words of a statement, with numbers in the place of its variables; empty if it cannot be read."""
    names: dict[str, str] = {}
    words: list[str] = []
    try:
        for group in parse_binders(binders):
            domain = _words(group.domain, names)
            for name in group.names:
                words += [group.kind, *domain]
                names[name] = f"#{len(names)}"
        return (*words, ":", *_words(proposition, names))
    except SyntaxProblem:
        return ()


def _words(text: str, names: dict[str, str]) -> list[str]:
    """The words of a term, renamed, without brackets around the whole of it."""
    tokens = tokenize(text)
    levels_ = depths(tokens)
    while len(tokens) > 2 and tokens[0].text == "(" and levels_.count(levels_[0]) == 2 and tokens[-1].text == ")":
        tokens, levels_ = tokens[1:-1], levels_[1:-1]
    return [names.get(token.text, token.text) for token in tokens]


def _read(text: str) -> Iterator[Level]:
    world = ""
    for command in split_commands(text):
        if command.keyword == "section":
            world, _ = name_of(command)
        elif command.keyword == "theorem":
            parsed = parse_theorem(text, command)
            statement = Statement(parsed.proposition, " ".join(map(str, parsed.groups)))
            yield Level(world, parsed.name, statement, parsed.script, _kind(world, statement, parsed.script))
        elif command.keyword not in ("namespace", "end"):
            raise SyntaxProblem(f"{LEVELS.name}, line {command.line}: expected a theorem, found {command.keyword!r}")


def _kind(world: str, statement: Statement, proof: str) -> str:
    if world == _DEFINITIONS:
        return "definition"
    numbers = all(group.domain == NUMBERS for group in parse_binders(statement.binders))
    words = {token.text for token in tokenize(statement.proposition)}
    equation = numbers and "=" in words and not words & _CONNECTIVES
    return "equation" if equation and proof != "rfl" else "other"
