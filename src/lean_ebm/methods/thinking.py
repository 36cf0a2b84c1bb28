"""Several draws of each candidate, of which the best is kept: up to a number of draws, or within a budget."""

from __future__ import annotations

import math
import time
from bisect import bisect_right
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor

from lean_ebm.errors import SettingError
from lean_ebm.langevin import Trajectory

if TYPE_CHECKING:
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


def keep_best(
    draw: Callable[[Tensor | None], Trajectory],
    score: Callable[[Tensor, Tensor | None], Tensor],
    more: Callable[[], bool],
    enough: float = math.inf,
) -> Trajectory:
    """Draw candidates again if they are not good enough, and keep the best of each condition.

    Args:
        draw: Runs one chain for each condition whose index is in ``(R,)`` int64; None stands for all.
        score: How good ``(R,)`` the candidates ``(R, ...)`` of these conditions are; more is better.
        more: Whether another draw may be made; asked after each draw.
        enough: The score from which on a condition gets no other draw.

    Returns:
        The chains that ended best; of equals, the first. A score that is not a number loses against any other.
    """
    best = draw(None)
    if not more():
        return best
    scores = score(best.x, None)
    while True:
        rows = (~(scores >= enough)).nonzero().squeeze(1)
        if rows.numel() == 0:
            return best
        again = draw(rows)
        new = score(again.x, rows)
        better = ~(new <= scores[rows])
        scores[rows[better]] = new[better]
        best = best.replace(rows[better], again.select(better))
        if not more():
            return best


def select(condition: Any, rows: Tensor | None) -> Any:
    """The conditions at the indices ``rows``; None stands for all."""
    return condition if rows is None else apply_to_collection(condition, Tensor, lambda part: part[rows])


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
