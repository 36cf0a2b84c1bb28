"""How a method compares finished candidates: by the energy, by classes, and by a verifier in training."""

from __future__ import annotations

from typing import Any

import torch
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor
from torch.nn import functional as F

from lean_ebm.energy import EnergyNetwork
from lean_ebm.methods.listed import Assessment, free_energy
from lean_ebm.methods.verification import Verification, Verifier, squared_error


class Judging:
    """The part of :class:`~lean_ebm.methods.Method` that compares finished candidates.

    Attributes:
        energy: The energy network.
        verification: How it learns to judge answers; None: it does not.
        temperature: T in the probabilities of listed candidates, ``softmax(-E / T)``.
    """

    energy: EnergyNetwork
    verification: Verification | None
    temperature: float = 1.0
    _trainer: Any

    def finished(self, x: Tensor, condition: Any) -> tuple[Tensor, Any]:
        """Convert finished candidates ``(B, ...)`` and encoded conditions to the form that the energy compares.

        A method that trains the energy at several scales or in several landscapes chooses here the one to compare in.
        """
        return x, condition

    def candidate_energy(self, x: Tensor, condition: Any) -> Tensor:
        """Energies ``(B,)`` for comparing finished candidates.

        Args:
            x: ``(B, *shape)`` candidates, as :meth:`generate` returns them.
            condition: Their conditions, as the data module gives them.
        """
        self.energy.check_precision()
        return self.judged(x, self.energy.encode(condition))

    def judged(self, x: Tensor, condition: Any) -> Tensor:
        """The same energies for conditions that the energy network has already encoded."""
        energies: Tensor = self.energy.judgement(*self.finished(x, condition))
        return energies

    def rank(self, condition: Any, candidates: Any) -> Tensor:
        """Energies ``(B, K)`` of K listed candidates of each condition; low is good.

        Args:
            condition: Conditions, as the data module gives them; tensors with first dimension ``B``.
            candidates: A tensor ``(B, K, ...)``; or lists in the form in which the data module gives them, whose
                energies are infinite where they are filled up.
        """
        self.energy.check_precision()
        return self.ranked(self.energy.encode(condition), candidates)

    def ranked(self, encoded: Any, candidates: Any) -> Tensor:
        """The same energies for conditions that the energy network has already encoded."""
        points, conditions = self.finished(self.listed_points(candidates, encoded), encoded)
        energies: Tensor = self.energy.rank(conditions, points)
        return energies if isinstance(candidates, Tensor) else energies.masked_fill(~candidates.mask, torch.inf)

    def assess(self, condition: Any, candidates: Any) -> Assessment:
        """Compute energies and probabilities of listed candidates, and values of their conditions, in one pass.

        Args:
            condition: As for :meth:`rank`.
            candidates: As for :meth:`rank`.
        """
        energies = self.rank(condition, candidates)
        log_priors = (-energies / self.temperature).log_softmax(dim=1)
        return Assessment(energies, log_priors, free_energy(energies, self.temperature))

    @property
    def compares_conditions(self) -> bool:
        """Whether the method learns to compare conditions, so that the values of :meth:`assess` are meaningful."""
        return False

    def listed_points(self, candidates: Any, encoded: Any) -> Tensor:
        """Points ``(B, K, *shape)`` of listed candidates, for conditions that the energy network has encoded."""
        if not isinstance(candidates, Tensor):
            return self.energy.encode_candidates(candidates, encoded)
        listed = candidates.shape[1]
        repeated = apply_to_collection(encoded, Tensor, lambda part: part.repeat_interleave(listed, dim=0))
        points = self.energy.encode_candidates(candidates.flatten(0, 1), repeated)
        return points.reshape(*candidates.shape[:2], *points.shape[1:])

    def real_energies(self, batch: tuple[Any, Any]) -> Tensor:
        """Energies ``(B,)`` of the data's candidates. If candidates are listed, energies of the right ones."""
        candidates, condition = batch
        if not isinstance(candidates, Tensor):
            return self.rank(condition, candidates)[candidates.right]
        self.energy.check_precision()
        encoded = self.energy.encode(condition)
        return self.judged(self.energy.encode_candidates(candidates, encoded), encoded)

    def class_energies(self, x: Tensor) -> Tensor:
        """Energies ``(B, num_classes)`` of finished candidates under every class; ``argmin`` classifies."""
        self.energy.check_precision()
        energies: Tensor = self.energy.judged_energies(x)
        return energies

    def score(self, x: Tensor, condition: Any) -> Tensor:
        """Scores ``(B,)`` for choosing among finished candidates. High is good.

        With classes they are log p(y|x), less what the energy of a judge has above that of usual images; otherwise -E.
        """
        x = x.detach()
        if self.energy.num_classes > 1:
            with torch.no_grad():
                energies = self.class_energies(x)
                scores = -F.cross_entropy(-energies, condition, reduction="none")
                if self.verification is None or not self.energy.has_judge:
                    return scores
                return scores - (free_energy(energies, 1.0) - self.verification.usual).clamp(min=0)
        with torch.no_grad():
            return -self.candidate_energy(x, condition)

    def judge_parameters(self) -> list[Tensor]:
        """The parameters of the judge of the energy network; none without a judge."""
        return [part for name, part in self.energy.named_parameters() if name.startswith("judge.")]

    @property
    def classifies(self) -> bool:
        """Whether the loss trains the energy as a classifier, with the weight ``cross_entropy``.

        If the data list candidates, that weight is one of their probabilities, see
        :func:`~lean_ebm.methods.listed.listed_terms`.
        """
        return getattr(self, "cross_entropy", 0.0) > 0 and not self.energy.lists

    @property
    def verifier(self) -> Verifier:
        """The function that measures errors of answers: the data module's verifier, or else squared distances."""
        data = getattr(self._trainer, "datamodule", None)
        verifier: Verifier = getattr(data, "errors", squared_error)
        return verifier
