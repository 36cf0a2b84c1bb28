"""Splits a Lean file into commands by their keywords, like Lean's parser after an error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lean_ebm.proving.lexer import Token, tokenize
from lean_ebm.proving.source.shape import COMMANDS, MODIFIERS

# Commands of Lean's library and of Mathlib whose names are not reserved words of Lean itself.
_LIBRARY_TEXT = """
    alias proof_wanted library_note run_cmd run_elab run_meta simproc dsimproc simproc_decl register_simp_attr
    initialize_simps_projections irreducible_def assert_exists compile_inductive compile_def module prelude
    gen_injective_theorems declare_aesop_rule_sets declare_config_elab guard_cmd count_heartbeats
"""
_LIBRARY = frozenset(_LIBRARY_TEXT.split())
_SCOPED = frozenset(["open", "set_option"])  # also terms and tactics: `open Nat in h`
_DECLARATIONS = frozenset(
    ["theorem", "def", "abbrev", "instance", "axiom", "opaque", "inductive", "structure", "class"]
)
_MANY = 200  # tokens that may stand before a declaration


@dataclass(frozen=True)
class SourceCommand:
    """One command of a file.

    Args:
        keyword: The word that says what it does, such as ``theorem``, ``#eval``; ``doc`` for a comment by itself; empty
            if there is none.
        tokens: All of its tokens.
        head: The number of its keyword in them; modifiers and attributes come before.
        prefix: The commands before it that are joined to it with ``in``.
    """

    keyword: str
    tokens: tuple[Token, ...]
    head: int
    prefix: tuple[SourceCommand, ...] = ()

    @property
    def line(self) -> int:
        """Its line in the file, from 1: the one of its keyword."""
        return self.tokens[min(self.head, len(self.tokens) - 1)].line + 1

    @property
    def column(self) -> int:
        """The column in which it starts. Its parts are further right."""
        return (self.prefix[0] if self.prefix else self).tokens[0].column

    @property
    def rest(self) -> tuple[Token, ...]:
        """The tokens after the keyword."""
        return self.tokens[self.head + 1 :]


def split_commands(text: str) -> list[SourceCommand]:
    """Split a file into its commands.

    Raises:
        SyntaxProblem: If a comment or a string does not end.
    """
    tokens = tokenize(text)
    if not tokens:
        return []
    begins = [False] * len(tokens)
    for at in reversed(range(len(tokens))):  # whether `open ... in` is a command depends on what follows
        begins[at] = _starts(tokens, at, begins)
    begins[0] = True
    starts = [at for at, begin in enumerate(begins) if begin]
    merged: list[list[Token]] = []
    for start, end in zip(starts, [*starts[1:], len(tokens)], strict=True):
        if merged and _unfinished(merged[-1]):
            merged[-1] += tokens[start:end]
        else:
            merged.append(tokens[start:end])
    found: list[SourceCommand] = []
    prefix: list[SourceCommand] = []
    for part in merged:
        joined = part[-1].text == "in" and part[-1].kind == "symbol"
        if joined and len(part) > 1:
            prefix.append(_command(part[:-1], ()))
        else:
            found.append(_command(part, tuple(prefix)))
            prefix = []
    return [*found, *prefix]


def _starts(tokens: Sequence[Token], at: int, begins: Sequence[bool]) -> bool:
    """Whether a command, or a part of one, starts at a token; ``begins`` says so for the tokens after it."""
    token = tokens[at]
    before = tokens[at - 1] if at else None
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    first = before is None or before.line < token.line
    if token.kind == "doc":
        return True
    if token.text == "@" and after is not None and after.text == "[" and after.glued:
        return True
    if token.text == "#":
        return first and after is not None and after.kind in ("name", "symbol") and after.glued
    if token.kind == "name":
        if token.text == "lemma":
            named = after is not None and after.kind == "name"
            return named and (first or _joined(before))
        return first and token.column == 0 and token.text in _LIBRARY
    if token.kind != "symbol" or _in_attribute(tokens, at):
        return False
    if token.text in _SCOPED:
        return _is_command(tokens, at, begins)
    if token.text in ("unsafe", "deriving"):
        return after is not None and after.text in _DECLARATIONS
    if token.text in ("scoped", "local") and before is not None and before.text == "open":
        return False
    return token.text in COMMANDS


def _joined(before: Token | None) -> bool:
    """Whether a declaration may follow a token on its line."""
    return before is not None and (before.text in ("in", "]") or before.text in MODIFIERS or before.kind == "doc")


def _in_attribute(tokens: Sequence[Token], at: int) -> bool:
    """Whether a keyword stands in ``@[...]`` or ``attribute [...]``, where it is an attribute."""
    line = tokens[at].line
    for back in range(at - 1, max(at - 60, -1), -1):
        token = tokens[back]
        if token.text == "]" or token.line < line - 3:
            return False
        if token.text == "[":
            return back > 0 and tokens[back - 1].text in ("@", "attribute")
    return False


def _is_command(tokens: Sequence[Token], at: int, begins: Sequence[bool]) -> bool:
    """Whether ``open`` or ``set_option`` is a command: before a term or a tactic it ends with ``in``."""
    for index in range(at + 1, len(tokens)):
        token = tokens[index]
        if token.text == "in" and token.kind == "symbol":
            return index + 1 < len(tokens) and begins[index + 1]
        if begins[index] or token.text in (":=", "by", "=>", ";", *_SCOPED):
            return True
    return True


def _unfinished(part: Sequence[Token]) -> bool:
    """Whether a part is only what stands before a declaration: documentation, attributes, modifiers."""
    if part[-1].text.startswith("/-!") or len(part) > _MANY:
        return False
    head = _head(part)
    return head == len(part) or (head == len(part) - 1 and part[head].text in ("deriving", "class"))


def _head(part: Sequence[Token]) -> int:
    """The number of the first token after documentation, attributes and modifiers."""
    at = 0
    while at < len(part):
        token = part[at]
        if token.kind == "doc" or token.text in MODIFIERS or token.text == "unsafe":
            at += 1
        elif token.text == "@" and at + 1 < len(part) and part[at + 1].text == "[":
            depth = 0
            while at < len(part):
                depth += (part[at].text == "[") - (part[at].text == "]")
                at += 1
                if depth == 0 and part[at - 1].text == "]":
                    break
        else:
            break
    return at


def _command(part: Sequence[Token], prefix: tuple[SourceCommand, ...]) -> SourceCommand:
    head = _head(part)
    if head == len(part):
        return SourceCommand("doc" if part[-1].kind == "doc" else "", tuple(part), head, prefix)
    token = part[head]
    keyword = token.text
    if keyword == "#" and head + 1 < len(part):
        keyword = f"#{part[head + 1].text}"
    known = token.kind == "symbol" or keyword == "lemma" or keyword in _LIBRARY or keyword.startswith("#")
    return SourceCommand(keyword if known else "", tuple(part), head, prefix)


def only_opens(text: str) -> bool:
    """Whether a text only opens and closes namespaces and sections, so that it defines nothing.

    Raises:
        SyntaxProblem: If a comment or a string in it does not end.
    """
    known = ("open", "namespace", "section", "end", "universe")
    return all(command.keyword in known and not command.prefix and not command.head for command in split_commands(text))


def open_namespaces(text: str) -> list[str]:
    """The namespaces whose names can be written without them at the end of a text, the innermost last.

    Raises:
        SyntaxProblem: If a comment or a string in it does not end.
    """
    scopes: list[list[str]] = [[]]
    full = [""]
    for command in split_commands(text):
        words = [token.text for token in command.rest]
        if command.keyword == "namespace" and words:
            full.append(f"{full[-1]}{''.join(words)}.")
            scopes.append([full[-1].removesuffix(".")])
        elif command.keyword == "section":
            full.append(full[-1])
            scopes.append([])
        elif command.keyword == "end" and len(scopes) > 1:
            full.pop()
            scopes.pop()
        elif command.keyword == "open" and not command.prefix:
            scopes[-1] += words
    return [name for scope in scopes for name in scope]
