"""Worlds of the Lean of the wheel: their definitions, and the theorems that a proof may use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lean_ebm.errors import SettingError
from lean_ebm.proving.numbers.levels import NUMBERS, Level, lemmas, levels
from lean_ebm.proving.statements import Statement

_FOLDER = Path(__file__).parent
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class LeanWorld:
    """A world.

    Args:
        name: Its name, that of ``--world``.
        modules: The modules of the world, each importing the one before it: their names, and what makes their sources.
        header: Lean source that stands above the theorems.
        question: The command that asks on which axioms a constant depends. The names in its answer are whole.
        missing: What may be the reason if Lean does not know a name or a tactic.
    """

    name: str
    modules: tuple[tuple[str, Callable[[], str]], ...]
    header: str
    question: str
    missing: str

    def allowed(self, statement: Statement) -> frozenset[str]:
        """List the theorems of the world that a proof of a statement may use. For Lean they are axioms."""
        return _NOTHING

    def refused(self, statement: Statement) -> frozenset[str]:
        """List the theorems of the world that a proof of a statement may not use."""
        return _NOTHING


class _Numbers(LeanWorld):
    """The world of numbers, in which the levels are theorems."""

    def allowed(self, statement: Statement) -> frozenset[str]:
        return frozenset(full_name(level) for level in lemmas(statement))

    def refused(self, statement: Statement) -> frozenset[str]:
        return frozenset(full_name(level) for level in levels()[len(lemmas(statement)) :])


def full_name(level: Level) -> str:
    """The name of a level in Lean."""
    return f"{NUMBERS}.{level.name}"


_NUMBERS_HEADER = f"set_option pp.fieldNotation false\nopen {NUMBERS}\n"


def _levels_source() -> str:
    """The levels as a Lean module, in which each is first proved from those before it and then taken as an axiom.

    With axioms, Lean itself says which levels a proof depends on, and no proof can look into that of another level.
    """
    lines = ["prelude", "import Numbers", "set_option autoImplicit false", "set_option linter.all false"]
    lines.append(_NUMBERS_HEADER)
    for level in levels():
        statement = f"{level.statement.binders} : {level.statement.proposition}"
        proof = [f"  {line}" if line else line for line in level.proof.split("\n")]
        lines += [f"example {statement} := by", *proof, f"axiom {full_name(level)} {statement}"]
    return "\n".join([*lines, ""])


def _source_of(name: str) -> Callable[[], str]:
    return lambda: (_FOLDER / name).read_text(encoding="utf-8")


_PRELUDE = ("Judge", _source_of("prelude.lean"))

LOGIC = LeanWorld(
    "logic",
    (_PRELUDE,),
    "",
    "#print axioms",
    "the Lean of the wheel has no library: if that is where this comes from, use a toolchain (--toolchain)",
)
"""Logic: connectives, quantifiers and equality."""

NUMBERS_WORLD = _Numbers(
    "numbers",
    (_PRELUDE, ("Numbers", _source_of("numbers.lean")), ("Levels", _levels_source)),
    _NUMBERS_HEADER,
    "set_option pp.fullNames true in #print axioms",
    "the world of numbers has theorems and tactics of its own, which docs/numbers.md lists",
)
"""Numbers: the type ``MyNat`` with + * ^ ≤ <, and the levels."""

_WORLDS = {world.name: world for world in (LOGIC, NUMBERS_WORLD)}


def world_of(name: str) -> LeanWorld:
    """Find a world by its name.

    Raises:
        SettingError: If there is no such world.
    """
    if name not in _WORLDS:
        raise SettingError(f"Lean: world is {name!r}; expected one of {', '.join(_WORLDS)}.")
    return _WORLDS[name]
