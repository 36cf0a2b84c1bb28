"""What a run shows of its samples, and what `predict` writes of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.distributed
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import BasePredictionWriter, ModelCheckpoint
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_info
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from lean_ebm.methods import Method


class SampleMonitor(Callback):
    """Draws samples for fixed labels from fixed noise at every validation and shows them in TensorBoard.

    Writes a grid of samples (a row a class), the path of one chain from its start to its end, histograms of the
    energies of real and sampled data, the energy and gradient norm along the chain, and samples a second.

    Args:
        samples_per_class: Samples of each class; 0 turns the monitor off.
        path_length: Number of candidates shown of the path of one chain.
        seed: Seed of the noise.
    """

    def __init__(self, samples_per_class: int = 8, path_length: int = 10, seed: int = 0) -> None:
        self.samples_per_class = samples_per_class
        self.path_length = path_length
        self.seed = seed
        self._real: tuple[Tensor, Any] | None = None

    def on_validation_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """Keep the first batch, whose energies are held against those of samples."""
        if batch_idx == 0:
            self._real = batch

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draw and show; comes before EMA among the callbacks, so that the averaged weights are still in place."""
        writer = summary_writer(trainer)
        if writer is None or self.samples_per_class == 0 or not isinstance(pl_module, Method):
            return
        if pl_module.energy.num_classes == 0 or trainer.sanity_checking:
            return
        labels = torch.arange(pl_module.energy.num_classes, device=pl_module.device)
        labels = labels.repeat_interleave(self.samples_per_class)
        generator = torch.Generator(pl_module.device).manual_seed(self.seed)
        path: list[Tensor] = []
        start = time.perf_counter()
        trajectory = pl_module.generate(labels, generator=generator, on_step=lambda _, x: path.append(x[0].cpu()))
        energies = pl_module.candidate_energy(trajectory.x.detach(), labels).cpu()
        seconds = time.perf_counter() - start

        step = trainer.global_step
        writer.add_scalar("samples/per_second", len(labels) / seconds, step)
        writer.add_scalar("samples/energy", energies.mean(), step)
        writer.add_histogram("energy/samples", energies, step)
        if self._real is not None:
            real = pl_module.candidate_energy(*self._real).cpu()
            writer.add_histogram("energy/real", real, step)
            writer.add_scalar("samples/energy_gap", energies.mean() - real.mean(), step)
        for name, values in (("energy", trajectory.energies), ("grad_norm", trajectory.grad_norms)):
            if values.shape[1]:
                writer.add_scalar(f"chain/{name}_first", values[:, 0].mean(), step)
                writer.add_scalar(f"chain/{name}_last", values[:, -1].mean(), step)
                writer.add_histogram(f"chain/{name}", values.mean(dim=0), step)
        if is_image(pl_module.energy.shape):
            writer.add_image("samples/grid", grid(trajectory.x.detach().cpu(), self.samples_per_class), step)
            if path:
                shown = torch.linspace(0, len(path) - 1, self.path_length).round().long().tolist()
                writer.add_image("samples/path", grid(torch.stack([path[i] for i in shown]), self.path_length), step)


class RunSummary(Callback):
    """Tells where a run's files are, and shows hyper-parameters with their metrics in TensorBoard."""

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Say where the logs go."""
        if trainer.log_dir is not None:
            rank_zero_info(f"Logs and checkpoints: {trainer.log_dir}")

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log the final metrics beside the hyper-parameters, and say where the checkpoint is."""
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items() if name.startswith("val/")}
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger) and metrics:
                settings = {name: value for name, value in pl_module.hparams.items() if not name.startswith("_")}
                logger.log_hyperparams(settings, metrics, step=trainer.global_step)
        if isinstance(trainer.checkpoint_callback, ModelCheckpoint):
            rank_zero_info(f"Checkpoint: {trainer.checkpoint_callback.best_model_path}")


class SampleWriter(BasePredictionWriter):
    """Writes what `predict` made: ``samples/samples.pt`` and, for images, ``samples/grid.png`` in the log folder.

    ``samples.pt`` holds ``images`` float32 ``(N, C, H, W)`` in the range of the data, ``labels`` int64 ``(N,)`` and
    ``energies`` float32 ``(N,)``; candidates that are no images are called ``candidates``.

    Args:
        grid_rows: Samples of each class that the grid shows, at most.
    """

    def __init__(self, grid_rows: int = 10) -> None:
        super().__init__(write_interval="epoch")
        self.grid_rows = grid_rows
        self._written: list[str] = []

    def write_on_epoch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        predictions: Sequence[Any],
        batch_indices: Sequence[Any],
    ) -> None:
        """Gather the samples of all ranks in the order of their conditions and write them."""
        indices = [index for batch in batch_indices[0] for index in batch]
        local = [{name: value.cpu() for name, value in part.items()} for part in predictions]
        parts, order = gather(local), torch.tensor([index for rank in gather([indices]) for index in rank])
        folder = Path(trainer.log_dir or trainer.default_root_dir) / "samples"  # all ranks together find out
        if not trainer.is_global_zero:
            return
        samples = {name: torch.cat([part[name] for part in parts]) for name in ("x", "condition", "energy")}
        samples = {name: value[order.argsort()] for name, value in samples.items()}
        x, labels = samples["x"], samples["condition"]
        image = is_image(tuple(x.shape[1:]))
        folder.mkdir(parents=True, exist_ok=True)
        torch.save(
            {"images" if image else "candidates": x, "labels": labels, "energies": samples["energy"]},
            folder / "samples.pt",
        )
        self._written.append(f"Samples: {folder / 'samples.pt'}")
        if image:
            from torchvision.utils import save_image

            by_class = [x[labels == label][: self.grid_rows] for label in sorted(set(labels.tolist()))]
            columns = max(len(row) for row in by_class)
            blank = [torch.full((columns - len(row), *x.shape[1:]), -1.0) for row in by_class]
            rows = torch.cat([part for pair in zip(by_class, blank, strict=True) for part in pair])
            save_image(grid(rows, columns), folder / "grid.png")
            self._written.append(f"Grid, a row a class: {folder / 'grid.png'}")

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Say what was written, when the progress bar is gone."""
        while self._written:
            rank_zero_info(self._written.pop(0))


def is_image(shape: tuple[int, ...]) -> bool:
    """Whether candidates of this shape can be shown: one or three channels, height and width."""
    return len(shape) == 3 and shape[0] in (1, 3)


def grid(images: Tensor, columns: int) -> Tensor:
    """Images ``(N, C, H, W)`` in [-1, 1] as one picture ``(3, H', W')`` in [0, 1]."""
    from torchvision.utils import make_grid

    picture: Tensor = make_grid(images.float().clamp(-1, 1) / 2 + 0.5, nrow=columns, padding=2, pad_value=0.5)
    return picture


def summary_writer(trainer: Trainer) -> SummaryWriter | None:
    """TensorBoard's writer, on the rank that writes; None where the run has no such logger."""
    for logger in trainer.loggers:
        if isinstance(logger, TensorBoardLogger) and trainer.is_global_zero:
            writer: SummaryWriter = logger.experiment
            return writer
    return None


def gather(parts: list[Any]) -> list[Any]:
    """The parts of all ranks, in the order of the ranks, on each of them."""
    if not torch.distributed.is_available() or not torch.distributed.is_initialized():
        return parts
    everywhere: list[Any] = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(everywhere, parts)
    return [part for rank in everywhere for part in rank]
