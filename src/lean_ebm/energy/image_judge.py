"""A judge of images: it reconstructs an image, and predicts how certain it is of each pixel."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

COARSE = 8
"""Numbers of the code that tell roughly what is drawn."""
FINE = 64
"""All numbers of the code."""
FLOOR = 3e-3
"""Smallest variance of a pixel, in squared units of [-1, 1]: a standard deviation of .055."""


class ImageJudge(nn.Module):
    r"""An energy ``J(x) = mean_i log(1 + (x_i - c_i)^2 / unit + (x_i - m_i)^2 / v_i)`` of an image with pixels x_i.

    The judge sees features of the image, of which it keeps a code of 64 numbers. From the code it draws the image that
    it takes x for: the value m_i and the variance v_i of each pixel. From the first 8 numbers alone it draws c, what x
    is roughly. A small code holds only what varies between images of the data. The judge cannot draw other images, so
    that they differ from what it draws, the more the further they are from data. c tells whether x is a digit at all,
    m and v whether it is drawn as digits are.

    The loss is the negative logarithm of the normal density of the right image, given features of that image plus
    noise (:meth:`loss`). A prefix of a code as a code of its own: nested dropout (Rippel et al. 2014).

    Args:
        shape: Shape of an image.
        num_features: Number of features.
        hidden: Hidden units between code and image.

    Attributes:
        unit: The squared error per pixel that counts as wrong; :class:`~lean_ebm.methods.Verification` says it.
    """

    unit: Tensor

    def __init__(self, shape: tuple[int, ...], num_features: int, hidden: int) -> None:
        super().__init__()
        self.shape = tuple(shape)
        self.register_buffer("unit", torch.ones(()))
        pixels = torch.Size(shape).numel()
        self.code = nn.Linear(num_features, FINE)
        self.hidden = nn.Linear(FINE, hidden)
        self.image = nn.Linear(hidden, pixels)
        self.spread = nn.Linear(hidden, pixels)
        nn.init.zeros_(self.spread.weight)
        nn.init.constant_(self.spread.bias, -2.0)  # a variance of .13

    def forward(self, features: Tensor, x: Tensor) -> Tensor:
        """Energies ``(B,)``, float32, of images ``(B, *shape)`` with features ``(B, num_features)``."""
        code = self.code(features)
        rough, _ = self._drawn(code, torch.full((len(x),), COARSE, device=x.device))
        drawn, variance = self._drawn(code, torch.full((len(x),), FINE, device=x.device))
        errors = (x - rough).square() / self.unit + (x - drawn).square() / variance
        return errors.log1p().flatten(1).mean(dim=1)

    def loss(self, features: Tensor, right: Tensor) -> Tensor:
        """Loss ``(B,)`` of right images ``(B, *shape)``, given features of noisy ones. Half of them use all codes."""
        kept = torch.where(torch.rand(len(right), device=right.device) < 0.5, COARSE, FINE)
        drawn, variance = self._drawn(self.code(features), kept)
        return ((right - drawn).square() / variance + variance.log()).flatten(1).mean(dim=1)

    def _drawn(self, code: Tensor, kept: Tensor) -> tuple[Tensor, Tensor]:
        """Pixels and their variances, both ``(B, *shape)``, from the first ``kept`` ``(B,)`` numbers of codes."""
        h = F.silu(self.hidden(code * (torch.arange(FINE, device=code.device) < kept[:, None])))
        pixels, spread = (part(h).float().unflatten(1, self.shape) for part in (self.image, self.spread))
        return pixels.tanh(), F.softplus(spread) + FLOOR
