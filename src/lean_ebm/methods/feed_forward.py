"""A baseline that answers in one pass."""

from __future__ import annotations

from typing import Any

import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor

from lean_ebm.energy import FieldEnergy
from lean_ebm.langevin import Langevin, StepHook, Trajectory
from lean_ebm.methods.base import Batch, Method
from lean_ebm.methods.verification import Verification


class FeedForward(Method):
    """Answers in one pass with the field of the network at x = 0, without an energy or gradient steps.

    It learns by the squared error.

    Args:
        energy: The network whose field is the answer, with ``landscapes: 0``.
        verification: How the energy network learns to judge answers; null: it does not.
        optimizer: Builds the optimizer from parameters. None: AdamW with its defaults.
        lr_scheduler: Builds the scheduler.
    """

    energy: FieldEnergy

    def __init__(
        self,
        energy: FieldEnergy,
        verification: Verification | None = None,
        optimizer: OptimizerCallable | None = None,
        lr_scheduler: LRSchedulerCallable | None = None,
    ) -> None:
        super().__init__(
            energy, Langevin(steps=1), verification=verification, optimizer=optimizer, lr_scheduler=lr_scheduler
        )

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The mean squared error."""
        target, condition = batch
        return {"loss": (self.answer(condition) - target).square().mean()}

    def answer(self, condition: Any) -> Tensor:
        """Answers ``(B, ...)``."""
        return self.energy.field(torch.zeros(self.batch_shape(condition), device=self.device), condition)

    def passes(self, steps: int | None = None) -> int:
        """One pass, for any number of steps."""
        return 1

    def sample(
        self, condition: Any, steps: int | None, generator: torch.Generator | None, on_step: StepHook | None
    ) -> Trajectory:
        """The answer, which does not depend on the number of steps."""
        with torch.no_grad():
            x = self.answer(condition)
        if on_step is not None:
            on_step(0, x)
        nothing = torch.zeros(len(x), 1, device=x.device)
        return Trajectory(x, nothing, nothing, torch.ones(len(x), dtype=torch.int64, device=x.device))
