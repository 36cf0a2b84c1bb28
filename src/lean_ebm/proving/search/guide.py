"""The interface of guides, which give searches advice about goals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from lean_ebm.proving.search.goals import OpenGoal, Tactic


@dataclass(frozen=True)
class Advice:
    """A guide's advice about a goal.

    Args:
        tactics: The tactics to try, of those that the goal lists, or others that the goal can run, such as chunks of
            them.
        log_priors: The logarithm of each tactic's prior probability. A tactic of probability 0 is not tried.
        value: Estimated number of tactics that are needed to prove the goal, at least 0; None if the guide does not
            judge goals.
        cost: Number of evaluations of (goal, tactic) pairs that the advice took; a gradient counts 3.
        energies: The energy of each tactic, low is good, for readers; NaN where none was computed, None
            if the guide has none.

    Raises:
        ValueError: If the numbers do not belong to the tactics, or one of them is not a number.
    """

    tactics: Sequence[Tactic]
    log_priors: Sequence[float]
    value: float | None = None
    cost: int = 0
    energies: Sequence[float] | None = None

    def __post_init__(self) -> None:
        if len(self.tactics) != len(self.log_priors):
            raise ValueError(f"advice has {len(self.tactics)} tactics and {len(self.log_priors)} priors")
        value, total = self.value, sum(self.log_priors)
        if (value is not None and not value >= 0) or not total < math.inf:
            raise ValueError(f"advice has the value {value}, or a log prior that is infinite or not a number")


@runtime_checkable
class Guide(Protocol):
    """Says which tactics to try in a goal, and how many are needed.

    A guide is asked about goals of one search, or of many in lock step. What it says of a goal must not depend on the
    other goals of the call, nor on earlier calls: then a search finds the same whatever else is searched.
    """

    def advise(self, goals: Sequence[OpenGoal]) -> list[Advice]:
        """Give advice about each goal, in the order of the goals."""
        ...


@dataclass(frozen=True)
class GoalChains:
    """The record of a guide's chains in one goal, for display. A step is a column; column 0 is the start.

    Args:
        energies: Of each chain, the energy of its candidate at each step.
        nearest: Of each chain, which of the goal's tactics is nearest to its candidate at each step.
        decoded: Of each chain, the energy of that tactic.
    """

    energies: Sequence[Sequence[float]]
    nearest: Sequence[Sequence[int]]
    decoded: Sequence[Sequence[float]]


@runtime_checkable
class TracesChains(Protocol):
    """A guide that finds tactics by chains, and can show them."""

    def trace(self, goal: OpenGoal) -> GoalChains:
        """Run the chains of a goal again, as :meth:`.Guide.advise` does, and record them."""
        ...
