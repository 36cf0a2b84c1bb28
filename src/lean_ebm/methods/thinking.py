"""Answers within a budget."""

from __future__ import annotations

import time
from typing import Any

import torch

from lean_ebm.langevin import Trajectory
from lean_ebm.methods.base import Method


def think(
    method: Method,
    condition: Any,
    *,
    evaluations: int | None = None,
    seconds: float | None = None,
    steps: int | None = None,
    generator: torch.Generator | None = None,
) -> Trajectory:
    """Draw candidates until a budget is spent, and keep that of the lowest energy for each condition.

    Args:
        method: The trained method.
        condition: Conditions; tensors with first dimension ``B``.
        evaluations: Most passes of the network for each condition, as :meth:`Method.passes` counts them, and one for
            the energy of each draw where there are several. Chains that would take more are shortened.
        seconds: Most time. A draw begins if one as long as the longest so far would end in time; the first always does.
        steps: Number of gradient steps of each chain; None for what the method is set to.
        generator: Source of all randomness, on the device of the energy.

    Returns:
        The chains that ended lowest; of equals, the first.

    Raises:
        ValueError: If there is no budget, or one that no chain fits into.
    """
    if evaluations is None and seconds is None:
        raise ValueError("think: set a budget, evaluations or seconds or both; without one it would never end.")
    if evaluations is not None:
        steps = _within(method, evaluations, steps)
    cost = method.passes(steps)
    start = time.monotonic()
    best = method.sample(condition, steps, generator, None)
    spent, longest, energy = cost, time.monotonic() - start, None
    while _left(evaluations, spent, cost + 1 + (energy is None)) and _left(seconds, time.monotonic() - start, longest):
        began = time.monotonic()
        if energy is None:
            energy, spent = method.candidate_energy(best.x, condition), spent + 1
        draw = method.sample(condition, steps, generator, None)
        new = method.candidate_energy(draw.x, condition)
        lower = (~(new >= energy)).nonzero().squeeze(1)  # also where the kept one is no number
        energy = energy.index_copy(0, lower, new[lower])
        best = best.replace(lower, draw.select(lower))
        spent, longest = spent + cost + 1, max(longest, time.monotonic() - began)
    return best


def _left(budget: float | None, spent: float, next_one: float) -> bool:
    return budget is None or spent + next_one <= budget


def _within(method: Method, evaluations: int, steps: int | None) -> int | None:
    """The number of steps asked for, or the largest that the evaluations suffice for."""
    if method.passes(steps) <= evaluations:
        return steps
    fitting = [number for number in range(1, evaluations + 1) if method.passes(number) <= evaluations]
    if not fitting:
        raise ValueError(
            f"think: evaluations is {evaluations}, and the shortest chain of {type(method).__name__} takes "
            f"{method.passes(1)}: allow for as many."
        )
    return fitting[-1]
