"""A guide that proposes chunks of three tactics. A sampler finds them with an energy."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor

from lean_ebm.data.proofs import slots_of
from lean_ebm.errors import SettingError
from lean_ebm.guides.network import BATCH, DECIMALS, check_goals
from lean_ebm.methods import ChunkRanking
from lean_ebm.methods.chunk_samplers import ChunkSampler, Draws, GibbsChunks, Uniforms
from lean_ebm.methods.slots import problem_of
from lean_ebm.proving.candidates import Chunk, ChunkSpace
from lean_ebm.proving.candidates.invariants import invariant
from lean_ebm.proving.search import Advice, OpenGoal, SequentGoal, Tactic
from lean_ebm.randomness import counted_uniforms, derived_seed


class ChunkGuide:
    """Lets a sampler find chunks of tactics for each goal, and proposes the chunks of lowest energy.

    Their probabilities are ``softmax(-E / T)``. All single tactics that are listed for the goal share 1 of N + 1 parts
    besides N chunks, so that a search never runs out of tactics. Values are ``-T log sum exp(-E / T)`` over all chunks
    that were found, if the method was trained to compare goals. A goal costs all evaluations and comparisons up to the
    last chunk that counts, rounded up. Random numbers depend only on the seed and on the goal.

    Args:
        method: A method that was trained on chunks. It is put into evaluation mode.
        sampler: The sampler. None: two chains of Gibbs-with-gradients.
        evaluations: Most evaluations for a goal, comparisons included; at least 1. The first chunk that the sampler
            finds always counts. None: as many as the sampler needs.
        comparison: What a comparison costs, in evaluations; 0 or more. None: what its multiplications are to those of
            an energy, :attr:`.SlotEnergy.comparison`.
        proposals: Largest number of chunks that are proposed for a goal, at least 1.
        seed: Seed of the sampler.

    Raises:
        SettingError: If a number is below 1, or the method does not score chunks.
    """

    def __init__(
        self,
        method: ChunkRanking,
        sampler: ChunkSampler | None = None,
        evaluations: int | None = None,
        proposals: int = 8,
        seed: int = 0,
        comparison: float | None = 1.0,
    ) -> None:
        if proposals < 1 or (evaluations is not None and evaluations < 1):
            raise SettingError(
                f"Guide of chunks: {proposals} proposals and {evaluations} evaluations, expected at least 1 of both."
            )
        if not isinstance(method, ChunkRanking):
            raise SettingError(
                f"{type(method).__name__} does not score chunks of tactics: expected ChunkRanking, as lean-ebm fit "
                "--config proving/chunks trains it."
            )
        self.method = method.eval()
        self.sampler: ChunkSampler = sampler or GibbsChunks()
        self.evaluations, self.proposals, self.seed = evaluations, proposals, seed
        self.comparison = method.energy.comparison if comparison is None else comparison

    def advise(self, goals: Sequence[OpenGoal]) -> list[Advice]:
        """Give advice about each goal.

        Raises:
            SettingError: If a goal is not one of the wide set.
        """
        check_goals(goals, self.method.energy.world)
        wide = [goal for goal in goals if isinstance(goal, SequentGoal)]
        spaces = {index: ChunkSpace(goal.sequent, goal.tactics) for index, goal in enumerate(wide) if goal.tactics}
        advices = [Advice([], [])] * len(goals)
        # Goals of similar size go together, so that little has to be filled up.
        order = sorted(spaces, key=lambda index: spaces[index].done)
        for begin in range(0, len(order), BATCH):
            numbers = order[begin : begin + BATCH]
            found = self._found([spaces[number] for number in numbers])
            for number, chunks in zip(numbers, found, strict=True):
                advices[number] = self._advice(wide[number], *chunks)
        return advices

    @torch.no_grad()
    def _found(self, spaces: list[ChunkSpace]) -> list[tuple[dict[Chunk, float], int]]:
        """The chunks that were found for each goal, with their energies, and what that cost."""
        goals, slots = apply_to_collection(slots_of(spaces), Tensor, lambda part: part.to(self.method.device))
        numbers = torch.tensor([invariant(space.listing.graph) >> 1 for space in spaces], device=goals.target.device)
        problem = problem_of(self.method.energy, goals, slots)
        draws = self.sampler.draw(self.method.energy, problem, self._uniforms(numbers))
        costs = draws.costs(self.comparison)
        return [_distinct(space, draws, costs[row], row, self.evaluations) for row, space in enumerate(spaces)]

    def _uniforms(self, numbers: Tensor) -> Uniforms:
        return lambda name, count: counted_uniforms(derived_seed(self.seed, name), numbers, count)

    def _advice(self, goal: SequentGoal, found: dict[Chunk, float], cost: int) -> Advice:
        temperature = self.method.temperature
        best = sorted(found, key=found.__getitem__)[: self.proposals]
        lowest = found[best[0]]
        whole = sum([math.exp((lowest - energy) / temperature) for energy in found.values()])
        some = sum([math.exp((lowest - found[chunk]) / temperature) for chunk in best])
        left = 1 / (len(best) + 1)
        priors = [math.log1p(-left) + (lowest - found[chunk]) / temperature - math.log(some) for chunk in best]
        singles = len(goal.tactics)
        tactics: list[Tactic] = [*best, *goal.tactics]
        value = max(lowest - temperature * math.log(whole), 0.0) if self.method.compares_conditions else None
        return Advice(
            tactics,
            [round(prior, DECIMALS) for prior in (*priors, *[math.log(left / singles)] * singles)],
            None if value is None else round(value, DECIMALS),
            cost,
            [*[found[chunk] for chunk in best], *[math.nan] * singles],
        )


def _distinct(
    space: ChunkSpace, draws: Draws, costs: Tensor, row: int, most: int | None
) -> tuple[dict[Chunk, float], int]:
    """The chunks of one goal within a cost, each with its lowest energy, and what they cost."""
    counted: list[int] = costs.ceil().long().tolist()
    limit = counted[0] if most is None else max(most, counted[0])
    found: dict[Chunk, float] = {}
    spent = 0
    energies = draws.energies[row].round(decimals=DECIMALS).tolist()
    for numbers, energy, cost in zip(draws.chunks[row].tolist(), energies, counted, strict=True):
        if most is None or cost <= limit:
            chunk = space.chunk(numbers)
            found[chunk] = min(energy, found.get(chunk, math.inf))
            spent = max(spent, cost)
    return found, spent
