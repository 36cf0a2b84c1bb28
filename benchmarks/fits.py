"""What `lean-ebm fit` costs beside the loss, its backward pass and the optimizer."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Callable
from statistics import median
from typing import Any, ClassVar

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from benchmarks.scale import Result, Scale, computing
from benchmarks.timing import synchronize
from lean_ebm.cli.training import main
from lean_ebm.methods import Method

RECIPE = "reasoning/addition"
"""The recipe whose step is the shortest."""


class Turns(Callback):
    """Lets the fit and a bare loop on a copy of its model take turns, and times them.

    Args:
        steps: Number of steps in a turn.
        turns: Number of turns of each, after one that warms up; then the fit ends.
    """

    clock: ClassVar[Callable[[], float]]
    seconds: ClassVar[list[tuple[float, float]]]
    """Of each turn, what a step of the fit and one of the bare loop took."""

    def __init__(self, steps: int, turns: int) -> None:
        self.steps = steps
        self.turns = turns

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Copy the model."""
        Turns.seconds = []
        self._began: float | None = None
        assert isinstance(pl_module, Method)
        self._model = copy.deepcopy(pl_module)
        self._optimizer: torch.optim.Optimizer = self._model.optimizer(self._model.parameter_groups())

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """End a turn of the fit, let the bare loop have its turn, and begin the next one of the fit."""
        if trainer.global_step == 0 or trainer.global_step % self.steps:
            return
        ours = None if self._began is None else self._now(pl_module) - self._began
        start = self._now(pl_module)
        for _ in range(self.steps):
            self._optimizer.zero_grad()
            self._model.loss(batch)["loss"].backward()
            self._optimizer.step()
        bare = self._now(pl_module) - start
        if ours is not None:
            Turns.seconds.append((ours / self.steps, bare / self.steps))
        trainer.should_stop = len(Turns.seconds) > self.turns
        self._began = self._now(pl_module)

    def _now(self, module: LightningModule) -> float:
        synchronize(module.device)
        return type(self).clock()


def fits(scale: Scale) -> Result:
    """A step of the fit, with the callbacks that every run has, and one of a loop that does nothing else."""
    Turns.clock = staticmethod(scale.clock)
    steps, turns = (10, 6 * scale.rounds) if scale.unit else (1, 1)
    with tempfile.TemporaryDirectory() as folder, computing(scale.threads[0]):
        main(
            [
                "fit",
                f"--config={RECIPE}",
                f"--trainer.accelerator={'cpu' if scale.device.type == 'cpu' else 'gpu'}",
                "--trainer.devices=1",
                f"--trainer.default_root_dir={folder}",
                "--trainer.limit_val_batches=0",
                "--trainer.callbacks+=benchmarks.fits.Turns",
                f"--trainer.callbacks.steps={steps}",
                f"--trainer.callbacks.turns={turns}",
            ]
        )
    taken = Turns.seconds[1:]
    return {
        "fit": {"ms": 1e3 * median(ours for ours, _ in taken)},
        "bare loop": {"ms": 1e3 * median(bare for _, bare in taken)},
        "beside": {"ms": 1e3 * median(ours - bare for ours, bare in taken)},
        "ratio": median(ours / bare for ours, bare in taken),
        "recipe": RECIPE,
    }
