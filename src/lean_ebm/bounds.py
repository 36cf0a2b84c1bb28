"""Bounds: the region in which energies are meaningful. Chains project their candidates back into it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from lean_ebm.errors import SettingError

Bounds = tuple[float, float] | Literal["sphere", "embeddings"]
"""``(low, high)`` for each component; ``sphere``: vectors along the last dimension have a mean square of 1;
``embeddings``: what the energy network says is the nearest candidate of the data (:meth:`.EnergyNetwork.nearest`).

On the sphere the components of a uniform point are nearly standard normal, as those of noise are.
"""


def project(
    x: Tensor, bounds: Bounds | tuple[Tensor, Tensor] | None, nearest: Callable[[Tensor], Tensor] | None = None
) -> Tensor:
    """Project candidates ``(..., D)`` to the nearest points within bounds. None: there are no bounds.

    The derivative is exact. A vector of zeros, which has no nearest point on the sphere, stays as it is.

    Args:
        x: The candidates.
        bounds: The bounds.
        nearest: What the energy network says is nearest, for ``embeddings``.

    Raises:
        SettingError: If it is needed and missing.
    """
    if bounds is None:
        return x
    if bounds == "embeddings":
        if nearest is None:
            raise SettingError(
                "bounds is embeddings: expected an energy network with embeddings. Use sphere, a range or null."
            )
        return nearest(x)
    if isinstance(bounds, str):
        return x * x.square().mean(dim=-1, keepdim=True).clamp(min=1e-12).rsqrt()
    return x.clamp(*bounds)


def draw_within(
    shape: tuple[int, ...], bounds: Bounds | None, device: torch.device, generator: torch.Generator | None = None
) -> Tensor:
    """Draw candidates: uniform within bounds, and standard normal without bounds and for embeddings.

    Args:
        shape: Shape of the batch.
        bounds: The bounds.
        device: Where the candidates are.
        generator: Source of randomness, on the device.
    """
    if bounds is None or isinstance(bounds, str):
        noise = torch.randn(shape, device=device, generator=generator)
        return noise if bounds == "embeddings" else project(noise, bounds)
    low, high = bounds
    return low + (high - low) * torch.rand(shape, device=device, generator=generator)
