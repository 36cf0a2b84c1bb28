"""Answers within a budget."""

from __future__ import annotations

import time
from bisect import bisect_right
from typing import Any

import torch

from lean_ebm.errors import SettingError
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
    """Draw candidates until a budget is spent, and keep the best for each condition, by :meth:`Method.score`.

    Args:
        method: The trained method.
        condition: Conditions; tensors with first dimension ``B``.
        evaluations: Most passes of the network for each condition, as :meth:`Method.passes` counts them, and one for
            the score of each draw where there are several. Chains that would take more are shortened.
        seconds: Most time. A draw begins if one as long as the longest so far would end in time; the first always does.
        steps: Number of gradient steps of each chain; None for what the method is set to.
        generator: Source of all randomness, on the device of the energy.

    Returns:
        The chains that ended best; of equals, the first.

    Raises:
        ValueError: If there is no budget, or one that no chain fits into.
    """
    if evaluations is None and seconds is None:
        raise SettingError("think: set a budget, evaluations or seconds or both; without one it would never end.")
    if evaluations is not None:
        steps = _within(method, evaluations, steps)
    cost = method.passes(steps)
    start = time.monotonic()
    best = method.sample(condition, steps, generator, None)
    spent, longest, score = cost, time.monotonic() - start, None
    while _left(evaluations, spent, cost + 1 + (score is None)) and _left(seconds, time.monotonic() - start, longest):
        began = time.monotonic()
        if score is None:
            score, spent = method.score(best.x, condition), spent + 1
        draw = method.sample(condition, steps, generator, None)
        new = method.score(draw.x, condition)
        better = (~(new <= score)).nonzero().squeeze(1)  # also where the kept one is no number
        score = score.index_copy(0, better, new[better])
        best = best.replace(better, draw.select(better))
        spent, longest = spent + cost + 1, max(longest, time.monotonic() - began)
    return best


def _left(budget: float | None, spent: float, next_one: float) -> bool:
    return budget is None or spent + next_one <= budget


def _within(method: Method, evaluations: int, steps: int | None) -> int | None:
    """The number of steps asked for, or the largest that the evaluations suffice for."""
    if method.passes(steps) <= evaluations:
        return steps
    most = bisect_right(range(1, evaluations + 1), evaluations, key=method.passes)  # more steps never take less
    if most == 0:
        raise SettingError(
            f"think: evaluations is {evaluations}, and the shortest chain of {type(method).__name__} takes "
            f"{method.passes(1)}: allow for as many."
        )
    return most
