"""An energy of images: a small strided CNN, the usual start for energy models of digits."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from lean_ebm.energy.classes import ClassEnergy
from lean_ebm.energy.convolution import CandidateConv2d


class ConvEnergy(ClassEnergy):
    """Strided convolutions, one of 5x5 and then 3x3, with SiLU; each of the ``depth`` convolutions halves the image.

    The network of the UvA deep-learning tutorial 8 (Lippe 2022), with a class-conditional head instead of a scalar
    one. It has no normalization, since the energy of an image must not depend on the rest of its batch.

    Args:
        shape: ``(channels, height, width)`` of one image.
        num_classes: Number of classes.
        width: Channels of the first convolution; the last ones have four times as many.
        depth: Number of convolutions.
        landscapes: Number of landscapes (IRED); each shifts the output of every convolution. 0 for a single one.
    """

    def __init__(
        self,
        shape: tuple[int, int, int] = (1, 28, 28),
        num_classes: int = 10,
        width: int = 16,
        depth: int = 4,
        landscapes: int = 0,
    ) -> None:
        channels = [min(width * 2**i, width * 4) for i in range(depth)]
        super().__init__(shape, 2 * channels[-1], num_classes, landscapes)
        in_channels, height, width_ = shape
        convolutions: list[nn.Module] = []
        for i, out_channels in enumerate(channels):
            kernel, padding = (5, 4) if i == 0 else (3, 1)
            convolution = nn.Conv2d if i else CandidateConv2d
            convolutions.append(convolution(in_channels, out_channels, kernel, stride=2, padding=padding))
            height, width_ = ((n + 2 * padding - kernel) // 2 + 1 for n in (height, width_))
            in_channels = out_channels
        self.convolutions = nn.ModuleList(convolutions)
        self.shifts = nn.ModuleList([nn.Embedding(landscapes, c) for c in channels] if landscapes else [])
        self.project = nn.Linear(channels[-1] * height * width_, 2 * channels[-1])

    def features(self, x: Tensor, landscape: Tensor | None) -> Tensor:
        """Features ``(B, D)`` of images ``(B, C, H, W)``."""
        for i, convolution in enumerate(self.convolutions):
            x = convolution(x)
            if landscape is not None:
                x = x + self.shifts[i](landscape)[:, :, None, None]
            x = F.silu(x)
        return F.silu(self.project(x.flatten(1)))
