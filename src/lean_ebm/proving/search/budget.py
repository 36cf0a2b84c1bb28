"""The budget of a search, and the counters of its costs."""

from __future__ import annotations

import time
from dataclasses import dataclass

from lean_ebm.errors import SettingError


@dataclass(frozen=True)
class SearchBudget:
    """The limits of a search. It ends when it reaches the first of them.

    Args:
        applications: Number of tactic applications, failed ones included; at least 1.
        seconds: Seconds, above 0. Of theorems that are searched in lock step, each has its own share of the time.
        evaluations: Number of evaluations of (goal, tactic) pairs by the guide; at least 1. None: no limit. The search
            ends before advice is used with which there would be more.

    Raises:
        SettingError: If a limit is out of its range.
    """

    applications: int = 10_000
    seconds: float = 60.0
    evaluations: int | None = None

    def __post_init__(self) -> None:
        if self.applications < 1 or not self.seconds > 0:
            raise SettingError(
                f"The budget is {self.applications} applications and {self.seconds:g} seconds: expected at least 1 "
                "application and more than 0 seconds."
            )
        if self.evaluations is not None and self.evaluations < 1:
            raise SettingError(f"The budget is {self.evaluations} evaluations: expected at least 1, or None.")


class Costs:
    """Counts the costs of a search, within its budget. The clock runs from :meth:`resume` to :meth:`pause`.

    Args:
        budget: The limits.

    Attributes:
        applications: Number of tactic applications so far.
        evaluations: Number of evaluations by the guide so far.
    """

    def __init__(self, budget: SearchBudget) -> None:
        self.budget = budget
        self.applications = 0
        self.evaluations = 0
        self._out = False
        self._before = 0.0
        self._began: float | None = None

    def out(self) -> bool:
        """Whether the budget has stopped the search from trying something."""
        return self._out

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return self._before + (0.0 if self._began is None else time.monotonic() - self._began)

    def resume(self) -> None:
        """Let the clock run."""
        self._began = time.monotonic()

    def pause(self) -> None:
        """Stop the clock."""
        self._before, self._began = self.seconds, None

    def left(self) -> int:
        """Number of applications that the budget still allows; 0 if the seconds are spent."""
        return 0 if self.seconds >= self.budget.seconds else self.budget.applications - self.applications

    def may_apply(self) -> bool:
        """Whether the budget allows another application. If not, :meth:`out` is True from now on."""
        if self.left() < 1:
            self._out = True
        return not self._out

    def refuse(self) -> None:
        """Record that the budget has stopped the search from trying something."""
        self._out = True

    def advised(self, evaluations: int, seconds: float) -> bool:
        """Count advice of the guide, if the budget allows it.

        Args:
            evaluations: Number of evaluations that it took.
            seconds: Seconds that it took.

        Returns:
            Whether the advice may be used. If not, its evaluations are not counted.
        """
        self._before += seconds
        limit = self.budget.evaluations
        if limit is not None and self.evaluations + evaluations > limit:
            self._out = True
            return False
        self.evaluations += evaluations
        return True
