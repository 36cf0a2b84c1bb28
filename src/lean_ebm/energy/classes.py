"""The head of class-conditional networks, and their judge."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

from lean_ebm.energy.base import EnergyNetwork, split_landscape
from lean_ebm.energy.image_judge import ImageJudge


class ClassEnergy(EnergyNetwork):
    """Class-conditional energies from class-independent features ``h(x)`` ``(B, D)``.

    The energy is ``E(x, y) = w_y . h(x)``: energies are negative logits (JEM, Grathwohl et al. 2020, section 3). The
    condition enters only at this head, so that scoring all classes costs as much as scoring one.

    The classification term of the methods and their samples leave any function of x in the energy free. A judge gives
    it a value: with an :class:`~lean_ebm.energy.image_judge.ImageJudge` J, finished candidates are compared by
    ``J(x) - log p(y|x)``, with ``p(y|x) = softmax_y -E(x, y)``. The class with the lowest energy stays the same, and
    the energy over all classes, ``-log sum_y exp``, is J. The judge changes nothing in the rest of the network.

    Args:
        shape: Shape of one candidate.
        num_features: D.
        num_classes: Number of classes; 1 makes the energy unconditional: the condition is then always 0.
        landscapes: Number of landscapes; 0 for a single one.
        judge: Hidden units of the judge; 0 for none.
        num_judged: Number of features that the judge sees.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        num_features: int,
        num_classes: int,
        landscapes: int,
        judge: int = 0,
        num_judged: int = 0,
    ) -> None:
        super().__init__()
        self.shape = tuple(shape)
        self.num_classes = num_classes
        self.landscapes = landscapes
        self.weight = nn.Parameter(torch.randn(num_classes, num_features) / num_features**0.5)
        self.judge = ImageJudge(shape, num_judged, judge) if judge else None

    @abstractmethod
    def features(self, x: Tensor, landscape: Tensor | None) -> Tensor:
        """Features ``(B, D)`` of candidates ``(B, *shape)``."""

    def judged_features(self, x: Tensor, landscape: Tensor | None) -> Tensor:
        """Features ``(B, num_judged)`` of candidates ``(B, *shape)`` for the judge; only for networks with a judge.

        Raises:
            NotImplementedError: If the network has none.
        """
        raise NotImplementedError

    def judgement(self, x: Tensor, condition: Any) -> Tensor:
        """Energies ``(B,)`` for comparing finished candidates, from :meth:`judged_energies`."""
        if self.judge is None:
            return super().judgement(x, condition)
        label, landscape = split_landscape(condition)
        return self.judged_energies(x, landscape).gather(1, label[:, None]).squeeze(1)

    def judged_energies(self, x: Tensor, landscape: Tensor | None = None) -> Tensor:
        """Energies ``(B, num_classes)`` for comparing finished candidates: ``J(x) - log p(y|x)``."""
        energies = self.energies(x, landscape)
        if self.judge is None:
            return energies
        judged: Tensor = self.judge(self.judged_features(x, landscape), x)
        return judged[:, None] - (-energies).log_softmax(dim=1)

    def lesson(self, x: Tensor, condition: Any, right: Tensor, label: Tensor) -> Tensor:
        """Loss ``(B,)``: with a judge, its error in restoring right candidates from the features of wrong ones."""
        if self.judge is None:
            return super().lesson(x, condition, right, label)
        landscape = split_landscape(condition)[1]
        self.check(x, landscape)
        with torch.no_grad():  # the judge reads the features and does not change them
            features = self.judged_features(x, landscape)
        loss: Tensor = self.judge.loss(features, right)
        return loss

    def forward(self, x: Tensor, condition: Any) -> Tensor:
        """Energies ``(B,)`` of candidates ``(B, *shape)`` under labels ``(B,)``, plain or in a :class:`Landscape`."""
        return self.own_and_all_energies(x, condition)[0]

    def energies(self, x: Tensor, landscape: Tensor | None = None) -> Tensor:
        """Energies ``(B, num_classes)`` of every class; the features are computed once."""
        self.check(x, landscape)
        h = self.features(x, landscape)
        with torch.autocast(x.device.type, enabled=False):  # energies are float32, and so are their differences
            return h.float() @ self.weight.T
