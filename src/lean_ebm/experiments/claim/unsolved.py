"""A set of theorems that search without learning does not prove."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lean_ebm.errors import RunError
from lean_ebm.experiments.provers_sets import HardSet
from lean_ebm.proving import BestFirst, Logic, SearchBudget, Statement
from lean_ebm.proving.candidates import wide_tactics

DRAWN = 25
"""Number of theorems that are drawn for each that is wanted; of 128 connectives, about one in 21 is hard enough."""

LIMIT = 256
"""Applications in which search without learning must not prove a theorem."""


@dataclass(frozen=True)
class UnsolvedSet(HardSet):
    """The first of the hardest theorems that untrained best-first search proves with neither set of tactics.

    That search has :data:`LIMIT` applications.
    """

    @property
    def drawn(self) -> int:
        """Number of theorems to draw so that enough of them belong to the set."""
        return self.number * DRAWN + 100

    def kept(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Keep the hardest theorems that are not proved, as many as are wanted.

        Raises:
            RunError: If there are too few.
        """
        searches = BestFirst(), BestFirst(tactics=wide_tactics)
        budget = SearchBudget(LIMIT, seconds=float("inf"))
        found: list[dict[str, Any]] = []
        with Logic() as logic:
            for line in super().kept(lines):
                statement = Statement.of(line["statement"])
                if not any(search.prove(logic, statement, budget).proved for search in searches):
                    found.append(line)
                if len(found) == self.number:
                    break
        if len(found) < self.number:
            raise RunError(f"Of {len(lines)} theorems {len(found)} are hard enough, expected {self.number}: draw more.")
        return found
