"""Encoded goals with the tactics for the slots of chunks, and the energies of chunks."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import torch
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor

from lean_ebm.energy.chunks import SLOTS, SlotEnergy
from lean_ebm.gradient import energy_gradient


class Slots(Protocol):
    """The tactics that the slots of chunks take, for ``B`` goals."""

    @property
    def choices(self) -> Tensor:
        """Which of the ``K`` tactics each slot takes, ``(B, 3, K)`` bool. A slot takes the first ones."""
        ...


class SlotProblem(NamedTuple):
    """Goals and their tactics, encoded by an energy.

    Attributes:
        encoded: The goals.
        points: ``(B, K, 3, E)``, the embeddings of all tactics for all slots.
        choices: ``(B, 3, K)`` bool, which tactics each slot takes; those of a slot are the first ones.
        goals: The goals as the data module gives them, for a policy that encodes them by itself.
        slots: The tactics, in the same form.
    """

    encoded: Any
    points: Tensor
    choices: Tensor
    goals: Any
    slots: Any

    @property
    def counts(self) -> Tensor:
        """Number of tactics that each slot takes, ``(B, 3)`` int64."""
        return self.choices.sum(dim=2)

    def at(self, chunks: Tensor) -> Tensor:
        """The points ``(B, C, 3, E)`` of chunks ``(B, C, 3)``. A chunk consists of numbers of tactics."""
        rows = torch.arange(len(chunks), device=chunks.device)[:, None, None]
        return self.points[rows, chunks, torch.arange(SLOTS, device=chunks.device)]

    def nearest(self, x: Tensor) -> Tensor:
        """Find the chunks ``(B, C, 3)`` nearest to points ``(B, C, 3, E)`` on the spheres, slot by slot."""
        products = torch.einsum("bcse,bkse->bcsk", x, self.points)
        return products.masked_fill(~self.choices[:, None], -torch.inf).argmax(dim=3)

    def uniform(self, numbers: Tensor) -> Tensor:
        """Convert random numbers ``(B, C, 3)`` in (0, 1) to chunks ``(B, C, 3)``, all equally likely."""
        return (numbers * self.counts[:, None]).long()

    def energies(self, energy: SlotEnergy, chunks: Tensor) -> Tensor:
        """Energies ``(B, C)`` of chunks ``(B, C, 3)``."""
        return energy.rank(self.encoded, self.at(chunks))


def problem_of(energy: SlotEnergy, goals: Any, slots: Slots) -> SlotProblem:
    """Encode goals and the tactics of their slots."""
    encoded = energy.encode(goals)
    return SlotProblem(encoded, energy.encode_candidates(slots, encoded), slots.choices, goals, slots)


def detached(problem: SlotProblem) -> SlotProblem:
    """The same problem, detached from the graph."""
    encoded = apply_to_collection(problem.encoded, Tensor, lambda part: part.detach())
    return problem._replace(encoded=encoded, points=problem.points.detach())


def gradient_at(energy: SlotEnergy, problem: SlotProblem, x: Tensor) -> tuple[Tensor, Tensor]:
    """The energies ``(B, C)`` of points ``(B, C, 3, E)``, and their gradients."""

    def total(x: Tensor, encoded: Any) -> tuple[Tensor, Tensor]:
        energies = energy.rank(encoded, x)
        return energies.sum(dim=1), energies  # chunks of a goal are independent: the gradient is that of each

    _, gradient, energies = energy_gradient(total, x, problem.encoded, has_aux=True)
    return energies, gradient


def energies_by_gradient(energy: SlotEnergy, problem: SlotProblem, chunks: Tensor, slot: int) -> Tensor:
    """Energies ``(B, C, K)`` of chunks with each tactic in a slot, to first order: one gradient for each chunk.

    They are exact if the energy is affine in each slot; infinite for tactics that the slot does not take. This is the
    approximation of Gibbs-with-gradients (Grathwohl et al. 2021, equation 2).
    """
    x = problem.at(chunks)
    energies, gradient = gradient_at(energy, problem, x)
    slope = gradient[:, :, slot]
    here = energies - (slope * x[:, :, slot]).sum(dim=2)
    found = here[:, :, None] + torch.einsum("bce,bke->bck", slope, problem.points[:, :, slot])
    return found.masked_fill(~problem.choices[:, None, slot], torch.inf)


def energies_one_by_one(energy: SlotEnergy, problem: SlotProblem, chunks: Tensor, slot: int) -> Tensor:
    """The same energies, computed one by one."""
    number = problem.points.shape[1]
    found = []
    for chain in chunks.unbind(dim=1):
        each = chain[:, None].repeat(1, number, 1)
        each[:, :, slot] = torch.arange(number, device=chunks.device)
        found.append(problem.energies(energy, each))
    return torch.stack(found, dim=1).masked_fill(~problem.choices[:, None, slot], torch.inf)


def replaced(chunks: Tensor, slot: int, tactics: Tensor) -> Tensor:
    """Chunks ``(..., 3)`` with other tactics ``(...)`` in a slot."""
    found = chunks.clone()
    found[..., slot] = tactics
    return found
