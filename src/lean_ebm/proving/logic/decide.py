"""A complete decision procedure for intuitionistic propositional logic, which returns a proof term.

The calculus is G4ip, also called LJT (Dyckhoff 1992, "Contraction-free sequent calculi for intuitionistic logic"):
every rule's premises are smaller than its conclusion, so the search ends without loop checks. Quantified formulas count
as atoms, so a formula with quantifiers may be provable although no proof is found.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import count

from lean_ebm.proving.logic.clock import tick
from lean_ebm.proving.logic.formulas import FALSE, TRUE, Expr, Kind, implication, parts_of
from lean_ebm.proving.logic.kernel import ProofTerm

_Derive = Callable[[Expr, ProofTerm], None]

FIRST_NUMBER = 1_000_000
"""Hypotheses of the proofs are numbered from here; goals use smaller numbers."""


class OutOfStepsError(Exception):
    """The decision procedure has taken as many steps as it was allowed to."""


def prove(formula: Expr, hypotheses: Mapping[int, Expr] | None = None, steps: float = math.inf) -> ProofTerm | None:
    """Find a proof term of a formula from hypotheses; None if there is none.

    Args:
        formula: The formula.
        hypotheses: The hypotheses that may be used, by number (below ``FIRST_NUMBER``).
        steps: Number of steps that it may take: formulas that it takes apart, and sequents for which it chooses a rule.
            This limit does not depend on a clock, so the same question always has the same answer.

    Raises:
        OutOfStepsError: If it would take more steps.
        OutOfTimeError: If the deadline of :mod:`.clock` is over.
    """
    given = [(number, stated.key) for number, stated in (hypotheses or {}).items()]
    return _Search(steps).prove({}, given[::-1], formula.key)


class _Search:
    """One search. All formulas are keys (see :class:`Expr`), in which negations are implications.

    ``known`` maps each formula that no rule has used up yet (atoms, implications from atoms or from implications) to
    the number of its hypothesis. ``pending`` lists the hypotheses that are still to be taken apart, the next one last.
    """

    def __init__(self, steps: float) -> None:
        self._numbers = count(FIRST_NUMBER)
        self._left = steps
        self._refuted: set[tuple[frozenset[Expr], Expr]] = set()

    def prove(self, known: dict[Expr, int], pending: list[tuple[int, Expr]], goal: Expr) -> ProofTerm | None:
        """Apply the invertible rules on the left until nothing is pending, then those on the right."""
        lets: list[tuple[int, Expr, ProofTerm]] = []
        apart: set[Expr] = set()  # what was taken apart here, which formulas may share

        def derive(formula: Expr, proof: ProofTerm) -> None:
            number = next(self._numbers)
            lets.append((number, formula, proof))
            pending.append((number, formula))

        def bound(proof: ProofTerm | None) -> ProofTerm | None:
            if proof is not None:
                for number, formula, value in reversed(lets):
                    proof = ("let", number, formula, value, proof)
            return proof

        while pending:
            self._step()
            number, formula = pending.pop()
            if formula in known or formula is TRUE or formula in apart:
                continue
            used: ProofTerm = ("hyp", number)
            if formula is goal:
                return bound(used)
            if formula is FALSE:
                return bound(("false", used))
            apart.add(formula)
            kind = formula.kind
            if kind is Kind.AND:
                derive(formula.b, ("snd", used))
                derive(formula.a, ("fst", used))
            elif kind is Kind.IFF:
                derive(implication(formula.b, formula.a), ("mpr", used))
                derive(implication(formula.a, formula.b), ("mp", used))
            elif kind is Kind.OR:
                left, right = next(self._numbers), next(self._numbers)
                a = self.prove(dict(known), [*pending, (left, formula.a)], goal)
                b = None if a is None else self.prove(known, [*pending, (right, formula.b)], goal)
                return None if a is None or b is None else bound(("or", used, left, a, right, b))
            elif kind is Kind.IMPLIES:
                self._implication(known, formula, used, number, derive)
            else:
                known[formula] = number
                for other in [other for other in known if other.kind is Kind.IMPLIES and other.a is formula]:
                    derive(other.b, ("app", ("hyp", known.pop(other)), used))
        return bound(self._right(known, goal))

    def _step(self) -> None:
        tick()
        self._left -= 1
        if self._left < 0:
            raise OutOfStepsError("the decision procedure has taken as many steps as it was allowed to")

    def _implication(
        self, known: dict[Expr, int], formula: Expr, used: ProofTerm, number: int, derive: _Derive
    ) -> None:
        """Take an implication apart by the form of its premise."""
        a, b = formula.a, formula.b
        x, y = next(self._numbers), next(self._numbers)
        hx, hy = ("hyp", x), ("hyp", y)
        if a is TRUE:
            derive(b, ("app", used, ("true",)))
        elif a is FALSE or b is TRUE:
            pass
        elif a in known:
            derive(b, ("app", used, ("hyp", known[a])))
        elif a.kind is Kind.AND:
            inner = ("lam", y, a.b, ("app", used, ("and", hx, hy)))
            derive(implication(a.a, implication(a.b, b)), ("lam", x, a.a, inner))
        elif a.kind is Kind.IFF:
            forth, back = implication(a.a, a.b), implication(a.b, a.a)
            inner = ("lam", y, back, ("app", used, ("iff", hx, hy)))
            derive(implication(forth, implication(back, b)), ("lam", x, forth, inner))
        elif a.kind is Kind.OR:
            derive(implication(a.b, b), ("lam", y, a.b, ("app", used, ("inr", hy))))
            derive(implication(a.a, b), ("lam", x, a.a, ("app", used, ("inl", hx))))
        else:
            known[formula] = number

    def _right(self, known: dict[Expr, int], goal: Expr) -> ProofTerm | None:
        if goal is TRUE:
            return ("true",)
        if goal in known:
            return ("hyp", known[goal])
        sequent = (frozenset(known), goal)
        if sequent in self._refuted:
            return None
        proof = self._choose(known, goal)
        if proof is None:
            self._refuted.add(sequent)
        return proof

    def _choose(self, known: dict[Expr, int], goal: Expr) -> ProofTerm | None:
        self._step()
        kind = goal.kind
        if kind is Kind.IMPLIES:
            number = next(self._numbers)
            body = self.prove(dict(known), [(number, goal.a)], goal.b)
            return None if body is None else ("lam", number, goal.a, body)
        if kind is Kind.AND or kind is Kind.IFF:
            first = goal.a if kind is Kind.AND else implication(goal.a, goal.b)
            second = goal.b if kind is Kind.AND else implication(goal.b, goal.a)
            a = self.prove(dict(known), [], first)
            b = a if first is second or a is None else self.prove(dict(known), [], second)
            return None if a is None or b is None else ("and" if kind is Kind.AND else "iff", a, b)
        if kind is Kind.OR:
            for rule, side in (("inl", goal.a), ("inr", goal.b)):
                proof = self.prove(dict(known), [], side)
                if proof is not None:
                    return (rule, proof)
        for formula, number in known.items():
            if formula.kind is Kind.IMPLIES and formula.a.kind is Kind.IMPLIES:
                proof = self._nested(known, formula, number, goal)
                if proof is not None:
                    return proof
        return None

    def _nested(self, known: dict[Expr, int], formula: Expr, number: int, goal: Expr) -> ProofTerm | None:
        """From ``(c → d) → b``: prove ``c → d`` with ``d → b`` in its place, then the goal with ``b`` in its place."""
        (c, d), b = (formula.a.a, formula.a.b), formula.b
        rest = {other: its for other, its in known.items() if other is not formula}
        shorter, result, x, y = (next(self._numbers) for _ in range(4))
        first = self.prove(dict(rest), [(shorter, implication(d, b))], formula.a)
        if first is None:
            return None
        second = self.prove(rest, [(result, b)], goal)
        if second is None:
            return None
        use: ProofTerm = ("app", ("hyp", number), ("lam", y, c, ("hyp", x)))
        argument: ProofTerm = ("let", shorter, implication(d, b), ("lam", x, d, use), first)
        return ("let", result, b, ("app", ("hyp", number), argument), second)


def decided(formula: Expr) -> tuple[bool, ProofTerm] | None:
    """Evaluate a formula made only of constants, as Lean's ``Decidable`` instances do.

    Returns:
        Whether it is true, and a proof of it or of its negation; None if it is not made only of constants.
    """
    value = _truth(formula)
    if value is None:
        return None
    proof = prove(formula if value else implication(formula, FALSE))
    return None if proof is None else (value, proof)


def _truth(formula: Expr) -> bool | None:
    kind = formula.kind
    if kind is Kind.TRUE or kind is Kind.FALSE:
        return kind is Kind.TRUE
    if kind not in (Kind.AND, Kind.OR, Kind.IFF, Kind.IMPLIES, Kind.NOT):
        return None
    if "truth" not in formula.memory:
        parts = [_truth(part) for part in parts_of(formula)]
        formula.memory["truth"] = None if None in parts else _VALUE[kind](*parts)
    value: bool | None = formula.memory["truth"]
    return value


_VALUE: dict[Kind, Callable[..., bool]] = {
    Kind.AND: lambda a, b: a and b,
    Kind.OR: lambda a, b: a or b,
    Kind.IFF: lambda a, b: a == b,
    Kind.IMPLIES: lambda a, b: not a or b,
    Kind.NOT: lambda a: not a,
}
