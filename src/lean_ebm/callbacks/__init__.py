"""Callbacks that show, save and resume a run."""

from lean_ebm.callbacks.ema import EMA
from lean_ebm.callbacks.evaluation import Evaluation
from lean_ebm.callbacks.guard import DivergenceGuard
from lean_ebm.callbacks.interruption import Interruption
from lean_ebm.callbacks.resume import Resume
from lean_ebm.callbacks.samples import RunSummary, SampleMonitor, SampleWriter
from lean_ebm.callbacks.settings import SaveSettings

__all__ = [
    "EMA",
    "DivergenceGuard",
    "Evaluation",
    "Interruption",
    "Resume",
    "RunSummary",
    "SampleMonitor",
    "SampleWriter",
    "SaveSettings",
]
