"""Evaluates a class-conditional model of images or vectors: its samples and its energy."""

from __future__ import annotations

import torch
from lightning.pytorch.utilities import rank_zero_info
from torch import Tensor

from lean_ebm.data import Digits, TensorDataModule
from lean_ebm.data.pictures import is_image
from lean_ebm.distributed import gather, rank_and_world_size
from lean_ebm.evaluation.energy import evaluate_energy, held_out_precision, unlike_data
from lean_ebm.evaluation.results import Effort, EvaluationResult
from lean_ebm.evaluation.samples import evaluate_digits, evaluate_pixels
from lean_ebm.methods import Method

LONG_RUN = ("accuracy", "diversity", "pixel_diversity")
"""The figures of the ends of long chains that are reported."""


def evaluate_images(data: TensorDataModule, method: Method, split: str, effort: Effort) -> EvaluationResult:
    """Compute all figures of a class-conditional model; see :class:`~lean_ebm.callbacks.Evaluation`.

    Args:
        data: The data that the model was trained on.
        method: The trained method.
        split: ``val`` or ``test``.
        effort: How much to compute.

    Returns:
        The figures ``energy_*``, ``held_out_auprc``, ``samples_*``, ``real_*`` and ``long_run_*``, and the curves of
        figures of samples over the number of steps.
    """
    images, labels = (part.to(method.device) for part in data.splits[split])
    figures: dict[str, float] = {}
    curves: dict[int, dict[str, float]] = {}
    if effort.num_images and method.energy.num_classes > 1:
        some, theirs = images[: effort.num_images], labels[: effort.num_images]
        outliers = unlike_data(some, effort.seed) if is_image(method.energy.shape) else {}
        if tuple(some.shape[1:]) == (1, 28, 28) and not isinstance(data, Digits):
            others = torch.cat([part for part, _ in Digits().load().values()])
            outliers["other_digits"] = others[: effort.num_images].to(method.device)
        energy = evaluate_energy(method.class_energies, some, theirs, outliers)
        figures |= {f"energy_{name}": value for name, value in energy.items()}
        if data.held_out is not None:
            all_images, all_labels = (part.to(method.device) for part in data.load()[split])
            figures["held_out_auprc"] = held_out_precision(method.class_energies, all_images, all_labels, data.held_out)
    if effort.num_samples and method.energy.num_classes:
        judge = evaluate_digits
        if method.energy.shape != (1, 28, 28) or method.energy.num_classes != 10:
            judge = evaluate_pixels
            rank_zero_info(
                "Evaluation: accuracy and Fréchet distance of samples need the evaluator of 28x28 digits. These "
                "samples have other shapes or classes: their density, coverage, diversity and novelty are of pixels."
            )
        real = images, labels
        training = data.splits["train"][0].to(method.device)
        samples = judge(*_sample(method, effort, effort.num_samples), real, training)
        figures |= {f"samples_{name}": value for name, value in samples.items()}
        unseen = data.splits["test" if split == "val" else "val"]
        rows = balanced(unseen[1], effort.num_samples)
        ceiling = judge(unseen[0][rows].to(method.device), unseen[1][rows].to(method.device), real, training)
        figures |= {f"real_{name}": value for name, value in ceiling.items()}
        for steps in effort.steps:
            curves[steps] = judge(*_sample(method, effort, effort.num_samples, steps), real)
        if effort.long_run:
            ends = judge(*_sample(method, effort, effort.long_run_samples, effort.long_run), real)
            figures |= {f"long_run_{name}": ends[name] for name in LONG_RUN if name in ends}
    return EvaluationResult(figures, curves)


def balanced(labels: Tensor, number: int) -> Tensor:
    """Indices of the first images of each class, the same number of each class, at most ``number`` in all."""
    classes = labels.unique()
    share = -(-number // len(classes))
    return torch.cat([(labels == label).nonzero().squeeze(1)[:share] for label in classes])[:number]


def _sample(method: Method, effort: Effort, number: int, steps: int | None = None) -> tuple[Tensor, Tensor]:
    """Make samples, a share on each rank; returns all samples and their classes."""
    labels = torch.arange(number, device=method.device) % method.energy.num_classes
    rank, world = rank_and_world_size()
    generator = torch.Generator(method.device).manual_seed(effort.seed + rank)
    mine = labels[rank::world]
    parts = [
        method.generate(part, steps=steps, generator=generator).x.detach() for part in mine.split(effort.batch_size)
    ]
    everything = gather([(torch.cat(parts).cpu(), mine.cpu())])
    images, labels = (torch.cat(column).to(method.device) for column in zip(*everything, strict=True))
    return images, labels
