"""An energy of Sudoku boards."""

from __future__ import annotations

import math
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lean_ebm.energy.base import split_landscape
from lean_ebm.energy.field import FieldEnergy, log_odds
from lean_ebm.errors import SettingError


class BoardEnergy(FieldEnergy):
    """A network in which every entry (digit, row, column) of a Sudoku receives messages from its four units.

    An entry says whether its digit stands in its cell. A unit is a set of entries of which exactly one holds: the
    digits of a cell, and the cells in which a digit can stand in a row, in a column and in a box. An entry starts from
    its value in the candidate and from what the problem says of its cell. In each round a unit computes a message from
    the mean over its entries, and an entry changes by the sum of the messages of its units. Entries share all weights,
    and so do rounds. The field is therefore equivariant under every symmetry of Sudoku that keeps rows apart from
    columns: exchanged digits, bands and stacks, and the rows and the columns within them. The network knows which
    entries form a unit; what follows from it is learned.

    In cells that the problem gives, the candidate is ignored: a given cell needs no learning.

    Args:
        side: Number of cells in a row, a square number; also the number of digits.
        width: Channels of an entry.
        depth: Number of rounds. They share their weights, so that a trained network can be given more of them.
        landscapes: Number of landscapes (IRED); each shifts the first channels and scales the candidate. 0 for one.
        predicts: See :class:`~lean_ebm.energy.field.FieldEnergy`.
        judge: See :class:`~lean_ebm.energy.field.FieldEnergy`.

    Raises:
        SettingError: If ``side`` is not a square number.
    """

    def __init__(
        self,
        side: int = 9,
        width: int = 16,
        depth: int = 8,
        landscapes: int = 0,
        predicts: Literal["field", "answer"] = "field",
        judge: int = 0,
    ) -> None:
        if math.isqrt(side) ** 2 != side:
            raise SettingError(f"BoardEnergy: side is {side}, expected a square number, such as 4 or 9.")
        super().__init__((side, side, side), landscapes, predicts, width, judge)
        self.depth = depth
        self.embed = nn.Linear(3, width)
        self.round = _Round(math.isqrt(side), width)
        self.last = nn.Linear(width, 1, bias=False)
        self.shift = nn.Embedding(landscapes, width) if landscapes else None
        self.zoom = nn.Parameter(log_odds(landscapes)) if landscapes else None

    def features(self, x: Tensor, problem: Any, landscape: Tensor | None) -> Tensor:
        """Features of each entry for the last layer, ``(B, side, side, side, width)``, digits first."""
        zoomed = x
        if self.zoom is not None and landscape is not None:
            zoomed = x * self.zoom[landscape, None, None, None]
        stands = problem > 0
        excluded = stands.any(dim=1, keepdim=True) & ~stands
        entries = torch.stack([zoomed, stands.to(x.dtype), excluded.to(x.dtype)], dim=-1)
        h = self.embed(entries.permute(1, 2, 3, 0, 4))  # (side, side, side, B, width): means over units are then fast
        if self.shift is not None and landscape is not None:
            h = h + self.shift(landscape)
        for _ in range(self.depth):
            h = self.round(h)
        return F.silu(h).permute(3, 0, 1, 2, 4)

    def field(self, x: Tensor, condition: Any) -> Tensor:
        """F ``(B, side, side, side)``, which does not depend on the candidate in cells that the problem gives."""
        self.check_shape(x)
        return super().field(_unknown(x, condition), condition)

    def judgement(self, x: Tensor, condition: Any) -> Tensor:
        """Energies ``(B,)`` of finished answers. They do not depend on the candidate in given cells."""
        self.check_shape(x)
        return super().judgement(_unknown(x, condition), condition)


def _unknown(x: Tensor, condition: Any) -> Tensor:
    """Candidates ``(B, side, side, side)``, with zeros in the cells that the problem gives."""
    given = (split_landscape(condition)[0] > 0).any(dim=1, keepdim=True)
    return x.masked_fill(given, 0.0)


class _Round(nn.Module):
    """Entries ``(side, side, side, B, width)`` to their units and back."""

    def __init__(self, box: int, width: int) -> None:
        super().__init__()
        self.box = box
        self.units = nn.ModuleList([nn.Linear(width, width) for _ in range(4)])
        self.own = nn.Linear(width, 2 * width)
        self.heard = nn.Linear(width, 2 * width, bias=False)
        self.out = nn.Linear(2 * width, width)

    def forward(self, h: Tensor) -> Tensor:
        cell, column, row, box = self.units
        told = F.silu(cell(h.mean(dim=0, keepdim=True))) + F.silu(column(h.mean(dim=1, keepdim=True)))
        told = told + F.silu(row(h.mean(dim=2, keepdim=True)))
        split = (len(h), *[self.box] * 4, *h.shape[3:])  # digit, band, row in it, stack, column in it, batch, channel
        boxes = F.silu(box(h.reshape(split).mean(dim=(2, 4), keepdim=True)))
        told = (told.reshape(split) + boxes).reshape(h.shape)
        changed: Tensor = h + self.out(F.silu(self.own(h) + self.heard(told)))
        return changed
