"""Individuals and formulas of the tactic language, elaborated as Lean's elaborator does it.

Syntax that Lean reads in a way that is not implemented here raises :class:`Unsupported`.
"""

from __future__ import annotations

from lean_ebm.proving.logic.constants import CONNECTIVES, CONSTANTS, NAMESPACES, TAKEN, unknown_name
from lean_ebm.proving.logic.formulas import (
    FALSE,
    PROPOSITION,
    PROPOSITIONS,
    TRUE,
    Expr,
    Kind,
    asked,
    element,
    implication,
    make,
    negation,
)
from lean_ebm.proving.logic.formulas import bound as bound_variable
from lean_ebm.proving.logic.goals import SYMBOL, TYPE, Context, Goal, Local
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.lemmas import Scheme
from lean_ebm.proving.logic.unify import Earlier, TacticError, TacticRun, Unsupported
from lean_ebm.proving.parser import Tree

BLOCKS = frozenset(
    ("by", "have", "show", "match", "alternatives", "nomatch", "nofun", "dot", "explicit", "fun", "named", "anonymous")
)
"""Terms that Lean may read as an individual or a formula, and that are read here only as proofs."""


class Bound:
    """A bound variable of a formula that is being elaborated.

    Attributes:
        name: Its name.
        sort: Its sort; None if that depends on how it is used, and it was not used yet; ``PROOF`` for a proof.
    """

    __slots__ = ("name", "sort")

    PROOF = -2

    def __init__(self, name: str, sort: int | None) -> None:
        self.name, self.sort = name, sort


_NONE: tuple[Bound, ...] = ()


class FormulaElaborator:
    """Elaborates the individuals and formulas of one tactic.

    Args:
        run: The changes that the tactic makes.
        goal: The goal to which it is applied.
        holes: Whether ``?_`` becomes a goal; if not, it is an error.

    Attributes:
        fresh: The next number for a hypothesis or an individual.
        goals: The goals that ``?_`` became, in the order in which they were made.
        natural: Name and number of each unknown that ``_`` or a constant's implicit argument became.
    """

    def __init__(self, run: TacticRun, goal: Goal, holes: bool) -> None:
        self.run, self.holes = run, holes
        self.fresh = goal.fresh
        self.goals: list[Goal] = []
        self.natural: list[tuple[str, int]] = []

    def new_number(self) -> int:
        """Make a number for a hypothesis or an individual."""
        self.fresh += 1
        return self.fresh - 1

    def hole_name(self, tree: Tree) -> str:
        """The name of a hole such as ``?x``; empty for ``?_``.

        To Lean, a name that a hole or an argument had before means that one, also if it was found.
        """
        name = str(tree[1]) if len(tree) > 1 else ""
        if name:
            if len(name) == 1 or name in TAKEN or name.startswith("refine_") or name in self.run.named:
                raise Unsupported(f"a hole ?{name}, whose name may be taken")
            self.run.named |= {name}
        return name

    def element(self, tree: Tree, context: Context, sort: int, name: str = "w") -> Expr:
        """Elaborate an individual of a type, or a formula; ``name`` is the name of the unknown that ``_`` becomes."""
        what = tree[0]
        if what in BLOCKS:
            raise Unsupported("such a term for an individual")
        if what == "_":
            unknown = self.run.new(context, asked(sort), False, name)
            self.natural.append((name, unknown.a))
            return unknown
        if what == "?_":
            if not self.holes:
                raise Unsupported("?_ for an individual that cannot be a new goal")
            unknown = self.run.new(context, asked(sort), True)
            self.goals.append(Goal(unknown.a, context, asked(sort), self.hole_name(tree), self.fresh))
            return unknown
        if sort == PROPOSITION:
            return self.formula(tree, context)
        return self._individual(tree, context, sort, _NONE)

    def _individual(self, tree: Tree, context: Context, sort: int, bound: tuple[Bound, ...]) -> Expr:
        head, arguments = (tree[1], tree[2]) if tree[0] == "app" else (tree, ())
        if tree[0] in BLOCKS or head[0] in BLOCKS:
            raise Unsupported("such a term for an individual")
        if tree[0] in ("_", "?_"):
            if tree[0] == "?_" or bound:
                raise Unsupported("a hole inside of a quantifier")
            return self.element(tree, context, sort)
        if tree[0] == "typed":
            if self.domain(tree[2], context, bound) not in (sort, None):
                raise TacticError("type mismatch")
            return self._individual(tree[1], context, sort, bound)
        if head in (("name", "absurd"), ("name", "id")) or (head[0] == "proj" and head[2] == "elim"):
            raise Unsupported("an individual from a contradiction")
        if head[0] != "name":
            raise TacticError("expected an individual")
        name = head[1]
        found = _bound(bound, name)
        if found is not None:
            return self._use(*found, arguments, sort)
        local = lookup(context, name)
        if local is None and self.is_known(name):
            raise TacticError(f"{name} is not an individual")
        if local is None:
            raise unknown_name(name)
        if local.sort is None or local.sort[1] != sort or len(local.sort[0]) != len(arguments):
            raise TacticError(f"{name} is not an individual of the type that is expected")
        return self._applied(local, arguments, context, bound)

    def _applied(self, local: Local, arguments: tuple[Tree, ...], context: Context, bound: tuple[Bound, ...]) -> Expr:
        """Apply a symbol to arguments, of which the right number is given."""
        assert local.sort is not None
        sorts, result = local.sort
        if not arguments:
            return element(local.number, result)
        parts = [self._individual(part, context, its, bound) for part, its in zip(arguments, sorts, strict=True)]
        return make(Kind.APPLY if result else Kind.ATOM, local.number, tuple(parts))

    @staticmethod
    def _use(variable: Bound, index: int, arguments: tuple[Tree, ...], sort: int) -> Expr:
        """Use a bound variable as something of a sort."""
        if arguments:
            raise TacticError("function expected")
        if variable.sort is None:
            if sort == PROPOSITION:  # Lean looks at more than its use, such as at universes
                raise Unsupported(f"a quantifier over propositions without a type: write ({variable.name} : Prop)")
            variable.sort = sort
        elif variable.sort != sort:
            raise TacticError(f"{variable.name} is not of the type that is expected")
        return bound_variable(index, sort)

    def domain(self, tree: Tree, context: Context, bound: tuple[Bound, ...] = _NONE) -> int | Expr | None:
        """Elaborate the type of a variable: to a sort, to the formula of a hypothesis, or to None for ``_``."""
        if tree == ("_",):
            return None
        end = tree
        while end[0] == "implies":
            end = end[2]
        if (end[1] if end[0] == "app" else end) in (("name", "Type"), ("name", "Sort")):
            raise Unsupported("a variable for a type, outside of the binders of a statement")
        sort = type_of(end, context) if end[0] == "name" and _bound(bound, end[1]) is None else None
        if sort is None:
            return self.formula(tree, context, bound)
        if end is not tree:
            raise Unsupported("a variable for a function or predicate, outside of the binders of a statement")
        return sort

    def formula(self, tree: Tree, context: Context, bound: tuple[Bound, ...] = _NONE) -> Expr:
        """Elaborate a formula under bound variables, innermost first."""
        what = tree[0]
        if what in ("and", "or", "iff"):
            kind = {"and": Kind.AND, "or": Kind.OR, "iff": Kind.IFF}[what]
            return make(kind, self.formula(tree[1], context, bound), self.formula(tree[2], context, bound))
        if what == "implies":
            if tree[1][0] == "name":  # from a type, it is a quantifier
                return self._quantified(Kind.ALL, ("all", "a", tree[1], tree[2]), context, bound, arrow=True)
            return make(Kind.IMPLIES, self.formula(tree[1], context, bound), self.formula(tree[2], context, bound))
        if what == "not":
            return negation(self.formula(tree[1], context, bound))
        if what in ("all", "exists"):
            return self._quantified(Kind.ALL if what == "all" else Kind.EXISTS, tree, context, bound)
        if what == "_":
            if bound:
                raise Unsupported("a hole inside of a quantifier")
            unknown = self.run.new(context, PROPOSITIONS, False)
            self.natural.append(("", unknown.a))
            return unknown
        if what == "?_":
            raise Unsupported("an unknown proposition")
        if what == "typed":
            if tree[2] != ("name", "Prop"):
                raise Unsupported("a type of a proposition")
            return self.formula(tree[1], context, bound)
        head, arguments = (tree[1], tree[2]) if what == "app" else (tree, ())
        if what in BLOCKS or head[0] in BLOCKS:
            raise Unsupported("such a term for a proposition")
        if head[0] != "name":
            raise TacticError("expected a proposition")
        name = head[1]
        found = _bound(bound, name)
        if found is not None:
            return self._use(*found, arguments, PROPOSITION)
        local = lookup(context, name)
        if local is None:
            return self._connective(name, arguments, context, bound)
        if local.sort is not None and local.sort[1] == PROPOSITION and len(local.sort[0]) == len(arguments):
            return self._applied(local, arguments, context, bound)
        raise TacticError(f"{name} is not a proposition")

    def _connective(self, name: str, arguments: tuple[Tree, ...], context: Context, bound: tuple[Bound, ...]) -> Expr:
        """Elaborate the prefix forms ``And p q`` and ``Exists fun x => p``."""
        if name in ("True", "False") and not arguments:
            return TRUE if name == "True" else FALSE
        if name == "Not" and len(arguments) == 1:
            return negation(self.formula(arguments[0], context, bound))
        if name in CONNECTIVES and len(arguments) == 2:
            a, b = (self.formula(part, context, bound) for part in arguments)
            return CONNECTIVES[name](a, b)
        if name == "Exists" and len(arguments) == 1 and arguments[0][0] == "fun":
            function = arguments[0]
            if len(function[1]) == 1:
                variable_, domain = function[1][0]
                return self._quantified(Kind.EXISTS, ("exists", variable_, domain, function[2]), context, bound)
        raise unknown_name(name)

    def _quantified(
        self, kind: Kind, tree: Tree, context: Context, bound: tuple[Bound, ...], arrow: bool = False
    ) -> Expr:
        _, name, given, inner = tree
        domain = None if given is None else self.domain(given, context, bound)
        if isinstance(domain, Expr):
            if kind is Kind.EXISTS:
                raise Unsupported("∃ over proofs")
            # The variable takes the place of a name, but no formula of this logic speaks of a proof.
            body = self.formula(inner, context, bound if arrow else (Bound(name, Bound.PROOF), *bound))
            return make(Kind.IMPLIES, domain, body, "" if arrow else _shown(name))
        variable = Bound("" if arrow else name, domain)
        body = self.formula(inner, context, (variable, *bound))
        if variable.sort is None:
            raise TacticError(f"failed to infer the type of {name}")
        return make(kind, body, variable.sort, _shown(name))

    def is_known(self, name: str) -> bool:
        """Whether a name is that of a constant or of an earlier theorem."""
        return name in CONSTANTS or name in self.run.earlier

    def scheme(self, name: str) -> Scheme:
        """The constant, or the earlier theorem, of a name."""
        return self.run.earlier[name][0] if name in self.run.earlier else CONSTANTS[name]

    def instance(self, name: str, context: Context) -> tuple[ProofTerm, Expr, tuple[Expr, ...]]:
        """Make an instance of a constant with new unknowns.

        Returns:
            A closed proof term, the formula that it proves, and the unknowns.
        """
        implicit, _, build = self.scheme(name)
        unknown = tuple(self.run.new(context, PROPOSITIONS, False, part) for part in implicit)
        self.natural += [(part, node.a) for part, node in zip(implicit, unknown, strict=True)]
        arguments, formula, proof = build(*unknown)
        for index in range(len(arguments), 0, -1):
            proof = ("lam", -index, arguments[index - 1], proof)
            formula = implication(arguments[index - 1], formula)
        return ("the", formula, proof), formula, unknown


def _bound(bound: tuple[Bound, ...], name: str) -> tuple[Bound, int] | None:
    """The bound variable to which a name refers, and its index; None if it refers to no bound variable."""
    index = 0
    for variable in bound:
        if variable.name == name:
            return variable, index
        index += variable.sort != Bound.PROOF
    return None


def type_of(tree: Tree, context: Context) -> int | None:
    """The sort that a name is, a type or ``Prop``; None if it is neither."""
    if tree == ("name", "Prop"):
        return PROPOSITION
    local = lookup(context, tree[1]) if tree[0] == "name" else None
    return local.number if local is not None and local.what == TYPE else None


def _shown(name: str) -> str:
    """The name that Lean gives to a variable that was written ``_``."""
    return "x" if name == "_" else name


def lookup(context: Context, name: str) -> Local | None:
    """Find the entry of a context to which a name refers; None if there is none."""
    for local in reversed(context):
        if local.name == name and local.accessible:
            return local
    return None


def element_local(number: int, name: str, accessible: bool, sort: int) -> Local:
    """Make an entry of a context for an individual of a type, or for a proposition."""
    return Local(number, name, accessible, SYMBOL, None, ((), sort))


def constant_name(tree: Tree, context: Context, earlier: Earlier) -> str | None:
    """The name that a tree such as ``And.intro`` is, if no entry of the context is called ``And``; else None."""
    if earlier and (dotted := _dotted(tree)) in earlier:
        return dotted if lookup(context, dotted.partition(".")[0]) is None else None
    if tree[0] == "proj" and tree[1][0] == "name" and tree[1][1] in NAMESPACES:
        return f"{tree[1][1]}.{tree[2]}" if lookup(context, tree[1][1]) is None else None
    return None


def _dotted(tree: Tree) -> str:
    """The name with dots that a tree is; empty if it is none."""
    if tree[0] == "name":
        return str(tree[1])
    inner = _dotted(tree[1]) if tree[0] == "proj" else ""
    return f"{inner}.{tree[2]}" if inner else ""
