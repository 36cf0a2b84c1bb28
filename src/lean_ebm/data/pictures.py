"""Pictures of candidates that are images."""

from __future__ import annotations

from torch import Tensor


def is_image(shape: tuple[int, ...]) -> bool:
    """Whether candidates of this shape can be shown: one or three channels, height and width."""
    return len(shape) == 3 and shape[0] in (1, 3)


def grid(images: Tensor, columns: int) -> Tensor:
    """Images ``(N, C, H, W)`` in [-1, 1] as one picture ``(3, H', W')`` in [0, 1]; NaN is shown as -1."""
    from torchvision.utils import make_grid

    pixels = images.float().nan_to_num(-1.0).clamp(-1, 1) / 2 + 0.5
    picture: Tensor = make_grid(pixels, nrow=columns, padding=2, pad_value=0.5)
    return picture
