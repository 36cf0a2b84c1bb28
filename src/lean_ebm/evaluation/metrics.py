"""Metrics of samples, which compare them with real data."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from lean_ebm.errors import SettingError


class DensityCoverage(Metric):
    """Density and coverage (Naeem et al. 2020, section 3).

    Around each real sample lies a ball whose radius is the distance to its k-th nearest real neighbour. Density is the
    mean number of balls in which a generated sample lies, divided by k; it is about 1 for real data and has no upper
    bound. Coverage is the share of balls that contain a generated sample, 0 to 1; real data do not reach 1 either.

    Args:
        k: The neighbour whose distance is the radius.
        kwargs: Arguments of ``torchmetrics.Metric``.
    """

    full_state_update = False
    is_differentiable = False
    higher_is_better = True
    real: list[Tensor]
    generated: list[Tensor]

    def __init__(self, k: int = 5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.k = k
        self.add_state("real", default=[], dist_reduce_fx="cat")
        self.add_state("generated", default=[], dist_reduce_fx="cat")

    def update(self, features: Tensor, real: bool) -> None:
        """Add features ``(B, D)`` of real or generated samples."""
        (self.real if real else self.generated).append(features.detach().float())

    def compute(self) -> dict[str, Tensor]:
        """``density`` and ``coverage``, scalars.

        Raises:
            SettingError: If there are not more than k real samples.
        """
        real, generated = dim_zero_cat(self.real), dim_zero_cat(self.generated)
        if len(real) <= self.k:
            raise SettingError(f"DensityCoverage: {len(real)} real samples, expected more than k={self.k}.")
        # k + 1, since each sample is its own nearest neighbour
        radii = torch.cdist(real, real).kthvalue(self.k + 1, dim=1).values
        within = torch.cdist(real, generated) < radii[:, None]
        return {
            "density": within.float().sum(dim=0).mean() / self.k,
            "coverage": within.any(dim=1).float().mean(),
        }


class RelativeDiversity(Metric):
    """Mean distance between samples of a class, divided by that between real ones, averaged over classes.

    It is 1 if samples differ from each other as much as real ones, and 0 if all samples of a class are the same. The
    class of a sample is the one asked for. A sample that shows another digit therefore increases the figure: read it
    together with the accuracy.

    Args:
        num_classes: Number of classes.
        kwargs: Arguments of ``torchmetrics.Metric``.
    """

    full_state_update = False
    is_differentiable = False
    features: list[Tensor]
    labels: list[Tensor]
    is_real: list[Tensor]

    def __init__(self, num_classes: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_classes = num_classes
        for name in ("features", "labels", "is_real"):
            self.add_state(name, default=[], dist_reduce_fx="cat")

    def update(self, features: Tensor, labels: Tensor, real: bool) -> None:
        """Add features ``(B, D)`` of real or generated samples of the classes ``labels`` ``(B,)``."""
        self.features.append(features.detach().float())
        self.labels.append(labels)
        self.is_real.append(torch.full_like(labels, real, dtype=torch.bool))

    def compute(self) -> Tensor:
        """The ratio, a scalar. Only classes with at least two samples of each kind count; NaN if there are none."""
        features, labels = dim_zero_cat(self.features), dim_zero_cat(self.labels)
        is_real = dim_zero_cat(self.is_real)
        ratios = []
        for label in range(self.num_classes):
            real = features[(labels == label) & is_real]
            generated = features[(labels == label) & ~is_real]
            if min(len(real), len(generated)) > 1:
                ratios.append(torch.pdist(generated).mean() / torch.pdist(real).mean())
        return torch.stack(ratios).mean() if ratios else features.new_tensor(torch.nan)


class Novelty(Metric):
    """Mean distance of samples to their nearest training images, divided by that of unseen real images.

    It is 1 if samples are as far from the training set as new real data are, and far below 1 for copies of training
    images. It makes a number of the nearest-neighbour test for memorization (as in Theis et al. 2016, section 3.3).
    Distances are Euclidean, between pixels.

    Args:
        training: ``(M, ...)`` images trained on.
        chunk: Number of training images compared at once.
        kwargs: Arguments of ``torchmetrics.Metric``.
    """

    full_state_update = False
    is_differentiable = False
    totals: Tensor
    counts: Tensor

    def __init__(self, training: Tensor, chunk: int = 10_000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.training_images = training.flatten(1)
        self.chunk = chunk
        self.add_state("totals", default=torch.zeros(2), dist_reduce_fx="sum")
        self.add_state("counts", default=torch.zeros(2), dist_reduce_fx="sum")

    def update(self, images: Tensor, real: bool) -> None:
        """Add generated images ``(B, ...)``, or real images that were not used for training."""
        flat = images.flatten(1).float()
        parts = [torch.cdist(flat, part).amin(dim=1) for part in self.training_images.split(self.chunk)]
        self.totals[int(real)] += torch.stack(parts).amin(dim=0).sum()
        self.counts[int(real)] += len(images)

    def compute(self) -> Tensor:
        """The ratio, a scalar."""
        generated, real = self.totals / self.counts
        ratio: Tensor = generated / real
        return ratio
