"""Answers within a budget of network passes or of seconds."""

from __future__ import annotations

import time
from bisect import bisect_right
from typing import Any

import torch
from torch import Tensor

from lean_ebm.errors import SettingError
from lean_ebm.langevin import Trajectory
from lean_ebm.methods.base import Method
from lean_ebm.methods.drawing import keep_best, select


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
    method.energy.check_precision()
    encoded = method.energy.encode(condition)
    began = last = time.monotonic()
    made, longest = 0, 0.0

    def draw(rows: Tensor | None) -> Trajectory:
        nonlocal made
        made += 1
        return method.sample(select(encoded, rows), steps, generator, None)

    def another_fits() -> bool:
        nonlocal last, longest
        now = time.monotonic()
        longest, last = max(longest, now - last), now
        within_evaluations = evaluations is None or (made + 1) * (cost + 1) <= evaluations
        return within_evaluations and (seconds is None or now - began + longest <= seconds)

    return keep_best(draw, lambda x, rows: method.score(x, select(condition, rows)), another_fits)


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
