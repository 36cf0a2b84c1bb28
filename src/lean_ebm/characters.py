"""Texts as tensors, so that batches with texts can be moved and split like other batches."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

NONE = -1
"""Fills up what is shorter than the longest text."""


def characters(texts: Sequence[str]) -> Tensor:
    """Convert texts to a tensor of Unicode numbers ``(N, longest)`` int32, padded with -1."""
    whole = torch.full((len(texts), max(map(len, texts), default=0)), NONE, dtype=torch.int32)
    for row, text in zip(whole, texts, strict=True):
        row[: len(text)] = torch.tensor([ord(letter) for letter in text], dtype=torch.int32)
    return whole


def strings(characters: Tensor) -> list[str]:
    """Convert a tensor ``(N, longest)`` that :func:`characters` made back to texts."""
    return ["".join([chr(number) for number in row if number != NONE]) for row in characters.tolist()]
