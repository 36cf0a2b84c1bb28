"""Samplers that find chunks of low energy, because there are too many chunks to list; with their costs.

Costs are counted as searches count them, apart from each other: *evaluations*, which are energies of chunks and
gradients, of which each counts 3; and *comparisons* of a point or a gradient with the tactics of a slot, one for each.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from lean_ebm.bounds import project
from lean_ebm.energy.chunks import SLOTS, SlotEnergy
from lean_ebm.errors import SettingError
from lean_ebm.methods.slots import SlotProblem, energies_by_gradient, energies_one_by_one, gradient_at, replaced

GRADIENT = 3
"""Evaluations that a gradient counts."""

Uniforms = Callable[[str, int], Tensor]
"""``(name of the draw, n) -> random numbers (B, n)`` in (0, 1), each row of its own goal."""


class Draws(NamedTuple):
    """Chunks that a sampler has found for ``B`` goals, in the order in which it found them.

    Attributes:
        chunks: ``(B, N, 3)`` int64, numbers of tactics; a chunk may be there twice.
        energies: ``(B, N)``.
        evaluations: ``(B, N)`` int64, number of evaluations up to each.
        comparisons: ``(B, N)`` int64, number of comparisons up to each.
    """

    chunks: Tensor
    energies: Tensor
    evaluations: Tensor
    comparisons: Tensor

    def costs(self, comparison: float = 1.0) -> Tensor:
        """Evaluations and comparisons together, ``(B, N)`` float64.

        Args:
            comparison: What a comparison costs, in evaluations.
        """
        return self.evaluations + comparison * self.comparisons.double()


class ChunkSampler(ABC):
    """Finds chunks of low energy."""

    @abstractmethod
    def draw(self, energy: SlotEnergy, problem: SlotProblem, uniforms: Uniforms) -> Draws:
        """Find chunks for each goal.

        Args:
            energy: The energy.
            problem: The goals.
            uniforms: Random numbers. What is found for a goal depends on its own row of them only.
        """


@dataclass(frozen=True)
class RandomChunks(ChunkSampler):
    """Draws random chunks, all equally likely. The energy chooses among them.

    Args:
        number: Number of chunks for each goal, at least 1.

    Raises:
        SettingError: If there is none.
    """

    number: int = 100

    def __post_init__(self) -> None:
        require(self.number >= 1, f"number is {self.number}, expected at least 1")

    @torch.no_grad()
    def draw(self, energy: SlotEnergy, problem: SlotProblem, uniforms: Uniforms) -> Draws:
        """Draw chunks; each costs one evaluation."""
        chunks = problem.uniform(uniforms("random", SLOTS * self.number).unflatten(1, (-1, SLOTS)))
        counted = torch.arange(1, self.number + 1, device=chunks.device).expand(len(chunks), -1)
        return Draws(chunks, problem.energies(energy, chunks), counted, torch.zeros_like(counted))


@dataclass(frozen=True)
class GibbsChunks(ChunkSampler):
    """Gibbs sampling: draws one slot after the other from its softmax, with the other slots fixed.

    With gradients, one gradient gives the energies of all tactics for a slot (Gibbs-with-gradients, Grathwohl et al.
    2021): 3 evaluations, and as many comparisons as there are tactics. Without, each of them is an evaluation. Chains
    start at random chunks, and cool down. Each update notes the chunk to which it leads, and the best ones of all that
    it has compared; if the energy is not affine, gradients do not tell which these are, and the energy of the chunk to
    which an update leads costs one more evaluation.

    Args:
        chains: Number of chains for each goal, at least 1.
        updates: Number of updates of a chain; with 0 chunks are random, and their energies computed.
        temperature: Temperature of the first update, above 0.
        cooling: What it is multiplied by at each update, above 0.
        gradients: Whether to take gradients.
        kept: Number of the best chunks that are noted at each update, 0 or more.

    Raises:
        SettingError: If a setting is out of its range.
    """

    chains: int = 2
    updates: int = 12
    temperature: float = 1.0
    cooling: float = 0.8
    gradients: bool = True
    kept: int = 4

    def __post_init__(self) -> None:
        require(
            self.chains >= 1 and min(self.updates, self.kept) >= 0,
            f"{self.chains} chains, {self.updates} updates and {self.kept} kept, expected at least 1, 0 and 0",
        )
        require(
            min(self.temperature, self.cooling) > 0,
            f"temperature is {self.temperature} and cooling {self.cooling}, expected more than 0",
        )

    @torch.no_grad()
    def draw(self, energy: SlotEnergy, problem: SlotProblem, uniforms: Uniforms) -> Draws:
        """Run the chains of all goals at once. Costs are counted as if the chains ran one after the other."""
        if not self.updates:
            return RandomChunks(self.chains).draw(energy, problem, uniforms)
        known = energy.affine or not self.gradients
        score = energies_by_gradient if self.gradients else energies_one_by_one
        chunks = problem.uniform(uniforms("start", SLOTS * self.chains).unflatten(1, (-1, SLOTS)))
        steps: list[Draws] = []
        for update in range(self.updates):
            slot = update % SLOTS
            energies = score(energy, problem, chunks, slot)
            counts = problem.counts[:, slot, None]
            sums = (-energies / (self.temperature * self.cooling**update)).softmax(dim=2).cumsum(dim=2)
            chosen = (sums < uniforms(f"update {update}", self.chains)[:, :, None]).sum(dim=2).minimum(counts - 1)
            noted = torch.cat([self._best(energies), chosen[:, :, None]], dim=2) if known else chosen[:, :, None]
            found = replaced(chunks[:, :, None].expand(-1, -1, noted.shape[2], -1), slot, noted).flatten(1, 2)
            values = energies.gather(2, noted).flatten(1) if known else problem.energies(energy, found)
            spent = torch.full_like(counts, GRADIENT + (not known)) if self.gradients else counts
            steps.append(Draws(found, values, spent, counts if self.gradients else torch.zeros_like(counts)))
            chunks = replaced(chunks, slot, chosen)
        return in_turn(steps, self.chains)

    def _best(self, energies: Tensor) -> Tensor:
        """The best tactics ``(B, C, n)`` for a slot; if it takes fewer, the best one is there again."""
        best = energies.topk(min(self.kept, energies.shape[2]), dim=2, largest=False)
        return torch.where(best.values.isfinite(), best.indices, energies.argmin(dim=2, keepdim=True))


@dataclass(frozen=True)
class LangevinChunks(ChunkSampler):
    """Langevin dynamics on the spheres of the embeddings, from noise. A chain ends at the nearest tactics.

    A step moves each slot by an angle against its gradient, whatever the length of the gradient, and adds noise; both
    fall. The end costs a comparison for each tactic of each slot, and one evaluation for its energy. With ``decoded``,
    each step takes the gradient at the nearest chunk, whose energy comes with it, and pays for the comparisons.

    Args:
        chains: Number of chains for each goal, at least 1.
        steps: Number of steps of a chain; with 0 it ends at the tactics that are nearest to noise.
        angle: Angle of the first step in radians, above 0.
        noise: Standard deviation of the noise of the first step, as an angle; 0 or more.
        cooling: What both are multiplied by at each step, above 0.
        decoded: Whether gradients are those of the nearest chunks.

    Raises:
        SettingError: If a setting is out of its range.
    """

    chains: int = 2
    steps: int = 15
    angle: float = 0.3
    noise: float = 0.1
    cooling: float = 0.9
    decoded: bool = False

    def __post_init__(self) -> None:
        require(
            self.chains >= 1 and self.steps >= 0,
            f"{self.chains} chains of {self.steps} steps, expected 1 chain or more, and 0 steps or more",
        )
        require(
            min(self.angle, self.cooling) > 0 and self.noise >= 0,
            f"angle is {self.angle}, cooling {self.cooling} and noise {self.noise}, expected numbers above 0",
        )

    @torch.no_grad()
    def draw(self, energy: SlotEnergy, problem: SlotProblem, uniforms: Uniforms) -> Draws:
        """Run the chains of all goals at once. Costs are counted as if the chains ran one after the other."""
        shape = (self.chains, *problem.points.shape[2:])
        x = project(_normal(uniforms, "start", shape), "sphere")
        compared = problem.counts.sum(dim=1, keepdim=True)
        steps: list[Draws] = []
        radius = shape[-1] ** 0.5  # of the spheres
        for step in range(self.steps):
            chunks = problem.nearest(x) if self.decoded else None
            energies, gradient = gradient_at(energy, problem, x if chunks is None else problem.at(chunks))
            spent = torch.full_like(compared, GRADIENT)
            if chunks is not None:
                steps.append(Draws(chunks, energies, spent, compared))
            fall = self.cooling**step
            move = self.angle * radius * _unit(_tangent(gradient, x))
            noise = self.noise * _tangent(_normal(uniforms, f"step {step}", shape), x)
            x = project(x - fall * (move - noise), "sphere")
        ends = problem.nearest(x)
        spent = torch.full_like(compared, 1 if self.decoded else GRADIENT * self.steps + 1)
        steps.append(Draws(ends, problem.energies(energy, ends), spent, compared))
        return in_turn(steps, self.chains)


def in_turn(steps: list[Draws], chains: int) -> Draws:
    """Join the results of C chains at each of S steps, as if the chains ran one after the other.

    Args:
        steps: The chunks ``(B, C n, 3)`` of each step, those of a chain next to each other, and what the step of one
            chain costs, ``(B, 1)``.
        chains: C.
    """
    chunks = torch.cat([step.chunks.unflatten(1, (chains, -1)) for step in steps], dim=2)
    energies = torch.cat([step.energies.unflatten(1, (chains, -1)) for step in steps], dim=2)
    before = torch.arange(chains, device=chunks.device)[:, None]

    def counted(costs: list[Tensor]) -> Tensor:
        each = torch.cat(costs, dim=1).cumsum(dim=1)
        total = (each[:, None] + before * each[:, None, -1:]).unflatten(2, (-1, 1))
        sizes = torch.tensor([step.chunks.shape[1] // chains for step in steps], device=chunks.device)
        flat: Tensor = total.squeeze(3).repeat_interleave(sizes, dim=2).flatten(1)
        return flat

    return Draws(
        chunks.flatten(1, 2),
        energies.flatten(1),
        counted([step.evaluations for step in steps]),
        counted([step.comparisons for step in steps]),
    )


def require(condition: bool, message: str) -> None:
    """Raise a SettingError with a message if a condition does not hold."""
    if not condition:
        raise SettingError(f"Sampler of chunks: {message}.")


def _normal(uniforms: Uniforms, name: str, shape: tuple[int, ...]) -> Tensor:
    """Standard normal numbers ``(B, *shape)``."""
    flat = torch.special.ndtri(uniforms(name, shape[0] * shape[1] * shape[2]).double())
    normal: Tensor = flat.float().unflatten(1, shape)
    return normal


def _tangent(vectors: Tensor, x: Tensor) -> Tensor:
    """The parts of vectors ``(..., E)`` that are tangent to the sphere at x."""
    tangent: Tensor = vectors - (vectors * x).mean(dim=-1, keepdim=True) * x
    return tangent


def _unit(vectors: Tensor) -> Tensor:
    """Vectors ``(..., E)`` of length 1."""
    unit: Tensor = vectors / vectors.norm(dim=-1, keepdim=True).clamp(min=1e-12)
    return unit
