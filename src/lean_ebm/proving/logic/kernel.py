"""The kernel: a type checker for proof terms of intuitionistic many-sorted natural deduction.

It imports only formulas and deadlines, and shares no code with the parser, the tactics or what finds proofs.
A proof term is a tuple whose first entry says what it is. ``a``, ``b``, ``t`` are terms, ``A`` is a formula, ``h`` and
``x`` are numbers of hypotheses and individuals (or propositions), ``i`` is an individual (or a formula):

=======================  ==============================================================================================
``("hyp", h)``           the hypothesis ``h``
``("lam", h, A, t)``     ``A → B``, if ``t`` proves ``B`` from ``h : A``
``("app", a, b)``        ``B``, if ``a`` proves ``A → B`` and ``b`` proves ``A``
``("all", x, t)``        ``∀ x, B``, if ``t`` proves ``B`` of an ``x`` that occurs nowhere else
``("inst", t, i)``       ``B`` of ``i``, if ``t`` proves ``∀ x, B`` and ``i`` is of the sort of ``x``
``("and", a, b)``        ``A ∧ B``; taken apart by ``("fst", t)`` and ``("snd", t)``
``("iff", a, b)``        ``A ↔ B``, from ``A → B`` and ``B → A``; taken apart by ``("mp", t)`` and ``("mpr", t)``
``("inl", t)``           ``A ∨ B`` from ``A``; ``("inr", t)`` from ``B``
``("or", t, h, a, k, b)``  ``C``, if ``t`` proves ``A ∨ B``, and ``a`` proves ``C`` from ``h : A``, ``b`` from ``k : B``
``("exists", i, t)``     ``∃ x, B``, if ``t`` proves ``B`` of ``i``, and ``i`` is of the sort of ``x``
``("elim", t, x, h, a)``  ``C``, if ``t`` proves ``∃ x, B`` and ``a`` proves ``C`` from a new ``x`` and ``h : B`` of it
``("true",)``            ``True``
``("false", t)``         anything, if ``t`` proves ``False``
``("let", h, A, t, a)``  ``C``, if ``t`` proves ``A``, and ``a`` proves ``C`` from ``h : A``
``("the", A, t)``        ``A``, if ``t`` proves it
=======================  ==============================================================================================

``¬A`` is ``A → False``, and names of bound variables are ignored. An introduction is checked against a formula; the
formula of an elimination is inferred.

The sort of each symbol is known: the sorts of its arguments, and the sort of its result. A quantifier is over a type or
over the propositions. Types may be empty: an individual of a type is a symbol, or was introduced.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lean_ebm.proving.logic.clock import tick
from lean_ebm.proving.logic.formulas import (
    FALSE,
    PROPOSITION,
    Expr,
    Kind,
    bound_in,
    element,
    implication,
    opened,
    variables,
)

ProofTerm = tuple[Any, ...]

Sort = tuple[tuple[int, ...], int]
"""The sort of a symbol: the sorts of its arguments, and the sort of its result; a type is ``((), TYPES)``."""

TYPES = -1
"""The sort of types."""

MAX_DEPTH = 1_800
"""Depth of nesting, of which the last part of a term does not count; a deeper term is refused."""


class KernelError(Exception):
    """The term does not prove the formula."""


def check(proof: ProofTerm, formula: Expr, hypotheses: Mapping[int, Expr], symbols: Mapping[int, Sort]) -> None:
    """Check that a term proves a formula.

    Args:
        proof: The term.
        formula: The formula.
        hypotheses: The hypotheses that it may use, by number.
        symbols: The sorts of the types and symbols that may occur, by number.

    Raises:
        KernelError: If it does not, or is not a term.
        OutOfTimeError: If the deadline of :mod:`.clock` is over.
    """
    checker, scope = _Checker(), _Scope(dict(hypotheses), dict(symbols))
    try:
        for stated in (formula, *hypotheses.values()):
            checker.formula(stated, scope.symbols)
        checker.check(proof, formula, scope, 0)
    except RecursionError:
        raise KernelError("the formulas are nested too deep") from None


def _implication(formula: Expr) -> tuple[Expr, Expr]:
    if formula.kind is Kind.IMPLIES:
        return formula.a, formula.b
    if formula.kind is Kind.NOT:
        return formula.a, FALSE
    raise KernelError(f"{formula} is not an implication")


def _parts(formula: Expr, kind: Kind) -> tuple[Any, Any]:
    if formula.kind is not kind:
        raise KernelError(f"{formula} is not of kind {kind.name}")
    return formula.a, formula.b


class _Scope:
    """What a term may use: immutable, but for what was found out in it.

    Attributes:
        hypotheses: The hypotheses, by number.
        symbols: The sorts of types and symbols, by number.
        proved: The terms, by identity, and the formulas that they were found to prove. Terms may share parts.
        inferred: What terms were found to prove, by identity.
    """

    __slots__ = ("hypotheses", "inferred", "proved", "symbols")

    def __init__(self, hypotheses: dict[int, Expr], symbols: dict[int, Sort]) -> None:
        self.hypotheses, self.symbols = hypotheses, symbols
        self.proved: set[tuple[int, Expr]] = set()
        self.inferred: dict[int, Expr] = {}

    def assuming(self, number: int, formula: Expr) -> _Scope:
        """This scope with one more hypothesis."""
        return _Scope({**self.hypotheses, self._new(number): formula}, self.symbols)

    def introducing(self, number: int, sort: int) -> _Scope:
        """This scope with one more individual of a type, or proposition."""
        return _Scope(self.hypotheses, {**self.symbols, self._new(number): ((), sort)})

    def _new(self, number: int) -> int:
        if type(number) is not int or number in self.symbols or number in self.hypotheses:
            raise KernelError(f"{number!r:.80} is not a new number")
        return number


class _Checker:
    """One check."""

    def __init__(self) -> None:
        self._known: dict[tuple[Expr, tuple[tuple[int, int], ...]], tuple[int, dict[int, Sort]]] = {}

    def check(self, proof: ProofTerm, goal: Expr, scope: _Scope, depth: int) -> None:
        """Check an introduction, or that an elimination proves the goal."""
        place, proved = (id(proof), goal), scope.proved
        if place in proved:
            return
        depth += 1
        while True:  # each time, what is left is that another term proves another goal
            self._well_formed(proof, goal, depth)
            rule = proof[0]
            if rule == "lam":
                _, number, domain, proof = proof
                a, goal = _implication(goal)
                self.formula(domain, scope.symbols)
                self._equal(domain, a)
                scope = scope.assuming(number, a)
            elif rule == "all":
                _, number, proof = proof
                inner, sort = _parts(goal, Kind.ALL)
                scope, goal = scope.introducing(number, sort), opened(inner, element(number, sort))
            elif rule == "and":
                a, goal = _parts(goal, Kind.AND)
                self.check(proof[1], a, scope, depth)
                proof = proof[2]
            elif rule == "iff":
                a, b = _parts(goal, Kind.IFF)
                self.check(proof[1], implication(a, b), scope, depth)
                proof, goal = proof[2], implication(b, a)
            elif rule == "inl":
                proof, goal = proof[1], _parts(goal, Kind.OR)[0]
            elif rule == "inr":
                proof, goal = proof[1], _parts(goal, Kind.OR)[1]
            elif rule == "exists":
                _, witness, proof = proof
                inner, sort = _parts(goal, Kind.EXISTS)
                self._of_sort(witness, sort, scope.symbols)
                goal = opened(inner, witness)
            elif rule == "true":
                _parts(goal, Kind.TRUE)
                break
            elif rule == "false":
                proof, goal = proof[1], FALSE
            elif rule == "or":
                _, major, left, first, right, proof = proof
                a, b = _parts(self.infer(major, scope, depth), Kind.OR)
                self.check(first, goal, scope.assuming(left, a), depth)
                scope = scope.assuming(right, b)
            elif rule == "elim":
                _, major, number, hypothesis, proof = proof
                inner, sort = _parts(self.infer(major, scope, depth), Kind.EXISTS)
                # The goal was in scope before the individual was, so the individual cannot occur in it.
                scope = scope.introducing(number, sort)
                scope = scope.assuming(hypothesis, opened(inner, element(number, sort)))
            elif rule == "let":
                _, number, formula, value, proof = proof
                self.formula(formula, scope.symbols)
                self.check(value, formula, scope, depth)
                scope = scope.assuming(number, formula)
            else:
                self._equal(self.infer(proof, scope, depth), goal)
                break
        proved.add(place)

    def infer(self, proof: ProofTerm, scope: _Scope, depth: int) -> Expr:
        """Infer the formula that an elimination proves."""
        known = scope.inferred.get(id(proof))
        if known is None:
            self._well_formed(proof, None, depth + 1)
            known = scope.inferred[id(proof)] = self._infer(proof, scope, depth + 1)
        return known

    def _infer(self, proof: ProofTerm, scope: _Scope, depth: int) -> Expr:
        rule = proof[0]
        if rule == "hyp":
            if proof[1] not in scope.hypotheses:
                raise KernelError(f"no hypothesis {proof[1]}")
            return scope.hypotheses[proof[1]]
        if rule == "app":
            a, b = _implication(self.infer(proof[1], scope, depth))
            self.check(proof[2], a, scope, depth)
            return b
        if rule == "inst":
            inner, sort = _parts(self.infer(proof[1], scope, depth), Kind.ALL)
            self._of_sort(proof[2], sort, scope.symbols)
            return opened(inner, proof[2])
        if rule in ("fst", "snd"):
            part: Expr = _parts(self.infer(proof[1], scope, depth), Kind.AND)[rule == "snd"]
            return part
        if rule in ("mp", "mpr"):
            a, b = _parts(self.infer(proof[1], scope, depth), Kind.IFF)
            return implication(a, b) if rule == "mp" else implication(b, a)
        if rule == "the":
            self.formula(proof[1], scope.symbols)
            self.check(proof[2], proof[1], scope, depth)
            goal: Expr = proof[1]
            return goal
        raise KernelError(f"cannot tell what a term of rule {rule!r:.80} proves here")

    @staticmethod
    def _well_formed(proof: ProofTerm, goal: Expr | None, depth: int) -> None:
        tick()
        if depth > MAX_DEPTH:
            raise KernelError(f"the term is nested deeper than {MAX_DEPTH}")
        if type(proof) is not tuple or not proof or type(proof[0]) is not str or len(proof) != _LENGTH.get(proof[0]):
            raise KernelError(f"not a proof term: {proof[0] if type(proof) is tuple and proof else proof!r:.80}")
        if goal is not None and (goal.loose or goal.unknown or goal.kind < Kind.ATOM):
            raise KernelError(f"{goal} is not a closed formula")

    @staticmethod
    def _equal(found: Expr, wanted: Expr) -> None:
        if found.key is not wanted.key:
            raise KernelError(f"the term proves {found}, not {wanted}")

    # Sorts

    def formula(self, node: Expr, scope: dict[int, Sort]) -> None:
        """Check that an expression is a closed formula over the symbols in scope."""
        self._of_sort(node, PROPOSITION, scope)

    def _of_sort(self, node: Expr, sort: int, scope: dict[int, Sort]) -> None:
        """Check that a closed expression is of a sort: a formula, or an individual of a type."""
        if type(node) is not Expr or node.unknown or node.loose:
            raise KernelError(f"{node!r:.80} is not closed, or has unknown parts")
        if self._sort(node, (), scope) != sort:
            raise KernelError(f"{node} is not of the sort that is wanted here")

    def _sort(self, node: Expr, bound: tuple[int, ...], scope: dict[int, Sort]) -> int:
        """Find the sort of an expression; ``bound`` has the sorts of the bound variables, innermost last.

        The sort depends only on the sorts of the bound variables and symbols that occur, so it is computed once for
        each expression that many others share, as long as those are the same.
        """
        if any(index >= len(bound) for index in bound_in(node)):
            raise KernelError(f"{node} has a variable that is bound by nothing")
        place = (node, tuple((index, bound[-1 - index]) for index in sorted(bound_in(node))))
        known = self._known.get(place)
        if known is not None and (known[1] is scope or all(scope.get(n) == known[1][n] for n in variables(node))):
            return known[0]
        sort = self._compute(node, bound, scope)
        self._known[place] = sort, scope
        return sort

    def _compute(self, node: Expr, bound: tuple[int, ...], scope: dict[int, Sort]) -> int:
        kind = node.kind
        if kind is Kind.BOUND or kind is Kind.BOUND_PROPOSITION:
            sort: int = bound[-1 - node.a]
            if (sort == PROPOSITION) != (kind is Kind.BOUND_PROPOSITION):
                raise KernelError(f"{node} is a variable of another sort")
            return sort
        if kind in (Kind.VARIABLE, Kind.APPLY, Kind.ATOM):
            arguments = () if kind is Kind.VARIABLE else node.b
            wanted, sort = scope.get(node.a, ((), TYPES))
            if sort == TYPES or (sort == PROPOSITION) != (kind is Kind.ATOM) or len(arguments) != len(wanted):
                raise KernelError(f"{node} has a symbol that is not in scope, or takes another number of arguments")
            for part, its in zip(arguments, wanted, strict=True):
                if self._sort(part, bound, scope) != its:
                    raise KernelError(f"{part} is an argument of another sort")
            return sort
        if kind is Kind.ALL or kind is Kind.EXISTS:
            if node.b != PROPOSITION and scope.get(node.b) != ((), TYPES):
                raise KernelError(f"{node} is over something that is not a type in scope")
            parts: tuple[Expr, ...] = (node.a,)
            bound = (*bound, node.b)
        elif kind in (Kind.AND, Kind.OR, Kind.IFF, Kind.IMPLIES):
            parts = node.a, node.b
        elif kind is Kind.NOT:
            parts = (node.a,)
        elif kind is Kind.TRUE or kind is Kind.FALSE:
            parts = ()
        else:
            raise KernelError(f"{node} is not a formula")
        for part in parts:
            if self._sort(part, bound, scope) != PROPOSITION:
                raise KernelError(f"{part} is not a formula")
        return PROPOSITION


_LENGTH = {
    "hyp": 2, "lam": 4, "app": 3, "all": 3, "inst": 3, "and": 3, "fst": 2, "snd": 2, "iff": 3, "mp": 2, "mpr": 2,
    "inl": 2, "inr": 2, "or": 6, "exists": 3, "elim": 5, "true": 1, "false": 2, "let": 5, "the": 3,
}  # fmt: skip
