"""The parser of tactics; ``parser.py`` lists the trees that it makes."""
# ruff: noqa: RUF001 - the letters of Lean

from __future__ import annotations

from collections.abc import Callable

from lean_ebm.proving.parser_base import OutsideProblem, Tree
from lean_ebm.proving.parser_patterns import PatternParser

_ALONE = frozenset(
    (
        "assumption",
        "constructor",
        "left",
        "right",
        "exfalso",
        "contradiction",
        "skip",
        "done",
        "trivial",
        "rfl",
    )
)
_OVER_BLOCK = frozenset(("try", "all_goals", "any_goals", "repeat", "focus"))
_OVER_TERM = frozenset(("exact", "apply", "refine", "specialize"))


class TacticParser(PatternParser):
    """Parses blocks of tactics."""

    def block(self, *, braces: bool = True) -> Tree:
        """Parse a nested block: tactics in one column, to the right of the column so far, or in braces."""
        if braces and self.accept("{"):
            return ("block", (("focused", self._enclosed("}")),))
        self.enter()
        if not self.beyond() or self.next.kind == "end":
            self.fail("expected a tactic")
        tree = self._tactics()
        self.depth -= 1
        return tree

    def _tactics(self) -> Tree:
        saved, self.column = self.column, self.next.column
        column = self.column
        tactics = [self.tactic()]
        while True:
            token = self.tokens[self.at]
            if token.text == ";" and token.kind == "symbol":
                self.at += 1
                token = self.tokens[self.at]
                if token.kind == "end" or token.column < column or token.text in (")", "}", "⟩"):
                    break  # a semicolon may end the block
                tactics.append(self.tactic())
            elif token.column == column and token.line > self.tokens[self.at - 1].line:
                tactics.append(self.tactic())
            else:
                break
        self.column = saved
        return ("block", tuple(tactics))

    def _enclosed(self, closing: str) -> Tree:
        """Parse tactics in brackets or braces, which are open already."""
        self.enter()
        saved, self.column = self.column, -1
        tree: Tree = ("block", ())
        if not self.peek(closing):
            tree = self._tactics()
        self.expect(closing)
        self.column = saved
        self.depth -= 1
        return tree

    def tactic(self, minimum: int = 0) -> Tree:
        """Parse one tactic, with those that ``<;>`` puts after it."""
        tree = self._tactic()
        while minimum < 2 and self.accept("<;>"):
            tree = ("then", tree, self.tactic(2))
        return tree

    def _tactic(self) -> Tree:
        token = self.next
        word = token.text
        if token.kind == "symbol":
            self.at += 1
            if word in ("·", "."):
                return ("focused", self.block(braces=False))
            if word == "(":
                return ("paren", self._enclosed(")"))
            if word == "{":
                return ("focused", self._enclosed("}"))
            if word in ("have", "show", "exists", "suffices", "match", "nomatch", "nofun", "try", "repeat"):
                tree: Tree = getattr(self, f"_{word}")()
                return tree
            if word == "let" and self.peek("⟨"):
                return self._have()
            self.at -= 1
            if word[:1].isalpha() or word in ("‹", "⟨", "∀", "¬"):
                raise OutsideProblem(f"the tactic {word}")
            self.fail("expected a tactic")
        if token.kind != "name":
            self.fail("expected a tactic")
        self.at += 1
        if self.next.kind == "projection" and self.next.glued:
            raise OutsideProblem(f"the tactic {word}{self.next.text}")
        if word in _ALONE:
            return (word,)
        if word in _OVER_TERM:
            return (word, self.term())
        if word in _OVER_BLOCK:
            return (word, self.block())
        parser = _NAMED.get(word)
        if parser is None:
            self.at -= 1
            raise OutsideProblem(f"the tactic {word}")
        return parser(self)

    def _names(self) -> tuple[str, ...]:
        names = []
        while self.next.kind == "name" and self.beyond():
            names.append(self.name())
        return tuple(names)

    def _intro(self) -> Tree:
        if self.peek("|"):
            return ("intro_match", self.match_alternatives(self._right_side))
        found: list[str | Tree] = []
        while self.beyond():
            token, following = self.tokens[self.at], self.tokens[self.at + 1]
            if token.kind == "name" and not (following.kind == "projection" and following.glued):
                found.append(self.name())
            else:
                pattern = self.argument()
                if pattern is None:
                    break
                found.append(pattern)
            last = found[-1]
            if last == "rfl" or (last[0] == "typed" and last[1] == ("name", "rfl")):  # Lean substitutes an equality
                raise OutsideProblem("the pattern rfl")
        return ("intro", tuple(found))

    def _intros(self) -> Tree:
        return ("intros", self._names())

    def _try(self) -> Tree:
        return ("try", self.block())

    def _repeat(self) -> Tree:
        return ("repeat", self.block())

    def _have(self) -> Tree:
        parts = self.declaration()
        return parts if parts[0] == "have" else ("have_pattern", parts[1], parts[2])

    def _replace(self) -> Tree:
        parts = self.declaration()
        if parts[0] != "have" or parts[1] in (None, "_"):
            raise OutsideProblem("replace without a name")
        return ("replace", *parts[1:])

    def _suffices(self) -> Tree:
        return self.sufficing()

    def _show(self) -> Tree:
        formula = self.term()
        if self.peek("from") or self.peek("by"):
            raise OutsideProblem("the tactic show with a proof: write exact show ...")
        return ("show", formula)

    def _change(self) -> Tree:
        formula = self.term()
        if self.peek("at") or self.peek("with"):
            raise OutsideProblem("change at")
        return ("change", formula)

    def _exists(self) -> Tree:
        terms = [self.term()]
        while self.accept(","):
            terms.append(self.term())
        return ("exists", tuple(terms))

    def _nomatch(self) -> Tree:
        return ("exact", ("nomatch", self.discriminants()))

    def _nofun(self) -> Tree:
        return ("exact", ("nofun",))

    def _match(self) -> Tree:
        discriminants = self.matched()
        return ("match", discriminants, self.match_alternatives(self._right_side))

    def _right_side(self) -> Tree:
        if self.peek("?_") or self.next.text == "_" or self.next.kind == "hole":
            raise OutsideProblem("an alternative of match that is left open")
        return self.block()

    def _cases(self) -> Tree:
        if self.next.kind in ("name", "symbol") and self.tokens[self.at + 1].text == ":":
            raise OutsideProblem("cases h : ...")
        target = self.term()
        if self.peek(","):
            raise OutsideProblem("cases of several terms")
        if self.peek("using"):
            raise OutsideProblem("cases ... using")
        return ("cases", target, self._case_alternatives() if self.accept("with") else None)

    def _case_alternatives(self) -> tuple[Tree, ...]:
        if not self.peek("|"):
            raise OutsideProblem("cases ... with a tactic for all alternatives")
        found: list[Tree] = []
        saved, self.column = self.column, self.next.column
        while self.peek("|") and self.next.column >= self.column:
            heads = []
            while self.peek("|"):
                bar = self.next.column
                self.at += 1
                if self.peek("@"):
                    raise OutsideProblem("@ in an alternative")
                constructor = self.name()
                names = []
                while self.next.kind == "name" and self.next.column > bar:  # Lean's rule, also across lines
                    names.append(self.name())
                heads.append((constructor, tuple(names)))
            if not self.peek("=>"):
                raise OutsideProblem("an alternative without =>")
            self.at += 1
            tactics: Tree | None = None
            if self.next.text == "_" or self.next.kind == "hole":
                raise OutsideProblem("an alternative that is left open by a name or _")
            if not self.accept("?_"):
                tactics = self.block()
            found += [(*head, tactics) for head in heads]
        self.column = saved
        return tuple(found)

    def _first(self) -> Tree:
        saved, self.column = self.column, self.next.column
        found = []
        while self.peek("|") and self.next.column >= self.column:
            self.at += 1
            found.append(self.block())
        self.column = saved
        if not found:
            self.fail("expected '|'")
        return ("first", tuple(found))

    def _case(self) -> Tree:
        cases: list[Tree] = []
        while not cases or self.accept("|"):
            if self.next.kind != "name":
                self.fail("expected the name of a case")
            tag = self.next.text
            self.at += 1
            while self.next.kind == "projection" and self.next.glued:
                tag += self.next.text
                self.at += 1
            names = []
            while self.next.kind == "name":
                names.append(self.name())
            cases.append((tag, tuple(names)))
        self.expect("=>")
        return ("case", tuple(cases), self.block())

    def _next(self) -> Tree:
        names = []
        while self.next.kind == "name":
            names.append(self.name())
        self.expect("=>")
        return ("case", (("_", tuple(names)),), self.block())

    def _clear(self) -> Tree:
        return ("clear", self._names())

    def _revert(self) -> Tree:
        return ("revert", self._names())

    def _rename_i(self) -> Tree:
        return ("rename_i", self._names())

    def _rotate(self, sign: int) -> Tree:
        count = 1
        if self.next.kind == "number" and self.next.text.isdecimal():
            count = int(self.next.text)
            self.at += 1
        return ("rotate", sign * count)


_NAMED: dict[str, Callable[[TacticParser], Tree]] = {
    "intro": TacticParser._intro,
    "intros": TacticParser._intros,
    "change": TacticParser._change,
    "replace": TacticParser._replace,
    "cases": TacticParser._cases,
    "first": TacticParser._first,
    "case": TacticParser._case,
    "next": TacticParser._next,
    "clear": TacticParser._clear,
    "revert": TacticParser._revert,
    "rename_i": TacticParser._rename_i,
    "rcases": TacticParser.rcases,
    "obtain": TacticParser.obtain,
    "rintro": TacticParser.rintro,
    "rotate_left": lambda parser: parser._rotate(1),
    "rotate_right": lambda parser: parser._rotate(-1),
}
