"""An energy of Sudoku boards."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lean_ebm.energy.base import split_landscape
from lean_ebm.energy.field import FieldEnergy
from lean_ebm.errors import SettingError


class BoardEnergy(FieldEnergy):
    """A network in which each cell of a Sudoku receives messages from its row, its column and its box.

    A cell starts from its digit in the candidate and in the problem. In each block it receives the mean over its row,
    the mean over its column and the mean over its box, so that a block costs as much as three dense layers for each
    cell. In cells that the problem gives, the candidate is ignored and the gradient of the energy is 0: a given cell
    needs no learning.

    Args:
        side: Number of cells in a row, a square number; also the number of digits.
        width: Channels of a cell.
        depth: Number of blocks.
        landscapes: Number of landscapes (IRED); each shifts the input of every block. 0 for one.
        skip: See :class:`~lean_ebm.energy.field.FieldEnergy`.

    Raises:
        SettingError: If ``side`` is not a square number.
    """

    def __init__(self, side: int = 9, width: int = 64, depth: int = 4, landscapes: int = 0, skip: bool = False) -> None:
        if math.isqrt(side) ** 2 != side:
            raise SettingError(f"BoardEnergy: side is {side}, expected a square number, such as 4 or 9.")
        super().__init__((side, side, side), landscapes, skip)
        self.embed = nn.Linear(2 * side, width)
        self.blocks = nn.ModuleList([_Block(side, width) for _ in range(depth)])
        self.shifts = nn.ModuleList([nn.Embedding(landscapes, width) for _ in range(depth)] if landscapes else [])
        self.last = nn.Linear(width, side, bias=False)

    def correction(self, x: Tensor, problem: Any, landscape: Tensor | None) -> Tensor:
        """G ``(B, side, side, side)`` of candidates for problems of the same shape, digits first."""
        h = self.embed(torch.cat([problem, x], dim=1).permute(0, 2, 3, 1))  # (B, side, side, width)
        for i, block in enumerate(self.blocks):
            h = block(h if landscape is None else h + self.shifts[i](landscape)[:, None, None])
        field: Tensor = self.last(F.silu(h)).permute(0, 3, 1, 2)
        return field

    def field(self, x: Tensor, condition: Any) -> Tensor:
        """F ``(B, side, side, side)``, which does not depend on the candidate in cells that the problem gives."""
        self.check_shape(x)
        given = (split_landscape(condition)[0] > 0).any(dim=1, keepdim=True)
        return super().field(x.masked_fill(given, 0.0), condition)


class _Block(nn.Module):
    def __init__(self, side: int, width: int) -> None:
        super().__init__()
        self.box = math.isqrt(side)
        self.own = nn.Linear(width, 2 * width)
        self.units = nn.ModuleList([nn.Linear(width, 2 * width, bias=False) for _ in range(3)])
        self.out = nn.Linear(2 * width, width)

    def forward(self, h: Tensor) -> Tensor:
        row, column, box = self.units
        heard = self.own(h) + row(h.mean(dim=2, keepdim=True)) + column(h.mean(dim=1, keepdim=True))
        batch, side, _, width = h.shape
        boxes = h.reshape(batch, side // self.box, self.box, side // self.box, self.box, width)
        told = box(boxes.mean(dim=(2, 4), keepdim=True))
        told = told.expand(-1, -1, self.box, -1, self.box, -1).reshape(batch, side, side, -1)
        mixed: Tensor = h + self.out(F.silu(heard + told))
        return mixed
