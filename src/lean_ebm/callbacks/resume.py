"""A callback that makes a run resume exactly where it was interrupted."""

from __future__ import annotations

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from lean_ebm.methods import Method, ReplayBuffer
from lean_ebm.methods.optimization import apply_changes, restored_settings


class Resume(Callback):
    """Makes a resumed run end with the same result as an uninterrupted one.

    The command line adds it to every run; a ``Trainer`` built in Python takes it as a callback. It keeps the persistent
    chains of every process. It also corrects four things that Lightning 2.6 gets wrong when it resumes: the place in
    the data if a scheduler asks for the number of steps, a validation that was due right after the checkpoint, an epoch
    that begins right after a resume, and the batch at which a validation was interrupted.

    If a resumed run changes settings of the optimizer or the scheduler, they are applied to the restored state.
    """

    def __init__(self) -> None:
        self._chains_of_ranks: Tensor | None = None
        self._optimizer_settings: dict[str, Any] = {}

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Save the persistent chains of all processes, the optimizer's settings, and whether a validation is due."""
        keep_pending_validation(trainer, checkpoint)
        if isinstance(pl_module, Method):
            checkpoint["optimizer_settings"] = pl_module.optimizer_settings
        buffer = _replay_buffer(pl_module)
        if buffer is not None and trainer.world_size > 1:
            gathered = pl_module.all_gather(buffer.chains)
            assert isinstance(gathered, Tensor)
            checkpoint["chains_of_ranks"] = gathered.cpu()

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Keep the persistent chains of all processes and the settings of the optimizer until training starts."""
        self._chains_of_ranks = checkpoint.get("chains_of_ranks")
        self._optimizer_settings = checkpoint.get("optimizer_settings") or restored_settings(checkpoint)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Restore the position in the data and the chains of this process, and apply changed optimizer settings.

        Raises:
            SettingError: If the class of the optimizer or the scheduler is not that of the checkpoint, or if one of
                them cannot take a changed setting.
        """
        if trainer.ckpt_path is None:
            return
        # To count its steps, a scheduler had the loader built before the checkpoint was read; Lightning then forgets to
        # give the loader its state. If it has not forgotten, this does nothing.
        trainer.fit_loop._load_combined_loader_states()
        chains, self._chains_of_ranks = self._chains_of_ranks, None
        buffer = _replay_buffer(pl_module)
        if buffer is not None:
            buffer.resume(trainer.global_rank, chains)
        if isinstance(pl_module, Method) and len(trainer.optimizers) == 1:
            schedulers = [config.scheduler for config in trainer.lr_scheduler_configs]
            apply_changes(
                self._optimizer_settings,
                pl_module.optimizer_settings,
                trainer.optimizers[0],
                schedulers[0] if schedulers else None,
            )

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Count the current epoch if Lightning has not counted it yet.

        If a run resumes from the last batch of an epoch, Lightning 2.6 does not count the next epoch as begun. A
        checkpoint written in that epoch would make the next resume begin the epoch anew.
        """
        epochs = trainer.fit_loop.epoch_progress
        if epochs.current.ready == epochs.current.completed:
            epochs.increment_ready()
            epochs.increment_started()

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Remove the batch at which a validation was interrupted from the count, since it is counted again."""
        trainer.fit_loop.epoch_loop.val_loop.batch_progress.total.reset_on_restart()


def keep_pending_validation(trainer: Trainer, checkpoint: dict[str, Any]) -> None:
    """Make a resumed run validate first if the checkpoint is written between a batch and its validation.

    Lightning 2.6 saves before it validates, and when it resumes it assumes that the validation was done. The figures of
    that validation would be missing in the log, and callbacks that count validations, such as early stopping, would be
    one behind. This function sets the counters as if the batch were over and the validation had begun. Lightning then
    begins the validation again.

    Args:
        trainer: The trainer that saves.
        checkpoint: The checkpoint, whose counters of loops are changed.
    """
    training = trainer.fit_loop.epoch_loop
    batches: Any = training.batch_progress.current
    fetcher = trainer.fit_loop._data_fetcher
    after_a_batch = trainer.training and batches.processed == batches.completed + 1 == batches.ready
    # A validation that is due only by the clock, or because the run is about to stop, is not due after a resume.
    by_number = getattr(trainer, "_val_check_time_interval", None) is None and not trainer.should_stop
    if fetcher is None or not (after_a_batch and by_number and training._should_check_val_fx(fetcher)):
        return
    loops = checkpoint["loops"]["fit_loop"]
    for count in ("total", "current"):
        loops["epoch_loop.batch_progress"][count]["completed"] += 1
        done = loops["epoch_loop.val_loop.batch_progress"][count]["completed"] if count == "total" else 0
        loops["epoch_loop.val_loop.batch_progress"][count] = {
            "ready": done + 1,
            "started": done + 1,
            "processed": done,
            "completed": done,
        }


def _replay_buffer(module: LightningModule) -> ReplayBuffer | None:
    return next((part for part in module.modules() if isinstance(part, ReplayBuffer)), None)
