"""Proof steps: goals as conditions, tactics and chunks of tactics as candidates."""

from lean_ebm.data.proofs.batches import GoalBatch, LabelledTactics, TacticBatch, batch_of
from lean_ebm.data.proofs.chunks import LabelledChunks, ProofChunks, SlotBatch, slots_of
from lean_ebm.data.proofs.steps import ProofSteps

__all__ = [
    "GoalBatch",
    "LabelledChunks",
    "LabelledTactics",
    "ProofChunks",
    "ProofSteps",
    "SlotBatch",
    "TacticBatch",
    "batch_of",
    "slots_of",
]
