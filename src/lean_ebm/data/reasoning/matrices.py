"""Continuous problems: a matrix is asked for. The conventions are those of IRED's experiments (section 4.1)."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from lean_ebm.data.reasoning.base import ReasoningDataModule


class MatrixProblems(ReasoningDataModule):
    """What the three families share: answers ``(B, size, size)`` and their mean squared error.

    Args:
        size: Rows and columns of a matrix.
        kwargs: Settings of every family, :class:`ReasoningDataModule`.
    """

    def __init__(
        self,
        size: int = 20,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._require(size >= 2, f"size is {size}, expected 2 or more")
        self.size = size

    def measure(self, candidates: Tensor, condition: Tensor, target: Tensor) -> dict[str, Tensor]:
        """``error``: the mean squared error over all entries."""
        return {"error": (candidates - target).square().flatten(1).mean(dim=1)}

    def difficulty(self, condition: Tensor, target: Tensor) -> Tensor:
        """Root mean square of the entries of a problem."""
        return condition.square().flatten(1).mean(dim=1).sqrt()


class MatrixAddition(MatrixProblems):
    """The sum of two matrices: problems ``(B, 2, size, size)``, uniform in [-1, 1], harder ones in [-2.5, 2.5]."""

    def make(self, split: str, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Sums and pairs."""
        scale = 2.5 if split == "harder" else 1.0
        uniforms = self.uniforms(split, numbers, 2 * self.size**2)
        pairs = (scale * (2 * uniforms - 1)).float().reshape(-1, 2, self.size, self.size)
        return pairs.sum(dim=1), pairs

    def without_thinking(self, condition: Tensor) -> Tensor:
        """0, the mean."""
        return torch.zeros_like(condition[:, 0])


class LowRankCompletion(MatrixProblems):
    """A noisy matrix of low rank of which half of the entries are hidden, and shown as 0: problems ``(B, size, size)``.

    It is ``U V^T / 20 + 0.1 Z``, harder ``U V^T / 5 + 0.1 Z``, with standard normal factors of rank 10 at size 20 (half
    of the size; other ranks are scaled to the same variance) and each entry hidden with probability 1/2.
    """

    def make(self, split: str, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Whole matrices, and what is shown of them."""
        size, rank = self.size, max(self.size // 2, 1)
        uniforms = self.uniforms(split, numbers, 2 * size * rank + 2 * size**2)
        factors, noise, mask = uniforms.split([2 * size * rank, size**2, size**2], dim=1)
        left, right = torch.special.ndtri(factors).reshape(-1, 2, size, rank).unbind(dim=1)
        scale = math.sqrt(10 / rank) / (5 if split == "harder" else 20)
        whole = scale * left @ right.mT + 0.1 * torch.special.ndtri(noise).reshape(-1, size, size)
        shown = whole * (mask.reshape(-1, size, size) < 0.5)
        return whole.float(), shown.float()

    def without_thinking(self, condition: Tensor) -> Tensor:
        """What is shown, and 0 elsewhere."""
        return condition


class MatrixInverse(MatrixProblems):
    """The inverse of ``2 B B^T + 0.5 I`` with uniform B in [-1, 1], harder ``2 B B^T + 0.1 I``: ``(B, size, size)``."""

    def make(self, split: str, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Inverses and matrices."""
        entries = 2 * self.uniforms(split, numbers, self.size**2).reshape(-1, self.size, self.size) - 1
        eye = torch.eye(self.size, dtype=torch.float64)
        matrices = 2 * entries @ entries.mT + (0.1 if split == "harder" else 0.5) * eye
        return torch.linalg.inv(matrices).float(), matrices.float()

    def difficulty(self, condition: Tensor, target: Tensor) -> Tensor:
        """Logarithm of the condition number."""
        conditions: Tensor = torch.linalg.cond(condition.double())
        return conditions.log().float()

    def without_thinking(self, condition: Tensor) -> Tensor:
        """The mean of inverses trained on, over a thousand."""
        mean = self.batch("train", 0, 1000)[0].mean(dim=0)
        return mean.to(condition.device).expand_as(condition)
