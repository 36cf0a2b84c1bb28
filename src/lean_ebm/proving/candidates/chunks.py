"""Chunks of three tactics. There are too many to list, so each slot has a list of tactics.

A chunk is run as lines of a script are: each tactic in the first goal that those before it leave. Which goals these are
is not known before, so the second and the third slot take all tactics that some later goal may list. Slots are listed
by the forms of formulas, without applying a tactic::

    space = ChunkSpace(goal.sequent)
    chunk = space.chunk([0, 7, space.done])  # two tactics, which should leave nothing to prove
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from lean_ebm.proving.candidates.goals import Listing, listing_of
from lean_ebm.proving.candidates.graphs import NONE
from lean_ebm.proving.candidates.listing import APART, candidates, closed_parts
from lean_ebm.proving.candidates.sequents import Sequent
from lean_ebm.proving.candidates.templates import TEMPLATES, Candidate, Template
from lean_ebm.proving.logic.formulas import FALSE, Expr, Kind, implication

LENGTH = 3
"""Number of slots of a chunk."""

DONE = TEMPLATES["logic"]
"""The form, in listings of chunks, of what fills up a chunk whose tactics have closed all goals."""

_ANYWHERE = (Template.INTRO, Template.CONSTRUCTOR, Template.LEFT, Template.RIGHT, Template.EXFALSO)


class Chunk(NamedTuple):
    """Tactics for a goal. Each works on the first goal that the tactics before it leave.

    Args:
        tactics: One to three tactics; fewer than three are meant to leave no goal.
    """

    tactics: tuple[Candidate, ...]


class ChunkSpace:
    """All chunks for a sequent, described by the choices for each slot.

    The first slot takes a tactic that is listed for the sequent. The others take these, all tactics that may be listed
    for a later goal whose formulas are parts of those of the sequent, and ``done``. What is said of individuals that
    tactics make is not a part of the sequent, so chunks cannot mention it.

    Args:
        sequent: The sequent.
        listed: The tactics that are listed for it, if they are known. None: lists them.

    Attributes:
        tactics: All tactics that a slot can take; a tactic has its index as its number.
        listed: How many of them, the first ones, are listed for the sequent.
        done: The number of what fills up a chunk.
    """

    def __init__(self, sequent: Sequent, listed: Sequence[Candidate] | None = None) -> None:
        first = dict.fromkeys(candidates(sequent) if listed is None else listed)
        self.listed = len(first)
        self.tactics = list(first | _later(sequent))
        self.done = len(self.tactics)
        self._sequent = sequent

    @property
    def size(self) -> int:
        """Number of combinations of choices. Chunks that are equal up to ``done`` are counted several times."""
        return int(self.listed * (self.done + 1) ** (LENGTH - 1))

    @cached_property
    def listing(self) -> Listing:
        """The sequent and all tactics as integers; the last tactic is ``done``."""
        graph, templates, first, second = listing_of(self._sequent, self.tactics)
        return Listing(graph, [*templates, DONE], [*first, NONE], [*second, NONE])

    def chunk(self, numbers: Sequence[int]) -> Chunk:
        """Make the chunk of three numbers. It ends at the first ``done``.

        Raises:
            IndexError: If the first is not the number of a listed tactic, or there is no such tactic.
        """
        if not 0 <= numbers[0] < self.listed:
            raise IndexError(f"{numbers[0]} is not a listed tactic of the sequent")
        end = list(numbers).index(self.done) if self.done in numbers else len(numbers)
        return Chunk(tuple([self.tactics[number] for number in numbers[:end]]))

    def numbers(self, chunk: Chunk) -> tuple[int, ...] | None:
        """Find the three numbers of a chunk. None if it is not in the space."""
        known = self._numbers
        found = [known.get(tactic, NONE) for tactic in chunk.tactics]
        if NONE in found or found[0] >= self.listed:
            return None
        return (*found, *[self.done] * (LENGTH - len(found)))

    @cached_property
    def _numbers(self) -> dict[Candidate, int]:
        return {tactic: number for number, tactic in enumerate(self.tactics)}


def _later(sequent: Sequent) -> dict[Candidate, None]:
    """The tactics that may be listed for a goal whose formulas are parts of a sequent, in a fixed order.

    Of True and False there is no ``exact``: ``constructor`` and ``cases`` do the same.
    """
    found = dict.fromkeys([Candidate(template) for template in _ANYWHERE])
    found[Candidate(Template.CASES, FALSE)] = None
    parts = closed_parts(sequent)
    for formula in parts:
        if formula.kind in APART:
            found[Candidate(Template.CASES, formula)] = None
        if formula.kind is Kind.IFF:
            for half in (implication(formula.a, formula.b), implication(formula.b, formula.a)):
                _use(half, found)
                found[Candidate(Template.EXACT, half)] = None
        else:
            _use(formula, found)
        found[Candidate(Template.EXACT, formula)] = None
    for formula in parts:
        found[Candidate(Template.CUT, formula)] = None
    return found


def _use(formula: Expr, found: dict[Candidate, None]) -> None:
    """Add the tactics that use an implication, a negation or a ∀ as a hypothesis."""
    if formula.kind is Kind.ALL or formula.kind is Kind.IMPLIES:
        found[Candidate(Template.APPLY, formula)] = None
    if formula.kind is Kind.IMPLIES:
        alone, both = Template.REPLACE, Template.FORWARD
        if formula.b is FALSE:
            alone, both = Template.ABSURD, Template.CONTRADICTION
        found[Candidate(alone, formula)] = None
        found[Candidate(both, formula, formula.a)] = None
