"""Infers binders of statements without binders: in ``p ∧ q → q ∧ p``, ``p`` and ``q`` are propositions."""
# ruff: noqa: RUF001 - the letters of Lean

from __future__ import annotations

from lean_ebm.proving.lexer import SyntaxProblem
from lean_ebm.proving.parser import Tree, parse_term
from lean_ebm.proving.statements import Statement

_CONSTANTS = frozenset(("True", "False", "And", "Or", "Not", "Iff", "Exists"))
_PROP = "Prop"


def statement(text: str) -> Statement:
    """Read a statement. Without binders, it gets binders for its free names.

    If nothing says of which type something is, it is of the first type that the statement names, or of a new one.

    Raises:
        SyntaxProblem: If the text is not a formula, or uses a name in two ways.
    """
    given = Statement.of(text)
    if given.binders:
        return given
    names = _Names()
    names.formula(parse_term(given.proposition), ())
    return Statement(given.proposition, names.binders())


class _Type:
    """A type that may turn out to be the same as another.

    Attributes:
        name: Its name; empty if it is not known.
        same: The type that it turned out to be; None if it stands for itself.
    """

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.same: _Type | None = None

    def end(self) -> _Type:
        """The representative of all types that are equal to this one."""
        at = self
        while at.same is not None:
            at = at.same
        return at


_Bound = tuple[tuple[str, _Type], ...]


class _Names:
    """Collects open names and how they are used, in the order of first use."""

    def __init__(self) -> None:
        self.symbols: dict[str, tuple[list[_Type], _Type]] = {}  # types of arguments and result
        self.types: dict[str, _Type] = {}
        self.proposition = _Type(_PROP)

    def formula(self, tree: Tree, bound: _Bound) -> None:
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

    def _application(self, tree: Tree, bound: _Bound) -> None:
        head, arguments = (tree[1], tree[2]) if tree[0] == "app" else (tree, ())
        if head[0] == "name" and head[1] in _CONSTANTS:
            for argument in arguments:
                if argument[0] == "fun" and len(argument[1]) == 1:
                    name, domain = argument[1][0]
                    self._quantifier(name, domain, argument[2], bound)
                else:
                    self.formula(argument, bound)
        else:
            self._use(tree, self.proposition, bound)

    def _quantifier(self, name: str, domain: Tree | None, body: Tree, bound: _Bound) -> None:
        sort = _Type()
        if domain == ("name", _PROP):
            sort = self.proposition
        elif domain is not None and domain[0] == "name" and not any(domain[1] == other for other, _ in bound):
            sort = self.types.setdefault(domain[1], _Type(domain[1]))
        elif domain is not None and domain != ("_",):
            self.formula(domain, bound)
        self.formula(body, ((name, sort), *bound))

    def _use(self, tree: Tree, wanted: _Type, bound: _Bound) -> None:
        """Note that a symbol with arguments is of a type."""
        head, arguments = (tree[1], tree[2]) if tree[0] == "app" else (tree, ())
        if head[0] != "name":
            raise SyntaxProblem("expected a name, or a name with arguments")
        name = head[1]
        sort = next((its for other, its in bound if other == name), None)
        if sort is None:
            types, sort = self.symbols.setdefault(name, ([_Type() for _ in arguments], _Type()))
            if len(types) != len(arguments):
                raise self._problem(name)
            for argument, its in zip(arguments, types, strict=True):
                self._use(argument, its, bound)
        self._unite(name, sort, wanted)

    def _unite(self, name: str, a: _Type, b: _Type) -> None:
        a, b = a.end(), b.end()
        if a is not b:
            if a.name and b.name:
                raise self._problem(name)
            if a.name:
                a, b = b, a
            a.same = b

    @staticmethod
    def _problem(name: str) -> SyntaxProblem:
        return SyntaxProblem(f"{name} is used in two ways; give it a binder, such as ({name} : Prop)")

    def binders(self) -> str:
        """Write the binders, the types first."""
        for name in self.types:
            if name in self.symbols:
                raise self._problem(name)
        default = next(iter(self.types), "α")
        groups: dict[str, list[str]] = {}
        written = {
            name: " → ".join([part.end().name or default for part in (*types, result)])
            for name, (types, result) in self.symbols.items()
        }
        open_type = any(not part.end().name for types, result in self.symbols.values() for part in (*types, result))
        if self.types or open_type:
            if default in self.symbols:
                raise self._problem(default)
            groups["Type"] = list(self.types) or [default]
        order = sorted(self.symbols, key=lambda name: (-len(self.symbols[name][0]), written[name].endswith(_PROP)))
        for name in order:
            groups.setdefault(written[name], []).append(name)
        return " ".join(f"({' '.join(names)} : {text})" for text, names in groups.items())
