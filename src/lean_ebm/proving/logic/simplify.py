"""Shortens proof terms before they are written as scripts. Each step takes linear time."""

from __future__ import annotations

from collections import Counter
from itertools import count

from lean_ebm.proving.logic.clock import tick
from lean_ebm.proving.logic.formulas import Expr, Kind, implication, make, rebuilt, variables
from lean_ebm.proving.logic.kernel import ProofTerm

ELIMINATIONS = frozenset(("hyp", "app", "inst", "fst", "snd", "mp", "mpr"))
"""The rules of terms whose formula can be inferred."""

_TAKES_APART = frozenset(("app", "inst", "fst", "snd", "mp", "mpr", "or", "elim"))  # their first part is taken apart
_FIRST = 100_000_000  # hypotheses and individuals of simplified terms are numbered from here
_BINDS = {"lam": (1,), "all": (1,), "let": (1,), "or": (2, 4), "elim": (2, 3)}  # places of the numbers that rules bind


def simplified(proof: ProofTerm) -> ProofTerm:
    """Remove detours from a proof term: functions applied at once, parts of pairs, needless ``let``.

    Raises:
        OutOfTimeError: If the deadline of :mod:`.clock` is over.
    """
    proof = _without_unused(_renumbered(proof, {}, count(_FIRST)), set())
    for _ in range(50):
        smaller = _Pass(proof).simplify(proof)
        if smaller is proof:
            break
        proof = smaller
    return proof


def _renumbered(proof: ProofTerm, numbers: dict[int, int], new: count[int]) -> ProofTerm:
    """Give each hypothesis and individual that the term introduces a number of its own."""
    tick()
    rule = proof[0]
    if rule == "hyp":
        return ("hyp", numbers.get(proof[1], proof[1]))
    places = _BINDS.get(rule, ())
    if places:
        numbers = {**numbers, **{proof[place]: next(new) for place in places}}
    entries = []
    for place, part in enumerate(proof):
        if place in places:
            part = numbers[part]
        elif type(part) is tuple:
            part = _renumbered(part, numbers, new)
        elif isinstance(part, Expr) and not numbers.keys().isdisjoint(variables(part)):
            part = _moved(part, numbers, {})
        entries.append(part)
    return tuple(entries)


def _moved(node: Expr, numbers: dict[int, int], known: dict[Expr, Expr]) -> Expr:
    if numbers.keys().isdisjoint(variables(node)):
        return node
    found = known.get(node)
    if found is None:
        found = rebuilt(node, lambda part, _: _moved(part, numbers, known))
        if node.kind in (Kind.VARIABLE, Kind.APPLY, Kind.ATOM) and node.a in numbers:
            found = make(node.kind, numbers[node.a], found.b)
        known[node] = found
    return found


def _without_unused(proof: ProofTerm, used: set[int]) -> ProofTerm:
    """Leave out each ``let`` that nothing uses, also those that only such a ``let`` uses; collects what is used."""
    tick()
    rule = proof[0]
    if rule == "hyp":
        used.add(proof[1])
        return proof
    if rule == "let":
        body = _without_unused(proof[4], used)
        if proof[1] not in used:
            return body
        return (*proof[:3], _without_unused(proof[3], used), body)
    return tuple([_without_unused(part, used) if type(part) is tuple else part for part in proof])


def _uses(proof: ProofTerm, counts: Counter[int]) -> Counter[int]:
    tick()
    if proof[0] == "hyp":
        counts[proof[1]] += 1
    else:
        for part in proof:
            if type(part) is tuple:
                _uses(part, counts)
    return counts


class _Pass:
    """One pass over a term in which all numbers are distinct.

    Args:
        proof: The term.
    """

    def __init__(self, proof: ProofTerm) -> None:
        self.uses = _uses(proof, Counter())
        self.values: dict[int, ProofTerm] = {}  # what takes the place of hypotheses

    def simplify(self, proof: ProofTerm) -> ProofTerm:
        """Simplify a part; the same object if there is nothing to simplify."""
        tick()
        rule = proof[0]
        if rule == "hyp":
            return self.values.get(proof[1], proof)
        if rule == "let":
            return self._let(proof)
        parts = [self.simplify(part) if type(part) is tuple else part for part in proof]
        if any(part is not old for part, old in zip(parts, proof, strict=True)):
            proof = tuple(parts)
        return self._rule(proof)

    def _let(self, proof: ProofTerm) -> ProofTerm:
        _, number, formula, value, body = proof
        uses = self.uses[number]
        if not uses:
            return self.simplify(body)
        new = self.simplify(value)
        size = _size(new, 5)
        if new[0] in ELIMINATIONS and (uses == 1 or size <= 4):
            self.values[number] = new
        elif uses == 1 or size <= 2:
            self.values[number] = ("the", formula, new)
        else:
            rest = self.simplify(body)
            return proof if new is value and rest is body else ("let", number, formula, new, rest)
        return self.simplify(body)

    def _rule(self, proof: ProofTerm) -> ProofTerm:
        rule = proof[0]
        if rule == "the" and proof[2][0] in ELIMINATIONS:
            inner_term: ProofTerm = proof[2]
            return inner_term
        if rule == "app" and _bare(proof[1])[0] == "lam":
            _, number, domain, body = _bare(proof[1])
            annotated = proof[1][0] == "the"
            formula = proof[1][1].b if annotated and proof[1][1].kind is Kind.IMPLIES else None
            inner: ProofTerm = ("let", number, domain, proof[2], body)
            return ("the", formula, inner) if formula is not None else inner
        if rule == "the" and proof[2][0] == "let":
            _, number, domain, value, body = proof[2]
            return ("let", number, domain, value, ("the", proof[1], body))
        if rule in ("fst", "snd") and _bare(proof[1])[0] == "and":
            pair, first = _bare(proof[1]), rule == "fst"
            formula = proof[1][1] if proof[1][0] == "the" else None
            part = pair[1] if first else pair[2]
            return part if formula is None else ("the", formula.a if first else formula.b, part)
        if rule in ("mp", "mpr") and _bare(proof[1])[0] == "iff" and proof[1][0] == "the":
            formula, pair = proof[1][1], _bare(proof[1])
            if rule == "mp":
                return ("the", implication(formula.a, formula.b), pair[1])
            return ("the", implication(formula.b, formula.a), pair[2])
        if rule in _TAKES_APART and proof[1][0] == "let":
            _, number, domain, value, body = proof[1]
            return ("let", number, domain, value, (rule, body, *proof[2:]))
        if rule == "lam" and proof[3][0] == "app" and proof[3][2] == ("hyp", proof[1]):
            shorter: ProofTerm = proof[3][1]
            return shorter if shorter[0] in ELIMINATIONS and self.uses[proof[1]] == 1 else proof
        return proof


def _bare(proof: ProofTerm) -> ProofTerm:
    while proof[0] == "the":
        proof = proof[2]
    return proof


def _size(proof: ProofTerm, most: int) -> int:
    """Count the rules of a term, up to about ``most``."""
    size = 1
    for part in proof:
        if type(part) is tuple and size < most:
            size += _size(part, most - size)
    return size
