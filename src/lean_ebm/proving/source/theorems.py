"""A theorem of a file: its name, statement and script, parsed from its command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lean_ebm.proving.lexer import SyntaxProblem, Token, is_name
from lean_ebm.proving.source.binders import Binder, groups
from lean_ebm.proving.source.commands import SourceCommand
from lean_ebm.proving.source.shape import depths

_BINDING = frozenset(["fun", "∀", "∃", "have", "let", "show", "if", "suffices", "match", "by"])  # have `:` or `,`


@dataclass(frozen=True)
class ParsedTheorem:
    """A theorem as it stands in a file.

    Args:
        name: Its name, not yet that of its namespace; empty for an ``example``.
        universes: The universes that it declares.
        groups: Its own binders.
        proposition: Its proposition.
        script: Its proof, as the lines after ``by``.
        words: The names in its statement and proof, those of fields included.
        attributes: Its attributes and modifiers, as Lean source; not that it is private.
        marks: The names in its attributes.
    """

    name: str
    universes: tuple[str, ...]
    groups: tuple[Binder, ...]
    proposition: str
    script: str
    words: frozenset[str]
    attributes: str
    marks: frozenset[str]


def name_of(command: SourceCommand) -> tuple[str, int]:
    """The name of a declaration, and the number of the token after it among :attr:`SourceCommand.rest`."""
    rest = command.rest
    if not rest or rest[0].kind != "name":
        return "", 0
    at = 1
    while at < len(rest) and rest[at].kind == "projection" and rest[at].glued:
        at += 1
    return "".join(token.text for token in rest[:at]), at


def parse_theorem(text: str, command: SourceCommand) -> ParsedTheorem:
    """Parse a command ``theorem``, ``lemma`` or ``example``.

    Args:
        text: The file, without comments.
        command: The command.

    Raises:
        SyntaxProblem: If it is not one, or has something that is not read; says what.
    """
    rest = command.rest
    name, at = ("", 0) if command.keyword == "example" else name_of(command)
    if command.keyword != "example" and not is_name(name):
        raise SyntaxProblem(f"expected a name, found {rest[0].text if rest else 'the end'!r}")
    levels = depths(rest)
    universes, at = universes_of(rest, at)
    own, at = groups(text, rest, levels, at)
    if at == len(rest) or rest[at].text != ":":
        found = repr(rest[at].text) if at < len(rest) else "the end"
        raise SyntaxProblem(f"expected binders such as (p q : Prop), or a colon, found {found}")
    end = proof_at(rest, levels, at + 1)
    if end == at + 1:
        raise SyntaxProblem("expected a proposition, found ':='")
    proposition = _slice(text, rest[at + 1 : end])
    script = _script(text, command, rest[end + 1 :])
    names = [token for token in rest[at:] if token.kind in ("name", "projection")]
    words = {token.text.lstrip(".") for token in names}
    words |= {word.text.lstrip(".") for word in rest[:at] if word.kind in ("name", "projection")}
    before = [token for token in command.tokens[: command.head] if token.kind != "doc" and token.text != "private"]
    attributes = "".join(f"{'' if token.glued else ' '}{text[token.start : token.end]}" for token in before).strip()
    marks = frozenset(token.text for token in before if token.kind == "name")
    return ParsedTheorem(name, universes, tuple(own), proposition, script, frozenset(words), attributes, marks)


def universes_of(rest: Sequence[Token], at: int) -> tuple[tuple[str, ...], int]:
    """The universes that a declaration names, and the number of the token after them.

    Args:
        rest: The tokens after the keyword.
        at: The number of the token after the name.
    """
    if at + 1 < len(rest) and rest[at].text == "." and rest[at + 1].text == "{":
        end = at + 2
        while end < len(rest) and rest[end].text != "}":
            end += 1
        return tuple(token.text for token in rest[at + 2 : end] if token.kind == "name"), end + 1
    return (), at


def proof_at(rest: Sequence[Token], levels: Sequence[int], at: int) -> int:
    """The number of the token ``:=`` before the proof.

    Args:
        rest: The tokens after the keyword.
        levels: The number of brackets around each of them.
        at: The number of the first token of the proposition.

    Raises:
        SyntaxProblem: If there is none.
    """
    definitions = 0  # `let x := 1` in the statement
    for index in range(at, len(rest)):
        token = rest[index]
        if levels[index] > 0 or token.kind != "symbol":
            continue
        if token.text in ("let", "have", "letI", "haveI"):
            definitions += 1
        elif token.text == ":=":
            if not definitions:
                return index
            definitions -= 1
        elif token.text == "|" and token.line > rest[index - 1].line:
            raise SyntaxProblem("a proof by cases in the form '| pattern => proof', which is not read")
    raise SyntaxProblem("there is no proof: expected ':=' after the proposition")


def _script(text: str, command: SourceCommand, proof: Sequence[Token]) -> str:
    """The proof as a script."""
    if not proof:
        raise SyntaxProblem("there is no proof after ':='")
    levels = depths(proof)
    for token, level in zip(proof, levels, strict=True):
        if level == 0 and token.kind == "symbol" and token.text in ("where", "termination_by", "decreasing_by"):
            raise SyntaxProblem(f"a proof with {token.text!r}, which is not read")
    for index in range(1, len(proof)):
        token, before = proof[index], proof[index - 1]
        new = token.line > before.line and token.column <= command.column
        if before.text == "by" and before.kind == "symbol" and levels[index] == 0 and new:
            raise SyntaxProblem(f"the tactics after 'by' in line {before.line + 1} do not stand right of the theorem")
    if proof[0].text == "by" and proof[0].kind == "symbol":
        return _dedented(text, proof[1:]) if len(proof) > 1 else ""
    _check_term(proof, levels)
    body = "\n".join(f"  {line}" if line else "" for line in _dedented(text, proof).split("\n"))
    return f"exact (\n{body})"


def _check_term(proof: Sequence[Token], levels: Sequence[int]) -> None:
    """Check that a proof term means without the brackets what it means in them."""
    binding = False
    for token, level in zip(proof, levels, strict=True):
        if level > 0:
            continue
        binding = binding or token.text in _BINDING
        if token.kind == "symbol" and token.text in (":", ",", ";") and not binding:
            raise SyntaxProblem(f"expected the end of a proof term, found {token.text!r}")


def _slice(text: str, tokens: Sequence[Token]) -> str:
    return text[tokens[0].start : tokens[-1].end]


def _dedented(text: str, tokens: Sequence[Token]) -> str:
    """The lines of neighbouring tokens, moved to the left together."""
    lines = (" " * tokens[0].column + _slice(text, tokens)).split("\n")
    lines = [line.rstrip(" ") for line in lines]
    indentation = min(len(line) - len(line.lstrip(" ")) for line in lines if line)
    return "\n".join(line[indentation:] for line in lines)
