"""The parser of terms that start with a keyword: ``fun``, ``have``, ``suffices``, ``show``, ``match``, ``by``."""

from __future__ import annotations

from lean_ebm.proving.parser_base import OutsideProblem, TokenReader, Tree


class KeywordParser(TokenReader):
    """Parses terms that start with a keyword; its subclass parses all other terms."""

    def block(self, *, braces: bool = True) -> Tree:
        """Parse a nested block of tactics."""
        raise NotImplementedError

    def term(self, minimum: int = 0) -> Tree:
        """Parse a term; ``minimum`` is the lowest precedence that it may have."""
        raise NotImplementedError

    def argument(self) -> Tree | None:
        """Parse a term that needs no brackets as an argument; None if none starts here."""
        raise NotImplementedError

    def inner(self) -> Tree:
        """Parse a term inside of brackets, where columns do not count."""
        saved, self.column = self.column, -1
        tree = self.term()
        self.column = saved
        return tree

    def function(self) -> Tree:
        """Parse what comes after ``fun``."""
        if self.peek("|"):
            return ("alternatives", None, self.match_alternatives(self.term))
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
            return list(self._typed_names())
        pattern = self.argument()
        if pattern is None:
            self.fail("expected a name or '=>'")
        if pattern[0] == "typed":
            return [("pattern", pattern[1], pattern[2])]
        return [("pattern", pattern, None)]

    def _typed_names(self) -> list[tuple[str, Tree | None]]:
        """Parse ``(names : type)``."""
        self.at += 1
        names = [self.name()]
        while not self.accept(":"):
            names.append(self.name())
        domain = self.inner()
        self.expect(")")
        return [(name, domain) for name in names]

    def match_alternatives(self, right: object) -> tuple[Tree, ...]:
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
            if self.next.column < self.column:
                self.fail("expected the right side of an alternative, not left of its |")
            tree = right()
            found += [(row, tree) for row in rows]
        self.column = saved
        if not found:
            self.fail("expected '|'")
        return tuple(found)

    def keyword(self, word: str) -> Tree:
        """Parse a term that starts with this word, which comes next."""
        start = self.next.column
        self.at += 1
        if word in ("letI", "haveI", "calc", "if") or (word == "let" and self.next.text != "⟨"):
            raise OutsideProblem(word)
        if word == "by":
            return ("by", self.block())
        if word == "show":
            return self.shown()
        if word == "nomatch":
            return ("nomatch", self.discriminants())
        if word == "match":
            discriminants = self.matched()
            return ("match", discriminants, self.match_alternatives(self.term))
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
        found = self.discriminants()
        if self.peek(":"):
            raise OutsideProblem("match ... : type")
        self.expect("with")
        return found

    def discriminants(self) -> tuple[Tree, ...]:
        """Parse the terms of ``match`` or ``nomatch``."""
        found: list[Tree] = []
        while not found or self.accept(","):
            if self.next.kind == "name" and self.tokens[self.at + 1].text == ":":
                raise OutsideProblem("match h : ...")
            found.append(self.term())
        return tuple(found)

    def sufficing(self) -> Tree:
        """Parse what comes after ``suffices``: ``("suffices", name, type, term or None)``."""
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
            parameters += self._typed_names()
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
