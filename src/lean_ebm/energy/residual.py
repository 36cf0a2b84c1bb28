"""A stronger energy of small images. Most layers work at low resolution, which is cheap."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from lean_ebm.energy.classes import ClassEnergy
from lean_ebm.energy.convolution import CandidateConv2d
from lean_ebm.errors import SettingError


class ResidualEnergy(ClassEnergy):
    """Two strided convolutions to a quarter of the resolution, then residual blocks, then a dense layer.

    A convolution at full resolution costs sixteen times as much as one at a quarter of it, and sees a sixteenth of the
    area. On a CPU the blocks therefore work at the low resolution, 7x7 for digits. There is no normalization, since the
    energy of an image must not depend on the rest of its batch. The last layer has a weight for each position, since
    the position of a stroke matters for a digit.

    Args:
        shape: ``(channels, height, width)`` of one image; height and width are multiples of 4.
        num_classes: Number of classes.
        width: Channels of the residual blocks.
        depth: Number of residual blocks.
        num_features: Features that the head sees.
        landscapes: Number of landscapes (IRED); each shifts the input of every block. 0 for a single one.
        judge: Hidden units of the judge of images; 0 for none.

    Raises:
        SettingError: If height or width is not a multiple of 4.
    """

    def __init__(
        self,
        shape: tuple[int, int, int] = (1, 28, 28),
        num_classes: int = 10,
        width: int = 64,
        depth: int = 2,
        num_features: int = 256,
        landscapes: int = 0,
        judge: int = 0,
    ) -> None:
        channels, height, width_ = shape
        places = (height // 4) * (width_ // 4)
        super().__init__(shape, num_features, num_classes, landscapes, judge, width * places)
        if height % 4 or width_ % 4:
            raise SettingError(f"ResidualEnergy: images of {height}x{width_}, expected multiples of 4: pad them.")
        self.stem = nn.Sequential(
            CandidateConv2d(channels, width // 2, 5, stride=2, padding=2),
            nn.SiLU(),
            nn.Conv2d(width // 2, width, 4, stride=2, padding=1),
        )
        self.blocks = nn.ModuleList([_Block(width, landscapes) for _ in range(depth)])
        self.read_out = nn.Linear(width * places, num_features)

    def features(self, x: Tensor, landscape: Tensor | None) -> Tensor:
        """Features ``(B, D)`` of images ``(B, C, H, W)``."""
        features: Tensor = F.silu(self.read_out(self.judged_features(x, landscape)))
        return features

    def judged_features(self, x: Tensor, landscape: Tensor | None) -> Tensor:
        """Features ``(B, width * H/4 * W/4)`` of images ``(B, C, H, W)``, before the dense layer."""
        x = self.stem(x)
        for block in self.blocks:
            x = block(x, landscape)
        return F.silu(x).flatten(1)


class _Block(nn.Module):
    def __init__(self, width: int, landscapes: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.shift = nn.Embedding(landscapes, width) if landscapes else None

    def forward(self, x: Tensor, landscape: Tensor | None) -> Tensor:
        h: Tensor = x if self.shift is None else x + self.shift(landscape)[:, :, None, None]
        h = self.second(F.silu(self.first(F.silu(h))))
        # The factor keeps the variance at initialization near that of the input.
        return x + 0.5 * h
