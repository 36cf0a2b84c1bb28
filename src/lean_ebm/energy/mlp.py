"""An energy of vectors, for candidates that are not images."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lean_ebm.energy.classes import ClassEnergy


class MLPEnergy(ClassEnergy):
    """A multilayer perceptron on flattened candidates.

    Args:
        shape: Shape of one candidate.
        num_classes: Number of classes; 1 makes the energy unconditional: the condition is then always 0.
        width: Units of each hidden layer.
        depth: Number of hidden layers.
        landscapes: Number of landscapes (IRED); each shifts every hidden layer. 0 for a single one.
    """

    def __init__(
        self,
        shape: tuple[int, ...] = (784,),
        num_classes: int = 10,
        width: int = 256,
        depth: int = 3,
        landscapes: int = 0,
    ) -> None:
        super().__init__(shape, width, num_classes, landscapes)
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
