"""Individuals and formulas of the tactic language, elaborated as Lean's elaborator does it.

Syntax that Lean reads in a way that is not implemented here raises :class:`Unsupported`.
"""
# ruff: noqa: RUF001 - the letters of Lean

from __future__ import annotations

from lean_ebm.proving.logic.constants import CONNECTIVES, CONSTANTS, NAMESPACES
from lean_ebm.proving.logic.formulas import (
    FALSE,
    INDIVIDUALS,
    PROPOSITIONS,
    TRUE,
    Expr,
    Kind,
    atom,
    implication,
    make,
    negation,
    variable,
)
from lean_ebm.proving.logic.goals import SYMBOL, TYPE, Context, Goal, Local
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.unify import TacticError, TacticRun, Unsupported
from lean_ebm.proving.parser import Tree


BLOCKS = frozenset(
    ("by", "have", "show", "match", "alternatives", "nomatch", "nofun", "dot", "explicit", "fun", "named", "anonymous")
)
"""Terms that Lean may read as an individual or a formula, and that are read here only as proofs."""


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

    def hole_name(self, tree: Tree) -> str:
        """The name of a hole such as ``?x``; empty for ``?_``."""
        name = str(tree[1]) if len(tree) > 1 else ""
        if name and any(goal.tag == name for goal in self.goals):
            raise Unsupported("a named hole that is used twice")
        return name

    def individual(self, tree: Tree, context: Context, name: str = "w") -> Expr:
        """Elaborate an individual; ``name`` is the name of the unknown that ``_`` becomes."""
        what = tree[0]
        if what in BLOCKS:
            raise Unsupported("such a term for an individual")
        if what == "_":
            unknown = self.run.new(context, INDIVIDUALS, False, name)
            self.natural.append((name, unknown.a))
            return unknown
        if what == "?_":
            if not self.holes:
                raise TacticError("don't know how to synthesize placeholder ?_")
            unknown = self.run.new(context, INDIVIDUALS, True)
            self.goals.append(Goal(unknown.a, context, INDIVIDUALS, self.hole_name(tree), self.fresh))
            return unknown
        if what == "typed":
            self.individuals(tree[2], context)
            return self.individual(tree[1], context)
        return self._individual(tree, context, ())

    def _individual(self, tree: Tree, context: Context, bound: tuple[str, ...]) -> Expr:
        head, arguments = (tree[1], tree[2]) if tree[0] == "app" else (tree, ())
        if tree[0] in BLOCKS or head[0] in BLOCKS:
            raise Unsupported("such a term for an individual")
        if tree[0] in ("_", "?_"):
            if tree[0] == "?_" or bound:
                raise Unsupported("a hole inside of a quantifier")
            return self.individual(tree, context)
        if tree[0] == "typed":
            self.individuals(tree[2], context)
            return self._individual(tree[1], context, bound)
        if head == ("name", "absurd") or (head[0] == "proj" and head[2] == "elim"):
            raise Unsupported("an individual from a contradiction")
        if head[0] != "name":
            raise TacticError("expected an individual")
        if head[1] in bound:
            if arguments:
                raise TacticError("function expected")
            return make(Kind.BOUND, bound.index(head[1]))
        local = lookup(context, head[1])
        if local is None and (head[1] in CONSTANTS):
            raise TacticError(f"{head[1]} is not an individual")
        if local is None:
            raise TacticError(f"unknown identifier {head[1]}")
        if local.sort is None or local.sort[0] or local.sort[1] != len(arguments):
            raise TacticError(f"{head[1]} is not an individual")
        if not arguments:
            return variable(local.number)
        return make(Kind.APPLY, local.number, tuple(self._individual(part, context, bound) for part in arguments))

    def individuals(self, tree: Tree, context: Context) -> None:
        """Raise a TacticError if a term is not the type of individuals."""
        if tree == ("_",):
            return
        if tree[0] != "name":
            raise TacticError("expected the type of individuals")
        local = lookup(context, tree[1])
        if local is None or local.what != TYPE:
            raise TacticError(f"{tree[1]} is not the type of individuals")

    def formula(self, tree: Tree, context: Context, bound: tuple[str, ...] = ()) -> Expr:
        """Elaborate a formula; ``bound`` are the names of bound variables, innermost first."""
        what = tree[0]
        if what in ("and", "or", "iff", "implies"):
            kind = {"and": Kind.AND, "or": Kind.OR, "iff": Kind.IFF, "implies": Kind.IMPLIES}[what]
            return make(kind, self.formula(tree[1], context, bound), self.formula(tree[2], context, bound))
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
            raise Unsupported("a proposition to be found")
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
        if name not in bound:
            local = lookup(context, name)
            if local is None:
                return self._connective(name, arguments, context, bound)
            if local.sort is not None and local.sort == (True, len(arguments)):
                return atom(local.number, *(self._individual(part, context, bound) for part in arguments))
        raise TacticError(f"{name} is not a proposition")

    def _connective(self, name: str, arguments: tuple[Tree, ...], context: Context, bound: tuple[str, ...]) -> Expr:
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
        raise TacticError(f"unknown identifier {name}, or not a proposition")

    def _quantified(self, kind: Kind, tree: Tree, context: Context, bound: tuple[str, ...]) -> Expr:
        _, name, domain, inner = tree
        if domain is not None:
            if domain[0] == "name" and domain[1] not in bound:
                local = lookup(context, domain[1])
                if local is not None and local.sort == (True, 0):
                    raise Unsupported("a quantifier over proofs")
            self.individuals(domain, context)
        body = self.formula(inner, context, (name, *bound))
        if domain in (None, ("_",)) and not _uses(body, 0):
            raise TacticError(f"failed to infer the type of {name}")
        return make(kind, body, None, "x" if name == "_" else name)

    def instance(self, name: str, context: Context) -> tuple[ProofTerm, Expr, tuple[Expr, ...]]:
        """Make an instance of a constant with new unknowns.

        Returns:
            A closed proof term, the formula that it proves, and the unknowns.
        """
        implicit, _, build = CONSTANTS[name]
        unknown = tuple(self.run.new(context, PROPOSITIONS, False, part) for part in implicit)
        self.natural += [(part, node.a) for part, node in zip(implicit, unknown, strict=True)]
        arguments, formula, proof = build(*unknown)
        for index in range(len(arguments), 0, -1):
            proof = ("lam", -index, arguments[index - 1], proof)
            formula = implication(arguments[index - 1], formula)
        return ("the", formula, proof), formula, unknown


def _uses(node: Expr, index: int) -> bool:
    if node.loose <= index:
        return False
    if node.kind is Kind.BOUND:
        return bool(node.a == index)
    if node.kind in (Kind.ALL, Kind.EXISTS):
        return _uses(node.a, index + 1)
    parts = node.b if node.kind in (Kind.APPLY, Kind.ATOM) else [p for p in (node.a, node.b) if isinstance(p, Expr)]
    return any(_uses(part, index) for part in parts)


def lookup(context: Context, name: str) -> Local | None:
    """Find the entry of a context to which a name refers; None if there is none."""
    for local in reversed(context):
        if local.name == name and local.accessible:
            return local
    return None


def individual_local(number: int, name: str, accessible: bool, context: Context) -> Local:
    """Make an entry of a context for an individual."""
    text = next((local.name for local in context if local.what == TYPE), "α")
    return Local(number, name, accessible, SYMBOL, None, (False, 0), text)


def constant_name(tree: Tree, context: Context) -> str | None:
    """The name that a tree such as ``And.intro`` is, if no entry of the context is called ``And``; else None."""
    if tree[0] == "proj" and tree[1][0] == "name" and tree[1][1] in NAMESPACES:
        return f"{tree[1][1]}.{tree[2]}" if lookup(context, tree[1][1]) is None else None
    return None
