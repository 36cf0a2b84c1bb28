"""States with labels that were searched ten times as thoroughly as in training, and a model's values of them."""

from __future__ import annotations

import torch

from lean_ebm.data import ProofSteps
from lean_ebm.evaluation.proofs import evaluate_proofs
from lean_ebm.evaluation.results import Effort
from lean_ebm.experiments.provers_sets import known_states, thorough_settings
from lean_ebm.guides import TrainedGuide
from lean_ebm.proving.search import Guide
from lean_ebm.proving.steps.blocks import StepSettings, provide_steps

MOST_STATES = 5000
"""Number of states that are judged, at most."""


class UnseenStates(ProofSteps):
    """States of theorems outside of the training data, whose labels were searched ten times as thoroughly.

    Args:
        theorems: Number of theorems.
        known: The numbers of all states of the training data, which are left out.
    """

    def __init__(self, theorems: int, known: set[int]) -> None:
        super().__init__(theorems=theorems)
        self.known = known

    @property
    def made_of(self) -> StepSettings:
        """The settings that identify these proof steps."""
        return thorough_settings()

    def setup(self, stage: str) -> None:
        """Read the data, all of which are for testing."""
        super().setup(stage)
        rows = torch.cat([self._table.rows[split] for split in ("train", "val", "test")])
        numbers = [number for block in provide_steps(self.made_of, self.number) for number in block.columns["number"]]
        unseen = [row for row in rows.tolist() if numbers[row] not in self.known]
        self._table.rows["test"] = torch.tensor(unseen, dtype=torch.int64)


def judged_states(guide: Guide, theorems: int, states: int) -> dict[str, float]:
    """Measure how well the model of a guide judges unseen states.

    Args:
        guide: The guide.
        theorems: Number of theorems of the training data.
        states: Number of theorems from which states are taken.

    Returns:
        The figures of :func:`~lean_ebm.evaluation.proofs.evaluate_proofs`, and ``states``, their number.
    """
    assert isinstance(guide, TrainedGuide)
    data = UnseenStates(states, known_states(theorems))
    data.setup("test")
    figures = evaluate_proofs(data, guide.method, "test", Effort(num_samples=MOST_STATES)).figures
    return {**figures, "states": min(MOST_STATES, len(data.table.rows["test"]) if data.table else 0)}
