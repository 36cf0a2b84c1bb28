"""An energy of relations between the nodes of a graph of any size."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lean_ebm.energy.field import FieldEnergy, log_odds


class GraphEnergy(FieldEnergy):
    """A network in which each pair of nodes receives messages through every third node.

    A pair (i, j) starts from the entries (i, j) and (j, i) of the candidate and of the problem. In each block it learns
    whether there is a node k such that one learned property holds for (i, k) and another for (k, j). This is a soft
    "or" over k, ``1 - exp(-sum_k a_ik b_kj)``, in which a and b are two learned properties of pairs, in (0, 1). A
    neural logic machine, which IRED uses, looks at triples of nodes instead (Dong et al. 2019); here matrix products
    take their place. Nothing depends on the number or the order of nodes, so that graphs may be larger than those
    trained on.

    Args:
        nodes: Number of nodes of the graphs to train on.
        relations: Number of relations (n x n matrices) in a problem.
        width: Channels of a pair.
        depth: Number of blocks; the network can follow paths of up to 2^depth edges.
        landscapes: Number of landscapes (IRED); each scales the candidate, and shifts the input of every block. 0 for
            one.
        predicts: See :class:`~lean_ebm.energy.field.FieldEnergy`.
        judge: See :class:`~lean_ebm.energy.field.FieldEnergy`.
    """

    def __init__(
        self,
        nodes: int = 12,
        relations: int = 1,
        width: int = 32,
        depth: int = 3,
        landscapes: int = 0,
        predicts: Literal["field", "answer"] = "field",
        judge: int = 0,
    ) -> None:
        super().__init__((nodes, nodes), landscapes, predicts, width, judge)
        self.embed = nn.Linear(2 * relations + 3, width)
        self.blocks = nn.ModuleList([_Block(width) for _ in range(depth)])
        self.shifts = nn.ModuleList([nn.Embedding(landscapes, width) for _ in range(depth)] if landscapes else [])
        self.zoom = nn.Parameter(log_odds(landscapes)) if landscapes else None
        self.last = nn.Linear(width, 1, bias=False)

    def candidate_shape(self, condition: Any) -> tuple[int, ...]:
        """``(n, n)``, where n is the number of nodes of the graphs in the problems."""
        return tuple(condition.shape[-2:])

    def check_shape(self, x: Tensor) -> None:
        """Raise a SettingError if candidates are not square matrices."""
        if x.dim() != 3 or x.shape[1] != x.shape[2]:
            super().check_shape(x)

    def features(self, x: Tensor, problem: Any, landscape: Tensor | None) -> Tensor:
        """Features ``(B, n, n, width)`` of candidates ``(B, n, n)`` for problems ``(B, n, n)`` or ``(B, m, n, n)``."""
        if self.zoom is not None and landscape is not None:
            x = x * self.zoom[landscape, None, None]
        given = problem.reshape(len(x), -1, *x.shape[1:])
        same = torch.eye(x.shape[1], device=x.device, dtype=x.dtype).expand_as(x)
        pairs = torch.stack([x, x.mT, same, *given.unbind(dim=1), *given.mT.unbind(dim=1)], dim=3)
        h = self.embed(pairs)
        for i, block in enumerate(self.blocks):
            h = block(h if landscape is None else h + self.shifts[i](landscape)[:, None, None])
        return F.silu(h)


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.views = nn.Linear(width, 2 * width)
        self.mix = nn.Linear(3 * width, 2 * width)
        self.out = nn.Linear(2 * width, width)

    def forward(self, h: Tensor) -> Tensor:
        # -2: at the start of training each property holds for few pairs
        left, right = torch.sigmoid(self.views(h) - 2).permute(0, 3, 1, 2).chunk(2, dim=1)  # each (B, W, n, n)
        through = -torch.expm1(-(left @ right)).permute(0, 2, 3, 1)
        mixed: Tensor = h + self.out(F.silu(self.mix(torch.cat([h, h.transpose(1, 2), through], dim=3))))
        return mixed
