"""How good samples and energies are."""

from lean_ebm.evaluation.energy import held_out_precision, judge_energy, unlike_data
from lean_ebm.evaluation.evaluator import DigitEvaluator, load_evaluator
from lean_ebm.evaluation.metrics import DensityCoverage, Novelty, RelativeDiversity
from lean_ebm.evaluation.samples import judge_digits

__all__ = [
    "DensityCoverage",
    "DigitEvaluator",
    "Novelty",
    "RelativeDiversity",
    "held_out_precision",
    "judge_digits",
    "judge_energy",
    "load_evaluator",
    "unlike_data",
]
