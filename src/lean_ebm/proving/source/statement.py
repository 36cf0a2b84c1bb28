"""Splits a statement into binders and proposition at the colon between them."""
# ruff: noqa: RUF002 - the letters of Lean

from __future__ import annotations

from collections.abc import Sequence

from lean_ebm.proving.lexer import SyntaxProblem, Token, tokenize
from lean_ebm.proving.source.binders import after_group
from lean_ebm.proving.source.shape import depths


def split_statement(text: str) -> tuple[str, str]:
    """Split ``[theorem name] [binders :] proposition [:= by]`` into binders and proposition, without comments.

    The text before a colon is binders if all of it is in brackets: the colon of ``∀ x : α, p`` is another one. ASCII
    spellings become those of Lean's library. A text whose brackets do not close each other is all proposition.
    """
    try:
        tokens = tokenize(text)
        levels = depths(tokens)
    except SyntaxProblem:
        return "", text.strip()
    at, end = 0, len(tokens)
    head = tokens[0].text if tokens else ""
    if head in ("theorem", "lemma", "example"):
        at = 1 if head == "example" else 2
        while at < end and tokens[at].kind == "projection" and tokens[at].glued:
            at += 1
        if at + 1 < end and tokens[at].text == "." and tokens[at + 1].text == "{":  # universes
            at = after_group(tokens, levels, at + 1)
    if [token.text for token in tokens[-2:]] == [":=", "by"]:
        end -= 2
    elif end and tokens[end - 1].text == ":=":
        end -= 1
    colon = at
    while (after := after_group(tokens, levels, colon)) > colon:
        colon = after
    if colon < end and tokens[colon].text == ":":
        return spelled(text, tokens[at:colon]), spelled(text, tokens[colon + 1 : end])
    return "", spelled(text, tokens[at:end])


def spelled(text: str, tokens: Sequence[Token]) -> str:
    """The text of neighbouring tokens without comments, each symbol in the spelling of Lean's library.

    Args:
        text: The text.
        tokens: Some of its tokens.
    """
    pieces: list[str] = []
    proof = any(token.text == "by" for token in tokens)
    for index, token in enumerate(tokens):
        between = text[tokens[index - 1].end : token.start] if index else ""
        pieces.append(" " if between.strip() else between)
        word = token.text if token.kind == "symbol" else text[token.start : token.end]
        pieces.append("∃" if word == "exists" and not proof else word)
    return "".join(pieces)
