"""Selects conditions of a batch, and keeps the best of several draws for each condition."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor

from lean_ebm.errors import SettingError
from lean_ebm.langevin import Trajectory


def keep_best(
    draw: Callable[[Tensor | None], Trajectory],
    score: Callable[[Tensor, Tensor | None], Tensor],
    more: Callable[[], bool],
    enough: float = math.inf,
) -> Trajectory:
    """Draw candidates again if they are not good enough, and keep the best for each condition.

    Args:
        draw: Runs one chain for each condition at the given indices ``(R,)`` int64; None stands for all conditions.
        score: The scores ``(R,)`` of candidates ``(R, ...)`` for the conditions at the given indices; high is good.
        more: Whether another draw may be made; called after each draw.
        enough: A condition whose score reaches this gets no further draw.

    Returns:
        The best chain for each condition; if several are equally good, the first. A score that is not a number loses
        against any other.
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


def batch_size(condition: Any) -> int:
    """Size of the first dimension of the first tensor in a collection.

    Raises:
        SettingError: If there is no tensor in it.
    """
    if isinstance(condition, Tensor):
        return len(condition)
    for part in condition.values() if isinstance(condition, dict) else condition:
        return batch_size(part)
    raise SettingError("A condition holds no tensor, so the number of samples to make is unknown.")
