"""The limits and the result of an evaluation."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor


@dataclass(frozen=True)
class Effort:
    """How much an evaluation may compute; the fields are the settings of :class:`~lean_ebm.callbacks.Evaluation`."""

    num_samples: int = 1000
    num_images: int = 2000
    steps: tuple[int, ...] = ()
    long_run: int = 0
    long_run_samples: int = 100
    draws: int = 1
    batch_size: int = 250
    seed: int = 0
    theorems: int = 0


@dataclass(frozen=True)
class EvaluationResult:
    """The result of an evaluation.

    Attributes:
        figures: Figures by name.
        curves: Figures of samples by name, for each number of steps of their chains.
        values: Figures of single problems by name, in the order of the problems.
        pictures: Pictures by name, float32 ``(3, H, W)`` in [0, 1].
    """

    figures: dict[str, float] = field(default_factory=dict)
    curves: dict[int, dict[str, float]] = field(default_factory=dict)
    values: dict[str, list[float]] = field(default_factory=dict)
    pictures: dict[str, Tensor] = field(default_factory=dict)
