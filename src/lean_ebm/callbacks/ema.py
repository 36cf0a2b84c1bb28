"""Exponential moving average of the weights, through Lightning's weight averaging."""

from __future__ import annotations

from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import WeightAveraging
from lightning.pytorch.utilities.types import STEP_OUTPUT
from torch import Tensor
from torch.nn import Module

from lean_ebm.errors import SettingError


class EMA(WeightAveraging):
    """Averages weights while training; validation, the end of a fit and checkpoints use the average.

    Early in training the decay is ``min(decay, (1 + n) / (10 + n))`` after n steps, so that a short run is not held
    back by its random initialization. Buffers are not averaged: those of the replay buffer are samples, not weights.

    Args:
        decay: Share of the average that one optimizer step leaves; 0 turns averaging off.

    Raises:
        ValueError: If the decay is not within [0, 1).
    """

    def __init__(self, decay: float = 0.999) -> None:
        if not 0 <= decay < 1:
            raise SettingError(f"EMA: decay is {decay}, expected 0 (off) or more and less than 1.")
        super().__init__(use_buffers=False, multi_avg_fn=self._average)
        self.decay = decay
        self._decay_now = 0.0

    def _average(self, averaged: list[Tensor], current: list[Tensor], count: Tensor | int) -> None:
        for average, value in zip(averaged, current, strict=True):
            average.lerp_(value, 1 - self._decay_now)

    @property
    def average(self) -> Module | None:
        """The averaged model, while there is one."""
        return self._average_model

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Start the average at the first weights of a fit."""
        if self.decay > 0:
            super().setup(trainer, pl_module, stage)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: STEP_OUTPUT, batch: Any, batch_idx: int
    ) -> None:
        """Update the average after an optimizer step."""
        if self.decay > 0:
            self._decay_now = min(self.decay, (1 + trainer.global_step) / (10 + trainer.global_step))
            super().on_train_batch_end(trainer, pl_module, outputs, batch, batch_idx)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Nothing: the average follows steps, not epochs."""

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Leave the averaged weights in the model."""
        if self._average_model is not None:
            super().on_train_end(trainer, pl_module)

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Store the average as the weights, and the current weights beside it."""
        if self._average_model is not None:
            super().on_save_checkpoint(trainer, pl_module, checkpoint)

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Go on from both where a fit resumes; elsewhere the stored weights, the average, are all that is needed."""
        if self._average_model is not None:
            super().on_load_checkpoint(trainer, pl_module, checkpoint)
