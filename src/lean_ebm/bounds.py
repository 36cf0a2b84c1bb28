"""Where energies mean something: bounds that every method and chain uses to project a candidate back."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Bounds = tuple[float, float] | Literal["sphere"]
"""``(low, high)`` for each component, or ``sphere``: vectors along the last dimension have a mean square of 1.

On the sphere the components of a uniform point are nearly standard normal, as those of noise are.
"""


def project(x: Tensor, bounds: Bounds | tuple[Tensor, Tensor] | None) -> Tensor:
    """The nearest candidates ``(..., D)`` within bounds, numbers or scalar tensors; None: all are within.

    The derivative is exact. A vector of zeros, which has no nearest point on the sphere, stays as it is.
    """
    if bounds is None:
        return x
    if isinstance(bounds, str):
        return x * x.square().mean(dim=-1, keepdim=True).clamp(min=1e-12).rsqrt()
    return x.clamp(*bounds)


def draw_within(
    shape: tuple[int, ...], bounds: Bounds | None, device: torch.device, generator: torch.Generator | None = None
) -> Tensor:
    """Uniform candidates within bounds; standard normal ones without bounds.

    Args:
        shape: Shape of the batch.
        bounds: The bounds.
        device: Where the candidates are.
        generator: Source of randomness, on the device.
    """
    if bounds is None or isinstance(bounds, str):
        return project(torch.randn(shape, device=device, generator=generator), bounds)
    low, high = bounds
    return low + (high - low) * torch.rand(shape, device=device, generator=generator)
