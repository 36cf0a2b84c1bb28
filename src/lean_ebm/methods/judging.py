"""How a method compares finished candidates: by the energy, by classes, and how a verifier grades them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from lean_ebm.energy import EnergyNetwork
from lean_ebm.methods.verification import Verifier, squared_error


class Judging:
    """The part of :class:`~lean_ebm.methods.Method` that compares finished candidates.

    Attributes:
        energy: The energy network.
    """

    energy: EnergyNetwork
    _trainer: Any

    def finished(self, x: Tensor, condition: Any) -> tuple[Tensor, Any]:
        """Finished candidates ``(B, ...)`` and their encoded conditions, in the form in which the energy compares them.

        A method that trains the energy at several scales or in several landscapes chooses here the one to compare in.
        """
        return x, condition

    def candidate_energy(self, x: Tensor, condition: Any) -> Tensor:
        """Energies ``(B,)`` by which finished candidates are compared.

        Args:
            x: ``(B, *shape)`` candidates, as :meth:`generate` returns them.
            condition: Their conditions, as the data module gives them.
        """
        self.energy.check_precision()
        return self.judged(x, self.energy.encode(condition))

    def judged(self, x: Tensor, condition: Any) -> Tensor:
        """The same energies, of conditions that the energy network has encoded."""
        energies: Tensor = self.energy.judgement(*self.finished(x, condition))
        return energies

    def rank(self, condition: Any, candidates: Tensor) -> Tensor:
        """Energies ``(B, K)`` of K listed candidates of each condition; low is good.

        Args:
            condition: Conditions, as the data module gives them; tensors with first dimension ``B``.
            candidates: ``(B, K, ...)``, as the data module gives them.
        """
        self.energy.check_precision()
        points = self.energy.encode_candidates(candidates.flatten(0, 1)).unflatten(0, candidates.shape[:2])
        points, encoded = self.finished(points, self.energy.encode(condition))
        energies: Tensor = self.energy.rank(encoded, points)
        return energies

    def class_energies(self, x: Tensor) -> Tensor:
        """Energies ``(B, num_classes)`` of finished candidates under every class; ``argmin`` classifies."""
        self.energy.check_precision()
        energies: Tensor = self.energy.judged_energies(x)
        return energies

    def score(self, x: Tensor, condition: Any) -> Tensor:
        """Scores ``(B,)`` to choose between finished candidates; high is good.

        With classes and without a judge they are log p(y|x), else -E.
        """
        x = x.detach()
        if self.energy.num_classes > 1 and not self.energy.has_judge:
            with torch.no_grad():
                return -F.cross_entropy(-self.class_energies(x), condition, reduction="none")
        with torch.no_grad():
            return -self.candidate_energy(x, condition)

    def judge_parameters(self) -> list[Tensor]:
        """The parameters of the judge of the energy network; none without a judge."""
        return [part for name, part in self.energy.named_parameters() if name.startswith("judge.")]

    @property
    def verifier(self) -> Verifier:
        """The errors of answers: those of the data module if it has a verifier, else squared distances."""
        data = getattr(self._trainer, "datamodule", None)
        verifier: Verifier = getattr(data, "errors", squared_error)
        return verifier
