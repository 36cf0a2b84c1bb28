"""The entry to all evaluations: how good a trained method is on the data of a data module."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import singledispatch

from lean_ebm.data import DataModule, ReasoningDataModule, TensorDataModule
from lean_ebm.methods import Method


@dataclass(frozen=True)
class Effort:
    """How much an evaluation may compute; the fields are the settings of :class:`~lean_ebm.callbacks.Evaluation`."""

    num_samples: int = 1000
    num_images: int = 2000
    steps: tuple[int, ...] = ()
    long_run: int = 0
    long_run_samples: int = 100
    batch_size: int = 250
    seed: int = 0


@dataclass(frozen=True)
class EvaluationResult:
    """The result of an evaluation.

    Attributes:
        figures: Figures by name.
        curves: Figures of samples by name, for each number of steps of their chains.
    """

    figures: dict[str, float] = field(default_factory=dict)
    curves: dict[int, dict[str, float]] = field(default_factory=dict)


@singledispatch
def evaluate(data: DataModule, method: Method, split: str, effort: Effort) -> EvaluationResult:
    """Evaluate a trained method on a split of its data.

    The class of the data module decides what is evaluated. ``@evaluate.register`` adds an evaluation for a data module
    of your own; without one, there are no figures::

        @evaluate.register(MyData)
        def _(data: MyData, method: Method, split: str, effort: Effort) -> EvaluationResult:
            ...

    Args:
        data: The data module, set up.
        method: The trained method.
        split: ``val`` or ``test``.
        effort: How much to compute.
    """
    return EvaluationResult()


@evaluate.register
def _(data: TensorDataModule, method: Method, split: str, effort: Effort) -> EvaluationResult:
    from lean_ebm.evaluation.images import evaluate_images  # imports torchmetrics' image package, which is slow

    return evaluate_images(data, method, split, effort)


@evaluate.register
def _(data: ReasoningDataModule, method: Method, split: str, effort: Effort) -> EvaluationResult:
    from lean_ebm.evaluation.answers import evaluate_answers

    return evaluate_answers(data, method, split, effort)
