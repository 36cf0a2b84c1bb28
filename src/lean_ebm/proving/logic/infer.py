"""Binders for statements that have none: in ``p ∧ q → q ∧ p``, ``p`` and ``q`` are propositions."""
# ruff: noqa: RUF001 - the letters of Lean

from __future__ import annotations

from lean_ebm.proving.lexer import SyntaxProblem
from lean_ebm.proving.parser import Tree, parse_term
from lean_ebm.proving.statements import Statement

_CONSTANTS = frozenset(("True", "False", "And", "Or", "Not", "Iff", "Exists"))


def statement(text: str) -> Statement:
    """Read a statement; without binders, it gets some for the names that it leaves open.

    Raises:
        SyntaxProblem: If the text is not a formula, or uses a name in two ways.
    """
    given = Statement.of(text)
    if given.binders:
        return given
    names = _Names()
    names.formula(parse_term(given.proposition), ())
    return Statement(given.proposition, names.binders())


class _Names:
    """Collects open names and how they are used, in the order of first use."""

    def __init__(self) -> None:
        self.kinds: dict[str, tuple[bool, int]] = {}  # whether it makes a proposition, and its number of arguments
        self.types: dict[str, None] = {}
        self.quantified = False

    def formula(self, tree: Tree, bound: tuple[str, ...]) -> None:
        """Collect the names of a formula."""
        what = tree[0]
        if what in ("and", "or", "iff", "implies"):
            self.formula(tree[1], bound)
            self.formula(tree[2], bound)
        elif what == "not":
            self.formula(tree[1], bound)
        elif what in ("all", "exists"):
            self._quantifier(tree[1], tree[2], tree[3], bound)
        elif what in ("name", "app"):
            self._application(tree, bound)
        else:
            raise SyntaxProblem("expected a formula of first-order logic")

    def _application(self, tree: Tree, bound: tuple[str, ...]) -> None:
        head, arguments = (tree[1], tree[2]) if tree[0] == "app" else (tree, ())
        if head[0] != "name":
            raise SyntaxProblem("expected a formula of first-order logic")
        if head[1] in _CONSTANTS:
            for argument in arguments:
                if argument[0] == "fun" and len(argument[1]) == 1:
                    name, domain = argument[1][0]
                    self._quantifier(name, domain, argument[2], bound)
                else:
                    self.formula(argument, bound)
        else:
            self._use(head[1], True, len(arguments), bound)
            for argument in arguments:
                self._individual(argument, bound)

    def _quantifier(self, name: str, domain: Tree | None, body: Tree, bound: tuple[str, ...]) -> None:
        self.quantified = True
        if domain is not None and domain != ("_",):
            if domain[0] != "name":
                raise SyntaxProblem("quantifiers are over one type that has a name")
            self.types[domain[1]] = None
        self.formula(body, (name, *bound))

    def _individual(self, tree: Tree, bound: tuple[str, ...]) -> None:
        head, arguments = (tree[1], tree[2]) if tree[0] == "app" else (tree, ())
        if head[0] != "name":
            raise SyntaxProblem("expected an individual")
        self._use(head[1], False, len(arguments), bound)
        for argument in arguments:
            self._individual(argument, bound)

    def _use(self, name: str, proposition: bool, arity: int, bound: tuple[str, ...]) -> None:
        if name in bound:
            return
        if self.kinds.setdefault(name, (proposition, arity)) != (proposition, arity):
            raise SyntaxProblem(f"{name} is used in two ways; give it a binder, such as ({name} : Prop)")

    def binders(self) -> str:
        """Write the binders, the type first."""
        if len(self.types) > 1:
            raise SyntaxProblem(f"quantifiers over {' and '.join(self.types)}: there is one type of individuals")
        individuals = next(iter(self.types), "α")
        groups: dict[str, list[str]] = {}
        if self.quantified or any(kind != (True, 0) for kind in self.kinds.values()):
            groups["Type"] = [individuals]
        for name, (proposition, arity) in sorted(self.kinds.items(), key=lambda item: (-item[1][1], item[1][0])):
            text = " → ".join([individuals] * arity + ["Prop" if proposition else individuals])
            groups.setdefault(text, []).append(name)
        return " ".join(f"({' '.join(names)} : {text})" for text, names in groups.items())
