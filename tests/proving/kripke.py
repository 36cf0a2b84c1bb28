"""Truth in Kripke models, which shows that a formula is unprovable without any search for a proof.

A formula of intuitionistic propositional logic is provable if and only if it is true in all worlds of all Kripke models
(Kripke 1965, "Semantical analysis of intuitionistic logic I"). A world is determined by the atoms that are true there
and by the worlds right above it. There are few worlds of the first levels over two atoms, and a small formula that is
not provable is false in one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from lean_ebm.proving.logic.formulas import (
    FALSE,
    TRUE,
    Expr,
    Kind,
    atom,
    conjunction,
    disjunction,
    equivalence,
    implication,
    negation,
)


class Worlds:
    """Distinct worlds over some atoms: all of one or two levels, and those of three with one or two right above them.

    Args:
        atoms: Number of atoms; they are the propositions 1, 2, ...
    """

    def __init__(self, atoms: int = 2) -> None:
        self.atoms = atoms
        self.above: list[int] = []  # of each world, the set of worlds from it upwards, as bits
        self.valuation: list[int] = []  # of each world, the set of its true atoms
        first = [self._add(valuation, ()) for valuation in range(1 << atoms)]
        second = [
            self._add(valuation, covers)
            for size in range(1, len(first) + 1)
            for covers in combinations(first, size)
            for valuation in self._below(covers)
        ]
        low = [*first, *second]
        for size in (1, 2):
            for covers in combinations(low, size):
                if any(world in second for world in covers) and self._antichain(covers):
                    for valuation in self._below(covers):
                        self._add(valuation, covers)
        self.all = (1 << len(self.above)) - 1
        self._truth: dict[Expr, int] = {TRUE: self.all, FALSE: 0}
        for index in range(atoms):
            worlds = sum(1 << world for world, true in enumerate(self.valuation) if true >> index & 1)
            self._truth[atom(index + 1)] = worlds
        self._implications: dict[tuple[int, int], int] = {}

    def _add(self, valuation: int, covers: tuple[int, ...]) -> int:
        world = len(self.above)
        above = 1 << world
        for cover in covers:
            above |= self.above[cover]
        self.above.append(above)
        self.valuation.append(valuation)
        return world

    def _below(self, covers: tuple[int, ...]) -> Iterator[int]:
        """The valuations of new worlds below; with the valuation of its only world above, a world is not new."""
        most = (1 << self.atoms) - 1
        for cover in covers:
            most &= self.valuation[cover]
        for valuation in range(1 << self.atoms):
            if valuation & ~most == 0 and (len(covers) > 1 or valuation != most):
                yield valuation

    def _antichain(self, covers: tuple[int, ...]) -> bool:
        return not any(self.above[a] >> b & 1 or self.above[b] >> a & 1 for a, b in combinations(covers, 2))

    def truth(self, formula: Expr) -> int:
        """The set of worlds in which a formula is true, as bits."""
        known = self._truth.get(formula)
        if known is not None:
            return known
        kind = formula.kind
        if kind is Kind.NOT:
            value = self._implies(self.truth(formula.a), 0)
        elif kind in (Kind.AND, Kind.OR, Kind.IMPLIES, Kind.IFF):
            a, b = self.truth(formula.a), self.truth(formula.b)
            if kind is Kind.AND:
                value = a & b
            elif kind is Kind.OR:
                value = a | b
            else:
                value = self._implies(a, b)
                if kind is Kind.IFF:
                    value &= self._implies(b, a)
        else:
            raise ValueError(f"{formula} is not propositional, or has an atom that the worlds do not know")
        self._truth[formula] = value
        return value

    def _implies(self, a: int, b: int) -> int:
        known = self._implications.get((a, b))
        if known is None:
            wrong = a & ~b
            known = sum(1 << world for world, above in enumerate(self.above) if not above & wrong)
            self._implications[a, b] = known
        return known

    def refutes(self, formula: Expr) -> bool:
        """Whether the formula is false in a world, and so has no proof."""
        return self.truth(formula) != self.all


def formulas(size: int, atoms: int = 2) -> list[list[Expr]]:
    """List all formulas of each size up to ``size``, by size, over atoms, True, False and all connectives."""
    found: list[list[Expr]] = [[], [*(atom(index + 1) for index in range(atoms)), TRUE, FALSE]]
    for total in range(2, size + 1):
        layer = [negation(formula) for formula in found[total - 1]]
        for left in range(1, total - 1):
            for a in found[left]:
                for b in found[total - 1 - left]:
                    layer += [conjunction(a, b), disjunction(a, b), implication(a, b), equivalence(a, b)]
        found.append(layer)
    return found
