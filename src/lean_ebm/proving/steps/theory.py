"""The interface that the generator of proof steps needs from a world."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

from lean_ebm.proving.candidates.goals import Listing, listing_of
from lean_ebm.proving.candidates.listing import candidates
from lean_ebm.proving.candidates.moves import goals_after
from lean_ebm.proving.candidates.sequents import Sequent
from lean_ebm.proving.candidates.templates import Candidate
from lean_ebm.proving.logic.formulas import FALSE, TRUE, Kind
from lean_ebm.proving.steps.countermodels import Countermodels


class Bounds(NamedTuple):
    """Bounds on the number of tactics that a goal needs, before any tactic is tried.

    Args:
        low: A lower bound; infinite if it has no proof.
        guess: The same by a rule of thumb, which may be too large.
        found: The length of a proof that is known; infinite if none is.
    """

    low: float
    guess: float
    found: float = math.inf


class Theory(ABC):
    """Answers questions about goals of a world. Use one object for one theorem.

    Attributes:
        exact: Whether lower bounds are good enough to look for shortest proofs, and for tactics as good as the best.
    """

    exact = True

    @abstractmethod
    def key(self, goal: Any) -> Hashable:
        """A key that is equal for equivalent goals."""

    @abstractmethod
    def tactics(self, goal: Any) -> Sequence[Candidate]:
        """The tactics that are listed for a goal."""

    @abstractmethod
    def after(self, goal: Any, tactic: Candidate) -> Sequence[Any] | None:
        """The goals that a listed tactic leaves; None if it fails."""

    @abstractmethod
    def refutes(self, goal: Any) -> bool:
        """Whether it is certain that a goal has no proof."""

    @abstractmethod
    def bounds(self, goal: Any) -> Bounds:
        """How many tactics a goal needs that is not refuted."""

    @abstractmethod
    def listing(self, goal: Any, tactics: Sequence[Candidate]) -> Listing:
        """A goal and tactics that are listed for it as integers."""

    @abstractmethod
    def size(self, goal: Any) -> int:
        """The size of a goal."""


class LogicTheory(Theory):
    """The embedded logic, whose goals are sequents."""

    def __init__(self) -> None:
        self._models = Countermodels()

    def key(self, goal: Sequent) -> Hashable:
        """A key that is equal for equivalent sequents."""
        return goal.key

    def tactics(self, goal: Sequent) -> Sequence[Candidate]:
        """The wide set."""
        return candidates(goal)

    def after(self, goal: Sequent, tactic: Candidate) -> Sequence[Sequent]:
        """The goals that a tactic leaves."""
        return goals_after(goal, tactic)

    def refutes(self, goal: Sequent) -> bool:
        """Whether a small model refutes a sequent."""
        return self._models.refutes(goal)

    def bounds(self, goal: Sequent) -> Bounds:
        """How many tactics a sequent needs."""
        if _closes(goal):
            return Bounds(1.0, 1.0, 1.0)
        # With a ∀ among the hypotheses one tactic may do, which is not looked into here.
        kinds = [formula.kind for formula in goal.hypotheses]
        guess = 2.0 + 0.25 * (goal.target.size - 1) + 0.05 * sum([part.size for part in goal.hypotheses])
        return Bounds(1.0 if Kind.ALL in kinds else 2.0, guess)

    def listing(self, goal: Sequent, tactics: Sequence[Candidate]) -> Listing:
        """A sequent and its tactics as integers."""
        return listing_of(goal, list(tactics))

    def size(self, goal: Sequent) -> int:
        """Number of connectives, quantifiers and atoms."""
        return sum([formula.size for formula in (goal.target, *goal.hypotheses)])


def _closes(sequent: Sequent) -> bool:
    """Whether a single tactic proves a sequent: ``exact``, ``constructor``, ``cases`` or a contradiction."""
    target, known = sequent.target, sequent.known
    if target is TRUE or target in known or FALSE in known:
        return True
    implication = Kind.IMPLIES
    for formula in sequent.hypotheses:
        if formula.kind is implication and formula.b is FALSE and formula.a in known:
            return True
    return False
