"""Exponential moving average of the weights, by Lightning's weight averaging."""

from __future__ import annotations

from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import WeightAveraging
from lightning.pytorch.utilities.types import STEP_OUTPUT
from torch.nn import Module

from lean_ebm.errors import SettingError


class EMA(WeightAveraging):
    """Averages the weights during training. Validation, checkpoints and the trained model use the average.

    The decay is ``min(decay, (1 + n) / (10 + n))`` after n steps, so that the random initialization does not weigh much
    in a short run. Buffers are not averaged, since those of the replay buffer are samples and not weights: the average
    shares them with the model.

    Args:
        decay: Weight of the old average in an update, which follows each optimizer step; 0 turns averaging off.

    Raises:
        SettingError: If ``decay`` is not within [0, 1).
    """

    def __init__(self, decay: float = 0.999) -> None:
        if not 0 <= decay < 1:
            raise SettingError(f"EMA: decay is {decay}, expected 0 (off) or more and less than 1.")
        super().__init__(use_buffers=False)
        self.decay = decay

    @property
    def average(self) -> Module | None:
        """The averaged model; None if there is none."""
        return self._average_model

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Start the average at the initial weights of a fit."""
        if self.decay > 0:
            super().setup(trainer, pl_module, stage)
        if self._average_model is not None:
            # The average has the model's own buffers: a copy of a replay buffer at each step takes milliseconds.
            for averaged, current in zip(self._average_model.module.modules(), pl_module.modules(), strict=True):
                averaged._buffers = current._buffers

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Move the average to the device of the weights, which moved after the average was made."""
        if self._average_model is not None:
            self._average_model.to(pl_module.device)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: STEP_OUTPUT, batch: Any, batch_idx: int
    ) -> None:
        """Update the average after an optimizer step."""
        average, step = self._average_model, trainer.global_step
        if average is None or step <= self._latest_update_step:
            return
        if average.n_averaged == 0:  # the first weights are taken as they are
            super().on_train_batch_end(trainer, pl_module, outputs, batch, batch_idx)
            return
        # What `update_parameters` does, which sorts all weights by device and type anew at each step.
        decay = min(self.decay, (1 + step) / (10 + step))
        with torch.no_grad():
            torch._foreach_lerp_(list(average.module.parameters()), list(pl_module.parameters()), 1 - decay)
        average.n_averaged += 1
        self._latest_update_step = step

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Do nothing: the average is updated after steps, not after epochs."""

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Leave the averaged weights in the model."""
        if self._average_model is not None:
            super().on_train_end(trainer, pl_module)

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Store the average as the model's weights, and the current weights in addition."""
        if self._average_model is not None:
            super().on_save_checkpoint(trainer, pl_module, checkpoint)

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Restore the average and the current weights if a fit resumes.

        Elsewhere only the weights of the model are needed, which are the average.
        """
        if self._average_model is not None:
            super().on_load_checkpoint(trainer, pl_module, checkpoint)
