"""Lean's binders: explicit, implicit, strict implicit, and instance binders."""
# ruff: noqa: RUF001, RUF002 - the letters of Lean

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lean_ebm.proving.lexer import LIBRARY_NAMES, SyntaxProblem, Token, plain, tokenize
from lean_ebm.proving.source.shape import BRACKETS, depths

KINDS = "({⦃["
"""The brackets in which binders stand."""


class Binder(NamedTuple):
    """One group of binders, such as ``(p q : Prop)``.

    Args:
        names: The names that it binds; ``_`` is one that cannot be mentioned. An instance has at most one.
        domain: The text of their type; empty if none is given.
        kind: The bracket that opens the group: ``(``, ``{``, ``⦃``, or ``[`` for an instance.
    """

    names: tuple[str, ...]
    domain: str
    kind: str = "("

    def source(self) -> str:
        """Write the group as Lean source, with brackets around its type, so that the type cannot end it."""
        names = " ".join(self.names)
        if self.domain:
            names = f"{names} : ({self.domain})" if names else f"({self.domain})"
        return f"{self.kind}{names}{BRACKETS[self.kind]}"

    def __str__(self) -> str:
        """Write the group as a reader expects it."""
        names = " ".join(self.names)
        text = f"{names} : {self.domain}" if names and self.domain else names or self.domain
        return f"{self.kind}{text}{BRACKETS[self.kind]}"


def parse_binders(text: str) -> list[Binder]:
    """Parse the binders of a statement, such as ``(p q : Prop) {α : Type} [Inhabited α]``.

    Raises:
        SyntaxProblem: If the text is not made of such groups.
    """
    text = plain(text)
    tokens = tokenize(text)
    found, at = groups(text, tokens, depths(tokens), 0)
    if at < len(tokens):
        raise SyntaxProblem(f"expected groups such as (p q : Prop), found {tokens[at].text!r} in {text!r:.80}")
    return found


def groups(text: str, tokens: Sequence[Token], levels: Sequence[int], at: int) -> tuple[list[Binder], int]:
    """Parse groups of binders from the token ``at`` on; returns them and the number of the token after the last.

    Args:
        text: The text, without comments.
        tokens: Its tokens.
        levels: Their :func:`~.shape.depths`.
        at: Where to begin.

    Raises:
        SyntaxProblem: If a group is not one.
    """
    found: list[Binder] = []
    while (after := after_group(tokens, levels, at)) > at:
        found.append(_group(text, tokens[at].text, tokens[at + 1 : after - 1], levels[at + 1 : after - 1]))
        at = after
    return found, at


def after_group(tokens: Sequence[Token], levels: Sequence[int], at: int) -> int:
    """The number of the token after the group that starts at token ``at``; ``at`` if no group starts there."""
    if at >= len(tokens) or tokens[at].kind != "symbol" or tokens[at].text not in KINDS:
        return at
    end = at + 1
    while levels[end] > levels[at]:
        end += 1
    return end + 1


def _group(text: str, kind: str, inside: Sequence[Token], levels: Sequence[int]) -> Binder:
    outer = [token for token, level in zip(inside, levels, strict=True) if level == levels[0]]
    colon = next((token for token in outer if token.text == ":"), None)
    if any(token.text == ":=" for token in outer):
        raise SyntaxProblem("a binder with a default value, which is not read")
    if kind == "[" and colon is None:
        names: list[Token] = []
        domain = list(inside)
    else:
        names = [token for token in inside if colon is None or token.start < colon.start]
        domain = [] if colon is None else [token for token in inside if token.start > colon.start]
    for token in names:
        if token.kind != "name" or token.text in LIBRARY_NAMES:
            raise SyntaxProblem(f"expected a name, found {token.text!r}")
    if kind == "[" and (len(names) > 1 or not domain):
        raise SyntaxProblem("expected an instance such as [Inhabited α]")
    if (kind != "[" and not names) or (colon is not None and not domain):
        raise SyntaxProblem(f"expected names and a type, found {kind}{BRACKETS[kind]}")
    type_ = text[domain[0].start : domain[-1].end] if domain else ""
    return Binder(tuple(token.text for token in names), type_, kind)
