"""Verification: an energy learns from a verifier how wrong an answer is.

Score matching, contrastive divergence and reconstruction order the candidates of one problem. They say nothing about
the energies of answers to different problems, and their wrong candidates are noise. Here the wrong candidates are
answers that the method itself gives, and the label of an answer is its error, which means the same for every problem.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor

from lean_ebm.energy import EnergyNetwork
from lean_ebm.errors import SettingError
from lean_ebm.methods.drawing import select

Verifier = Callable[[Tensor, Any, Tensor], Tensor]
"""``(answers (B, ...), conditions, right answers (B, ...)) -> errors (B,)``: 0 for a right answer, never negative."""


class Verified(Protocol):
    """The part of :class:`~lean_ebm.methods.Method` that verification uses."""

    energy: EnergyNetwork

    @property
    def verifier(self) -> Verifier:
        """The errors of answers."""
        ...

    def own_answers(self, condition: Any) -> Tensor:
        """Answers of the method."""
        ...

    def finished(self, x: Tensor, condition: Any) -> tuple[Tensor, Any]:
        """Answers and conditions in the form that the energy compares."""
        ...


@dataclass(frozen=True)
class Verification:
    r"""Trains the judgement of an energy network: ``judgement(x, y) = log(1 + error(x, y) / unit)``.

    The answers x are those of :meth:`~lean_ebm.methods.base.Method.own_answers` for a share of each batch, and right
    answers plus noise for a further share. They are constants: nothing is differentiated through a chain. The loss is
    the smooth L1 distance (Huber 1964) to the label. Right answers therefore sit at energy 0.

    An image for a class has no one right answer with which the answers of the method could be compared. A judge of
    images (:class:`~lean_ebm.energy.image_judge.ImageJudge`) is taught by noised images alone, with ``share: 0``.

    Args:
        weight: Weight of the loss.
        unit: The error whose label is log 2, in the units of the verifier.
        every: The method answers at every step whose number in the epoch is a multiple of this.
        share: Share of a batch for which the method answers; at least one problem unless it is 0.
        noised: Share of a batch whose right answers get noise. Its standard deviation is a random share of that of
            right answers, the third power of a uniform number: weak noise is frequent.
        rate: Learning rate of the judge; null: that of the network.
        usual: Energy that a judge of images gives to images that are not strange; draws with a higher one are worse.

    Raises:
        SettingError: If a setting is out of its range, or there are no answers at all.
    """

    weight: float = 0.1
    unit: float = 1.0
    every: int = 4
    share: float = 0.25
    noised: float = 0.125
    rate: float | None = None
    usual: float = 0.36

    def __post_init__(self) -> None:
        for name, value, holds, expected in (
            ("weight", self.weight, self.weight > 0, "more than 0"),
            ("unit", self.unit, self.unit > 0, "more than 0"),
            ("every", self.every, self.every >= 1, "1 or more"),
            ("share", self.share, 0 <= self.share <= 1, "0 to 1"),
            ("noised", self.noised, 0 <= self.noised <= 1, "0 to 1"),
            ("share + noised", self.share + self.noised, self.share + self.noised > 0, "more than 0"),
            ("rate", self.rate, self.rate is None or self.rate > 0, "more than 0 or null"),
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
            ``verification``, the loss without its weight, and ``error``, the mean error of the method's answers, or
            of noised ones if it has none.
        """
        size = len(target)
        own = max(1, round(self.share * size)) if self.share > 0 else 0
        noised = round(self.noised * size) if own else max(1, round(self.noised * size))
        rows = torch.arange(own + noised, device=target.device) % size
        with torch.no_grad():
            right = target[rows]
            level = target.std() * torch.rand(noised, *[1] * (target.dim() - 1), device=target.device) ** 3
            answers = right[own:] + level * torch.randn_like(right[own:])
            if own:
                answers = torch.cat([method.own_answers(select(encoded, rows[:own])), answers])
            errors = method.verifier(answers, select(condition, rows), right)
        x, where = method.finished(answers, select(encoded, rows))
        lessons = method.energy.lesson(x, where, method.finished(right, where)[0], (errors / self.unit).log1p())
        return {"verification": lessons.mean(), "error": errors[: own or noised].mean()}


def prepare_judge(energy: EnergyNetwork, verification: Verification | None) -> None:
    """Check that a judge can be trained, and set the unit of its errors.

    Raises:
        SettingError: If the energy network has a judge that could not learn.
    """
    if energy.has_judge and verification is None:
        raise SettingError(
            f"{type(energy).__name__} has a judge, which only verification trains: give the method "
            "--model.verification.weight 0.1, or set --model.energy.judge 0."
        )
    if verification is None:
        return
    if energy.has_judge and energy.num_classes and verification.share > 0:
        raise SettingError(
            f"{type(energy).__name__} has a judge of images, and its own images have no one right answer to learn "
            "from: set --model.verification.share 0 and --model.verification.noised 1."
        )
    energy.set_unit(verification.unit)
    # A checkpoint has the unit of its training; the settings of this run count.
    hook = partial(_keep_unit, verification.unit)
    energy.register_load_state_dict_post_hook(hook)  # type: ignore[no-untyped-call] # torch has no types for it


def _keep_unit(unit: float, energy: Any, _: Any) -> None:
    energy.set_unit(unit)


def squared_error(answers: Tensor, condition: Any, target: Tensor) -> Tensor:
    """The mean squared error ``(B,)`` of answers ``(B, ...)``: the verifier of data without their own verifier."""
    return (answers - target).square().flatten(1).mean(dim=1)
