"""Proof steps: goals as conditions, tactics as candidates."""

from lean_ebm.data.proofs.batches import GoalBatch, LabelledTactics, TacticBatch, batch_of
from lean_ebm.data.proofs.steps import ProofSteps

__all__ = ["GoalBatch", "LabelledTactics", "ProofSteps", "TacticBatch", "batch_of"]
