"""Evaluates samples of digits."""

from __future__ import annotations

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
    # As many real digits as samples, since the coverage depends on their number; the same ones each time.
    order = torch.randperm(len(real_images), generator=torch.Generator().manual_seed(0)).to(images.device)
    some = order[: len(images)]

    density_coverage = DensityCoverage().to(images.device)
    density_coverage.update(real_features[some], real=True)
    density_coverage.update(features, real=False)
    diversity = RelativeDiversity(10).to(images.device)
    diversity.update(real_features[some], real_labels[some], real=True)
    diversity.update(features, labels, real=False)

    figures = {"accuracy": (evaluator.logits(features).argmax(dim=1) == labels).float().mean()}
    frechet = FrechetInceptionDistance(feature=_Identity(features.shape[1]))  # in float64, which not every GPU has
    frechet.update(real_features.cpu(), real=True)
    frechet.update(features.cpu(), real=False)
    figures["frechet"] = frechet.compute()
    figures |= density_coverage.compute()
    figures["diversity"] = diversity.compute()
    if training is not None:
        novelty = Novelty(training.to(images.device)).to(images.device)
        novelty.update(images, real=False)
        novelty.update(real_images[some], real=True)
        figures["novelty"] = novelty.compute()
    return {name: float(value) for name, value in figures.items()}


class _Identity(nn.Module):
    """A feature extractor for torchmetrics that returns its input, which consists of features already."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features
