"""A policy over chunks of tactics, one slot after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor

from lean_ebm.energy.chunks import SLOTS, ChunkProposer, SlotEnergy
from lean_ebm.langevin import Langevin
from lean_ebm.methods.base import Method
from lean_ebm.methods.chunk_samplers import ChunkSampler, Draws, Uniforms, require
from lean_ebm.methods.slots import SlotProblem, problem_of, replaced


class ChunkPolicy(Method):
    """Train a policy that proposes chunks, by the likelihood of the known good chunks of each goal.

    It is the peer of :class:`.ChunkRanking` that proposes without gradients, and does not judge goals.

    Args:
        energy: The network, whose energies are minus logits.
        sampler: The chain that makes samples.
        optimizer: Builds the optimizer from parameters. None: AdamW with its defaults.
        lr_scheduler: Builds the scheduler.
    """

    whole_lists = True
    whole_chunks = True
    energy: ChunkProposer

    def __init__(
        self,
        energy: ChunkProposer,
        sampler: Langevin = Langevin(steps=15, step_size=1.0, bounds="sphere"),
        optimizer: OptimizerCallable | None = None,
        lr_scheduler: LRSchedulerCallable | None = None,
    ) -> None:
        super().__init__(energy, sampler, optimizer=optimizer, lr_scheduler=lr_scheduler)

    def loss(self, batch: tuple[Any, Any]) -> dict[str, Tensor]:
        """Minus the log of the total probability of good chunks, averaged over goals with good chunks."""
        known, goals = batch
        logs = self.log_probabilities(problem_of(self.energy, goals, known), known.chunks.clamp(min=0))
        some = known.good.any(dim=1)
        logs = logs.masked_fill(~known.good, -torch.inf)[some]
        return {"loss": -logs.logsumexp(dim=1).sum() / some.sum().clamp(min=1)}

    def slot_probabilities(self, problem: SlotProblem, chunks: Tensor, slot: int) -> Tensor:
        """Log probabilities ``(B, C, K)`` of all tactics for a slot, given the slots of ``(B, C, 3)`` before it."""
        before = problem.at(chunks)[:, :, :slot]
        energies = self.energy.slot_energies(problem.encoded, problem.points, slot, before)
        return (-energies).masked_fill(~problem.choices[:, None, slot], -torch.inf).log_softmax(dim=2)

    def log_probabilities(self, problem: SlotProblem, chunks: Tensor) -> Tensor:
        """Log probabilities ``(B, C)`` of chunks ``(B, C, 3)``."""
        slots = [
            self.slot_probabilities(problem, chunks, slot).gather(2, chunks[:, :, slot, None]).squeeze(2)
            for slot in range(SLOTS)
        ]
        return torch.stack(slots).sum(dim=0)

    def real_energies(self, batch: tuple[Any, Any]) -> Tensor:
        """Minus the log probabilities of the good chunks of the data ``(N,)``."""
        known, goals = batch
        return -self.log_probabilities(problem_of(self.energy, goals, known), known.chunks.clamp(min=0))[known.good]


@dataclass(frozen=True)
class PolicyChunks(ChunkSampler):
    """Lets a policy propose chunks, sampled or the most likely ones. The energy chooses among them.

    Each probability of a tactic for a slot is a comparison: those of the first slot once for a goal, those of the
    others once for each chunk, or once for a goal if the policy's slots are independent. Each chunk costs two
    evaluations: its probability and its energy.

    Args:
        policy: The policy.
        number: Number of chunks for each goal, at least 1.
        beam: Whether to take the most likely chunks that a beam search of this width finds, in place of samples.

    Raises:
        SettingError: If there are no chunks.
    """

    policy: ChunkPolicy
    number: int = 8
    beam: bool = False

    def __post_init__(self) -> None:
        require(self.number >= 1, f"number is {self.number}, expected at least 1")

    @torch.no_grad()
    def draw(self, energy: SlotEnergy, problem: SlotProblem, uniforms: Uniforms) -> Draws:
        """Propose chunks of all goals at once."""
        theirs = problem_of(self.policy.energy, problem.goals, problem.slots)
        chunks = self._likely(theirs) if self.beam else self._sampled(theirs, uniforms)
        counted = torch.arange(1, self.number + 1, device=chunks.device).expand(len(chunks), -1)
        evaluations = 2 * counted
        first, *others = problem.counts.unbind(dim=1)
        each = torch.stack(others).sum(dim=0)[:, None]
        if self.policy.energy.marginal:
            each = each.expand(-1, self.number)
        else:
            each = each * (torch.full_like(counted, self.number) if self.beam else counted)
        return Draws(chunks, problem.energies(energy, chunks), evaluations, first[:, None] + each)

    def _sampled(self, problem: SlotProblem, uniforms: Uniforms) -> Tensor:
        chunks = torch.zeros(len(problem.points), self.number, SLOTS, dtype=torch.int64, device=problem.points.device)
        for slot in range(SLOTS):
            sums = self.policy.slot_probabilities(problem, chunks, slot).exp().cumsum(dim=2)
            chosen = (sums < uniforms(f"slot {slot}", self.number)[:, :, None]).sum(dim=2)
            chunks = replaced(chunks, slot, chosen.minimum(problem.counts[:, slot, None] - 1))
        return chunks

    def _likely(self, problem: SlotProblem) -> Tensor:
        chunks = torch.zeros(len(problem.points), 1, SLOTS, dtype=torch.int64, device=problem.points.device)
        logs = torch.zeros(len(problem.points), 1, device=problem.points.device)
        for slot in range(SLOTS):
            each = logs[:, :, None] + self.policy.slot_probabilities(problem, chunks, slot)
            best = each.flatten(1).topk(min(self.number, each[0].numel()), dim=1)
            # There may be fewer: then the most likely one is there again.
            places = torch.where(best.values.isfinite(), best.indices, best.indices[:, :1])
            logs = best.values
            rows = (places // each.shape[2])[:, :, None].expand(-1, -1, SLOTS)
            chunks = replaced(chunks.gather(1, rows), slot, places % each.shape[2])
        return chunks[:, torch.arange(self.number, device=chunks.device).clamp(max=chunks.shape[1] - 1)]
