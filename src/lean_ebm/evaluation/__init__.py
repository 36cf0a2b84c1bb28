"""How good samples and energies are."""

from lean_ebm.evaluation.evaluator import DigitEvaluator, load_evaluator
from lean_ebm.evaluation.metrics import DensityCoverage, RelativeDiversity, nearest_distance
from lean_ebm.evaluation.samples import judge_digits

__all__ = [
    "DensityCoverage",
    "DigitEvaluator",
    "RelativeDiversity",
    "judge_digits",
    "load_evaluator",
    "nearest_distance",
]
