"""Saves the settings of a run, and keeps other runs out of its folder."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.cli import SaveConfigCallback
from lightning.pytorch.trainer.states import TrainerFn

from lean_ebm.errors import RunError


class SaveSettings(SaveConfigCallback):
    """Saves the settings of a run, after it has made sure that no other running ``fit`` writes to the same folder.

    It locks the folder. The lock ends with the process, however the process ends.
    """

    _lock: FileLock | None = None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Lock the folder of a fit, and save the settings.

        Raises:
            RunError: If another run has locked the folder.
        """
        if trainer.state.fn == TrainerFn.FITTING and (trainer.logger is not None or trainer.checkpoint_callbacks):
            folder = trainer.log_dir  # on all ranks, since they exchange it
            taken = trainer.strategy.broadcast(trainer.is_global_zero and not self._take(folder))
            if taken:
                raise RunError(
                    f"Another fit is writing to {folder}: wait for its end, or give this one a folder of its "
                    "own, by --trainer.default_root_dir or the name or version of its logger."
                )
        super().setup(trainer, pl_module, stage)

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Release the lock."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Release the lock, since Lightning does not tear down after an error."""
        self.teardown(trainer, pl_module, "fit")

    def _take(self, folder: str | None) -> bool:
        if folder is None or "://" in folder:
            return True
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(path / ".lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            self._lock = None
            return False
        return True
