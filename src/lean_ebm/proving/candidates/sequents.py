"""Goals as sequents: formulas without names, each hypothesis once.

A sequent has what a goal says and nothing of how it is written. Its formulas are keys (see :class:`.formulas.Expr`):
equal formulas are the same object, and ``¬a`` is ``a → False``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from lean_ebm.proving.logic.formulas import PROPOSITION, Expr, atom, is_data, variable
from lean_ebm.proving.logic.goals import SYMBOL, Goal, Local, displayed
from lean_ebm.proving.logic.quantifiers import types_in
from lean_ebm.proving.logic.unify import Unsupported

_NONE: Mapping[int, int] = MappingProxyType({})

SequentKey = tuple[frozenset[Expr], Expr, tuple[tuple[Expr, int], ...]]


class Sequent:
    """What a goal says; immutable.

    Attributes:
        hypotheses: The formulas of its hypotheses, each once, oldest first.
        target: What is to be proved.
        individuals: The individuals that may be used, each with its type; empty if nothing is quantified.
        functions: The type of the results of each function, by its number.
        fresh: A number that is above those of all symbols.
        known: The hypotheses as a set.
        key: Equal for sequents that say the same.
    """

    __slots__ = ("fresh", "functions", "hypotheses", "individuals", "key", "known", "target")

    def __init__(
        self,
        hypotheses: tuple[Expr, ...],
        target: Expr,
        individuals: tuple[tuple[Expr, int], ...] = (),
        functions: Mapping[int, int] = _NONE,
        fresh: int = 0,
        known: frozenset[Expr] | None = None,
    ) -> None:
        if individuals and not types_in(target) and not any(types_in(formula) for formula in hypotheses):
            individuals = ()
        self.hypotheses, self.target = hypotheses, target
        self.individuals, self.functions, self.fresh = individuals, functions, fresh
        self.known = frozenset(hypotheses) if known is None else known
        self.key: SequentKey = (self.known, target, individuals)

    def proving(self, target: Expr) -> Sequent:
        """The same hypotheses with another target."""
        return Sequent(self.hypotheses, target, self.individuals, self.functions, self.fresh, self.known)

    def having(self, *formulas: Expr, without: Expr | None = None) -> Sequent:
        """The same target with more hypotheses, and without one of its own."""
        hypotheses = self.hypotheses
        if without is not None:
            hypotheses = tuple([formula for formula in hypotheses if formula is not without])
        for formula in formulas:
            if formula not in hypotheses:
                hypotheses = (*hypotheses, formula)
        return Sequent(hypotheses, self.target, self.individuals, self.functions, self.fresh)

    def introducing(self, sort: int) -> tuple[Expr, Sequent]:
        """Add a new individual of a type, or a new proposition. Returns it and the new sequent."""
        number = self.fresh
        if sort == PROPOSITION:
            return atom(number), Sequent(self.hypotheses, self.target, self.individuals, self.functions, number + 1)
        individual = variable(number)
        individuals = (*self.individuals, (individual, sort))
        return individual, Sequent(self.hypotheses, self.target, individuals, self.functions, number + 1)


def sequent_of(goal: Goal) -> Sequent:
    """Convert a goal to a sequent without names. Hypotheses that no tactic can name are left out.

    Raises:
        Unsupported: If the goal asks for an individual or a proposition, or has a metavariable.
    """
    target = goal.target.key
    if is_data(target) or target.unknown:
        raise Unsupported("a goal with a metavariable")
    hypotheses: dict[Expr, None] = {}
    symbols: list[Local] = []
    for local in named(goal):
        if local.formula is None:
            symbols.append(local)
        elif local.formula.unknown:
            raise Unsupported("a goal with a metavariable")
        else:
            hypotheses[local.formula.key] = None
    individuals = []
    functions = {}
    for local in symbols:
        if local.what == SYMBOL and local.sort is not None and local.sort[1] > PROPOSITION:
            if local.sort[0]:
                functions[local.number] = local.sort[1]
            else:
                individuals.append((variable(local.number), local.sort[1]))
    return Sequent(tuple(hypotheses), target, tuple(individuals), functions, goal.fresh)


def named(goal: Goal) -> list[Local]:
    """The entries of a goal's context that a tactic can name, oldest first."""
    context = goal.context
    return [local for local, name in zip(context, displayed(context), strict=True) if name == local.name]
