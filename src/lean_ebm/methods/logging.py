"""Logs the terms of the loss at each step at little cost."""

from __future__ import annotations

from collections.abc import Mapping

from lightning.pytorch import LightningModule
from torch import Tensor


def log_step(module: LightningModule, values: Mapping[str, Tensor], bar: str, batch_size: int) -> None:
    """Log values of a training step, as ``module.log(name, value, on_step=True, on_epoch=False)`` does.

    At each call, that method checks its arguments and walks through the metric to move it to its device: for six
    values, half of what a step cost beside its loss. So it is called only for the first step of an epoch; later steps
    give the metric their value. If Lightning keeps its metrics in another way than 2.6 does, it is called at each step.

    Args:
        module: The module, in its ``training_step``.
        values: Detached scalars by name.
        bar: The name whose value the progress bar shows.
        batch_size: Number of examples that each value is the mean of.
    """
    results = getattr(module.trainer, "_results", None)
    update = getattr(results, "update_metrics", None)
    for name, value in values.items():
        metric = None if results is None or update is None else results.get(f"training_step.{name}")
        if metric is None or update is None or metric.has_reset:
            module.log(name, value, on_step=True, on_epoch=False, prog_bar=name == bar, batch_size=batch_size)
        else:
            update(f"training_step.{name}", value, batch_size)
