"""Evaluates class-conditional samples: digits by the features of the evaluator, other candidates by their pixels."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance

from lean_ebm.evaluation.evaluator import load_evaluator
from lean_ebm.evaluation.metrics import DensityCoverage, Novelty, RelativeDiversity


@torch.no_grad()
def evaluate_digits(
    images: Tensor,
    labels: Tensor,
    real: tuple[Tensor, Tensor],
    training: Tensor | None = None,
) -> dict[str, float]:
    """Compute every figure of class-conditional samples of digits.

    Args:
        images: ``(N, 1, 28, 28)`` float in [-1, 1], the samples.
        labels: ``(N,)`` int64, the classes asked for.
        real: Images and labels of real digits to compare with, usually the test split. ``frechet`` uses all of them;
            the other figures use N of them.
        training: Images trained on, to see whether samples are copies of them.

    Returns:
        ``accuracy``: share that the evaluator reads as the class asked for. ``frechet``: Fréchet distance to all the
        real digits in the evaluator's features (Heusel et al. 2017). ``density``, ``coverage``: see
        :class:`DensityCoverage`. ``diversity``: see :class:`RelativeDiversity`. ``novelty``, if ``training`` is given:
        see :class:`Novelty`.
    """
    evaluator = load_evaluator().to(images.device)

    def features_of(batch: Tensor) -> Tensor:
        return torch.cat([evaluator(part) for part in batch.split(500)])

    real_images, real_labels = (part.to(images.device) for part in real)
    features, real_features = features_of(images), features_of(real_images)
    some = _as_many(real_images, len(images))
    figures = {"accuracy": (evaluator.logits(features).argmax(dim=1) == labels).float().mean()}
    frechet = FrechetInceptionDistance(feature=_Identity(features.shape[1]))  # in float64, which not every GPU has
    frechet.update(real_features.cpu(), real=True)
    frechet.update(features.cpu(), real=False)
    figures["frechet"] = frechet.compute()
    figures |= _spread(features, labels, real_features[some], real_labels[some])
    if training is not None:
        figures["novelty"] = _novelty(images, real_images[some], training)
    return {name: float(value) for name, value in figures.items()}


@torch.no_grad()
def evaluate_pixels(
    images: Tensor, labels: Tensor, real: tuple[Tensor, Tensor], training: Tensor | None = None
) -> dict[str, float]:
    """Compute the figures of class-conditional samples that need no evaluator, by distances between pixels.

    Such distances depend on the position of objects in a picture, so figures can only be compared on the same data.

    Args:
        images: ``(N, ...)`` float, images or vectors.
        labels: ``(N,)`` int64, the classes asked for.
        real: Real candidates and their labels; N of them are used.
        training: Candidates trained on, to see whether samples are copies of them.

    Returns:
        ``pixel_density``, ``pixel_coverage``, ``pixel_diversity`` and, if ``training`` is given, ``novelty``, as in
        :func:`evaluate_digits`. A figure that cannot be computed is left out, such as the diversity if each class has
        only one sample.
    """
    real_images, real_labels = (part.to(images.device) for part in real)
    some = _as_many(real_images, len(images))
    spread = _spread(images.flatten(1), labels, real_images[some].flatten(1), real_labels[some])
    figures = {f"pixel_{name}": float(value) for name, value in spread.items()}
    if training is not None:
        figures["novelty"] = float(_novelty(images, real_images[some], training))
    return {name: value for name, value in figures.items() if math.isfinite(value)}


def _as_many(real: Tensor, number: int) -> Tensor:
    """Indices of ``number`` random real candidates, the same ones each time.

    There are as many of them as samples, since the coverage depends on the number of real candidates.
    """
    order = torch.randperm(len(real), generator=torch.Generator().manual_seed(0))
    return order[:number].to(real.device)


def _spread(features: Tensor, labels: Tensor, real_features: Tensor, real_labels: Tensor) -> dict[str, Tensor]:
    """Density, coverage and diversity of samples, from their features ``(N, D)`` and those of real candidates."""
    density_coverage = DensityCoverage().to(features.device)
    figures: dict[str, Tensor] = {}
    if len(real_features) > density_coverage.k:
        density_coverage.update(real_features, real=True)
        density_coverage.update(features, real=False)
        figures |= density_coverage.compute()
    diversity = RelativeDiversity(1 + int(torch.cat([labels, real_labels]).max())).to(features.device)
    diversity.update(real_features, real_labels, real=True)
    diversity.update(features, labels, real=False)
    return figures | {"diversity": diversity.compute()}


def _novelty(images: Tensor, real: Tensor, training: Tensor) -> Tensor:
    """Novelty of samples ``(N, ...)``, compared with real candidates that were not trained on."""
    novelty = Novelty(training.to(images.device)).to(images.device)
    novelty.update(images, real=False)
    novelty.update(real, real=True)
    ratio: Tensor = novelty.compute()
    return ratio


class _Identity(nn.Module):
    """A feature extractor for torchmetrics that returns its input, which consists of features already."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features
