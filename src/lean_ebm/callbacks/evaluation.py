"""A callback that evaluates a trained model: its samples, its energy, and samples with more steps."""

from __future__ import annotations

import json
from pathlib import Path

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.trainer.states import TrainerFn
from lightning.pytorch.utilities import rank_zero_info

from lean_ebm.callbacks.samples import log_scalars, summary_writer
from lean_ebm.data import DataModule
from lean_ebm.errors import SettingError
from lean_ebm.evaluation import Effort, EvaluationResult, evaluate
from lean_ebm.methods import Method


class Evaluation(Callback):
    """Evaluates a model at the end of ``lean-ebm test`` (on the test split) and ``validate`` (on the validation split).

    :func:`~lean_ebm.evaluation.evaluate` computes the figures, which depend on the data. They are shown in the table of
    the run, and go to the loggers and ``evaluation.json``. If ``steps`` names other lengths of chains, figures of
    samples over these lengths become curves. The figures of classes of images or vectors are:

    * ``samples_*``: figures of samples of 28x28 digits, see :func:`~lean_ebm.evaluation.evaluate_digits`; ``real_*``:
      the same figures of real digits that were not trained on, as the ceiling. For candidates of other shapes, only the
      figures that need no evaluator, see :func:`~lean_ebm.evaluation.evaluate_pixels`;
    * ``energy_*``: the energy as a classifier and a detector, see :func:`~lean_ebm.evaluation.evaluate_energy`;
    * ``held_out_auprc``, if a class was held out of training: see :func:`~lean_ebm.evaluation.held_out_precision`.

    Those of answers to problems: see :func:`~lean_ebm.evaluation.answers.evaluate_answers`.

    Args:
        num_samples: Number of samples, of the classes in turn, or number of problems of each difficulty to answer; 20
            or more; 0 turns this off.
        num_images: Number of real images, and of each kind of outliers, to evaluate the energy on; 0 turns this off.
        steps: Other lengths of chains with which samples are evaluated as well.
        long_run: Length of long chains, to see whether their ends are still digits; 0 for none.
        long_run_samples: Number of long chains, 20 or more.
        draws: Number of answers to each problem, of which the one with the lowest energy is kept; 1 for no choice.
        batch_size: Number of chains run at once.
        seed: Seed of the chains.
        theorems: Number of theorems to prove with the model as the guide of a search, for a model that chooses tactics:
            ``solved`` is the share that 64 applications of tactics prove. Of the validation split also after each epoch
            of a fit, as a curve, with a picture of one search in TensorBoard. 0 turns this off.

    Raises:
        SettingError: If a number is out of its range, or there are too few samples to evaluate.
    """

    def __init__(
        self,
        num_samples: int = 1000,
        num_images: int = 2000,
        steps: list[int] | None = None,
        long_run: int = 0,
        long_run_samples: int = 100,
        draws: int = 1,
        batch_size: int = 250,
        seed: int = 0,
        theorems: int = 0,
    ) -> None:
        for name, value in (("num_samples", num_samples), ("long_run_samples", long_run_samples)):
            if value < 20 and value != 0:
                raise SettingError(f"Evaluation: {name} is {value}, expected 20 or more, or 0 for none.")
        for name, value, least in (
            ("num_images", num_images, 0),
            ("long_run", long_run, 0),
            ("batch_size", batch_size, 1),
            ("draws", draws, 1),
            ("theorems", theorems, 0),
            ("steps", min(steps or [1]), 1),
        ):
            if value < least:
                raise SettingError(f"Evaluation: {name} is {value}, expected {least} or more.")
        self.effort = Effort(
            num_samples=num_samples,
            num_images=num_images,
            steps=tuple(sorted(steps or ())),
            long_run=long_run,
            long_run_samples=long_run_samples,
            draws=draws,
            batch_size=batch_size,
            seed=seed,
            theorems=theorems,
        )
        self._result = EvaluationResult()
        self._written: Path | None = None

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Evaluate on the validation split; within a fit, only prove theorems."""
        if trainer.state.fn == TrainerFn.VALIDATING:
            self._evaluate(trainer, pl_module, self.effort, "val")
        elif self.effort.theorems and not trainer.sanity_checking:
            proving = Effort(num_samples=0, num_images=0, theorems=self.effort.theorems, seed=self.effort.seed)
            self._evaluate(trainer, pl_module, proving, "val")

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Evaluate on the test split."""
        self._evaluate(trainer, pl_module, self.effort, "test")

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write all metrics to a file."""
        if trainer.state.fn == TrainerFn.VALIDATING:
            self._write(trainer)

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write all metrics to a file."""
        self._write(trainer)

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Log where the figures are, after the progress bar has ended."""
        if self._written is not None:
            rank_zero_info(f"Figures: {self._written}")
            self._written = None

    def _evaluate(self, trainer: Trainer, method: LightningModule, effort: Effort, split: str) -> None:
        data = getattr(trainer, "datamodule", None)
        if not isinstance(method, Method) or not isinstance(data, DataModule):
            return
        result = evaluate(data, method, split, effort)
        self._result = result
        # Every rank has the same figures.
        method.log_dict({f"{split}/{name}": value for name, value in result.figures.items()}, rank_zero_only=True)
        writer = summary_writer(trainer) if result.pictures else None
        if writer is not None:
            for name, picture in result.pictures.items():
                writer.add_image(f"{split}/{name}", picture, trainer.global_step)

    def _write(self, trainer: Trainer) -> None:
        folder = trainer.log_dir  # on all ranks, since they exchange it
        for steps, figures in self._result.curves.items():
            log_scalars(trainer, {f"compute/{name}": value for name, value in figures.items()}, steps)
        if trainer.is_global_zero and folder is not None:
            path = Path(folder) / "evaluation.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
            values = {name: [_rounded(value) for value in some] for name, some in self._result.values.items()}
            report = {"metrics": metrics, "compute": self._result.curves, "values": values}
            path.write_text(json.dumps(report, indent=2, sort_keys=True) + "\n")
            self._written = path


def _rounded(value: float) -> float:
    """A float32 number without the digits that only its conversion to float64 added."""
    return float(f"{value:.7g}")
