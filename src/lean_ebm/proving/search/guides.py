"""Guides without learning."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from hashlib import blake2b
from random import Random

from lean_ebm.proving.candidates.invariants import invariant
from lean_ebm.proving.search.goals import OpenGoal
from lean_ebm.proving.search.guide import Advice, Guide


class UniformGuide:
    """Gives all tactics the same prior, in the listed order.

    Args:
        value: The value of all goals, in tactics that are needed; None: it does not judge goals.
    """

    def __init__(self, value: float | None = None) -> None:
        self.value = value

    def advise(self, goals: Sequence[OpenGoal]) -> list[Advice]:
        """Give advice about each goal."""
        return [Advice(goal.tactics, _equal(goal), self.value) for goal in goals]


class RandomGuide:
    """Gives random priors that depend only on the seed and the goal. It does not judge goals.

    Args:
        seed: Seed.
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def advise(self, goals: Sequence[OpenGoal]) -> list[Advice]:
        """Give advice about each goal."""
        found = []
        for goal in goals:
            random = Random(f"{self.seed} {_number(goal)}")
            weights = [random.expovariate(1.0) for _ in goal.tactics]
            total = sum(weights)
            found.append(Advice(goal.tactics, [math.log(weight / total) for weight in weights]))
        return found


class SizeGuide:
    """A hand-written guide: small goals need few tactics, and all tactics have the same prior.

    A goal's value is a quarter of the size of its target and a fortieth of that of its hypotheses, so that
    ``StateBestFirst(by_value=True)`` compares states as :class:`.BestFirst` does.
    """

    def advise(self, goals: Sequence[OpenGoal]) -> list[Advice]:
        """Give advice about each goal."""
        found = []
        for goal in goals:
            target, hypotheses = goal.sizes()
            found.append(Advice(goal.tactics, _equal(goal), 0.25 * target + 0.025 * hypotheses))
        return found


GUIDES: dict[str, Callable[[], Guide]] = {"uniform": UniformGuide, "random": RandomGuide, "sizes": SizeGuide}
"""The guides that need no learning, by the names that ``--guide`` takes."""


def _equal(goal: OpenGoal) -> list[float]:
    """Equal log priors."""
    count = len(goal.tactics)
    return [-math.log(count)] * count if count else []


def _number(goal: OpenGoal) -> int:
    """A number of a goal that is the same in every process."""
    if goal.world:
        return invariant(goal.listing().graph)
    return int.from_bytes(blake2b(str(goal.key).encode(), digest_size=8).digest(), "big")
