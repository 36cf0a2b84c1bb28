"""The interface of goals in searches. Each goal is a separate problem.

All goals that a tactic leaves must be proved. If they contain no metavariable, the proof of one does not depend on the
proof of another. Goals that share a metavariable are one problem together.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from lean_ebm.proving.candidates.chunks import Chunk
from lean_ebm.proving.candidates.goals import Listing, listing_of
from lean_ebm.proving.candidates.listing import candidates
from lean_ebm.proving.candidates.moves import goals_after
from lean_ebm.proving.candidates.sequents import Sequent
from lean_ebm.proving.candidates.templates import Candidate
from lean_ebm.proving.logic.clock import OutOfTimeError, processor_deadline

Tactic = Candidate | Chunk | str
"""A tactic of the wide set of a world, or a chunk of them in logic; a text for a goal of an environment."""

_SECONDS = 1.0  # of a processor, for one expansion: random goals take a ten-thousandth of it


class Applied(NamedTuple):
    """The result of trying a tactic, or a chunk of tactics, in a goal.

    Args:
        goals: The goals that it left, each a problem of its own; None if it failed.
        applications: Number of tactics that were tried, a failed one included.
        tactic: What was applied: of a chunk that broke, the tactics before that.
    """

    goals: Sequence[OpenGoal] | None
    applications: int
    tactic: Tactic


class OpenGoal(ABC):
    """A goal that a search may work on; immutable.

    Attributes:
        key: Equal for goals of the same search of which one proof, step by step, proves the other too.
        world: The name of the world whose wide set the tactics are, for networks that read the goal; empty if they are
            other tactics.
    """

    key: Hashable
    world: str = ""

    @property
    @abstractmethod
    def tactics(self) -> Sequence[Tactic]:
        """The listed tactics, in a fixed order."""

    @abstractmethod
    def after(self, tactic: Tactic) -> Sequence[OpenGoal] | None:
        """Apply a tactic and return the goals that it leaves, each a separate problem. None if it fails."""

    def attempt(self, tactic: Tactic, most: int) -> Applied:
        """Try a tactic, or at most a given number of tactics of a chunk.

        Args:
            tactic: The tactic.
            most: Number of applications that are allowed, at least 1.
        """
        return Applied(self.after(tactic), 1, tactic)

    @abstractmethod
    def sizes(self) -> tuple[int, int]:
        """Measure the target, and all hypotheses together, by the number of their parts."""

    @abstractmethod
    def listing(self) -> Listing:
        """The goal and its tactics as integers for a network, in the order of :attr:`tactics`."""


class SequentGoal(OpenGoal):
    """A goal of the embedded logic without names, with the wide set of tactics.

    Tactics are applied by their structure, which takes some eight microseconds. Such a goal contains no metavariable,
    and no tactic of the wide set leaves one, so its goals are independent.

    Args:
        sequent: What the goal says.
    """

    __slots__ = ("_tactics", "key", "sequent")

    world = "logic"

    def __init__(self, sequent: Sequent) -> None:
        self.sequent = sequent
        self.key = sequent.key
        self._tactics: list[Candidate] | None = None

    @property
    def tactics(self) -> list[Candidate]:
        """The wide set; empty if listing it takes more than a second of a processor."""
        if self._tactics is None:
            try:
                with processor_deadline(_SECONDS):
                    self._tactics = candidates(self.sequent)
            except OutOfTimeError:
                self._tactics = []
        return self._tactics

    def after(self, tactic: Tactic) -> list[SequentGoal] | None:
        """Apply a tactic; one that takes more than a second of a processor fails.

        Raises:
            ValueError: If it is not a single tactic of the wide set.
        """
        if not isinstance(tactic, Candidate):
            raise ValueError(
                f"{tactic!r} is not a tactic of the wide set: a goal of that set takes those that it lists"
            )
        try:
            with processor_deadline(_SECONDS):
                return [SequentGoal(made) for made in goals_after(self.sequent, tactic)]
        except OutOfTimeError:
            return None

    def attempt(self, tactic: Tactic, most: int) -> Applied:
        """Try a tactic, or the tactics of a chunk. Each works on the first goal that the ones before it leave.

        A tactic that is not listed for its goal fails and ends the chunk; so does the limit. The goals that are there
        then are left. If the first tactic fails, so does the chunk.

        Raises:
            ValueError: If it is a text, or a chunk without tactics.
        """
        if not isinstance(tactic, Chunk):
            return super().attempt(tactic, most)
        if not tactic.tactics:
            raise ValueError("a chunk without tactics: expected at least one")
        goals = [self]
        count = 0
        for count, candidate in enumerate(tactic.tactics[:most], 1):
            first, *others = goals
            made = first.after(candidate) if candidate in first.tactics else None
            if made is None:
                return Applied(goals if count > 1 else None, count, Chunk(tactic.tactics[: count - 1]))
            goals = [*made, *others]
            if not goals:
                break
        return Applied(goals, count, Chunk(tactic.tactics[:count]))

    def sizes(self) -> tuple[int, int]:
        """Count connectives, quantifiers and atoms."""
        sequent = self.sequent
        return sequent.target.size, sum([formula.size for formula in sequent.hypotheses])

    def listing(self) -> Listing:
        """The goal and its tactics as integers."""
        return listing_of(self.sequent, self.tactics)
