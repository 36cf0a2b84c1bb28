"""Values that estimate how many tactics a goal still needs, and their training terms."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor
from torch.nn import functional as F

from lean_ebm.methods.listed import Listed


class Remaining(Listed, Protocol):
    """Labels of ``B`` goals: how many tactics they need, and which candidates begin a shortest proof."""

    @property
    def left(self) -> Tensor:
        """Number of tactics that a goal needs, ``(B,)``; infinite if it has no proof."""
        ...

    @property
    def dead(self) -> Tensor:
        """Which goals have no proof, ``(B,)`` bool."""
        ...


class StepsLeft(Remaining, Protocol):
    """Labels of goals, and of the ``K`` tactics that are listed for each goal."""

    @property
    def after(self) -> Tensor:
        """Number of tactics that are needed after each tactic, ``(B, K)``; infinite if unknown."""
        ...

    @property
    def hopeless(self) -> Tensor:
        """Which tactics leave a goal that has no proof, ``(B, K)`` bool."""
        ...


def anchored(values: Tensor, left: Tensor) -> Tensor:
    """Mean Huber distance of values ``(N,)`` to the number of tactics left ``(N,)``, where finite; a scalar."""
    known = left.isfinite()
    return F.smooth_l1_loss(values[known], left[known], reduction="sum") / known.sum().clamp(min=1)


def above(values: Tensor, margin: float) -> Tensor:
    """Mean of how far values ``(N,)`` fall below a margin; a scalar, 0 if there are none."""
    return F.relu(margin - values).sum() / max(len(values), 1)


def judge_terms(values: Tensor, steps: Remaining, margin: float) -> dict[str, Tensor]:
    """The loss terms that train values ``(B,)`` to judge goals.

    Args:
        values: Estimated numbers of tactics that are still needed.
        steps: The goals.
        margin: Values of goals without a proof should be at least this.

    Returns:
        ``anchor``, the distance to the steps that are left of goals that have a proof, and ``dead``, how far those of
        the others fall below the margin.
    """
    return {"anchor": anchored(values, steps.left), "dead": above(values[steps.dead], margin)}


def bellman(energies: Tensor, steps: StepsLeft, margin: float) -> Tensor:
    """Distance of energies ``(B, K)`` from ``1 + after``, the cost of a tactic and of the tactics after it.

    This is the Bellman equation with the values of the goals that a tactic leaves, added up, and 0 for none. Tactics
    that leave a goal without a proof should be above the margin; those of which nothing is known are left out.
    """
    some = steps.mask & steps.after.isfinite()
    lost = steps.mask & steps.hopeless
    return anchored(energies[some], 1 + steps.after[some]) + above(energies[lost], margin)


def share_right(energies: Tensor, steps: Remaining) -> Tensor:
    """The share of provable goals in which the tactic of lowest energy begins a shortest proof; a scalar."""
    found = steps.right.gather(1, energies.detach().argmin(dim=1, keepdim=True)).squeeze(1)
    return found[~steps.dead].float().sum() / (~steps.dead).sum().clamp(min=1)
