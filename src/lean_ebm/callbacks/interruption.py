"""Ends a fit with a checkpoint when a signal arrives, and other commands at once."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.trainer.states import TrainerFn
from lightning.pytorch.utilities import rank_zero_info
from lightning.pytorch.utilities.types import STEP_OUTPUT

from lean_ebm.errors import SettingError


class Interruption(Callback):
    """Ends a fit on Ctrl-C or SIGTERM, after the current batch and with a checkpoint from which it can resume.

    A second Ctrl-C ends the fit at once, without a checkpoint. The exit status is 128 plus the number of the signal.
    SIGTERM ends validations, tests and predictions at once: they have nothing to save, and one batch may take an hour.

    Under SLURM with requeueing, Lightning handles SIGTERM, and also the signal before it, at which it saves and
    requeues. It gets that signal after the current batch too, since in the middle of a step the chains are newer than
    the weights.

    Args:
        check_every: Number of batches between two checks in a run of several processes, which have to agree to end.

    Raises:
        SettingError: If ``check_every`` is below 1.
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
        """Install the handlers of the signals, in place of Lightning's."""
        self._received, self._farewell = 0, ""
        self._requeue = _requeue_signal(trainer)
        self._handle(self._receive, signal.SIGINT, self._requeue or signal.SIGTERM)

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Restore the handlers from before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Restore the handlers from before, since Lightning does not tear down after an error."""
        self.teardown(trainer, pl_module, "fit")

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: STEP_OUTPUT, batch: Any, batch_idx: int
    ) -> None:
        """Save a checkpoint if a signal arrived."""
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
            where = f"saved {path}; --ckpt_path last resumes from there"
        self._received = received
        self._farewell = f"{name} after step {trainer.global_step}: {where}."

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Exit if a signal arrived; the last step is logged by now."""
        self._leave()

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Exit if a signal arrived and a validation of a fit is next; otherwise install a handler."""
        if trainer.state.fn == TrainerFn.FITTING:
            self._leave()
        else:
            self._leave_at_once(trainer)

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Install a handler that exits at once."""
        self._leave_at_once(trainer)

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Install a handler that exits at once."""
        self._leave_at_once(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Exit if a signal arrived and the epoch is over."""
        self._leave()

    def _leave(self) -> None:
        if self._farewell:
            rank_zero_info(self._farewell)
            raise SystemExit(128 + self._received)

    def _leave_at_once(self, trainer: Trainer) -> None:
        def leave(number: int, frame: FrameType | None) -> None:
            if trainer.strategy.launcher is not None:
                trainer.strategy.launcher.kill(signal.Signals(number))  # the processes that it has started
            raise SystemExit(128 + number)

        if _requeue_signal(trainer) is None:
            self._handle(leave, signal.SIGTERM)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self._received and number == signal.SIGINT:
            raise KeyboardInterrupt
        self._received = number

    def _handle(self, handler: Callable[[int, FrameType | None], None], *numbers: int) -> None:
        for number in numbers:
            try:
                self._before[number] = signal.signal(number, handler)
            except ValueError:  # not in the main thread, and only the main thread gets signals
                return


def _requeue_signal(trainer: Trainer) -> int | None:
    """The signal at which SLURM's jobs are requeued; None if they are not."""
    environment = trainer._accelerator_connector.cluster_environment
    if isinstance(environment, SLURMEnvironment) and environment.auto_requeue:
        return environment.requeue_signal or signal.SIGUSR1
    return None
