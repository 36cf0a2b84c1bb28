"""The lexer of Lean's syntax: text to tokens."""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_LENGTH = 20_000
"""Characters in one text; a longer text is refused."""


class SyntaxProblem(Exception):
    """The text is not in the language that this package parses."""


_LETTER = r"[A-Za-z_\u0370-\u03ba\u03bc-\u03ff\u1f00-\u1ffe\u2100-\u214f]"  # Lean's letters, without λ
_TOKENS = re.compile(
    rf"""(?P<space>[ \t]+)|(?P<newline>\n)
    |(?P<name>(?![ΠΣ]){_LETTER}(?:{_LETTER}|[0-9'!?₀-₉ₐ-ₜᵢ-ᵪ])*)
    |(?P<projection>\.(?:[0-9]+|{_LETTER}(?:{_LETTER}|[0-9'])*))
    |(?P<symbol>\?_|:=|=>|↦|->|<->|→|↔|∧|∨|¬|∀|∃|λ|/\\|\\/|[()⟨⟩,:|;.·])""",
    re.VERBOSE,
)
_SPELLINGS = {"->": "→", "<->": "↔", "/\\": "∧", "\\/": "∨", "λ": "fun", "↦": "=>", "forall": "∀"}
_RESERVED = (
    "fun forall with by have let show from match if then else do where in open end theorem def example axiom instance "
    "class structure inductive namespace section variable universe import set_option Type Prop Sort nomatch nofun calc "
    "suffices using deriving mutual private protected noncomputable unsafe partial attribute export abbrev macro "
    "syntax notation infix infixl infixr postfix elab sorry admit return for unless try catch mut initialize "
    "declare_syntax_cat macro_rules elab_rules builtin_initialize decreasing_by termination_by"
)
KEYWORDS = frozenset(_RESERVED.split())
"""Words that cannot be names."""

LIBRARY_NAMES = frozenset(["True", "False", "And", "Or", "Not", "Iff", "Exists", "absurd", "trivial"])
"""Names of Lean's library that a variable must not take.

Lean allows it, but then prints two different things under one name.
"""


class Token(NamedTuple):
    """One token.

    Args:
        kind: ``name``, ``projection`` (a dot and a field), ``symbol`` (keywords included), or ``end``.
        text: Its text; of the spellings of one symbol, always the same one.
        line: Its line, from 0.
        column: Its column, from 0.
        glued: Whether it follows the token before without a space.
    """

    kind: str
    text: str
    line: int
    column: int
    glued: bool


END = Token("end", "the end", 1 << 30, -1, False)
"""Stands after the last token of a text."""


def tokenize(text: str) -> list[Token]:
    """Split a text into tokens.

    Raises:
        SyntaxProblem: If the text is too long or has a character that no token begins with.
    """
    if len(text) > MAX_LENGTH:
        raise SyntaxProblem(f"the text has {len(text)} characters, expected at most {MAX_LENGTH}")
    found: list[Token] = []
    position, line, start, glued = 0, 0, 0, False
    while position < len(text):
        match = _TOKENS.match(text, position)
        if match is None:
            raise SyntaxProblem(f"unexpected character {text[position]!r} at column {position - start}")
        kind, position = str(match.lastgroup), match.end()
        if kind == "newline":
            line, start, glued = line + 1, position, False
        elif kind == "space":
            glued = False
        else:
            word = _SPELLINGS.get(match[0], match[0])
            if kind == "projection" and not glued:  # `. tactic` without a space, or nonsense
                raise SyntaxProblem(f"unexpected {word!r} at column {match.start() - start}")
            if kind == "name" and (word in KEYWORDS or word == "∀"):
                kind = "symbol"
            found.append(Token(kind, word, line, match.start() - start, glued))
            glued = True
    return found
