"""Proof steps without the information that an arm of the experiment must not use."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lean_ebm.data import ProofSteps
from lean_ebm.data.proofs import GoalBatch, LabelledTactics
from lean_ebm.data.proofs.table import StateTable
from lean_ebm.errors import SettingError
from lean_ebm.proving.steps.blocks import provide_steps
from lean_ebm.proving.steps.columns import Columns
from lean_ebm.randomness import counted_uniforms, derived_seed


class LiveProofSteps(ProofSteps):
    """Proof steps without unprovable goals, which are replaced by as many states with a proof for training.

    Args:
        theorems: Number of theorems, more than ``like``.
        like: The training split has as many states as that of :class:`.ProofSteps` with this number of theorems.
        batch_size: Number of states in a batch on each device.
        workers: Number of processes that make data; 0 for one a core.
    """

    def __init__(self, theorems: int, like: int, batch_size: int = 128, workers: int = 0) -> None:
        super().__init__(theorems=theorems, batch_size=batch_size, workers=workers)
        self.like = like

    def setup(self, stage: str) -> None:
        """Read the data once, and remove the goals without a proof.

        Raises:
            SettingError: If there are too few others.
        """
        if self.table is not None:
            return
        super().setup(stage)
        rows = self._table.rows["train"]
        number = len(StateTable(provide_steps(self.made_of, self.like), self.like).rows["train"])
        live = rows[self._table.live(rows)]
        if len(live) < number:
            raise SettingError(
                f"LiveProofSteps: {self.number} theorems have {len(live)} goals with a proof for training, expected "
                f"{number}: ask for more theorems."
            )
        self._table.rows["train"] = live[:number]


class ShuffledProofSteps(ProofSteps):
    """Proof steps with the labels of other goals, from which nothing can be learned.

    A goal gets the number of tactics that are left, and the number of right tactics, from another goal; which tactics
    are right is drawn at random.

    Args:
        theorems: Number of theorems.
        batch_size: Number of states in a batch on each device.
        workers: Number of processes that make data; 0 for one a core.
    """

    def __init__(self, theorems: int = 10_000, batch_size: int = 128, workers: int = 0) -> None:
        super().__init__(theorems=theorems, batch_size=batch_size, workers=workers)

    def tabled(self, blocks: Sequence[Columns], found: Sequence[Columns]) -> StateTable:
        """The states of these blocks, with shuffled labels."""
        return _ShuffledTable(blocks, self.number, found)


class _ShuffledTable(StateTable):
    """The states of some theorems, each with the labels of another one of its split."""

    def batch(self, rows: Tensor) -> tuple[LabelledTactics, GoalBatch]:
        tactics, goals = super().batch(rows)
        other = super().batch(self._partners()[rows])[0]
        uniform = counted_uniforms(_SEED, rows, tactics.mask.shape[1]).masked_fill(~tactics.mask, torch.inf)
        right = uniform.argsort(dim=1).argsort(dim=1) < other.right.sum(dim=1, keepdim=True)
        right &= tactics.mask
        labels = tactics._replace(
            after=torch.where(right, other.left[:, None] - 1, torch.inf),
            hopeless=tactics.mask & other.dead[:, None],
            tied=torch.zeros_like(tactics.tied),
            left=other.left,
            exact=other.exact,
            turn=other.turn,
        )
        return labels, goals

    def _partners(self) -> Tensor:
        """The state whose labels each state gets; defined for those of a split."""
        if not hasattr(self, "_partner"):
            self._partner = torch.arange(1 + max(int(rows.max()) for rows in self.rows.values() if len(rows)))
            for rows in self.rows.values():
                generator = torch.Generator().manual_seed(_SEED)
                self._partner[rows] = rows[torch.randperm(len(rows), generator=generator)]
        return self._partner


_SEED = derived_seed("shuffled labels")
