"""A policy that writes tactics: a language model that learns right tactics, token by token."""

from __future__ import annotations

from typing import Any

import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor

from lean_ebm.energy.language import LanguageModelLikelihood
from lean_ebm.errors import SettingError
from lean_ebm.langevin import Langevin, StepHook, Trajectory
from lean_ebm.methods.base import Method
from lean_ebm.methods.drawing import batch_size
from lean_ebm.methods.listed import one_right


class LanguagePolicy(Method):
    """Trains a model to write tactics by next-token loss, like ReProver without retrieval (Yang et al. 2023).

    Of each goal that has a proof, the model learns a right tactic, at random. The baseline that an energy is compared
    with: it proposes tactics that nobody has listed, and does not judge goals. Listed tactics have the energy
    ``-log p``, so that it can also choose among them.

    Args:
        energy: The language model, whose energies are minus log likelihoods.
        sampler: Not used, since there are no chains on tokens: a sample is a tactic that the policy writes.
        optimizer: Builds the optimizer from parameters. None: AdamW with its defaults.
        lr_scheduler: Builds the scheduler.

    Raises:
        SettingError: If the network has no likelihoods.
    """

    whole_lists = True
    energy: LanguageModelLikelihood

    def __init__(
        self,
        energy: LanguageModelLikelihood,
        sampler: Langevin = Langevin(steps=0),
        optimizer: OptimizerCallable | None = None,
        lr_scheduler: LRSchedulerCallable | None = None,
    ) -> None:
        super().__init__(energy, sampler, optimizer=optimizer, lr_scheduler=lr_scheduler)
        if not isinstance(energy, LanguageModelLikelihood):
            raise SettingError(
                f"LanguagePolicy learns likelihoods: expected LanguageModelLikelihood, not {type(energy).__name__}."
            )

    def sample(
        self, condition: Any, steps: int | None, generator: torch.Generator | None, on_step: StepHook | None
    ) -> Trajectory:
        """Write one tactic for each goal. The samples are tokens ``(B, L)`` int64, padded with -1."""
        from lean_ebm.energy.language.generation import generate  # needs the extra

        size, device = batch_size(condition), self.device
        found = generate(
            self.energy, condition, 1, lambda _, count: torch.rand(size, count, device=device, generator=generator)
        )
        nothing = torch.zeros(size, 0, device=device)
        return Trajectory(found.tokens[:, 0], nothing, nothing, torch.zeros(size, dtype=torch.int64, device=device))

    def loss(self, batch: tuple[Any, Any]) -> dict[str, Tensor]:
        """Minus the log probability of right tactics: the mean over tokens, and as ``tactic`` over whole tactics."""
        known, goals = batch
        encoded = self.energy.encode(goals)
        tokens, prompts = one_right(self.energy.encode_candidates(known, encoded), encoded, known)
        if not len(tokens):  # no goal of the batch has a proof
            return {"loss": 0 * self.energy.logits(encoded.last).sum()}
        energies: Tensor = self.energy(tokens, prompts)
        return {"loss": energies.sum() / (tokens >= 0).sum(), "tactic": energies.mean()}
