"""The figures of a trained model: its samples, its energy, and what more compute gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.trainer.states import TrainerFn
from lightning.pytorch.utilities import rank_zero_info
from torch import Tensor

from lean_ebm.callbacks.samples import gather, is_image, summary_writer
from lean_ebm.data import Digits, TensorDataModule
from lean_ebm.methods import Method


class Evaluation(Callback):
    """Judges a model at the end of ``lean-ebm test``, on the test split, and of ``validate``, on the validation split.

    The figures join the table of the run, TensorBoard and ``evaluation.json``:

    * ``samples_*``: samples of 28x28 digits, see :func:`~lean_ebm.evaluation.judge_digits`, and ``real_*`` the same of
      real digits that were not trained on, the ceiling;
    * ``energy_*``: the energy as a classifier and a detector, see :func:`~lean_ebm.evaluation.judge_energy`;
    * ``held_out_auprc`` where the data hold a class out, see :func:`~lean_ebm.evaluation.held_out_precision`;
    * the samples at other numbers of steps, as curves over the steps, if ``steps`` names some.

    Args:
        num_samples: Number of samples, of the classes in turn, 20 or more; 0 turns their evaluation off.
        num_images: Number of real images, and of each kind of outliers, that the energy is judged on; 0 turns it off.
        steps: Lengths of chains at which samples are judged besides.
        long_run: Length of a long chain; are its ends still digits? 0 for none.
        long_run_samples: Number of long chains, 20 or more.
        batch_size: Number of chains run at once.
        seed: Seed of the chains.

    Raises:
        ValueError: If there are too few samples to judge.
    """

    def __init__(
        self,
        num_samples: int = 1000,
        num_images: int = 2000,
        steps: list[int] | None = None,
        long_run: int = 0,
        long_run_samples: int = 100,
        batch_size: int = 250,
        seed: int = 0,
    ) -> None:
        for name, value in (("num_samples", num_samples), ("long_run_samples", long_run_samples)):
            if 0 < value < 20:
                raise ValueError(f"Evaluation: {name} is {value}, expected 20 or more, or 0 for none.")
        self.num_samples = num_samples
        self.num_images = num_images
        self.steps = sorted(steps or [])
        self.long_run = long_run
        self.long_run_samples = long_run_samples
        self.batch_size = batch_size
        self.seed = seed
        self._curve: dict[int, dict[str, float]] = {}
        self._written: Path | None = None

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Judge on the validation split, unless a fit is under way."""
        if trainer.state.fn == TrainerFn.VALIDATING:
            self._judge(trainer, pl_module, "val")

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Judge on the test split."""
        self._judge(trainer, pl_module, "test")

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write all metrics to a file."""
        if trainer.state.fn == TrainerFn.VALIDATING:
            self._write(trainer)

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write all metrics to a file."""
        self._write(trainer)

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Say where the figures are, when the progress bar is gone."""
        if self._written is not None:
            rank_zero_info(f"Figures: {self._written}")
            self._written = None

    def _judge(self, trainer: Trainer, method: LightningModule, split: str) -> None:
        data = trainer.datamodule  # type: ignore[attr-defined]
        if not isinstance(method, Method) or not isinstance(data, TensorDataModule):
            return
        images, labels = (part.to(method.device) for part in data.splits[split])
        figures: dict[str, float] = {}
        if self.num_images and method.energy.num_classes > 1 and is_image(method.energy.shape):
            from lean_ebm.evaluation import held_out_precision, judge_energy, unlike_data

            some, theirs = images[: self.num_images], labels[: self.num_images]
            outliers = unlike_data(some, self.seed)
            if tuple(some.shape[1:]) == (1, 28, 28) and not isinstance(data, Digits):
                others = torch.cat([part for part, _ in Digits().load().values()])
                outliers["other_digits"] = others[: self.num_images].to(method.device)
            energy = judge_energy(method.class_energies, some, theirs, outliers)
            figures |= {f"energy_{name}": value for name, value in energy.items()}
            if data.held_out is not None:
                all_images, all_labels = (part.to(method.device) for part in data.load()[split])
                figures["held_out_auprc"] = held_out_precision(
                    method.class_energies, all_images, all_labels, data.held_out
                )
        if self.num_samples and method.energy.shape == (1, 28, 28) and method.energy.num_classes == 10:
            figures |= self._judge_samples(method, (images, labels), data.splits, split)
        # Every rank has the same figures.
        method.log_dict({f"{split}/{name}": value for name, value in figures.items()}, rank_zero_only=True)

    def _judge_samples(
        self, method: Method, real: tuple[Tensor, Tensor], splits: dict[str, Any], split: str
    ) -> dict[str, float]:
        from lean_ebm.evaluation import judge_digits  # torchmetrics' image package is slow to import

        training = splits["train"][0].to(method.device)
        figures = judge_digits(*self._sample(method, self.num_samples), real, training)
        figures = {f"samples_{name}": value for name, value in figures.items()}
        unseen = splits["test" if split == "val" else "val"]
        rows = balanced(unseen[1], self.num_samples)
        ceiling = judge_digits(unseen[0][rows].to(method.device), unseen[1][rows].to(method.device), real, training)
        figures |= {f"real_{name}": value for name, value in ceiling.items()}
        self._curve = {}
        for steps in self.steps:
            self._curve[steps] = judge_digits(*self._sample(method, self.num_samples, steps), real)
        if self.long_run:
            ends = judge_digits(*self._sample(method, self.long_run_samples, self.long_run), real)
            figures |= {f"long_run_{name}": ends[name] for name in ("accuracy", "diversity")}
        return figures

    def _sample(self, method: Method, number: int, steps: int | None = None) -> tuple[Tensor, Tensor]:
        """Samples and their classes; each rank makes its share."""
        labels = torch.arange(number, device=method.device) % method.energy.num_classes
        rank, world = method.global_rank, method.trainer.world_size
        generator = torch.Generator(method.device).manual_seed(self.seed + rank)
        mine = labels[rank::world]
        parts = [
            method.generate(part, steps=steps, generator=generator).x.detach() for part in mine.split(self.batch_size)
        ]
        everything = gather([(torch.cat(parts).cpu(), mine.cpu())])
        images, labels = (torch.cat(column).to(method.device) for column in zip(*everything, strict=True))
        return images, labels

    def _write(self, trainer: Trainer) -> None:
        folder = trainer.log_dir  # all ranks together find out
        writer = summary_writer(trainer)
        if writer is not None:
            for steps, figures in self._curve.items():
                for name, value in figures.items():
                    writer.add_scalar(f"compute/{name}", value, steps)
        if trainer.is_global_zero and folder is not None:
            path = Path(folder) / "evaluation.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
            report = {"metrics": metrics, "compute": self._curve}
            path.write_text(json.dumps(report, indent=2, sort_keys=True) + "\n")
            self._written = path


def balanced(labels: Tensor, number: int) -> Tensor:
    """Indices of the first images of each class, ``number`` in all, or what there is of them."""
    classes = labels.unique()
    share = -(-number // len(classes))
    return torch.cat([(labels == label).nonzero().squeeze(1)[:share] for label in classes])[:number]
