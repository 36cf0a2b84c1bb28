"""Theorems without a proof in Lean source: their statements as they stand there, and where their proofs belong.

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
_LEANS_OWN = "set_option autoImplicit true\n"  # what Lean has for a file, and the judge's header takes away


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
        """Whether its proof is missing: there is none, or it has ``sorry``."""
        words = [token.text for token in self.proof]
        return words in ([], ["by"]) or "sorry" in words


def source_theorems(text: str) -> list[SourceTheorem]:
    """List the theorems of Lean source, in their order.

    Args:
        text: The source. The proof of the last theorem may be missing after ``:=`` or ``:= by``.

    Raises:
        SyntaxProblem: If a comment or a string does not end, or a theorem has no colon or no ``:=``.
    """
    commands = split_commands(text)
    found: list[SourceTheorem] = []
    imports: list[str] = []
    axioms: list[str] = []
    scopes: list[tuple[str, bool]] = []  # what is open: its name, and whether it is a namespace
    universes: list[tuple[int, int, str]] = []  # where names of universes stand, and what to put there
    begin = 0  # of what stands below the imports
    for command in commands:
        keyword, name = command.keyword, name_of(command)[0]
        if keyword == "import" and not found:
            imports.append(name)
            begin = command.tokens[-1].end
        elif keyword in ("namespace", "section"):
            scopes.append((name, keyword == "namespace"))
        elif keyword == "end" and scopes:
            _close(scopes, name)
        elif keyword == "universe":
            universes.append(_undeclared(command))
        elif keyword == "axiom":
            axioms.append(_full(scopes, name))
        elif keyword in _THEOREMS:
            preamble = _replaced(text, begin, _start(command), universes)
            full = _full(scopes, name) if name else ""
            found.append(_theorem(text, command, full, preamble, tuple(imports), tuple(axioms)))
    return found


def _start(command: SourceCommand) -> int:
    return (command.prefix[0] if command.prefix else command).tokens[0].start


def _full(scopes: Sequence[tuple[str, bool]], name: str) -> str:
    if name.startswith("_root_."):
        return name.removeprefix("_root_.")
    return ".".join([*(scope for scope, named in scopes if named), name])


def _close(scopes: list[tuple[str, bool]], name: str) -> None:
    """Close what ``end NAME`` closes: a scope, or several whose names together are the name."""
    names: list[str] = []
    while scopes:
        names.insert(0, scopes.pop()[0])
        if not name or ".".join(names) == name:
            return


def _undeclared(command: SourceCommand) -> tuple[int, int, str]:
    """Where a command ``universe`` stands, and its text without the names that the judge's header declares."""
    names = [token.text for token in command.rest if token.text not in UNIVERSES]
    return command.tokens[0].start, command.tokens[-1].end, f"universe {' '.join(names)}" if names else ""


def _replaced(text: str, begin: int, end: int, changes: Sequence[tuple[int, int, str]]) -> str:
    parts = [_LEANS_OWN]
    for start, stop, instead in changes:
        parts += text[begin:start], instead
        begin = stop
    return "".join([*parts, text[begin:end]])


def _theorem(
    text: str, command: SourceCommand, name: str, preamble: str, imports: tuple[str, ...], axioms: tuple[str, ...]
) -> SourceTheorem:
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
    lines = [preamble.rstrip(), *(text[_start(part) : part.tokens[-1].end] for part in command.prefix)]
    if more := [each for each in universes if each not in UNIVERSES]:
        lines.append(f"universe {' '.join(more)}")
    statement = Statement(
        _verbatim(text, rest[colon + 1 : end]), _verbatim(text, rest[at:colon]), "\n".join(lines), trusted=True
    )
    return SourceTheorem(name, command.line, statement, proof, _place(text, command, end), imports, axioms)


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
