"""Mean and variance of the data of each class. Chains can start from them."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ClassMoments(nn.Module):
    """Mean and standard deviation of each component of the data of each class, over all data seen so far.

    Chains can start from a Gaussian with these moments, as in JEM++ (Yang and Ji 2021, "informative initialization",
    there with the full covariance). Such starts are near enough to data for a short chain to reach them, and as varied
    as data, but their components are independent of each other. The moments are registered buffers: they are saved in
    checkpoints and moved with the model.

    Args:
        num_classes: Number of classes.
        shape: Shape of one candidate.
    """

    count: Tensor
    mean: Tensor
    squares: Tensor

    def __init__(self, num_classes: int, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.register_buffer("count", torch.zeros(num_classes))
        self.register_buffer("mean", torch.zeros(num_classes, *shape))
        self.register_buffer("squares", torch.zeros(num_classes, *shape))  # sums of squared deviations

    @torch.no_grad()
    def update(self, x: Tensor, label: Tensor) -> None:
        """Add data ``(B, *shape)`` of classes ``(B,)`` to the moments (pairwise update, Chan et al. 1979)."""
        shape = (-1, *[1] * (x.dim() - 1))
        groups = len(self.count)
        added = class_sums(torch.ones_like(label).to(self.count), label, groups)
        mean = class_sums(x, label, groups) / added.clamp(min=1).reshape(shape)
        squares = class_sums((x - mean[label]).square(), label, groups)
        total = self.count + added
        share = (added / total.clamp(min=1)).reshape(shape)
        shift = mean - self.mean
        self.squares += squares + shift.square() * self.count.reshape(shape) * share
        self.mean += shift * share
        self.count.copy_(total)

    def sample(self, label: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Draw ``(B, *shape)`` for classes ``(B,)``, standard normal if fewer than two data of a class were added."""
        shape = (-1, *[1] * (self.mean.dim() - 1))
        variance = torch.where(
            self.count.reshape(shape) < 2, torch.ones_like(self.squares), self.squares / self.count.reshape(shape)
        )
        noise = torch.randn(self.mean[label].shape, device=self.mean.device, generator=generator)
        return self.mean[label] + variance.sqrt()[label] * noise


def class_sums(x: Tensor, label: Tensor, groups: int) -> Tensor:
    """Sums ``(groups, ...)`` of the rows of x ``(B, ...)`` by label ``(B,)``; the same in every run on every device.

    On a GPU ``index_add_`` adds in any order, so that sums would differ from run to run in their last digits.
    """
    if x.device.type == "cpu":
        return torch.zeros(groups, *x.shape[1:], dtype=x.dtype).index_add_(0, label, x)
    member = label == torch.arange(groups, device=x.device)[:, None]
    return torch.where(member.reshape(*member.shape, *[1] * (x.dim() - 1)), x, 0).sum(dim=1)
