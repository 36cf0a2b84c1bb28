"""Trained networks as guides of a search: they say which tactics to try, and how many are still needed.

Each takes methods that were trained on proof steps, and is asked by a search as any other guide::

    prover = GuidedProver(load("last.ckpt"))
    with Logic() as logic:
        result = prover.prove(logic, statement, SearchBudget(applications=64))
"""

from lean_ebm.guides.chunks import ChunkGuide
from lean_ebm.guides.files import load
from lean_ebm.guides.langevin import LangevinGuide
from lean_ebm.guides.language import WritingGuide
from lean_ebm.guides.network import Judged, NetworkGuide, TrainedGuide
from lean_ebm.guides.printed_numbers import PrintedNumbersGuide
from lean_ebm.guides.residual import ResidualGuide

__all__ = [
    "ChunkGuide",
    "Judged",
    "LangevinGuide",
    "NetworkGuide",
    "PrintedNumbersGuide",
    "ResidualGuide",
    "TrainedGuide",
    "WritingGuide",
    "load",
]
