"""The parser of terms; ``parser.py`` lists the trees that it makes."""
# ruff: noqa: RUF001 - the letters of Lean

from __future__ import annotations

from lean_ebm.proving.lexer import SyntaxProblem
from lean_ebm.proving.parser_base import OutsideProblem, Tree
from lean_ebm.proving.parser_keywords import KeywordParser

BINARY = {"→": (25, 26, 25, "implies"), "↔": (20, 21, 21, "iff"), "∨": (30, 31, 30, "or"), "∧": (35, 36, 35, "and")}
"""Operators: Lean's precedence of the whole, the lowest ones of both sides, and what the tree is called."""

_OPERATORS = "= ≠ == != < > ≤ ≥ + - * / ^ :: && || ++ >>= <|> ▸ % |"
_STARTS = "[ { ⦃ let letI haveI calc if do open match set_option unless for try return"
_OUTSIDE = frozenset(f"{_OPERATORS} {_STARTS}".split())
"""Symbols with which Lean's terms start or go on, and which this fragment has not."""
_LEAD = 1023
"""Lean's precedence of terms that are no arguments."""
_MAX = 1024


class TermParser(KeywordParser):
    """Parses terms by recursive descent, with Lean's precedences and columns."""

    operators = BINARY

    def term(self, minimum: int = 0) -> Tree:
        """Parse a term; ``minimum`` is the lowest precedence that it may have."""
        self.enter()
        left, precedence = self._leading(minimum)
        while True:
            token = self.tokens[self.at]
            if token.kind != "symbol":
                break
            operator = self.operators.get(token.text)
            if operator is not None:
                own, first, second, what = operator
                if own < minimum or precedence < first:
                    break
                self.at += 1
                left, precedence = (what, left, self.term(second)), own
            elif token.text in ("<|", "|>", "|>.", "$") and minimum <= 10:
                left, precedence = self._pipe(left), 10
            elif token.text in _OUTSIDE and token.text not in ("|", "[", "{", "⦃") and not token.text.isalpha():
                raise OutsideProblem(f"the symbol {token.text}")
            else:
                break
        self.depth -= 1
        return left

    def _pipe(self, left: Tree) -> Tree:
        symbol = self.next.text
        self.at += 1
        if symbol == "|>":
            function = self.term(11)
            return _applied(function, (left,))
        if symbol == "|>.":
            token = self.next
            if token.kind not in ("name", "number") or not token.glued:
                self.fail("expected a field")
            self.at += 1
            tree: Tree = ("proj", left, token.text)
            while self.next.kind == "projection" and self.next.glued:
                tree = ("proj", tree, self.next.text[1:])
                self.at += 1
            return _applied(tree, self._arguments())
        return _applied(left, (self.term(10),))

    def _leading(self, minimum: int) -> tuple[Tree, int]:
        token = self.tokens[self.at]
        if token.kind == "symbol":
            text = token.text
            if text in ("∀", "∃"):
                self.at += 1
                return self._quantified("all" if text == "∀" else "exists"), _LEAD
            if text == "¬":
                self.at += 1
                return ("not", self.term(40)), _MAX
            if text in ("have", "suffices", "show", "match", "nomatch", "by", "let", "letI", "haveI", "calc", "if"):
                if minimum > _LEAD:
                    self.fail("expected a term that needs no brackets")
                return self.keyword(text), _LEAD
        head = self.argument()
        if head is None:
            if self.next.text in _OUTSIDE or self.next.kind in ("number", "string", "character", "other", "doc"):
                raise OutsideProblem(f"{self.next.text[:40]!r} in a term")
            self.fail("expected a term")
        if token.text == "fun":
            return head, _MAX
        arguments = self._arguments()
        return (("app", head, arguments), _LEAD) if arguments else (head, _MAX)

    def _arguments(self) -> tuple[Tree, ...]:
        arguments: list[Tree] = []
        while True:
            token = self.tokens[self.at]
            if token.glued or token.column <= self.column:
                return tuple(arguments)
            if token.kind == "symbol":
                if (
                    token.text == "("
                    and self.tokens[self.at + 1].kind == "name"
                    and self.tokens[self.at + 2].text == ":="
                ):
                    name = self.tokens[self.at + 1].text
                    self.at += 3
                    arguments.append(("named", name, self.inner()))
                    self.expect(")")
                    continue
                if token.text == "¬":
                    self.at += 1
                    arguments.append(("not", self.term(40)))
                    continue
                if token.text == "..":
                    raise OutsideProblem("..")
            argument = self.argument()
            if argument is None:
                return tuple(arguments)
            arguments.append(argument)

    def argument(self) -> Tree | None:
        """Parse a term that needs no brackets as an argument, with its projections; None if none starts here."""
        token = self.tokens[self.at]
        tree: Tree
        if token.kind == "name":
            self.at += 1
            tree = ("_",) if token.text == "_" else ("name", token.text)
        elif token.kind == "projection":  # one that follows a term was read with it
            self.at += 1
            if token.text[1:].isdigit():
                raise SyntaxProblem(f"unexpected {token.text}")
            tree = ("dot", token.text[1:])
        elif token.kind == "hole":
            self.at += 1
            tree = ("?_", token.text[1:])
        elif token.kind != "symbol":
            return None
        elif token.text == "?_":
            self.at += 1
            tree = ("?_",)
        elif token.text == "(":
            self.at += 1
            tree = self._bracketed()
        elif token.text == "⟨":
            self.at += 1
            tree = self._anonymous()
        elif token.text == "fun":
            self.at += 1
            return self.function()
        elif token.text == "@":
            self.at += 1
            if not self.next.glued:
                self.fail("expected a name after @")
            inner = self.argument()
            if inner is None:
                self.fail("expected a name after @")
            return ("explicit", inner)
        elif token.text == "‹":
            self.at += 1
            formula = self.inner()
            self.expect("›")
            tree = ("typed", ("by", ("block", (("assumption",),))), formula)
        elif token.text == "nofun":
            self.at += 1
            tree = ("nofun",)
        elif token.text in ("Prop", "Type", "Sort"):
            self.at += 1
            tree = ("name", token.text)
        else:
            return None
        while self.next.kind == "projection" and self.next.glued:
            tree = ("proj", tree, self.next.text[1:])
            self.at += 1
        return tree

    def _bracketed(self) -> Tree:
        saved, self.column = self.column, -1
        if self.peek("·"):
            raise OutsideProblem("(· ...)")
        tree = self.term()
        if self.accept(":"):
            if self.peek(")"):
                raise OutsideProblem("(... :)")
            tree = ("typed", tree, self.term())
        elif self.peek(","):
            raise OutsideProblem("a tuple (a, b)")
        self.expect(")")
        self.column = saved
        return tree

    def _anonymous(self) -> Tree:
        saved, self.column = self.column, -1
        items: list[Tree] = []
        while not self.accept("⟩"):
            if items:
                self.expect(",")
                if self.accept("⟩"):
                    break
            items.append(self.term())
        self.column = saved
        return ("anonymous", tuple(items))

    def _quantified(self, what: str) -> Tree:
        binders = self.binders(",")
        self.expect(",")
        body = self.term()
        for name, domain in reversed(binders):
            body = (what, name, domain, body)
        return body

    def binders(self, stop: str) -> tuple[tuple[str, Tree | None], ...]:
        """Parse the binders of a quantifier."""
        found: list[tuple[str, Tree | None]] = []
        while not self.peek(stop):
            closing = {"(": ")", "{": "}", "⦃": "⦄", "[": "]"}.get(self.next.text)
            if closing is not None:
                if closing != ")":
                    raise OutsideProblem(f"a binder in {self.next.text} inside of a formula")
                self.at += 1
                names = [self.name()]
                while not self.accept(":"):
                    names.append(self.name())
                domain = self.inner()
                self.expect(closing)
                found += [(name, domain) for name in names]
                continue
            if self.peek(":"):
                if not found or any(domain for _, domain in found):
                    self.fail("expected a name")
                self.at += 1
                domain = self.term()
                return tuple((name, domain) for name, _ in found)
            if self.next.text in _OUTSIDE:
                raise OutsideProblem(f"{self.next.text} in a binder")
            found.append((self.name(), None))
        if not found:
            self.fail("expected a name")
        return tuple(found)


def _applied(function: Tree, arguments: tuple[Tree, ...]) -> Tree:
    if not arguments:
        return function
    if function[0] == "app":
        return ("app", function[1], (*function[2], *arguments))
    return ("app", function, arguments)
