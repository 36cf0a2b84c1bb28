"""Energies that are the squared norm of a field, as in IRED; a field has the shape of a candidate."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

from lean_ebm.energy.base import EnergyNetwork, split_landscape


class FieldEnergy(EnergyNetwork):
    r"""``E(x, y, k) = |f(x, y, k)|^2`` for a candidate x, a problem y and a landscape k (Du et al. 2024, section 3).

    The field f has the shape of x. Subclasses compute a correction g(x, y, k). Without ``skip``, as the authors have
    it, ``f = g(x, y, k)``: the network sees x only together with the problem, and answers better if problems are harder
    than those trained on. With ``skip``, ``f = c_k x + g(x, y, k)``. For g = 0 the gradient of the energy is then
    ``2 c_k^2 x``, which in the landscapes of IRED is the right one for pure noise.

    Args:
        shape: Shape of one candidate.
        landscapes: Number of landscapes; 0 for a single one.
        skip: Whether the field has a term ``c_k x``.
    """

    def __init__(self, shape: tuple[int, ...], landscapes: int, skip: bool) -> None:
        super().__init__()
        self.shape = tuple(shape)
        self.landscapes = landscapes
        # 2 c^2 s = 1, where s is the noise level of a landscape
        angle = landscape_angles(landscapes) if landscapes else torch.full((1,), math.pi / 2)
        self.scale = nn.Parameter((2 * angle.sin()) ** -0.5) if skip else None

    @abstractmethod
    def correction(self, x: Tensor, problem: Any, landscape: Tensor | None) -> Tensor:
        """G ``(B, ...)`` of candidates ``(B, ...)`` for their problems, at landscapes ``(B,)`` if there are several."""

    def field(self, x: Tensor, condition: Any) -> Tensor:
        """F ``(B, ...)``, float32, of candidates ``(B, ...)``."""
        problem, landscape = split_landscape(condition)
        self.check(x, landscape)
        field = self.correction(x, problem, landscape).float()
        if self.scale is None:
            return field
        scale = self.scale[:1] if landscape is None else self.scale[landscape]
        return field + scale.reshape(-1, *[1] * (x.dim() - 1)) * x.float()

    def forward(self, x: Tensor, condition: Any) -> Tensor:
        """Energies ``(B,)`` of candidates ``(B, ...)`` for problems, plain or in a :class:`Landscape`."""
        return self.field(x, condition).square().flatten(1).sum(dim=1)


def landscape_angles(landscapes: int) -> Tensor:
    """Angles t ``(K,)`` of the landscapes of IRED: candidates are near ``cos(t) * answer + sin(t) * noise``."""
    return torch.linspace(0, 0.98 * math.pi / 2, landscapes + 1)[1:]
