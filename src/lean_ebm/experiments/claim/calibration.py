"""Calibrates the values of an energy that was never compared across goals, to the number of tactics left.

Without comparisons of goals an energy is known up to a function of the goal, and its values have a scale of their own.
A monotone map takes that disadvantage away, so that what is compared is how well values order goals.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from lean_ebm.data import ProofSteps
from lean_ebm.data.proofs import GoalBatch, TacticBatch
from lean_ebm.experiments.claim.plan import THEOREMS
from lean_ebm.guides import Judged, NetworkGuide
from lean_ebm.methods import Method
from lean_ebm.proving.candidates import Listing

STATES = 2000
"""Number of validation states to which the map is fitted."""

_BINS = 40


class MonotoneMap(NamedTuple):
    """A non-decreasing, piecewise linear map of numbers. Outside of the knots it continues the outer pieces.

    Attributes:
        x: ``(N,)``, the knots, rising; at least two.
        y: ``(N,)``, what they are mapped to, never falling.
    """

    x: Tensor
    y: Tensor

    @classmethod
    def fitted(cls, x: Tensor, y: Tensor, bins: int = _BINS) -> MonotoneMap:
        """Fit a map to pairs: means over equally large groups of neighbours in x, and isotonic regression of these.

        Args:
            x: ``(M,)``, at least as many as ``bins``.
            y: ``(M,)``.
            bins: Number of groups, at least two.
        """
        order = x.double().argsort()
        groups = [(x[part].double().mean(), y[part].double().mean()) for part in order.tensor_split(bins)]
        knots, values = (torch.stack(column) for column in zip(*groups, strict=True))
        return cls(knots, isotonic(values))

    def __call__(self, x: Tensor) -> Tensor:
        """Map numbers ``(...)``."""
        right = torch.searchsorted(self.x, x.double().contiguous()).clamp(1, len(self.x) - 1)
        low, high = self.x[right - 1], self.x[right]
        share = (x.double() - low) / (high - low).clamp(min=1e-9)
        found: Tensor = self.y[right - 1] + share * (self.y[right] - self.y[right - 1])
        return found.to(x.dtype)


def isotonic(values: Tensor) -> Tensor:
    """Isotonic regression: the non-decreasing numbers ``(N,)`` nearest to the given ones by least squares.

    Neighbours that fall are replaced by their mean until none do (pool adjacent violators, Ayer et al. 1955).
    """
    pools: list[tuple[float, int]] = []
    for value in values.tolist():
        total, count = value, 1
        while pools and pools[-1][0] / pools[-1][1] > total / count:
            before = pools.pop()
            total, count = total + before[0], count + before[1]
        pools.append((total, count))
    return torch.tensor([total / count for total, count in pools for _ in range(count)], dtype=values.dtype)


class CalibratedGuide(NetworkGuide):
    """A guide that maps a method's values to numbers of tactics left, fitted on validation states with a proof.

    Args:
        method: The method.
        data: The data whose validation split the map is fitted to; set up. None: those of the experiment.
    """

    def __init__(self, method: Method, data: ProofSteps | None = None) -> None:
        super().__init__(method, judges=True)
        if data is None:
            data = ProofSteps(theorems=THEOREMS)
            data.prepare_data()
            data.setup("fit")
        values, left = [], []
        with torch.inference_mode():
            for tactics, goals in data.sample("val", STATES, 0, 250):
                values.append(method.assess(goals, tactics).values)
                left.append(tactics.left)
        joined, steps = torch.cat(values), torch.cat(left)
        self.map = MonotoneMap.fitted(joined[steps.isfinite()], steps[steps.isfinite()])

    def judged(self, goals: GoalBatch, tactics: TacticBatch, listings: Sequence[Listing]) -> Judged:
        """Score all tactics in one pass, and map the values."""
        found = super().judged(goals, tactics, listings)
        assert found.values is not None
        return found._replace(values=self.map(found.values))
