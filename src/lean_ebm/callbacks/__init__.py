"""Callbacks: what a run shows and saves."""

from lean_ebm.callbacks.ema import EMA
from lean_ebm.callbacks.evaluation import SampleEvaluation
from lean_ebm.callbacks.samples import RunSummary, SampleMonitor, SampleWriter

__all__ = ["EMA", "RunSummary", "SampleEvaluation", "SampleMonitor", "SampleWriter"]
