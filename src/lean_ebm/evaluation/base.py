"""The entry point of all evaluations of a trained method on a data module."""

from __future__ import annotations

from functools import singledispatch

from lean_ebm.data import DataModule, ProofChunks, ProofSteps, ReasoningDataModule, TensorDataModule
from lean_ebm.evaluation.results import Effort, EvaluationResult
from lean_ebm.methods import Method


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


@evaluate.register
def _(data: ProofSteps, method: Method, split: str, effort: Effort) -> EvaluationResult:
    from lean_ebm.evaluation.proofs import evaluate_proofs

    return evaluate_proofs(data, method, split, effort)


@evaluate.register
def _(data: ProofChunks, method: Method, split: str, effort: Effort) -> EvaluationResult:
    from lean_ebm.evaluation.chunks import evaluate_chunks

    return evaluate_chunks(data, method, split, effort)
