"""Callbacks that show the samples of a run, and write the samples of ``predict``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import BasePredictionWriter, ModelCheckpoint
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_info
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor
from torch.utils._pytree import tree_map
from torch.utils.tensorboard import SummaryWriter

from lean_ebm.data import DataModule
from lean_ebm.distributed import gather
from lean_ebm.errors import SettingError
from lean_ebm.methods import Method
from lean_ebm.settings import by_flag


class SampleMonitor(Callback):
    """Draws samples for fixed conditions from fixed noise at every validation and shows them.

    Every logger gets the energy and the gradient norm at both ends of the chain, the number of samples per second, and
    the figures that the data measure of samples. TensorBoard also shows a picture of samples (if the data can draw one,
    with a row for each class), the path of one chain from its start to its end, and histograms of the energies of real
    and sampled data and along the chain.

    Args:
        samples_per_class: Number of samples of each class; 0 turns the monitor off. If conditions are not classes,
            samples are drawn for the first conditions of the validation split, eight times this number.
        path_length: Number of candidates shown of the path of one chain.
        seed: Seed of the noise.

    Raises:
        SettingError: If a number is out of its range.
    """

    def __init__(self, samples_per_class: int = 8, path_length: int = 10, seed: int = 0) -> None:
        if samples_per_class < 0:
            raise SettingError(f"SampleMonitor: samples_per_class is {samples_per_class}, expected 0 (off) or more.")
        if path_length < 1:
            raise SettingError(f"SampleMonitor: path_length is {path_length}, expected 1 or more.")
        self.samples_per_class = samples_per_class
        self.path_length = path_length
        self.seed = seed
        self._real: tuple[Tensor, Any] | None = None

    def on_validation_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """Keep the first batch, to compare its energies with the energies of samples."""
        if batch_idx == 0:
            self._real = batch

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draw samples and show them.

        This callback comes before EMA in the list of callbacks, so that the averaged weights are still in the model.
        """
        if not trainer.loggers or not trainer.is_global_zero:
            return
        if self.samples_per_class == 0 or not isinstance(pl_module, Method):
            return
        classes = pl_module.energy.num_classes
        if trainer.sanity_checking or (classes == 0 and self._real is None):
            return
        condition, target = self._conditions(pl_module)
        generator = torch.Generator(pl_module.device).manual_seed(self.seed)
        path: list[Tensor] = []
        start = time.perf_counter()
        trajectory = pl_module.generate(condition, generator=generator, on_step=lambda _, x: path.append(x[0].cpu()))
        samples = trajectory.x.detach()
        energies = pl_module.candidate_energy(samples, condition).detach().cpu()
        seconds = time.perf_counter() - start

        scalars = {"samples/per_second": len(samples) / seconds, "samples/energy": float(energies.mean())}
        histograms = {"energy/samples": energies}
        if self._real is not None:
            real = pl_module.real_energies(self._real).detach().cpu()
            histograms["energy/real"] = real
            scalars["samples/energy_gap"] = float(energies.mean() - real.mean())
        for name, values in (("energy", trajectory.energies), ("grad_norm", trajectory.grad_norms)):
            if values.shape[1]:
                scalars[f"chain/{name}_first"] = float(values[:, 0].mean())
                scalars[f"chain/{name}_last"] = float(values[:, -1].mean())
                histograms[f"chain/{name}"] = values.mean(dim=0)
        data = getattr(trainer, "datamodule", None)
        if isinstance(data, DataModule) and target is not None:
            measured = data.measure(samples, condition, target)
            scalars |= {f"samples/{name}": float(values.float().mean()) for name, values in measured.items()}
        log_scalars(trainer, scalars, trainer.global_step)
        writer = summary_writer(trainer)
        if writer is None:
            return
        for name, values in histograms.items():
            writer.add_histogram(name, values, trainer.global_step)
        if isinstance(data, DataModule):
            self._show(writer, data, samples.cpu(), path, trainer.global_step)

    def _show(self, writer: SummaryWriter, data: DataModule, samples: Tensor, path: list[Tensor], step: int) -> None:
        """Add pictures of the samples and of the path of one chain, if the data can draw them."""
        picture = data.picture(samples, self.samples_per_class)
        if picture is not None:
            writer.add_image("samples/grid", picture, step)
        shown = torch.linspace(0, max(len(path) - 1, 0), self.path_length).round().long().tolist()
        picture = data.picture(torch.stack([path[i] for i in shown]), self.path_length) if path else None
        if picture is not None:
            writer.add_image("samples/path", picture, step)

    def _conditions(self, method: Method) -> tuple[Any, Tensor | None]:
        """Conditions to draw samples for, and the candidates of the data for them; None if conditions are classes."""
        classes = method.energy.num_classes
        if classes:
            return torch.arange(classes, device=method.device).repeat_interleave(self.samples_per_class), None
        assert self._real is not None
        target, condition = apply_to_collection(self._real, Tensor, lambda part: part[: 8 * self.samples_per_class])
        return condition, target


class RunSummary(Callback):
    """Logs where a run's files are, and passes the settings of model and data to the loggers.

    The settings have the names of their flags. TensorBoard shows them with the final metrics.
    """

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Pass the settings to TensorBoard's logger, which writes ``hparams.yaml`` once, when the run begins."""
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                logger.hparams.update(hyper_parameters(trainer, pl_module))

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log the folder of the files, and the settings."""
        for logger in trainer.loggers:
            # TensorBoard keeps only the first record of a run, so its record waits for the final metrics.
            if not isinstance(logger, TensorBoardLogger):
                logger.log_hyperparams(hyper_parameters(trainer, pl_module))
        folder = trainer.log_dir  # on all ranks, since they exchange it
        if trainer.loggers and folder is not None:
            rank_zero_info(f"Logs and checkpoints: {folder}")
        elif folder is not None:
            rank_zero_info(
                f"Settings and checkpoints: {folder}, by --trainer.default_root_dir, since there is no logger"
            )

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log the final metrics with the hyper-parameters, and the path of the checkpoint."""
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items() if name.startswith("val/")}
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger) and metrics:
                logger.log_hyperparams(hyper_parameters(trainer, pl_module), metrics, step=trainer.global_step)
        if isinstance(trainer.checkpoint_callback, ModelCheckpoint):
            path = trainer.checkpoint_callback.best_model_path or trainer.checkpoint_callback.last_model_path
            none = "none was kept; --checkpoint.save_top_k and .every_n_epochs say how many are, and when"
            rank_zero_info(f"Checkpoint: {path or none}")


class SampleWriter(BasePredictionWriter):
    """Writes the samples of ``predict``: ``samples/samples.pt`` and, if the data can draw them, ``samples/grid.png``.

    ``samples.pt`` holds ``images`` float32 ``(N, C, H, W)`` in the range of the data, ``labels`` int64 ``(N,)`` and
    ``energies`` float32 ``(N,)``. Candidates that are not images are called ``candidates``, and conditions that are not
    labels are called ``conditions``. If the energy has learned to judge, there are also ``confidences`` ``(N,)``.

    Args:
        grid_rows: Largest number of samples of each class in the grid.

    Raises:
        SettingError: If ``grid_rows`` is below 1.
    """

    def __init__(self, grid_rows: int = 10) -> None:
        if grid_rows < 1:
            raise SettingError(f"SampleWriter: grid_rows is {grid_rows}, expected 1 or more.")
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
        parts = gather([apply_to_collection(part, Tensor, lambda tensor: tensor.cpu()) for part in predictions])
        order = torch.tensor([index for rank in gather([indices]) for index in rank]).argsort()
        folder = Path(trainer.log_dir or trainer.default_root_dir) / "samples"  # on all ranks, since they exchange it
        if not trainer.is_global_zero:
            return
        samples = tree_map(lambda *found: None if found[0] is None else joined(found)[order], parts[0], *parts[1:])
        x, condition = samples["x"], samples["condition"]
        labelled = isinstance(condition, Tensor) and condition.dim() == 1 and not condition.is_floating_point()
        if hasattr(condition, "_asdict"):  # reading a file by weights_only=True takes no class of ours
            condition = {name: part for name, part in condition._asdict().items() if part is not None}
        data = getattr(trainer, "datamodule", None)
        noun = data.noun(x) if isinstance(data, DataModule) else "candidates"
        folder.mkdir(parents=True, exist_ok=True)
        written = {noun: x, "labels" if labelled else "conditions": condition, "energies": samples["energy"]}
        if "confidence" in samples:
            written["confidences"] = samples["confidence"]
        torch.save(written, folder / "samples.pt")
        self._written.append(f"Samples: {folder / 'samples.pt'}")
        rows = [x[condition == label] for label in condition.unique()] if labelled else [x]
        rows = [row[: self.grid_rows] for row in rows]
        columns = max(len(row) for row in rows)
        blank = [x.new_full((columns - len(row), *x.shape[1:]), torch.nan) for row in rows]
        whole = torch.cat([part for pair in zip(rows, blank, strict=True) for part in pair])
        picture = data.picture(whole, columns) if isinstance(data, DataModule) else None
        if picture is not None:
            from torchvision.utils import save_image

            save_image(picture, folder / "grid.png")
            self._written.append(f"Grid, a row a class: {folder / 'grid.png'}")

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Log what was written, after the progress bar has ended."""
        while self._written:
            rank_zero_info(self._written.pop(0))


def joined(tensors: Sequence[Tensor]) -> Tensor:
    """Join tensors ``(B_i, ...)`` of batches. Conditions of different sizes, such as goals, are padded with -1."""
    size = torch.tensor([part.shape[1:] for part in tensors]).amax(dim=0).tolist()
    whole = tensors[0].new_full((sum(map(len, tensors)), *size), -1)
    start = 0
    for part in tensors:
        whole[(slice(start, start + len(part)), *map(slice, part.shape[1:]))] = part
        start += len(part)
    return whole


def hyper_parameters(trainer: Trainer, pl_module: LightningModule) -> dict[str, Any]:
    """The settings of model and data by the names of their flags, as far as they were recorded.

    Args:
        trainer: The trainer, which has the data module.
        pl_module: The model. The command line has stored all of its settings in it, also those of its optimizer.
    """
    stored = dict(pl_module.hparams)
    model = getattr(pl_module, "settings", None)
    if stored:
        arguments = {name: value for name, value in stored.items() if not name.startswith("_")}
        model = {"class_path": stored.get("_class_path", type(pl_module).__name__), "init_args": arguments}
    data = getattr(getattr(trainer, "datamodule", None), "settings", None)
    return {
        flag: value
        for name, settings in (("model", model), ("data", data))
        if settings is not None
        for flag, value in by_flag(settings, name).items()
    }


def log_scalars(trainer: Trainer, scalars: dict[str, float], step: int) -> None:
    """Log scalars with every logger, on the rank that writes.

    Args:
        trainer: The trainer, which has the loggers.
        scalars: Values by name.
        step: The step to log them at.
    """
    for logger in trainer.loggers if trainer.is_global_zero else []:
        logger.log_metrics(scalars, step)


def summary_writer(trainer: Trainer) -> SummaryWriter | None:
    """TensorBoard's writer on the rank that writes. None on other ranks, or without a TensorBoard logger."""
    for logger in trainer.loggers:
        if isinstance(logger, TensorBoardLogger) and trainer.is_global_zero:
            writer: SummaryWriter = logger.experiment
            return writer
    return None
