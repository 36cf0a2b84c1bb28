"""The base of the parsers: reads tokens, and compares their columns as Lean does."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

from lean_ebm.proving.lexer import END, LIBRARY_NAMES, SyntaxProblem, Token, tokenize

Tree = tuple[Any, ...]
"""A term or a tactic; the first entry says which one."""

MAX_DEPTH = 2_200
"""Depth of nesting of terms and tactics; a deeper text is refused."""

# A text of that depth needs some thousand calls inside each other.
sys.setrecursionlimit(max(sys.getrecursionlimit(), 20_000))


class OutsideProblem(SyntaxProblem):
    """The text may be valid in Lean, but its syntax is outside of the fragment that this package parses."""

    def __init__(self, what: str) -> None:
        super().__init__(f"outside of the fragment: {what}")


class TokenReader:
    """Reads tokens one by one.

    Attributes:
        tokens: The tokens, :data:`END` last.
        at: Index of the next token.
        depth: Depth of nesting so far.
        column: The column with which Lean compares those of arguments and of nested blocks; -1 if there is none.
    """

    def __init__(self, text: str) -> None:
        self.tokens = [*tokenize(text), END]
        self.at = 0
        self.depth = 0
        self.column = -1

    @property
    def next(self) -> Token:
        """The next token."""
        return self.tokens[self.at]

    def peek(self, text: str) -> bool:
        """Whether the next token is this symbol."""
        token = self.tokens[self.at]
        return token.text == text and token.kind == "symbol"

    def accept(self, text: str) -> bool:
        """Skip the next token if it is this symbol."""
        if self.peek(text):
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        """Skip the next token, which must be this symbol."""
        if not self.accept(text):
            self.fail(f"expected {text!r}")

    def beyond(self) -> bool:
        """Whether the next token stands right of the column, as arguments must."""
        return self.tokens[self.at].column > self.column

    def word(self, text: str) -> bool:
        """Skip the next token if it is this name; tactics are names to the lexer."""
        token = self.tokens[self.at]
        if token.text == text and token.kind == "name":
            self.at += 1
            return True
        return False

    def fail(self, message: str) -> NoReturn:
        """Raise a SyntaxProblem at the next token."""
        if self.next.kind in ("other", "number", "string", "character"):
            raise OutsideProblem(f"{self.next.text[:40]} in line {self.next.line + 1}")
        if self.next.kind == "end":
            raise SyntaxProblem(f"{message}, found the end")
        raise SyntaxProblem(f"{message}, found {self.next.text!r} in line {self.next.line + 1}")

    def enter(self) -> None:
        """Go one level deeper."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise OutsideProblem(f"a text that is nested deeper than {MAX_DEPTH}")

    def name(self) -> str:
        """Read a name that a binder may introduce. ``_`` stands for a name that Lean invents."""
        token = self.next
        if token.kind != "name":
            self.fail("expected a name")
        if token.text in LIBRARY_NAMES:
            raise OutsideProblem(f"a variable with the name {token.text} of Lean's library")
        self.at += 1
        return token.text

    def end(self) -> None:
        """Require that no tokens are left."""
        if self.next.kind != "end":
            self.fail("expected the end")
