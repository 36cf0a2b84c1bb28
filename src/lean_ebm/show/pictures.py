"""Pictures of candidates as PNGs in data URIs."""

from __future__ import annotations

import base64
import io
from functools import singledispatch
from typing import Any

import torch
from torch import Tensor

from lean_ebm.data import DataModule, Sudoku
from lean_ebm.data.reasoning.sudoku import completed

_GAP = 1  # columns between two matrices
_CELL = 16  # pixels of a cell of a board
_BLUE, _RED = (0.13, 0.4, 0.67), (0.75, 0.16, 0.18)


@singledispatch
def picture(data: DataModule, x: Tensor, condition: Any, target: Tensor | None) -> Tensor:
    """Draw a candidate as ``(3, H, W)`` in [0, 1].

    The picture is that of the data module, or else the numbers as colors: blue is -1, white is 0 and red is 1. With
    ``@picture.register``, a data module of your own gets pictures of another kind.

    Args:
        data: The data module.
        x: ``(1, ...)`` the candidate.
        condition: Its condition; tensors with first dimension 1.
        target: ``(1, ...)`` the right answer; None if there is none.
    """
    drawn = data.picture(x, 1)
    return colors(x[0]) if drawn is None else drawn


@picture.register
def _(data: Sudoku, x: Tensor, condition: Any, target: Tensor | None) -> Tensor:
    given = (condition[0] > 0).any(dim=0)
    digits = completed(x, condition)[0]
    wrong = torch.zeros_like(given) if target is None else digits != target[0].argmax(dim=0) + 1
    return board(digits, given, wrong)


@singledispatch
def problem_picture(data: DataModule, condition: Any) -> Tensor:
    """Draw a problem ``(1, ...)`` as ``(3, H, W)`` in [0, 1]; see :func:`picture`."""
    return colors(condition[0])


@problem_picture.register
def _(data: Sudoku, condition: Any) -> Tensor:
    given = (condition[0] > 0).any(dim=0)
    return board(torch.where(given, condition[0].argmax(dim=0) + 1, 0), given, torch.zeros_like(given))


def colors(x: Tensor) -> Tensor:
    """Numbers as colors, ``(3, H, W)`` in [0, 1]: blue is -1 or less, white is 0, and red is 1 or more.

    Args:
        x: ``(...)``. The last two dimensions are a matrix, matrices stand side by side, and a vector is one row.
    """
    x = x.detach().float().cpu()
    planes = x.reshape(-1, *x.shape[-2:]) if x.dim() > 1 else x.reshape(1, 1, -1)
    gap = torch.zeros(planes.shape[1], _GAP)
    parts = [part for plane in planes for part in (plane, gap)][:-1]
    flat = torch.cat(parts, dim=1).nan_to_num(0.0).clamp(-1, 1)
    ends = torch.where(flat[..., None] < 0, torch.tensor(_BLUE), torch.tensor(_RED))
    return (1 + flat.abs()[..., None] * (ends - 1)).permute(2, 0, 1)


def board(digits: Tensor, given: Tensor, wrong: Tensor) -> Tensor:
    """A board of digits as ``(3, H, W)`` in [0, 1]: given digits are black, others blue, and wrong ones red.

    Args:
        digits: ``(9, 9)`` int; 0 is an empty cell.
        given: ``(9, 9)`` bool.
        wrong: ``(9, 9)`` bool.
    """
    from PIL import Image, ImageDraw

    size = 9 * _CELL + 1
    image = Image.new("RGB", (size, size), "white")
    draw = ImageDraw.Draw(image)
    for line in range(10):
        shade, at = "black" if line % 3 == 0 else "#cccccc", line * _CELL
        draw.line((at, 0, at, size), shade)
        draw.line((0, at, size, at), shade)
    for row in range(9):
        for column in range(9):
            if digit := int(digits[row, column]):
                shade = "black" if given[row, column] else "#c03030" if wrong[row, column] else "#2060c0"
                center = (column * _CELL + _CELL / 2, row * _CELL + _CELL / 2)
                draw.text(center, str(digit), shade, anchor="mm")
    pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    return pixels.reshape(size, size, 3).permute(2, 0, 1).float() / 255


def data_uri(image: Tensor) -> str:
    """A picture ``(3, H, W)`` in [0, 1] as a PNG in a data URI."""
    from PIL import Image

    pixels = (image.detach().cpu().float().clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous()
    height, width = pixels.shape[:2]
    file = io.BytesIO()
    Image.frombytes("RGB", (width, height), bytes(pixels.flatten().tolist())).save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
