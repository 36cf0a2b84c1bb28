"""The figures of a tested model."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_info

from lean_ebm.data import TensorDataModule
from lean_ebm.methods import Method


class SampleEvaluation(Callback):
    """Judges samples of 28x28 digits at the end of `test`: in its table, in TensorBoard and in ``evaluation.json``.

    Args:
        num_samples: Number of samples, of the classes in turn, 20 or more; 0 turns the evaluation off.
        batch_size: Number of chains run at once.
        seed: Seed of the chains.

    Raises:
        ValueError: If there are too few samples to judge.
    """

    def __init__(self, num_samples: int = 1000, batch_size: int = 250, seed: int = 0) -> None:
        if 0 < num_samples < 20:
            raise ValueError(f"SampleEvaluation: num_samples is {num_samples}, expected 20 or more, or 0 for none.")
        self.num_samples = num_samples
        self.batch_size = batch_size
        self.seed = seed
        self._written: Path | None = None

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Sample, judge and log."""
        data = trainer.datamodule  # type: ignore[attr-defined]
        if self.num_samples == 0 or not isinstance(pl_module, Method) or not isinstance(data, TensorDataModule):
            return
        if pl_module.energy.shape != (1, 28, 28) or pl_module.energy.num_classes != 10:
            return
        from lean_ebm.evaluation import judge_digits  # torchmetrics' image package is slow to import

        generator = torch.Generator(pl_module.device).manual_seed(self.seed)
        labels = torch.arange(self.num_samples, device=pl_module.device) % 10
        images = torch.cat([pl_module.generate(part, generator=generator).x for part in labels.split(self.batch_size)])
        figures = judge_digits(images.detach(), labels, data.splits["test"], data.splits["train"][0])
        # Every rank makes the same samples.
        pl_module.log_dict({f"test/samples_{name}": value for name, value in figures.items()}, rank_zero_only=True)

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write all test metrics to a file."""
        folder = trainer.log_dir  # all ranks together find out
        if trainer.is_global_zero and folder is not None:
            path = Path(folder) / "evaluation.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
            path.write_text(json.dumps(metrics, indent=2, sort_keys=True) + "\n")
            self._written = path

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Say where the figures are, when the progress bar is gone."""
        if self._written is not None:
            rank_zero_info(f"Figures: {self._written}")
            self._written = None
