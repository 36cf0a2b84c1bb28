"""Times the steps of a fit.

It is not part of ``gpu.py``: a program that Python runs as ``__main__`` would be imported a second time by the command
line, and the time would be kept in the class of the second copy.
"""

from __future__ import annotations

import itertools
import time
from statistics import median
from typing import Any, ClassVar

import torch
from lightning.pytorch import Callback, LightningModule, Trainer


class Pace(Callback):
    """Times the steps of a fit, without the first half of them, and keeps the time of the last fit."""

    milliseconds: ClassVar[float] = float("nan")

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin."""
        self._first = trainer.global_step
        self._marks: list[tuple[int, float]] = []

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Note the time every ten steps. Waiting for the device hardly changes the time of ten steps."""
        if (trainer.global_step - self._first) % 10 == 0:
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            self._marks.append((trainer.global_step, time.perf_counter()))

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Compute the time of a step. The median leaves out validations and checkpoints."""
        marks = self._marks[len(self._marks) // 2 :]
        pairs = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in itertools.pairwise(marks)]
        Pace.milliseconds = 1e3 * median(pairs) if pairs else float("nan")
