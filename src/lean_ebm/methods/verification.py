"""Verification: an energy learns from a verifier's labels how wrong an answer is.

Score matching, contrastive divergence and reconstruction order the candidates of one problem. They say nothing about
the energies of answers to different problems, and their wrong candidates are noise. Here the wrong candidates are
answers that the method itself gives, and the label of an answer is its error, which means the same for every problem.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from lean_ebm.energy import EnergyNetwork
from lean_ebm.errors import SettingError
from lean_ebm.methods.drawing import select

Verifier = Callable[[Tensor, Any, Tensor], Tensor]
"""``(answers (B, ...), conditions, right answers (B, ...)) -> errors (B,)``: 0 for a right answer, never negative."""


class Verified(Protocol):
    """What a method has to offer, see :class:`~lean_ebm.methods.Method`."""

    energy: EnergyNetwork

    @property
    def verifier(self) -> Verifier:
        """The errors of answers."""
        ...

    def own_answers(self, condition: Any) -> Tensor:
        """Answers of the method."""
        ...

    def finished(self, x: Tensor, condition: Any) -> tuple[Tensor, Any]:
        """Answers and conditions in the form in which the energy compares them."""
        ...


@dataclass(frozen=True)
class Verification:
    r"""Teaches the judgement of an energy network: ``judgement(x, y) = log(1 + error(x, y) / unit)``.

    The answers x are those of :meth:`~lean_ebm.methods.base.Method.own_answers` for a share of each batch, and right
    answers plus noise for a further share. They are constants: nothing is differentiated through a chain. The loss is
    the smooth L1 distance (Huber 1964) to the label. Right answers therefore sit at energy 0.

    Args:
        weight: Weight of the loss.
        unit: The error whose label is log 2, in the units of the verifier.
        every: The method answers at every step whose number in the epoch is a multiple of this.
        share: Share of a batch for which the method answers; at least one problem.
        noised: Number of noised right answers for each answer of the method. Its standard deviation is a random
            share of that of right answers, the third power of a uniform number: weak noise is frequent.

    Raises:
        SettingError: If a setting is out of its range.
    """

    weight: float = 0.1
    unit: float = 1.0
    every: int = 4
    share: float = 0.25
    noised: float = 0.5

    def __post_init__(self) -> None:
        for name, value, holds, expected in (
            ("weight", self.weight, self.weight > 0, "more than 0"),
            ("unit", self.unit, self.unit > 0, "more than 0"),
            ("every", self.every, self.every >= 1, "1 or more"),
            ("share", self.share, 0 < self.share <= 1, "more than 0 and at most 1"),
            ("noised", self.noised, 0 <= self.noised <= 1, "0 to 1"),
        ):
            if not holds:
                raise SettingError(f"Verification: {name} is {value}, expected {expected}.")

    def loss(self, method: Verified, target: Tensor, condition: Any, encoded: Any) -> dict[str, Tensor]:
        """The loss on answers to some problems of a batch.

        Args:
            method: The method, whose energy network is trained.
            target: Right answers ``(B, ...)``, as the energy network sees candidates.
            condition: The problems, as the data module gives them.
            encoded: The problems, encoded by the energy network.

        Returns:
            ``verification``, the loss without its weight, and ``error``, the mean error of the answers.
        """
        size = len(target)
        own = max(1, round(self.share * size))
        noised = round(self.noised * own)
        rows = torch.arange(own + noised, device=target.device) % size
        with torch.no_grad():
            answers = method.own_answers(select(encoded, rows[:own]))
            right = target[rows[own:]]
            level = target.std() * torch.rand(noised, *[1] * (target.dim() - 1), device=target.device) ** 3
            answers = torch.cat([answers, right + level * torch.randn_like(right)])
            errors = method.verifier(answers, select(condition, rows), target[rows])
        energies = method.energy.judgement(*method.finished(answers, select(encoded, rows)))
        loss = F.smooth_l1_loss(energies, (errors / self.unit).log1p())
        return {"verification": loss, "error": errors[:own].mean()}


def squared_error(answers: Tensor, condition: Any, target: Tensor) -> Tensor:
    """The mean squared error ``(B,)`` of answers ``(B, ...)``: the verifier of data that have none of their own."""
    return (answers - target).square().flatten(1).mean(dim=1)
