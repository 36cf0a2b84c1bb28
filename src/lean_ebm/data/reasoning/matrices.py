"""Continuous problems, whose answers are matrices. The conventions are those of IRED's experiments (section 4.1)."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from lean_ebm.data.reasoning.base import ReasoningDataModule


class MatrixProblems(ReasoningDataModule):
    """The base class of the three families: answers ``(B, size, size)`` and their mean squared error.

    Args:
        size: Number of rows and of columns of a matrix.
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
        """Root mean square of the entries of each problem."""
        return condition.square().flatten(1).mean(dim=1).sqrt()


class MatrixAddition(MatrixProblems):
    """The sum of two matrices: problems ``(B, 2, size, size)``, uniform in [-1, 1]; harder ones have larger entries.

    Args:
        size: Number of rows and of columns of a matrix.
        harder_scale: Largest entry of harder problems; the paper has 2.5.
        kwargs: Settings of every family, :class:`ReasoningDataModule`.
    """

    def __init__(
        self,
        size: int = 20,
        harder_scale: float = 2.5,
        **kwargs: Any,
    ) -> None:
        super().__init__(size, **kwargs)
        self._require(harder_scale > 0, f"harder_scale is {harder_scale}, expected more than 0")
        self.harder_scale = harder_scale

    def make(self, split: str, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Make sums, the answers, and pairs of matrices, the problems."""
        scale = self.harder_scale if split == "harder" else 1.0
        uniforms = self.uniforms(split, numbers, 2 * self.size**2)
        pairs = (scale * (2 * uniforms - 1)).float().reshape(-1, 2, self.size, self.size)
        return pairs.sum(dim=1), pairs

    def residual(self, candidates: Tensor, condition: Tensor) -> Tensor:
        """The mean squared difference of candidates and sums."""
        return (candidates - condition.sum(dim=1)).square().flatten(1).mean(dim=1)

    def without_thinking(self, condition: Tensor) -> Tensor:
        """0, the mean of all answers."""
        return torch.zeros_like(condition[:, 0])


class LowRankCompletion(MatrixProblems):
    """A noisy matrix of low rank, to be completed: problems ``(B, size, size)`` show about half of its entries.

    The matrix is ``U V^T / 20 + 0.1 Z``, harder ``U V^T / 5 + 0.1 Z``, with standard normal U, V and Z. The rank is 10
    at size 20; in general it is half of the size, and U V^T is scaled to the same variance. Each entry is hidden with
    probability 1/2, and a hidden entry is 0 in the problem.
    """

    def make(self, split: str, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Make whole matrices, the answers, and those with hidden entries, the problems."""
        size, rank = self.size, max(self.size // 2, 1)
        uniforms = self.uniforms(split, numbers, 2 * size * rank + 2 * size**2)
        factors, noise, mask = uniforms.split([2 * size * rank, size**2, size**2], dim=1)
        left, right = torch.special.ndtri(factors).reshape(-1, 2, size, rank).unbind(dim=1)
        scale = math.sqrt(10 / rank) / (5 if split == "harder" else 20)
        whole = scale * left @ right.mT + 0.1 * torch.special.ndtri(noise).reshape(-1, size, size)
        shown = whole * (mask.reshape(-1, size, size) < 0.5)
        return whole.float(), shown.float()

    def residual(self, candidates: Tensor, condition: Tensor) -> Tensor:
        """The mean squared difference of candidates and shown entries."""
        return ((candidates - condition) * (condition != 0)).square().flatten(1).mean(dim=1)

    def without_thinking(self, condition: Tensor) -> Tensor:
        """The entries that are shown, and 0 for hidden ones."""
        return condition


class MatrixInverse(MatrixProblems):
    """The inverse of a matrix: problems ``(B, size, size)``.

    The matrix is ``2 B B^T + 0.5 I``, harder ``2 B B^T + 0.1 I``, with entries of B uniform in [-1, 1].
    """

    def make(self, split: str, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Make inverses, the answers, and matrices, the problems."""
        entries = 2 * self.uniforms(split, numbers, self.size**2).reshape(-1, self.size, self.size) - 1
        eye = torch.eye(self.size, dtype=torch.float64)
        matrices = 2 * entries @ entries.mT + (0.1 if split == "harder" else 0.5) * eye
        return torch.linalg.inv(matrices).float(), matrices.float()

    def residual(self, candidates: Tensor, condition: Tensor) -> Tensor:
        """The mean squared difference of the products of matrices and candidates from the identity."""
        return (condition @ candidates - torch.eye(self.size).to(condition)).square().flatten(1).mean(dim=1)

    def difficulty(self, condition: Tensor, target: Tensor) -> Tensor:
        """Logarithm of the condition number."""
        conditions: Tensor = torch.linalg.cond(condition.double())
        return conditions.log().float()

    def without_thinking(self, condition: Tensor) -> Tensor:
        """The mean of a thousand inverses of the training split."""
        mean = self.batch("train", 0, 1000)[0].mean(dim=0)
        return mean.to(condition.device).expand_as(condition)
