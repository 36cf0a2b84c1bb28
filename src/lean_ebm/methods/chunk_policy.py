"""A policy over chunks of tactics, one slot after the other."""

from __future__ import annotations

from typing import Any

import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor

from lean_ebm.energy.chunks import SLOTS, ChunkProposer
from lean_ebm.langevin import Langevin
from lean_ebm.methods.base import Method
from lean_ebm.methods.chunk_samplers import SlotProblem, problem_of


class ChunkPolicy(Method):
    """Learn a policy that proposes chunks: the likelihood of good ones, which are known of each goal with a proof.

    It is the peer of :class:`.ChunkRanking` that proposes without gradients, and does not judge goals.

    Args:
        energy: The network, whose energies are minus logits.
        sampler: The chain that makes samples.
        optimizer: Builds the optimizer from parameters. None: AdamW with its defaults.
        lr_scheduler: Builds the scheduler.
    """

    whole_lists = True
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
        """Minus the log probability of good chunks together, the mean over goals that have some."""
        known, goals = batch
        logs = self.log_probabilities(problem_of(self.energy, goals, known), known.chunks.clamp(min=0))
        some = known.good.any(dim=1)
        logs = logs.masked_fill(~known.good, -torch.inf)[some]
        return {"loss": -logs.logsumexp(dim=1).sum() / some.sum().clamp(min=1)}

    def slot_probabilities(self, problem: SlotProblem, chunks: Tensor, slot: int) -> Tensor:
        """Log probabilities ``(B, C, K)`` of all tactics for a slot, after those of chunks ``(B, C, 3)`` before it."""
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
