"""The parser of terms; ``parser.py`` lists the trees that it makes."""
# ruff: noqa: RUF001 - the letters of Lean

from __future__ import annotations

from lean_ebm.proving.lexer import SyntaxProblem
from lean_ebm.proving.parser_base import OutsideProblem, TokenReader, Tree

_BINARY = {"→": (25, 26, 25, "implies"), "↔": (20, 21, 21, "iff"), "∨": (30, 31, 30, "or"), "∧": (35, 36, 35, "and")}
_OUTSIDE = frozenset(
    "= ≠ == != < > ≤ ≥ + - * / ^ :: && || ++ >>= <|> ▸ × % | ∈ ∉ ⊆ ∪ ∩ ∘ ≡ ⊕ ∣ ∅ [ { ⦃ let letI haveI calc if do open match "
    "set_option unless for try return".split()
)
"""Symbols with which Lean's terms start or go on, and which this fragment has not."""
_LEAD = 1023
"""Lean's precedence of terms that are no arguments."""
_MAX = 1024


class TermParser(TokenReader):
    """Parses terms by recursive descent, with Lean's precedences and columns."""

    def block(self, *, braces: bool = True) -> Tree:
        """Parse a nested block of tactics."""
        raise NotImplementedError

    def term(self, minimum: int = 0) -> Tree:
        """Parse a term; ``minimum`` is the lowest precedence that it may have."""
        self.enter()
        left, precedence = self._leading(minimum)
        while True:
            token = self.tokens[self.at]
            if token.kind != "symbol":
                break
            operator = _BINARY.get(token.text)
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
                return self._keyword(text), _LEAD
        head = self._argument()
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
                    arguments.append(("named", name, self._inner()))
                    self.expect(")")
                    continue
                if token.text == "¬":
                    self.at += 1
                    arguments.append(("not", self.term(40)))
                    continue
                if token.text == "..":
                    raise OutsideProblem("..")
            argument = self._argument()
            if argument is None:
                return tuple(arguments)
            arguments.append(argument)

    def _argument(self) -> Tree | None:
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
            return self._function()
        elif token.text == "@":
            self.at += 1
            if not self.next.glued:
                self.fail("expected a name after @")
            inner = self._argument()
            if inner is None:
                self.fail("expected a name after @")
            return ("explicit", inner)
        elif token.text == "‹":
            self.at += 1
            formula = self._inner()
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

    def _inner(self) -> Tree:
        """Parse a term inside of brackets, where columns do not count."""
        saved, self.column = self.column, -1
        tree = self.term()
        self.column = saved
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

    # Terms that start with a keyword

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
                domain = self._inner()
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

    def _function(self) -> Tree:
        if self.peek("|"):
            return ("alternatives", None, self._match_alternatives(self.term))
        binders: list[Tree | tuple[str, Tree | None]] = []  # a name with its type, or a pattern
        while not self.accept("=>"):
            if self.peek(":"):
                if not binders or any(len(binder) != 2 or binder[1] is not None for binder in binders):
                    self.fail("expected '=>'")
                self.at += 1
                domain = self.term()
                binders = [(binder[0], domain) for binder in binders]
                self.expect("=>")
                break
            binders += self._function_binder()
        if not binders:
            self.fail("expected a name")
        body = self.term()
        plain: tuple[tuple[str, Tree | None], ...] = ()
        for binder in reversed(binders):
            if binder[0] == "pattern":
                body = ("fun", plain, body) if plain else body
                body, plain = ("alternatives", binder[2], (((binder[1],), body),)), ()
            else:
                plain = ((str(binder[0]), binder[1]), *plain)
        return ("fun", plain, body) if plain else body

    def _function_binder(self) -> list[Tree | tuple[str, Tree | None]]:
        token = self.next
        if token.kind == "name" and not (
            self.tokens[self.at + 1].kind == "projection" and self.tokens[self.at + 1].glued
        ):
            return [(self.name(), None)]
        if token.text in ("{", "⦃", "["):
            raise OutsideProblem(f"{token.text} in a binder of fun")
        if token.text == "(" and self._is_parameter():
            self.at += 1
            names = [self.name()]
            while not self.accept(":"):
                names.append(self.name())
            domain = self._inner()
            self.expect(")")
            return [(name, domain) for name in names]
        pattern = self._argument()
        if pattern is None:
            self.fail("expected a name or '=>'")
        if pattern[0] == "typed":
            return [("pattern", pattern[1], pattern[2])]
        return [("pattern", pattern, None)]

    def _match_alternatives(self, right: object) -> tuple[Tree, ...]:
        """Parse ``| patterns => right ...``; each right side is parsed by ``right``."""
        assert callable(right)
        saved, self.column = self.column, self.next.column
        found: list[Tree] = []
        while self.peek("|") and self.next.column >= self.column:
            rows = []
            while self.accept("|"):
                patterns = [self.term()]
                while self.accept(","):
                    patterns.append(self.term())
                rows.append(tuple(patterns))
            self.expect("=>")
            tree = right()
            found += [(row, tree) for row in rows]
        self.column = saved
        if not found:
            self.fail("expected '|'")
        return tuple(found)

    def _keyword(self, word: str) -> Tree:
        start = self.next.column
        self.at += 1
        if word in ("letI", "haveI", "calc", "if") or (word == "let" and self.next.text != "⟨"):
            raise OutsideProblem(word)
        if word == "by":
            return ("by", self.block())
        if word == "show":
            return self.shown()
        if word == "nomatch":
            return ("nomatch", self._discriminants())
        if word == "match":
            discriminants = self.matched()
            return ("match", discriminants, self._match_alternatives(self.term))
        saved, self.column = self.column, start
        parts = self.sufficing() if word == "suffices" else self.declaration()
        self.column = saved
        self.accept(";")
        rest = self.term()
        if word == "suffices":
            _, name, domain, value = parts
            return ("have", name, domain, rest, value)
        if parts[0] == "have":
            return ("have", parts[1], parts[2], parts[3], rest)
        return ("match", (parts[2],), (((parts[1],), rest),))

    def shown(self) -> Tree:
        """Parse what comes after ``show`` in a term."""
        formula = self.term()
        if self.accept("from"):
            return ("show", formula, self.term())
        if self.accept("by"):
            return ("show", formula, ("by", self.block()))
        self.fail("expected 'from' or 'by'")

    def matched(self) -> tuple[Tree, ...]:
        """Parse the terms of ``match``, and ``with``."""
        if self.peek("("):
            inner = self.tokens[self.at + 1].text, self.tokens[self.at + 2].text
            if inner in (("motive", ":="), ("generalizing", ":=")):
                raise OutsideProblem("match with settings")
        found = self._discriminants()
        if self.peek(":"):
            raise OutsideProblem("match ... : type")
        self.expect("with")
        return found

    def _discriminants(self) -> tuple[Tree, ...]:
        found: list[Tree] = []
        while not found or self.accept(","):
            if self.next.kind == "name" and self.tokens[self.at + 1].text == ":":
                raise OutsideProblem("match h : ...")
            found.append(self.term())
        return tuple(found)

    def sufficing(self) -> Tree:
        """Parse what comes after ``suffices``: ``("suffices", name, type, term)``; the term is None if there is none."""
        name: str | None = None
        if self.next.kind == "name" and self.tokens[self.at + 1].text == ":":
            name = self.name()
            self.at += 1
        elif self.next.text == "⟨":
            raise OutsideProblem("suffices with a pattern")
        domain = self.term()
        if self.accept("from"):
            return ("suffices", name, domain, self.term())
        if self.accept("by"):
            return ("suffices", name, domain, ("by", self.block()))
        return ("suffices", name, domain, None)

    def declaration(self) -> Tree:
        """Parse what comes after ``have``: ``("have", name, type, term)`` or ``("pattern", pattern, term)``."""
        token, name = self.next, None
        if token.text in ("+", "-") or (token.text == "(" and self.tokens[self.at + 2].text == ":="):
            raise OutsideProblem("have with settings")
        if token.kind == "name":
            if self.tokens[self.at + 1].kind == "projection" and self.tokens[self.at + 1].glued:
                raise OutsideProblem("have of a name with a dot")
            name = self.name()
        elif token.kind != "symbol" or token.text not in (":", ":="):
            if token.text == "(" and self._is_parameter():
                raise OutsideProblem("have with parameters and without a name")
            pattern = self.term()
            domain = self.term() if self.accept(":") else None
            self.expect(":=")
            value = self.term()
            return ("pattern", pattern, value if domain is None else ("typed", value, domain))
        parameters: list[tuple[str, Tree | None]] = []
        while self.next.text in ("(", "{", "⦃", "[") or self.next.kind == "name":
            if self.next.text in ("{", "⦃", "[") or self.next.kind == "name":
                raise OutsideProblem("have with implicit or untyped parameters")
            self.at += 1
            names = [self.name()]
            while not self.accept(":"):
                names.append(self.name())
            domain = self._inner()
            self.expect(")")
            parameters += [(parameter, domain) for parameter in names]
        domain = self.term() if self.accept(":") else None
        if self.peek("|"):
            raise OutsideProblem("have with alternatives")
        if not self.accept(":="):
            if domain is not None:
                raise OutsideProblem("have without a proof")
            self.fail("expected ':='")
        value = self.term()
        if not parameters:
            return ("have", name, domain, value)
        if domain is None:
            raise OutsideProblem("have with parameters and without a type")
        for parameter, own in reversed(parameters):
            domain = ("all", parameter, own, domain)
        return ("have", name, domain, ("fun", tuple(parameters), value))

    def _is_parameter(self) -> bool:
        """Whether ``(names : ...`` comes next."""
        at = self.at + 1
        while self.tokens[at].kind == "name":
            at += 1
        return at > self.at + 1 and self.tokens[at].text == ":"


def _applied(function: Tree, arguments: tuple[Tree, ...]) -> Tree:
    if not arguments:
        return function
    if function[0] == "app":
        return ("app", function[1], (*function[2], *arguments))
    return ("app", function, arguments)
