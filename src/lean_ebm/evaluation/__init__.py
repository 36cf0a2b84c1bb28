"""Evaluations: figures of samples, answers and energies."""

from lean_ebm.evaluation.base import evaluate
from lean_ebm.evaluation.energy import evaluate_energy, held_out_precision, unlike_data
from lean_ebm.evaluation.evaluator import DigitEvaluator, load_evaluator
from lean_ebm.evaluation.metrics import DensityCoverage, Novelty, RelativeDiversity
from lean_ebm.evaluation.results import Effort, EvaluationResult
from lean_ebm.evaluation.samples import evaluate_digits, evaluate_pixels

__all__ = [
    "DensityCoverage",
    "DigitEvaluator",
    "Effort",
    "EvaluationResult",
    "Novelty",
    "RelativeDiversity",
    "evaluate",
    "evaluate_digits",
    "evaluate_energy",
    "evaluate_pixels",
    "held_out_precision",
    "load_evaluator",
    "unlike_data",
]
