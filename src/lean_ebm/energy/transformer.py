"""A transformer energy of images: the T of EBT."""

from __future__ import annotations

from torch import Tensor, nn

from lean_ebm.energy.classes import ClassEnergy
from lean_ebm.errors import SettingError


class TransformerEnergy(ClassEnergy):
    """A transformer encoder on the patches of an image, with pre-normalization and no dropout (Gladstone et al. 2025).

    The features are the mean of the output tokens. The last normalization has no bias, since a constant in the features
    has no effect on the gradient with respect to the image.

    Args:
        shape: ``(channels, height, width)`` of one image; height and width are multiples of ``patch``.
        num_classes: Number of classes.
        patch: Height and width of a patch, which becomes one token.
        width: Channels of a token; a multiple of ``heads``.
        depth: Number of encoder layers.
        heads: Attention heads of a layer.
        landscapes: Number of landscapes (IRED); each shifts all tokens. 0 for a single one.

    Raises:
        SettingError: If height or width of an image is not a multiple of ``patch``, or ``width`` not one of ``heads``.
    """

    def __init__(
        self,
        shape: tuple[int, int, int] = (1, 28, 28),
        num_classes: int = 10,
        patch: int = 4,
        width: int = 64,
        depth: int = 4,
        heads: int = 4,
        landscapes: int = 0,
    ) -> None:
        channels, height, width_ = shape
        if height % patch or width_ % patch:
            raise SettingError(
                f"TransformerEnergy: images of {height}x{width_}, expected multiples of patch={patch}: pad them."
            )
        if width % heads:
            raise SettingError(f"TransformerEnergy: width is {width}, expected a multiple of heads={heads}.")
        super().__init__(shape, width, num_classes, landscapes)
        tokens = (height // patch) * (width_ // patch)
        self.embed = nn.Conv2d(channels, width, patch, stride=patch)
        self.position = nn.Embedding(tokens, width)
        self.layers = nn.ModuleList(
            [
                nn.TransformerEncoderLayer(
                    width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
                )
                for _ in range(depth)
            ]
        )
        self.norm = nn.LayerNorm(width, bias=False)
        self.shift = nn.Embedding(landscapes, width) if landscapes else None

    def features(self, x: Tensor, landscape: Tensor | None) -> Tensor:
        """Features ``(B, width)`` of images ``(B, C, H, W)``."""
        h = self.embed(x).flatten(2).mT + self.position.weight  # (B, tokens, width)
        if self.shift is not None:
            h = h + self.shift(landscape)[:, None]
        for layer in self.layers:
            h = layer(h)
        features: Tensor = self.norm(h).mean(dim=1)
        return features
