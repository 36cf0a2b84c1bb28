"""An energy of square matrices, for problems that are square matrices too."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lean_ebm.energy.field import FieldEnergy


class MatrixEnergy(FieldEnergy):
    """A network whose hidden layers are matrices and which multiplies them.

    Its channels start from the candidate, the problem, their transposes and the identity, mixed entry by entry. Each
    block computes products of mixed channels, ``L_c R_c / sqrt(n)``, and adds to every entry a linear map of the
    products and a small network of the entry, its transpose and the products. Nothing depends on the order of rows as
    long as columns are in the same order. What the products are good for is learned.

    Args:
        size: Number of rows and of columns of a candidate and of each matrix of the problem.
        matrices: Number of matrices in a problem.
        width: Channels.
        depth: Number of blocks; the field is a polynomial of degree up to 2^depth in the matrices, among other things.
        landscapes: Number of landscapes (IRED); each scales the candidate, and scales and shifts the channels that the
            small network of a block sees. 0 for one.
        predicts: See :class:`~lean_ebm.energy.field.FieldEnergy`.
        judge: See :class:`~lean_ebm.energy.field.FieldEnergy`.
    """

    def __init__(
        self,
        size: int = 20,
        matrices: int = 1,
        width: int = 16,
        depth: int = 4,
        landscapes: int = 0,
        predicts: Literal["field", "answer"] = "field",
        judge: int = 0,
    ) -> None:
        super().__init__((size, size), landscapes, predicts, (depth + 1) * width, judge)
        self.embed = nn.Linear(2 * matrices + 3, width)
        self.blocks = nn.ModuleList([_Block(width, landscapes) for _ in range(depth)])
        self.zoom = nn.Parameter(torch.ones(landscapes)) if landscapes else None
        self.last = nn.Linear(width, 1, bias=False)

    def features(self, x: Tensor, problem: Any, landscape: Tensor | None) -> Tensor:
        """Features ``(B, n, n, width)`` of candidates ``(B, n, n)`` for problems ``(B, n, n)`` or ``(B, m, n, n)``."""
        return self._levels(x, problem, landscape)[-1]

    def judged_features(self, x: Tensor, problem: Any, landscape: Tensor | None) -> tuple[Tensor, Tensor]:
        """The features, and for the judge those before and after each block ``(B, n, n, (depth + 1) * width)``."""
        levels = self._levels(x, problem, landscape)
        return levels[-1], torch.cat(levels, dim=3)

    def _levels(self, x: Tensor, problem: Any, landscape: Tensor | None) -> list[Tensor]:
        if self.zoom is not None and landscape is not None:
            x = x * self.zoom[landscape, None, None]
        given = problem.reshape(len(x), -1, *x.shape[1:])
        same = torch.eye(x.shape[1], device=x.device, dtype=x.dtype).expand_as(x)
        h = self.embed(torch.stack([x, x.mT, same, *given.unbind(dim=1), *given.mT.unbind(dim=1)], dim=3))
        levels = [h]
        for block in self.blocks:
            levels.append(block(levels[-1], landscape))
        return levels


class _Block(nn.Module):
    def __init__(self, width: int, landscapes: int) -> None:
        super().__init__()
        self.views = nn.Linear(width, 2 * width, bias=False)
        self.product = nn.Linear(width, width, bias=False)
        self.mix = nn.Linear(3 * width, 2 * width)
        self.out = nn.Linear(2 * width, width)
        self.film = nn.Embedding(landscapes, 2 * width) if landscapes else None
        if self.film is not None:
            nn.init.normal_(self.film.weight, std=0.1)

    def forward(self, h: Tensor, landscape: Tensor | None) -> Tensor:
        """Mix channels ``(B, n, n, width)`` at landscapes ``(B,)``."""
        left, right = self.views(h).permute(0, 3, 1, 2).chunk(2, dim=1)  # each (B, width, n, n)
        through = (left @ right).permute(0, 2, 3, 1) / h.shape[1] ** 0.5
        own = h
        if self.film is not None and landscape is not None:
            gain, shift = self.film(landscape)[:, None, None].chunk(2, dim=3)
            own = h * (1 + gain) + shift
        heard = self.mix(torch.cat([own, h.transpose(1, 2), through], dim=3))
        mixed: Tensor = h + self.product(through) + self.out(F.silu(heard))
        return mixed
