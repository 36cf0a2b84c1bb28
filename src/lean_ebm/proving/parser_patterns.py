"""The parser of the tactics ``rcases``, ``obtain`` and ``rintro``, and of their patterns."""

from __future__ import annotations

from lean_ebm.proving.parser_base import OutsideProblem, Tree
from lean_ebm.proving.parser_terms import TermParser


class PatternParser(TermParser):
    """Parses the patterns of these tactics. They are not terms."""

    def rcases(self) -> Tree:
        """Parse what comes after ``rcases``."""
        targets = [self._rcases_target()]
        while self.accept(","):
            targets.append(self._rcases_target())
        if len(targets) > 1:
            raise OutsideProblem("rcases of several terms")
        return ("rcases", targets[0], self._pattern_low() if self.accept("with") else None)

    def _rcases_target(self) -> Tree:
        if self.next.kind in ("name", "symbol") and self.tokens[self.at + 1].text == ":":
            raise OutsideProblem("rcases h : ...")
        return self.term()

    def obtain(self) -> Tree:
        """Parse what comes after ``obtain``."""
        pattern = None if self.peek(":") or self.peek(":=") else self._pattern_many()
        domain = self.term() if self.accept(":") else None
        if not self.accept(":="):
            if domain is None:
                self.fail("expected ':' or ':='")
            raise OutsideProblem("obtain without a proof")
        value = self.term()
        if self.peek(","):
            raise OutsideProblem("obtain of several terms")
        return ("rcases", value if domain is None else ("typed", value, domain), pattern or ("tuple", ()))

    def rintro(self) -> Tree:
        """Parse what comes after ``rintro``."""
        patterns: list[Tree] = []
        while self.beyond():
            if self.peek("("):
                self.at += 1
                pattern = self._pattern_low()
                self.expect(")")
                patterns.append(pattern)
                continue
            pattern_ = self._pattern_one()
            if pattern_ is None:
                break
            patterns.append(pattern_)
        if self.accept(":"):
            raise OutsideProblem("rintro with a type for all")
        if not patterns:
            self.fail("expected a pattern")
        return ("rintro", tuple(patterns))

    def _pattern_many(self) -> Tree:
        """Parse ``a | b | c``."""
        found: list[Tree] = []
        while not found or self.accept("|"):
            pattern = self._pattern_one()
            if pattern is None:
                self.fail("expected a pattern")
            found.append(pattern)
        return found[0] if len(found) == 1 else ("either", tuple(found))

    def _pattern_low(self) -> Tree:
        """Parse ``a | b : type``."""
        pattern = self._pattern_many()
        return ("typed", pattern, self.term()) if self.accept(":") else pattern

    def _pattern_one(self) -> Tree | None:
        token = self.next
        if token.kind == "name":
            if token.text == "rfl":
                raise OutsideProblem("the pattern rfl")
            return ("name", self.name())
        if self.accept("-"):
            return ("clear",)
        if self.peek("@"):
            raise OutsideProblem("@ in a pattern")
        saved = self.column
        if self.accept("("):
            self.column = -1
            pattern = self._pattern_low()
            self.expect(")")
            self.column = saved
            return pattern
        if self.accept("⟨"):
            self.column = -1
            items: list[Tree] = []
            while not self.accept("⟩"):
                if items:
                    self.expect(",")
                items.append(self._pattern_low())
            self.column = saved
            return ("tuple", tuple(items))
        return None
