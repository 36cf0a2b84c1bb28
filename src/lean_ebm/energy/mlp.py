"""An energy of vectors, for candidates that are not images."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lean_ebm.energy.base import ClassEnergy, EnergyNetwork, Landscape, split_landscape


class MLPEnergy(ClassEnergy):
    """A multilayer perceptron on flattened candidates.

    Args:
        shape: Shape of one candidate.
        num_classes: Number of classes; 1 makes the energy unconditional, with the condition always 0.
        width: Units of each hidden layer.
        depth: Number of hidden layers.
        landscapes: Number of landscapes (IRED); each shifts every hidden layer. 0 for a single one.
        head: Form of the energy, see :class:`~lean_ebm.energy.base.ClassEnergy`.
    """

    def __init__(
        self,
        shape: tuple[int, ...] = (784,),
        num_classes: int = 10,
        width: int = 256,
        depth: int = 3,
        landscapes: int = 0,
        head: Literal["linear", "quadratic"] = "linear",
    ) -> None:
        super().__init__(shape, width, num_classes, landscapes, head)
        sizes = [int(torch.Size(shape).numel()), *[width] * depth]
        self.layers = nn.ModuleList([nn.Linear(*pair) for pair in pairwise(sizes)])
        self.shifts = nn.ModuleList([nn.Embedding(landscapes, width) for _ in range(depth)] if landscapes else [])

    def features(self, x: Tensor, landscape: Tensor | None) -> Tensor:
        """Features ``(B, width)`` of candidates ``(B, *shape)``."""
        x = x.flatten(1)
        for i, layer in enumerate(self.layers):
            x = layer(x)
            if landscape is not None:
                x = x + self.shifts[i](landscape)
            x = F.silu(x)
        return x


class VectorConditionalMLPEnergy(EnergyNetwork):
    """An MLP energy whose condition is a vector rather than a label: the problem that a candidate should solve.

    Args:
        shape: Shape of one candidate.
        condition_size: Number of components of a condition.
        width: Units of each hidden layer.
        depth: Number of hidden layers.
        landscapes: Number of landscapes (IRED); 0 for a single one.
        head: ``linear`` in the features or, as in IRED, the ``quadratic`` sum of their squares.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        condition_size: int,
        width: int = 256,
        depth: int = 3,
        landscapes: int = 0,
        head: Literal["linear", "quadratic"] = "quadratic",
    ) -> None:
        super().__init__()
        self.shape = tuple(shape)
        self.landscapes = landscapes
        pair = (int(torch.Size(shape).numel()) + condition_size,)
        self.body = MLPEnergy(pair, 1, width, depth, landscapes, head)

    def forward(self, x: Tensor, condition: Any) -> Tensor:
        """Energies ``(B,)`` of candidates ``(B, *shape)`` under conditions ``(B, condition_size)``."""
        problem, landscape = split_landscape(condition)
        self.check(x, landscape)
        pair = torch.cat([problem.flatten(1), x.flatten(1)], dim=1)
        label: Any = torch.zeros(len(x), dtype=torch.int64, device=x.device)
        energies: Tensor = self.body(pair, label if landscape is None else Landscape(label, landscape))
        return energies
