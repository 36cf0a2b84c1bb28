"""Candidates that the data list for each condition, such as tactics for a goal, with their labels."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from lean_ebm.energy import EnergyNetwork
from lean_ebm.energy.chunks import SlotEnergy
from lean_ebm.errors import SettingError
from lean_ebm.methods.drawing import select
from lean_ebm.methods.terms import checked
from lean_ebm.methods.verification import Verification


class Listed(Protocol):
    """``K`` candidates for each of ``B`` conditions, with labels for right and wrong ones."""

    @property
    def mask(self) -> Tensor:
        """Which entries are candidates, ``(B, K)`` bool; the others are padding."""
        ...

    @property
    def right(self) -> Tensor:
        """Which candidates are right, ``(B, K)`` bool; none if the condition has no right candidate."""
        ...

    @property
    def wrong(self) -> Tensor:
        """Which candidates are wrong, ``(B, K)`` bool. For the others it is not known."""
        ...


class Assessment(NamedTuple):
    """A method's answer about conditions and the candidates listed for them.

    Attributes:
        energies: ``(B, K)``, low is good; infinite where a list is filled up.
        log_priors: ``(B, K)``, the log probabilities of the candidates.
        values: ``(B,)``, how far each condition is from its goal; low is good. For proofs, the number of tactics that
            are still needed.
    """

    energies: Tensor
    log_priors: Tensor
    values: Tensor


def free_energy(energies: Tensor, temperature: float) -> Tensor:
    """``-T log sum_k exp(-E_k / T)`` ``(B,)`` of energies ``(B, K)``: their smooth minimum."""
    free: Tensor = -temperature * (-energies / temperature).logsumexp(dim=1)
    return free


def surprise(energies: Tensor, listed: Listed, temperature: float = 1.0) -> Tensor:
    """Minus the log probability that a draw from softmax(-E / T) is right, over conditions that have a right candidate.

    Candidates of which it is not known whether they are right are left out. With one right candidate this is InfoNCE
    (van den Oord et al. 2018, equation 4) with all wrong ones as negatives.

    Args:
        energies: ``(B, K)``.
        listed: What is known of the candidates.
        temperature: T.

    Returns:
        A scalar, the mean; 0 if there are no such conditions.
    """
    rows = listed.right.any(dim=1)
    if not rows.any():
        return 0 * energies[listed.mask].sum()
    energies, right = energies[rows], listed.right[rows]
    known = right | listed.wrong[rows]
    of_right = free_energy(energies.masked_fill(~right, torch.inf), temperature)
    of_all = free_energy(energies.masked_fill(~known, torch.inf), temperature)
    return (of_right - of_all).mean() / temperature


def one_right(points: Tensor, encoded: Any, listed: Listed) -> tuple[Tensor, Any]:
    """Draw one right candidate for each condition that has one.

    The points are constants. Otherwise a method that teaches a chain to end at them would move all points together, to
    where every chain ends.

    Args:
        points: ``(B, K, *shape)``.
        encoded: The conditions, encoded.
        listed: Which candidates are right.

    Returns:
        Points ``(R, *shape)`` and their R conditions.
    """
    rows = listed.right.any(dim=1).nonzero().squeeze(1)
    choice = listed.right[rows].float().multinomial(1).squeeze(1) if len(rows) else rows
    return points[rows, choice].detach(), select(encoded, rows)


def check_lists(method: Any, candidates: Any) -> None:
    """Raise a SettingError if the data list candidates but the method or energy takes single ones, or reversed.

    Args:
        method: The method.
        candidates: Those of a batch.
    """
    chunks = (hasattr(candidates, "chunks"), method.whole_chunks, isinstance(method.energy, SlotEnergy))
    if any(chunks) and not all(chunks):
        raise SettingError(
            f"{type(method).__name__} with {type(method.energy).__name__} does not fit these data: ProofChunks has "
            "chunks, which ChunkRanking needs, with AffineChunkEnergy or ChunkEnergy, and ChunkPolicy with "
            "ChunkProposer."
        )
    needs_lists = method.energy.lists or method.whole_lists
    if isinstance(candidates, Tensor) == needs_lists or method.whole_lists > method.energy.lists:
        raise SettingError(
            f"{type(method).__name__} with {type(method.energy).__name__} does not fit these data: ProofSteps lists "
            "candidates, which Ranking and PolicyValue need, and which only ProofEnergy and AffineProofEnergy take."
        )


class _Learner(Protocol):
    """What :func:`listed_terms` needs of a method."""

    energy: EnergyNetwork
    verification: Verification | None

    def finished(self, x: Tensor, condition: Any) -> tuple[Tensor, Any]: ...

    def loss(self, batch: tuple[Any, Any]) -> dict[str, Tensor]: ...


def listed_terms(method: _Learner, listed: Listed, condition: Any) -> dict[str, Tensor]:
    """The terms of a method that learns from one candidate for each condition, if the data list several.

    The method gets a right candidate, at random. To its loss comes :func:`surprise` with the method's weight
    ``cross_entropy``, which teaches the points of candidates.

    Args:
        method: The method.
        listed: The lists.
        condition: Conditions, as the data module gives them.

    Raises:
        SettingError: If the weight is 0, or if there is to be verification.
    """
    weight = getattr(method, "cross_entropy", 0.0)
    if weight <= 0 or method.verification is not None:
        raise SettingError(
            f"{type(method).__name__}: these data list candidates, whose embeddings only the classification term "
            "teaches: set --model.cross_entropy above 0 and --model.verification null."
        )
    encoded = method.energy.encode(condition)
    points = method.energy.encode_candidates(listed, encoded)
    finished, there = method.finished(points, encoded)
    term = surprise(method.energy.rank(there, finished), listed)
    target, given = one_right(points, encoded, listed)
    terms = checked(method.loss((target, given)), type(method)) if len(target) else {"loss": 0 * term}
    return {**terms, "cross_entropy": term, "loss": terms["loss"] + weight * term}
