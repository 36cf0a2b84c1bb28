"""The base class of all methods: optimization, logging, evaluation loops and generation."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, Literal

import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor
from torchmetrics.classification import MulticlassAccuracy

from lean_ebm.bounds import draw_within
from lean_ebm.energy import EnergyNetwork
from lean_ebm.energy.base import split_landscape
from lean_ebm.errors import SettingError
from lean_ebm.langevin import Langevin, StepHook, Trajectory
from lean_ebm.methods.drawing import batch_size, keep_best, select
from lean_ebm.methods.finite import FiniteSteps
from lean_ebm.methods.judging import Judging
from lean_ebm.methods.listed import check_lists, listed_terms
from lean_ebm.methods.logging import log_step
from lean_ebm.methods.optimization import fuse, optimizer_settings, scheduler_settings
from lean_ebm.methods.restorable import Restorable
from lean_ebm.methods.schedules import WarmupCosine
from lean_ebm.methods.terms import checked
from lean_ebm.methods.verification import Verification, prepare_judge
from lean_ebm.randomness import derived_seed, seeded

PRECISIONS = ("32-true", "bf16-mixed", "16-mixed")
"""Precisions of a trainer in which weights, candidates and energies are float32."""

Batch = tuple[Any, Any]
"""``(candidates (B, ...), conditions)``; candidates may be lists, see :class:`~lean_ebm.methods.listed.Listed`."""


class Method(Judging, Restorable, FiniteSteps, ABC):
    """A way to train an energy, as a ``LightningModule``.

    A new method implements :meth:`loss`, and also :meth:`sample` if it does not sample by plain Langevin dynamics from
    noise. Everything else, from the command line to sample grids, comes with this class.

    Args:
        energy: The energy network.
        sampler: The chain that makes samples.
        candidates: Largest number of draws for each sample; see :meth:`generate`.
        acceptance: A draw whose p(y|x), or with verification whose confidence, reaches this number, above 0 and at most
            1, is accepted without further draws.
        verification: How the energy network learns to judge answers; null: it does not.
        optimizer: Builds the optimizer from parameters. None: AdamW with its defaults.
        lr_scheduler: Builds a scheduler from the optimizer, stepped after every optimizer step. None: a constant
            learning rate.

    Raises:
        SettingError: If ``candidates`` is below 1, or ``acceptance`` is not a probability above 0.
    """

    whole_lists: bool = False
    """Whether :meth:`loss` takes lists of candidates and conditions as the data module gives them.

    Without it, a method gets one right candidate of each list, see :func:`~lean_ebm.methods.listed.listed_terms`.
    """

    whole_chunks: bool = False
    """Whether these lists are those of the slots of chunks."""

    def __init__(
        self,
        energy: EnergyNetwork,
        sampler: Langevin,
        candidates: int = 1,
        acceptance: float = 0.9,
        verification: Verification | None = None,
        optimizer: OptimizerCallable | None = None,
        lr_scheduler: LRSchedulerCallable | None = None,
    ) -> None:
        super().__init__()
        self.energy = energy
        self.sampler = sampler
        if candidates < 1 or not 0 < acceptance <= 1:
            raise SettingError(
                f"candidates is {candidates} and acceptance {acceptance}, expected 1 or more and a probability above 0."
            )
        self.candidates = candidates
        prepare_judge(energy, verification)
        self.acceptance = acceptance
        self.verification = verification
        # The default is not a class: the command line would pass its arguments to any class that replaces it.
        self.optimizer = optimizer or torch.optim.AdamW
        self.lr_scheduler = lr_scheduler
        classes = energy.num_classes
        self.accuracy = MulticlassAccuracy(classes, average="micro") if classes > 1 else None
        self.optimizer_settings: dict[str, Any] = {}

    @abstractmethod
    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The training objective of one batch.

        Args:
            batch: Candidates ``(B, *shape)`` and their conditions, both encoded by the energy network.

        Returns:
            Scalars to log by name; ``loss`` is the one to minimize.
        """

    def generate(
        self,
        condition: Any,
        *,
        steps: int | None = None,
        generator: torch.Generator | None = None,
        on_step: StepHook | None = None,
        again: bool = False,
    ) -> Trajectory:
        """Make one sample for each condition: draw until the energy accepts, up to :attr:`candidates` times.

        With classes, a draw is accepted if ``p(y|x) = softmax_y -E(x, y)`` reaches :attr:`acceptance`; a judge makes
        this number smaller for strange images, see :meth:`score`. If no draw is accepted, the one with the largest is
        kept. The energy itself cannot compare candidates, since it prefers plain images. Without classes the draw with
        the lowest energy is kept. With verification it is accepted if its confidence ``exp(-E)`` reaches
        :attr:`acceptance`; otherwise all draws are made.

        Args:
            condition: Conditions; tensors with first dimension ``B``.
            steps: Number of gradient steps of each chain, more or fewer than :attr:`sampler` says. None: as it says.
            generator: Source of all randomness, on the device of the energy; makes samples reproducible.
            on_step: Called after each step of the first draws, with the index of the step and all candidates.
                ``IRED`` calls it after each landscape, with the answer of that landscape.
            again: Whether there were draws for these conditions before, see :meth:`sample_again`.

        Returns:
            The trajectory; its ``x`` ``(B, ...)`` are the samples.

        Raises:
            SettingError: If the weights are not float32.
        """
        self.energy.check_precision()
        encoded = self.energy.encode(condition)
        made = 0

        def draw(rows: Tensor | None) -> Trajectory:
            nonlocal made
            made += 1
            chain = self.sample_again if again or made > 1 else self.sample
            return chain(select(encoded, rows), steps, generator, on_step if rows is None else None)

        return keep_best(
            draw,
            lambda x, rows: self.score(x, select(condition, rows)),
            lambda: made < self.candidates,
            enough=math.log(self.acceptance) if self.energy.num_classes > 1 or self.verification else math.inf,
        )

    def sample(
        self, condition: Any, steps: int | None, generator: torch.Generator | None, on_step: StepHook | None
    ) -> Trajectory:
        """Run one chain for each condition: by default :attr:`sampler`, from noise.

        A method that samples in another way overrides it. Arguments and result are those of :meth:`generate`, except
        that the energy network has encoded the condition.
        """
        sampler = self.sampler if steps is None else replace(self.sampler, steps=steps)
        start = self.noise(condition, sampler, generator)
        return self.langevin(start, condition, sampler, generator=generator, on_step=on_step)

    def sample_again(
        self, condition: Any, steps: int | None, generator: torch.Generator | None, on_step: StepHook | None
    ) -> Trajectory:
        """Run another chain for conditions that already had one: by default like :meth:`sample`."""
        return self.sample(condition, steps, generator, on_step)

    def passes(self, steps: int | None = None) -> int:
        """Largest number of passes of the network for one draw.

        Each step counts one pass for the gradient and, with ``monotone``, one to see whether the energy rose.

        Args:
            steps: Number of gradient steps; None for what :attr:`sampler` says.
        """
        return (self.sampler.steps if steps is None else steps) * (1 + self.sampler.monotone)

    def noise(self, condition: Any, chain: Langevin, generator: torch.Generator | None = None) -> Tensor:
        """Draw starts ``(B, *shape)`` of chains: uniform within the bounds, or standard normal without bounds.

        If the bounds are embeddings, starts are the nearest to standard normal noise.
        """
        noise = draw_within(self.batch_shape(condition), chain.bounds, self.device, generator)
        return self.energy.nearest(noise) if chain.bounds == "embeddings" else noise

    def batch_shape(self, condition: Any) -> tuple[int, ...]:
        """Shape ``(B, ...)`` of a batch of candidates, one for each condition."""
        given = split_landscape(condition)[0]
        return (batch_size(given), *self.energy.candidate_shape(given))

    def own_answers(self, condition: Any) -> Tensor:
        """Make quick answers ``(B, ...)``, some of them wrong, from which the energy learns to judge.

        By default these are samples. A method whose samples take long makes cheaper ones here.

        Args:
            condition: Conditions, encoded.
        """
        return self.sample(condition, None, None, None).x.detach()

    def setup(self, stage: str) -> None:
        """Check that the precision is fine enough for chains, and that the energy has the classes of the data.

        Raises:
            SettingError: If weights or the trainer have another precision, or the energy has another number of
                classes.
        """
        precision = self.trainer.precision
        if precision not in PRECISIONS:
            raise SettingError(
                f"--trainer.precision is {precision}, but weights, candidates and energies are float32, since the "
                "steps of a chain vanish in bfloat16: use 32-true, or bf16-mixed or 16-mixed to compute faster."
            )
        self.energy.check_precision()
        data = getattr(self.trainer, "datamodule", None)
        there, known = getattr(data, "num_classes", 0), self.energy.num_classes
        if known and there and known != there:
            raise SettingError(
                f"{type(data).__name__} has {there} classes and {type(self.energy).__name__} knows {known}: "
                f"set --model.energy.num_classes {there}."
            )

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Compute the loss of the method and log its terms."""
        with self._randomness("train", batch_idx):
            terms = self._terms(batch, batch_idx)
        self.terms = {name: value.detach() for name, value in terms.items()}
        log_step(self, {f"train/{name}": term for name, term in self.terms.items()}, "train/loss", batch_size(batch[1]))
        return terms["loss"]

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Log the loss terms, the energy of real data and the accuracy of the energy as a classifier."""
        self._evaluate("val", batch, batch_idx)

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Log the figures of :meth:`validation_step` on the test split."""
        self._evaluate("test", batch, batch_idx)

    def predict_step(self, batch: Any, batch_idx: int) -> dict[str, Any]:
        """Make one sample for each condition of the batch.

        Returns:
            ``x`` ``(B, ...)``, ``condition`` as given, ``energy`` ``(B,)``, and with verification ``confidence``
            ``(B,)``, which is ``exp(-E)``: near ``1 / (1 + error / unit)``.
        """
        seed = derived_seed(torch.initial_seed(), "predict", self.global_rank, batch_idx)
        generator = torch.Generator(self.device).manual_seed(seed)
        x = self.generate(batch, generator=generator).x.detach()
        energy = self.candidate_energy(x, batch)
        answers = {"x": x, "condition": batch, "energy": energy}
        return answers if self.verification is None else {**answers, "confidence": (-energy).exp()}

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Build the optimizer and the scheduler, which advances with every optimizer step."""
        optimizer: torch.optim.Optimizer = self.optimizer(self.parameter_groups())
        fuse(optimizer)
        self.optimizer_settings = optimizer_settings(optimizer)
        if self.lr_scheduler is None:
            return optimizer
        scheduler = self.lr_scheduler(optimizer)
        self.optimizer_settings |= scheduler_settings(scheduler)
        if isinstance(scheduler, WarmupCosine) and scheduler.total_steps is None:
            steps = self.trainer.estimated_stepping_batches
            scheduler.total_steps = int(steps) if math.isfinite(steps) else None
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def parameter_groups(self) -> Iterable[Any]:
        """The parameters for the optimizer. A judge may have its own learning rate."""
        return self._with_rates(list(self.parameters()))

    def _with_rates(self, parameters: list[Any]) -> list[Any]:
        """Split off the parameters of the judge if :attr:`verification` has a learning rate for them."""
        rate, judge = None if self.verification is None else self.verification.rate, self.judge_parameters()
        if rate is None or not judge:
            return parameters
        others = [parameter for parameter in parameters if all(parameter is not other for other in judge)]
        return [{"params": others}, {"params": judge, "lr": rate}]

    def _randomness(self, stage: str, batch_idx: int) -> AbstractContextManager[None]:
        """Seed the random numbers of a step by the seed of the run, the stage, the rank, the epoch and the batch.

        They do not depend on what ran before. A resumed run therefore draws the same numbers as an uninterrupted one,
        and callbacks and loggers cannot change a chain.
        """
        seed = derived_seed(torch.initial_seed(), stage, self.global_rank, self.current_epoch, batch_idx)
        return seeded(seed, self.device)

    def _evaluate(self, stage: Literal["val", "test"], batch: Batch, batch_idx: int) -> None:
        with torch.inference_mode(False), torch.enable_grad(), self._randomness(stage, batch_idx):
            terms = self._terms(apply_to_collection(batch, Tensor, torch.clone))
        condition = batch[1]
        real = self.real_energies(batch)
        if len(real):
            terms["energy_real"] = real.mean()
        for name, value in terms.items():
            self.log(
                f"{stage}/{name}",
                value.detach(),
                on_epoch=True,
                on_step=False,
                prog_bar=name == "loss",
                sync_dist=True,
                batch_size=batch_size(condition),
            )
        if self.accuracy is not None:
            x = self.energy.encode_candidates(batch[0], self.energy.encode(condition))
            self.accuracy(-self.class_energies(x), condition)
            self.log(f"{stage}/accuracy", self.accuracy, on_epoch=True, on_step=False, batch_size=len(x))

    def _terms(self, batch: Batch, batch_idx: int = 0) -> dict[str, Tensor]:
        """The terms of :meth:`loss`, and those of :attr:`verification` if it is the turn of this batch."""
        check_lists(self, batch[0])
        if self.whole_lists:
            return checked(self.loss(batch), type(self))
        if self.energy.lists:
            return listed_terms(self, *batch)
        target, encoded = self._encoded(batch)
        terms = checked(self.loss((target, encoded)), type(self))
        if self.verification is None:
            return terms
        if batch_idx % self.verification.every:
            # DistributedDataParallel reports parameters that the loss does not use.
            unused = sum((part.sum() for part in self.judge_parameters()), start=torch.zeros((), device=self.device))
            return {**terms, "loss": terms["loss"] + 0 * unused}
        more = self.verification.loss(self, target, batch[1], encoded)
        return {**terms, **more, "loss": terms["loss"] + self.verification.weight * more["verification"]}

    def _encoded(self, batch: Batch) -> Batch:
        """Encode the candidates and conditions of a batch, once, for the energy network."""
        x, condition = batch
        encoded = self.energy.encode(condition)
        points = self.energy.encode_candidates(x, encoded)
        self.energy.check_shape(points)
        return points, encoded
