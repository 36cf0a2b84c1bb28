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
    """Draw candidates until a budget is spent, and keep the one with the best :meth:`Method.score` for each condition.

    Args:
        method: The trained method.
        condition: Conditions; tensors with first dimension ``B``.
        evaluations: Largest number of passes of the network for each condition, as :meth:`Method.passes` counts them.
            If there are several draws, the score of each counts one pass more. A chain that would take too many passes
            is shortened.
        seconds: Time limit. The first draw is always made; another one begins only if it would end in time, should it
            take as long as the longest so far.
        steps: Number of gradient steps of each chain; None for the number that the method is set to.
        generator: Source of all randomness, on the device of the energy.

    Returns:
        The best chain for each condition; if several are equally good, the first.

    Raises:
        SettingError: If there is no budget, or if no chain fits into it.
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
        chain = method.sample if made == 1 else method.sample_again
        return chain(select(encoded, rows), steps, generator, None)

    def another_fits() -> bool:
        nonlocal last, longest
        now = time.monotonic()
        longest, last = max(longest, now - last), now
        within_evaluations = evaluations is None or (made + 1) * (cost + 1) <= evaluations
        return within_evaluations and (seconds is None or now - began + longest <= seconds)

    return keep_best(draw, lambda x, rows: method.score(x, select(condition, rows)), another_fits)


def _within(method: Method, evaluations: int, steps: int | None) -> int | None:
    """``steps``, or the largest number of steps for which the evaluations suffice."""
    if method.passes(steps) <= evaluations:
        return steps
    most = bisect_right(range(1, evaluations + 1), evaluations, key=method.passes)  # more steps never take less
    if most == 0:
        raise SettingError(
            f"think: evaluations is {evaluations}, and the shortest chain of {type(method).__name__} takes "
            f"{method.passes(1)}: allow for that number or more."
        )
    return most
