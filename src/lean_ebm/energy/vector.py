"""An energy of vectors and matrices, for problems that are vectors or matrices too."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lean_ebm.energy.field import FieldEnergy


class VectorEnergy(FieldEnergy):
    """A multilayer perceptron on the concatenation of problem and candidate (Du et al. 2024, appendix A).

    In landscape k of IRED the candidate is near ``a_k`` times the answer. Each landscape learns a factor, applied to
    the candidate before the first layer, that undoes this (the paper has no such factor). The relation between answer
    and problem is then the same in all landscapes. A network that computes the error of a candidate, such as
    ``x - y_1 - y_2`` for a sum, then also holds for answers larger than those trained on.

    Args:
        shape: Shape of one candidate.
        condition_shape: Shape of one problem.
        width: Units of each hidden layer.
        depth: Number of hidden layers.
        landscapes: Number of landscapes (IRED); each scales the candidate, and scales and shifts every hidden layer
            except the first. 0 for a single one.
        predicts: See :class:`~lean_ebm.energy.field.FieldEnergy`.
        judge: See :class:`~lean_ebm.energy.field.FieldEnergy`.
    """

    def __init__(
        self,
        shape: tuple[int, ...] = (20, 20),
        condition_shape: tuple[int, ...] = (20, 20),
        width: int = 512,
        depth: int = 3,
        landscapes: int = 0,
        predicts: Literal["field", "answer"] = "field",
        judge: int = 0,
    ) -> None:
        size, given = (torch.Size(part).numel() for part in (shape, condition_shape))
        super().__init__(shape, landscapes, predicts, size + given + width, judge, rows=size)
        widths = [size + given, *[width] * depth]
        self.layers = nn.ModuleList([nn.Linear(*pair) for pair in pairwise(widths)])
        self.films = nn.ModuleList([_film(landscapes, width) for _ in range(depth - 1)] if landscapes else [])
        self.zoom = nn.Parameter(torch.ones(landscapes)) if landscapes else None
        self.last = nn.Linear(width, size, bias=False)

    def features(self, x: Tensor, problem: Any, landscape: Tensor | None) -> Tensor:
        """Features ``(B, width)`` of candidates ``(B, *shape)`` for problems ``(B, *condition_shape)``."""
        return self._layers(x, problem, landscape)[1]

    def judged_features(self, x: Tensor, problem: Any, landscape: Tensor | None) -> tuple[Tensor, Tensor]:
        """The features, and for the judge the inputs of the first and of the last layer ``(B, ...)``."""
        first, last = self._layers(x, problem, landscape)
        return last, torch.cat([first, last], dim=1)

    def _layers(self, x: Tensor, problem: Any, landscape: Tensor | None) -> tuple[Tensor, Tensor]:
        candidate = x.flatten(1)
        if self.zoom is not None and landscape is not None:
            candidate = candidate * self.zoom[landscape][:, None]
        first = torch.cat([problem.flatten(1), candidate], dim=1)
        h = first
        for i, layer in enumerate(self.layers):
            h = layer(h)
            if landscape is not None and i > 0:
                gain, shift = self.films[i - 1](landscape).chunk(2, dim=1)
                h = h * (1 + gain) + shift
            h = F.silu(h)
        return first, h


def _film(landscapes: int, width: int) -> nn.Embedding:
    """An embedding of each landscape's gains and shifts ``(2 width,)``, which start small."""
    film = nn.Embedding(landscapes, 2 * width)
    nn.init.normal_(film.weight, std=0.1)
    return film
