"""What to do when somebody, or the cluster, wants the machine back."""

from __future__ import annotations

import signal
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.utilities import rank_zero_info
from lightning.pytorch.utilities.types import STEP_OUTPUT

from lean_ebm.errors import SettingError


class Interruption(Callback):
    """Ctrl-C and SIGTERM end a fit after the batch that is under way, with a checkpoint to go on from.

    A second Ctrl-C ends it at once, without one. The exit status is 128 plus the number of the signal. Under SLURM with
    requeueing, SIGTERM is left to Lightning, and so is the signal that comes before it, at which it saves and requeues;
    it gets that one after the batch as well, since halfway through a step chains are newer than weights.

    Args:
        check_every: Batches between two looks under several processes, which have to agree.
    """

    def __init__(self, check_every: int = 10) -> None:
        if check_every < 1:
            raise SettingError(f"Interruption: check_every is {check_every}, expected 1 or more.")
        self.check_every = check_every
        self._received = 0
        self._farewell = ""
        self._requeue: int | None = None
        self._before: dict[int, Any] = {}

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take over the signals, from Lightning as well."""
        self._received, self._farewell = 0, ""
        environment = trainer._accelerator_connector.cluster_environment
        self._requeue = None
        if isinstance(environment, SLURMEnvironment) and environment.auto_requeue:
            self._requeue = environment.requeue_signal or signal.SIGUSR1
        for number in (signal.SIGINT, self._requeue or signal.SIGTERM):
            try:
                self._before[number] = signal.signal(number, self._receive)
            except ValueError:  # not in the main thread, where alone signals arrive
                return

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Give the signals back: after an error nothing is torn down."""
        self.teardown(trainer, pl_module, "fit")

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: STEP_OUTPUT, batch: Any, batch_idx: int
    ) -> None:
        """Save, if a signal came."""
        received = self._received
        if trainer.world_size > 1:
            if (batch_idx + 1) % self.check_every:
                return
            received = int(trainer.strategy.reduce(torch.tensor(received, device=pl_module.device), reduce_op="max"))
        if not received:
            return
        if received == self._requeue:
            self._received = 0
            self._before[received](received, None)
            return
        name, where = signal.Signals(received).name, "no checkpoint, since checkpoints are off"
        folder = next((c.dirpath for c in trainer.checkpoint_callbacks if isinstance(c, ModelCheckpoint)), None)
        if folder is not None:
            path = Path(folder) / f"epoch={trainer.current_epoch}-step={trainer.global_step}.ckpt"
            trainer.save_checkpoint(path)
            where = f"saved {path}; --ckpt_path last goes on from there"
        self._received = received
        self._farewell = f"{name} after step {trainer.global_step}: {where}."

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Exit, now that the last step is logged."""
        self._leave()

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Exit, where a validation comes next."""
        self._leave()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Exit, where the epoch is over."""
        self._leave()

    def _leave(self) -> None:
        if self._farewell:
            rank_zero_info(self._farewell)
            raise SystemExit(128 + self._received)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self._received and number == signal.SIGINT:
            raise KeyboardInterrupt
        self._received = number
