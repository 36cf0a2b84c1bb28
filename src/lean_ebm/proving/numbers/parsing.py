"""The parser of arithmetic: the parser of the embedded logic with more operators and tactics.

Beside the trees of :mod:`lean_ebm.proving.parser` it makes the terms ``("number", n)`` and ``("add" | "mul" | "pow" |
"equals", a, b)``, and the tactics ``("rw" | "rewrite", ((backwards, term), ...), places)`` and ``("induction", term,
generalized names, alternatives | None)``. Places are names of hypotheses and ``⊢`` for the target.
"""

from __future__ import annotations

from functools import lru_cache

from lean_ebm.proving.parser_base import OutsideProblem, Tree
from lean_ebm.proving.parser_tactics import TacticParser
from lean_ebm.proving.parser_terms import BINARY

_REMEMBERED = 10_000  # formulas

TARGET = "⊢"
"""The place of a target."""


class NumberParser(TacticParser):
    """Parses terms, formulas and tactics about numbers."""

    operators = {  # noqa: RUF012 - like that of the base class, never changed
        **BINARY,
        "=": (50, 51, 51, "equals"),
        "+": (65, 65, 66, "add"),
        "*": (70, 70, 71, "mul"),
        "^": (75, 76, 75, "pow"),
    }

    def argument(self) -> Tree | None:
        """Parse a term that needs no brackets as an argument; None if none starts here."""
        token = self.next
        if token.kind == "number" and token.text.isdecimal():
            self.at += 1
            return ("number", int(token.text))
        return super().argument()

    def _tactic(self) -> Tree:
        token = self.next
        if token.kind == "name":
            if token.text in ("rw", "rewrite"):
                self.at += 1
                return self._rewriting(token.text)
            if token.text == "induction":
                self.at += 1
                return self._induction()
            if token.text == "symm":
                self.at += 1
                if self.peek("at"):
                    raise OutsideProblem("symm at ...")
                return ("symm",)
        return super()._tactic()

    def _rewriting(self, word: str) -> Tree:
        if not self.peek("["):
            raise OutsideProblem(f"{word} without brackets")
        self.at += 1
        saved, self.column = self.column, -1
        rules: list[tuple[bool, Tree]] = []
        while not self.accept("]"):
            if rules:
                self.expect(",")
                if self.accept("]"):
                    break
            backwards = self.accept("←")
            rules.append((backwards, self.term()))
        self.column = saved
        return (word, tuple(rules), self._places())

    def _places(self) -> tuple[str, ...]:
        if not self.accept("at"):
            return (TARGET,)
        found: list[str] = []
        while self.beyond():
            if self.accept(TARGET):
                found.append(TARGET)
            elif self.next.kind == "name":
                found.append(self.name())
            elif self.peek("*") or self.peek("("):
                raise OutsideProblem(f"at {self.next.text}")
            else:
                break
        if not found:
            self.fail("expected the name of a hypothesis")
        return tuple(found)

    def _induction(self) -> Tree:
        target = self.term()
        if self.peek(",") or self.peek(":") or self.peek("using"):
            raise OutsideProblem(f"induction with {self.next.text}")
        names: tuple[str, ...] = ()
        if self.accept("generalizing"):
            names = self._names()
        return ("induction", target, names, self._case_alternatives() if self.accept("with") else None)


def parsed_script(text: str) -> Tree:
    """Parse tactics, one a line or separated by ``;``.

    Raises:
        SyntaxProblem: If the text is not made of them.
    """
    parser = NumberParser(text)
    tree = parser.block()
    parser.end()
    return tree


@lru_cache(_REMEMBERED)
def parsed_formula(text: str) -> Tree:
    """Parse a term or a formula.

    Raises:
        SyntaxProblem: If the text is none.
    """
    parser = NumberParser(text)
    tree = parser.term()
    parser.end()
    return tree
