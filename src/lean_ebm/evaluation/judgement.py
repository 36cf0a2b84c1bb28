"""Measures how well the final energy separates right answers from wrong ones."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torchmetrics.classification import BinaryAUROC

from lean_ebm.evaluation.energy import unit_ranks

LEAST = 15
"""Wrong answers, and right ones, below which the AUROC is not computed. Reports ask for more, over several seeds."""


def wrong_auroc(energies: Tensor, wrong: Tensor, least: int = LEAST) -> float:
    """The probability that a wrong answer has a higher energy than a right one, over all pairs; .5 is chance.

    Args:
        energies: ``(N,)`` final energies of answers to different problems.
        wrong: ``(N,)`` whether each answer is wrong.
        least: Fewest wrong answers, and fewest right ones.

    Returns:
        The AUROC; NaN if there are fewer of one of them.
    """
    count = int(wrong.sum())
    if min(count, len(wrong) - count) < least:
        return float("nan")
    return float(BinaryAUROC().to(energies.device)(unit_ranks(energies), wrong.long()))


def surest(energies: Tensor, values: Tensor, share: float = 0.5) -> float:
    """The mean of values ``(N,)`` over the answers with the lowest energies ``(N,)``.

    Args:
        energies: Final energies.
        values: A figure of each answer.
        share: The share of the answers that are given; the others are withheld.
    """
    kept = energies.argsort(stable=True)[: max(1, round(share * len(energies)))]
    return float(values[kept].mean())


def chosen_by_energy(energies: Tensor, values: Tensor, enough: float = -math.inf) -> Tensor:
    """The values ``(N,)`` of the draws that the energy chooses among K draws for each of N problems.

    Args:
        energies: ``(N, K)``.
        values: ``(N, K)``, a figure of each draw.
        enough: The first draw with an energy of this or less is taken; if there is none, the one with the lowest.
    """
    accepted = energies <= enough
    choice = torch.where(accepted.any(dim=1), accepted.int().argmax(dim=1), energies.argmin(dim=1))
    return values.gather(1, choice[:, None]).squeeze(1)


def share_of_the_way(energies: Tensor, errors: Tensor, enough: float = -math.inf) -> float:
    """The gain from choosing a draw by its energy, divided by the gain from choosing the draw of least error.

    Gains are those over the first draw. 1: the best of the K draws is always chosen. 0: the choice is no better than
    the first draw. Below 0: it is worse.

    Args:
        energies: ``(N, K)`` final energies of K draws for each of N problems.
        errors: ``(N, K)`` their errors.
        enough: See :func:`chosen_by_energy`.

    Returns:
        The share, of the mean errors; NaN if the draws do not differ.
    """
    one, best = errors[:, 0].double().mean(), errors.double().amin(dim=1).mean()
    gain = one - best
    if not gain > 1e-12 * one.abs().clamp(min=torch.finfo(torch.float64).tiny):
        return float("nan")
    return float((one - chosen_by_energy(energies, errors.double(), enough).mean()) / gain)
