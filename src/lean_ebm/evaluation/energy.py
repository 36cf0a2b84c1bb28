"""Figures of an energy as a classifier of images and as a detector of images that are not data."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torchmetrics.classification import (
    BinaryAUROC,
    BinaryAveragePrecision,
    MulticlassAccuracy,
    MulticlassCalibrationError,
)

ClassEnergies = Callable[[Tensor], Tensor]
"""A function from images ``(B, C, H, W)`` to energies ``(B, num_classes)``."""


@torch.no_grad()
def evaluate_energy(
    class_energies: ClassEnergies, images: Tensor, labels: Tensor, outliers: dict[str, Tensor], batch_size: int = 500
) -> dict[str, float]:
    """Compute every figure of an energy as a classifier and as a detector of outliers.

    Args:
        class_energies: The function that gives the energies of every class.
        images: Real images ``(N, C, H, W)``.
        labels: Their classes ``(N,)``.
        outliers: Images of other kinds by name, see :func:`unlike_data`.
        batch_size: Number of images scored at once.

    Returns:
        ``accuracy`` of argmin_y E(x, y). ``calibration_error`` of softmax(-E): expected calibration error over 15 bins
        (Guo et al. 2017, equation 3). ``auroc_NAME``: probability that an outlier has a higher energy than a real image
        (area under the ROC curve, Hendrycks and Gimpel 2017). The energy of an image is here that over all classes,
        ``E(x) = -log sum_y exp -E(x, y)`` (Grathwohl et al. 2020, equation 8). 0.5 is chance; below it, the energy is
        lower for outliers.
    """
    energies = _score(class_energies, images, batch_size)
    classes = energies.shape[1]
    accuracy = MulticlassAccuracy(classes, average="micro").to(energies.device)
    calibration = MulticlassCalibrationError(classes, n_bins=15, norm="l1").to(energies.device)
    figures = {
        "accuracy": accuracy(-energies, labels),
        "calibration_error": calibration((-energies).softmax(dim=1), labels),
    }
    for name, others in outliers.items():
        scores = torch.cat([marginal_energy(energies), marginal_energy(_score(class_energies, others, batch_size))])
        is_outlier = (torch.arange(len(scores), device=scores.device) >= len(images)).long()
        figures[f"auroc_{name}"] = BinaryAUROC().to(scores.device)(unit_ranks(scores), is_outlier)
    return {name: float(value) for name, value in figures.items()}


@torch.no_grad()
def held_out_precision(
    class_energies: ClassEnergies, images: Tensor, labels: Tensor, held_out: int, batch_size: int = 500
) -> float:
    """How well the energy detects a class that it was not trained on: area under the precision-recall curve.

    Args:
        class_energies: The function that gives the energies of every class; that of the held-out class is not used.
        images: Real images ``(N, C, H, W)`` of all classes.
        labels: Their classes ``(N,)``.
        held_out: The held-out class; its images should have high energies.
        batch_size: Number of images scored at once.

    Returns:
        The average precision (the experiment of Zenati et al. 2018, section 4.1). Chance is the share of the held-out
        class among the images.
    """
    energies = _score(class_energies, images, batch_size)
    known = energies[:, torch.arange(energies.shape[1], device=energies.device) != held_out]
    metric = BinaryAveragePrecision().to(energies.device)
    return float(metric(unit_ranks(marginal_energy(known)), (labels == held_out).long()))


def unlike_data(images: Tensor, seed: int = 0) -> dict[str, Tensor]:
    """Make images that are not like the data.

    Args:
        images: Real images ``(N, C, H, W)`` in [-1, 1].
        seed: Seed of the random images.

    Returns:
        N images of each kind. ``noise``: uniform pixels. ``constant``: one random gray for each image. ``rotated``: the
        images, rotated by a quarter turn. ``inverted``: the images with black and white exchanged.
    """
    generator = torch.Generator().manual_seed(seed)
    noise = 2 * torch.rand(images.shape, generator=generator) - 1
    gray = 2 * torch.rand(len(images), *[1] * (images.dim() - 1), generator=generator) - 1
    return {
        "noise": noise.to(images.device),
        "constant": gray.expand(images.shape).to(images.device),
        "rotated": images.rot90(dims=(-2, -1)),
        "inverted": -images,
    }


def marginal_energy(energies: Tensor) -> Tensor:
    """Energies ``(B,)`` of candidates over all classes, from those of every class ``(B, num_classes)``."""
    marginal: Tensor = -(-energies).logsumexp(dim=1)
    return marginal


def unit_ranks(scores: Tensor) -> Tensor:
    """Ranks of scores ``(N,)``, scaled to [0, 1]; equal scores have equal ranks.

    torchmetrics applies a sigmoid to scores outside [0, 1], which would make all large energies equal.
    """
    ranks = scores.unique(return_inverse=True)[1]
    scaled: Tensor = ranks / max(len(scores) - 1, 1)
    return scaled


def _score(class_energies: ClassEnergies, images: Tensor, batch_size: int) -> Tensor:
    return torch.cat([class_energies(part).float() for part in images.split(batch_size)])
