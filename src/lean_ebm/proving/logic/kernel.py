"""The kernel: a type checker for proof terms of intuitionistic first-order natural deduction.

It imports only formulas, and shares no code with the parser, the tactics or the procedures that find proofs.
A proof term is a tuple whose first entry says what it is. ``a``, ``b``, ``t`` are terms, ``A`` is a formula, ``h`` and
``x`` are numbers of hypotheses and individuals, ``i`` is an individual:

=======================  ==============================================================================================
``("hyp", h)``           the hypothesis ``h``
``("lam", h, A, t)``     ``A → B``, if ``t`` proves ``B`` from ``h : A``
``("app", a, b)``        ``B``, if ``a`` proves ``A → B`` and ``b`` proves ``A``
``("all", x, t)``        ``∀ x, B``, if ``t`` proves ``B`` of an ``x`` that occurs nowhere else
``("inst", t, i)``       ``B`` of ``i``, if ``t`` proves ``∀ x, B``
``("and", a, b)``        ``A ∧ B``; taken apart by ``("fst", t)`` and ``("snd", t)``
``("iff", a, b)``        ``A ↔ B``, from ``A → B`` and ``B → A``; taken apart by ``("mp", t)`` and ``("mpr", t)``
``("inl", t)``           ``A ∨ B`` from ``A``; ``("inr", t)`` from ``B``
``("or", t, h, a, k, b)``  ``C``, if ``t`` proves ``A ∨ B``, and ``a`` proves ``C`` from ``h : A``, ``b`` from ``k : B``
``("exists", i, t)``     ``∃ x, B``, if ``t`` proves ``B`` of ``i``
``("elim", t, x, h, a)``  ``C``, if ``t`` proves ``∃ x, B`` and ``a`` proves ``C`` from a new ``x`` and ``h : B`` of it
``("true",)``            ``True``
``("false", t)``         anything, if ``t`` proves ``False``
``("let", h, A, t, a)``  ``C``, if ``t`` proves ``A``, and ``a`` proves ``C`` from ``h : A``
``("the", A, t)``        ``A``, if ``t`` proves it
=======================  ==============================================================================================

``¬A`` is ``A → False``, and names of bound variables are ignored. An introduction is checked against a formula; the
formula of an elimination is inferred.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lean_ebm.proving.logic.formulas import FALSE, Expr, Kind, implication, opened, variable

ProofTerm = tuple[Any, ...]

Sort = tuple[bool, int]
"""The sort of a symbol: whether it makes a proposition (or else an individual), and its number of arguments."""

MAX_DEPTH = 400
"""Depth of nesting; a deeper term is refused."""


class KernelError(Exception):
    """The term does not prove the formula."""


def check(proof: ProofTerm, formula: Expr, hypotheses: Mapping[int, Expr], symbols: Mapping[int, Sort]) -> None:
    """Check that a term proves a formula.

    Args:
        proof: The term.
        formula: The formula.
        hypotheses: The hypotheses that it may use, by number.
        symbols: The sorts of the symbols that may occur, by number.

    Raises:
        KernelError: If it does not, or is not a term.
    """
    checker, scope = _Checker(), dict(symbols)
    for stated in (formula, *hypotheses.values()):
        checker.formula(stated, scope)
    checker.check(proof, formula, dict(hypotheses), scope, 0)


def _implication(formula: Expr) -> tuple[Expr, Expr]:
    if formula.kind is Kind.IMPLIES:
        return formula.a, formula.b
    if formula.kind is Kind.NOT:
        return formula.a, FALSE
    raise KernelError(f"{formula} is not an implication")


def _parts(formula: Expr, kind: Kind) -> tuple[Expr, Expr]:
    if formula.kind is not kind:
        raise KernelError(f"{formula} is not of kind {kind.name}")
    return formula.a, formula.b


class _Checker:
    """One check. ``scope`` has the symbols that may occur in the current term, ``context`` its hypotheses."""

    def check(self, proof: ProofTerm, goal: Expr, context: dict[int, Expr], scope: dict[int, Sort], depth: int) -> None:
        """Check an introduction, or that an elimination proves the goal."""
        depth += 1
        self._well_formed(proof, goal, depth)
        rule = proof[0]
        if rule == "lam":
            _, number, domain, body = proof
            a, b = _implication(goal)
            self.formula(domain, scope)
            self._equal(domain, a)
            self.check(body, b, self._with(context, scope, number, a), scope, depth)
        elif rule == "all":
            _, number, body = proof
            inner, _ = _parts(goal, Kind.ALL)
            fresh = self._fresh(scope, context, number)
            self.check(body, opened(inner, variable(number)), context, fresh, depth)
        elif rule == "and":
            a, b = _parts(goal, Kind.AND)
            self.check(proof[1], a, context, scope, depth)
            self.check(proof[2], b, context, scope, depth)
        elif rule == "iff":
            a, b = _parts(goal, Kind.IFF)
            self.check(proof[1], implication(a, b), context, scope, depth)
            self.check(proof[2], implication(b, a), context, scope, depth)
        elif rule == "inl":
            self.check(proof[1], _parts(goal, Kind.OR)[0], context, scope, depth)
        elif rule == "inr":
            self.check(proof[1], _parts(goal, Kind.OR)[1], context, scope, depth)
        elif rule == "exists":
            _, witness, body = proof
            inner, _ = _parts(goal, Kind.EXISTS)
            self._individual(witness, scope)
            self.check(body, opened(inner, witness), context, scope, depth)
        elif rule == "true":
            _parts(goal, Kind.TRUE)
        elif rule == "false":
            self.check(proof[1], FALSE, context, scope, depth)
        elif rule == "or":
            _, major, left, a, right, b = proof
            first, second = _parts(self.infer(major, context, scope, depth), Kind.OR)
            self.check(a, goal, self._with(context, scope, left, first), scope, depth)
            self.check(b, goal, self._with(context, scope, right, second), scope, depth)
        elif rule == "elim":
            _, major, number, hypothesis, body = proof
            inner, _ = _parts(self.infer(major, context, scope, depth), Kind.EXISTS)
            fresh = self._fresh(scope, context, number)
            # The goal was in scope before the individual was, so the individual cannot occur in it.
            extended = self._with(context, fresh, hypothesis, opened(inner, variable(number)))
            self.check(body, goal, extended, fresh, depth)
        elif rule == "let":
            _, number, formula, value, body = proof
            self.formula(formula, scope)
            self.check(value, formula, context, scope, depth)
            self.check(body, goal, self._with(context, scope, number, formula), scope, depth)
        else:
            self._equal(self.infer(proof, context, scope, depth), goal)

    def infer(self, proof: ProofTerm, context: dict[int, Expr], scope: dict[int, Sort], depth: int) -> Expr:
        """Infer the formula that an elimination proves."""
        depth += 1
        self._well_formed(proof, None, depth)
        rule = proof[0]
        if rule == "hyp":
            if proof[1] not in context:
                raise KernelError(f"no hypothesis {proof[1]}")
            return context[proof[1]]
        if rule == "app":
            a, b = _implication(self.infer(proof[1], context, scope, depth))
            self.check(proof[2], a, context, scope, depth)
            return b
        if rule == "inst":
            inner, _ = _parts(self.infer(proof[1], context, scope, depth), Kind.ALL)
            self._individual(proof[2], scope)
            return opened(inner, proof[2])
        if rule in ("fst", "snd"):
            return _parts(self.infer(proof[1], context, scope, depth), Kind.AND)[rule == "snd"]
        if rule in ("mp", "mpr"):
            a, b = _parts(self.infer(proof[1], context, scope, depth), Kind.IFF)
            return implication(a, b) if rule == "mp" else implication(b, a)
        if rule == "the":
            self.formula(proof[1], scope)
            self.check(proof[2], proof[1], context, scope, depth)
            goal: Expr = proof[1]
            return goal
        raise KernelError(f"cannot tell what a term of rule {rule!r} proves here")

    @staticmethod
    def _well_formed(proof: ProofTerm, goal: Expr | None, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise KernelError(f"the term is nested deeper than {MAX_DEPTH}")
        if not isinstance(proof, tuple) or not proof or len(proof) != _LENGTH.get(proof[0]):
            raise KernelError(f"{proof!r:.80} is not a proof term")
        if goal is not None and (goal.loose or goal.unknown or goal.kind < Kind.ATOM):
            raise KernelError(f"{goal} is not a closed formula")

    @staticmethod
    def _equal(found: Expr, wanted: Expr) -> None:
        if found.key is not wanted.key:
            raise KernelError(f"the term proves {found}, not {wanted}")

    def formula(self, node: Expr, scope: dict[int, Sort], bound: int = 0) -> None:
        """Check that an expression is a formula over the symbols in scope, under ``bound`` quantifiers."""
        if not isinstance(node, Expr) or node.kind < Kind.ATOM or node.unknown:
            raise KernelError(f"{node!r:.80} is not a formula")
        if node.kind is Kind.ATOM:
            self._symbol(node, True, scope, bound)
        elif node.kind in (Kind.ALL, Kind.EXISTS):
            self.formula(node.a, scope, bound + 1)
        else:
            for part in (node.a, node.b):
                if part is not None:
                    self.formula(part, scope, bound)

    def _individual(self, node: Expr, scope: dict[int, Sort], bound: int = 0) -> None:
        if not isinstance(node, Expr) or node.kind >= Kind.UNKNOWN:
            raise KernelError(f"{node!r:.80} is not an individual")
        if node.kind is Kind.BOUND:
            if node.a >= bound:
                raise KernelError(f"{node} is bound by nothing")
        elif node.kind is Kind.VARIABLE:
            if scope.get(node.a) != (False, 0):
                raise KernelError(f"{node} is not in scope")
        else:
            self._symbol(node, False, scope, bound)

    def _symbol(self, node: Expr, proposition: bool, scope: dict[int, Sort], bound: int) -> None:
        if scope.get(node.a) != (proposition, len(node.b)):
            raise KernelError(f"{node} has a symbol that is not in scope, or takes another number of arguments")
        for part in node.b:
            self._individual(part, scope, bound)

    @staticmethod
    def _fresh(scope: dict[int, Sort], context: dict[int, Expr], number: int) -> dict[int, Sort]:
        if not isinstance(number, int) or number in scope or number in context:
            raise KernelError(f"{number} is not a new number")
        return {**scope, number: (False, 0)}

    @staticmethod
    def _with(context: dict[int, Expr], scope: dict[int, Sort], number: int, formula: Expr) -> dict[int, Expr]:
        if not isinstance(number, int) or number in scope or number in context:
            raise KernelError(f"{number} is not a new number")
        return {**context, number: formula}


_LENGTH = {
    "hyp": 2, "lam": 4, "app": 3, "all": 3, "inst": 3, "and": 3, "fst": 2, "snd": 2, "iff": 3, "mp": 2, "mpr": 2,
    "inl": 2, "inr": 2, "or": 6, "exists": 3, "elim": 5, "true": 1, "false": 2, "let": 5, "the": 3,
}  # fmt: skip
