"""Finds theorems without a proof in Lean source: their statements, and the places of their proofs.

Unlike :mod:`~lean_ebm.proving.source.files`, which understands every command of a file or refuses it, this takes what
stands above a theorem as it is. It is meant for files that the user trusts, and leaves it to Lean to read them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lean_ebm.proving.lexer import SyntaxProblem, Token
from lean_ebm.proving.source.commands import SourceCommand, split_commands
from lean_ebm.proving.source.files import UNIVERSES
from lean_ebm.proving.source.shape import depths
from lean_ebm.proving.source.theorems import name_of, proof_at, universes_of
from lean_ebm.proving.statements import Statement
from lean_ebm.proving.suites.problem import ProofPlace

_THEOREMS = ("theorem", "lemma", "example")
_MARGIN = 2  # blanks by which a proof stands right of its theorem


@dataclass(frozen=True)
class SourceTheorem:
    """A theorem in Lean source.

    Args:
        name: Its name with that of its namespace; empty for an ``example``.
        line: The line of its keyword, from 1.
        statement: Its statement, with everything above it but imports as the preamble.
        proof: The tokens of its proof, those after ``:=``.
        place: Where its proof stands.
        imports: The modules that the source imports.
        axioms: The axioms that stand above the theorem.
    """

    name: str
    line: int
    statement: Statement
    proof: tuple[Token, ...]
    place: ProofPlace
    imports: tuple[str, ...]
    axioms: tuple[str, ...]

    @property
    def is_open(self) -> bool:
        """Whether its proof is missing or contains ``sorry``."""
        words = [token.text for token in self.proof]
        return words in ([], ["by"]) or "sorry" in words


def source_theorems(text: str) -> list[SourceTheorem]:
    """List the theorems of Lean source, in their order.

    Above a theorem stand all commands before it but imports. Earlier theorems without a proof are left out if nothing
    mentions them: no proof may use them, and a tactic that looks for lemmas should not find them.

    Args:
        text: The source. The proof of the last theorem may be missing after ``:=`` or ``:= by``.

    Raises:
        SyntaxProblem: If a comment or a string does not end, or a theorem without a proof has no colon or no ``:=``.
    """
    found: list[SourceTheorem] = []
    above = _Above(text)
    for command in split_commands(text):
        above.mention(command)
        keyword, name = command.keyword, name_of(command)[0]
        if keyword == "import" and not found:
            above.imports.append(name)
            above.begin = command.tokens[-1].end
        elif keyword in ("namespace", "section"):
            above.scopes.append((name, keyword == "namespace"))
        elif keyword == "end":
            above.close(name)
        elif keyword == "universe":
            above.changes.append(_undeclared(command))
        elif keyword == "axiom":
            above.axioms.append(above.full(name))
        elif keyword in _THEOREMS:
            try:
                theorem = _theorem(text, command, above)
            except SyntaxProblem as problem:
                if any(token.text == "sorry" for token in command.tokens):
                    raise SyntaxProblem(f"line {command.line}: {problem}") from problem
                continue  # it has a proof, in a form that need not be known
            found.append(theorem)
            if theorem.is_open:
                place = _start(command), command.tokens[-1].end
                above.open.setdefault(name.rpartition(".")[2], []).append(place)
    return found


class _Above:
    """What stands above the next theorem.

    Attributes:
        begin: Where what stands below the imports begins.
        imports: The modules that are imported.
        axioms: The axioms.
        scopes: What is open: its name, and whether it is a namespace.
        changes: Parts of the text, and what the judge gets in their place.
        open: Where the theorems without a proof stand that nothing has mentioned, by the last parts of their names.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self.begin = 0
        self.imports: list[str] = []
        self.axioms: list[str] = []
        self.scopes: list[tuple[str, bool]] = []
        self.changes: list[tuple[int, int, str]] = []
        self.open: dict[str, list[tuple[int, int]]] = {}

    def preamble(self, end: int) -> str:
        """The source up to a place, as the judge gets it."""
        parts: list[str] = []
        begin = self.begin
        unused = [(start, stop, "") for places in self.open.values() for start, stop in places]
        for start, stop, instead in sorted([*self.changes, *unused]):
            parts += self._text[begin:start], instead
            begin = stop
        return "".join([*parts, self._text[begin:end]])

    def mention(self, command: SourceCommand) -> None:
        """Keep the theorems without a proof that a command mentions."""
        for token in command.tokens:
            if token.kind in ("name", "projection"):
                self.open.pop(token.text.lstrip("."), None)

    def full(self, name: str) -> str:
        """The full name of what is declared here."""
        if name.startswith("_root_."):
            return name.removeprefix("_root_.")
        return ".".join([*(scope for scope, named in self.scopes if named), name])

    def close(self, name: str) -> None:
        """Close what ``end NAME`` closes: a scope, or several whose names together are the name."""
        names: list[str] = []
        while self.scopes:
            names.insert(0, self.scopes.pop()[0])
            if not name or ".".join(names) == name:
                return


def _start(command: SourceCommand) -> int:
    return (command.prefix[0] if command.prefix else command).tokens[0].start


def _undeclared(command: SourceCommand) -> tuple[int, int, str]:
    """Where a command ``universe`` stands, and its text without the names that the judge's header declares."""
    names = [token.text for token in command.rest if token.text not in UNIVERSES]
    return command.tokens[0].start, command.tokens[-1].end, f"universe {' '.join(names)}" if names else ""


def _theorem(text: str, command: SourceCommand, above: _Above) -> SourceTheorem:
    """A theorem, with what stands above it."""
    own = name_of(command)[0]
    name = above.full(own) if own else ""
    rest = command.rest
    levels = depths(rest)
    universes, at = universes_of(rest, 0 if command.keyword == "example" else name_of(command)[1])
    colon = next((index for index in range(at, len(rest)) if not levels[index] and rest[index].text == ":"), None)
    if colon is None:
        raise SyntaxProblem(f"expected a colon after the binders of {name or command.keyword}, found none")
    end = proof_at(rest, levels, colon + 1)
    if end == colon + 1:
        raise SyntaxProblem(f"expected a proposition after the colon of {name or command.keyword}, found ':='")
    proof = rest[end + 1 :]
    lines = [above.preamble(_start(command)).strip("\r\n")]
    lines += [text[_start(part) : part.tokens[-1].end] for part in command.prefix]
    if more := [each for each in universes if each not in UNIVERSES]:
        lines.append(f"universe {' '.join(more)}")
    statement = Statement(
        _verbatim(text, rest[colon + 1 : end]), _verbatim(text, rest[at:colon]), "\n".join(lines), trusted=True
    )
    place = _place(text, command, end)
    return SourceTheorem(name, command.line, statement, proof, place, tuple(above.imports), tuple(above.axioms))


def _verbatim(text: str, tokens: Sequence[Token]) -> str:
    """The text of neighbouring tokens, comments included; if it has several lines, each stays in its columns."""
    if not tokens:
        return ""
    found = text[tokens[0].start : tokens[-1].end].replace("\r\n", "\n")
    return " " * tokens[0].column + found if "\n" in found else found


def _place(text: str, command: SourceCommand, end: int) -> ProofPlace:
    """Where the proof after ``:=``, the token with the number ``end``, stands."""
    rest = command.rest
    by = end + 1 < len(rest) and rest[end + 1].text == "by"
    begin = rest[end + 1].end if by else rest[end].end
    stop = max(rest[-1].end, begin)
    return ProofPlace(
        before=text[:begin],
        proof=text[begin:stop],
        after=text[stop:],
        lead="\n" if by else " by\n",
        margin=command.column + _MARGIN,
    )
