"""Ranking: one energy of listed candidates that both proposes and judges."""

from __future__ import annotations

from typing import Any

import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor

from lean_ebm.energy.base import EnergyNetwork
from lean_ebm.errors import SettingError
from lean_ebm.langevin import Langevin
from lean_ebm.methods.base import Method
from lean_ebm.methods.listed import free_energy, surprise
from lean_ebm.methods.steps_left import bellman, judge_terms, share_right


class Ranking(Method):
    r"""Train one energy that chooses tactics and judges goals.

    It proposes by ``p(a|s) = softmax_a(-E(s, a) / T)``, and judges by ``V(s) = -T log sum_a exp(-E(s, a) / T)``, both
    over the tactics that are listed for a goal. The loss is::

        L  =  contrast * -log p(right tactics | s)    over goals that have a proof
            + anchor * Huber(V(s), steps left)        over the same goals
            + dead * max(0, margin - V(s))            over goals that have none
            + bellman * Huber(E(s, a), 1 + steps left after a)    over all tactics after which they are known

    The first term alone compares tactics of one goal, and leaves ``E + c(s)`` free for any function c. The others
    compare goals. A policy is an energy whose value is its log-sum-exp (Haarnoja et al. 2017, equations 4 and 5).

    Args:
        energy: The energy network.
        sampler: The chain that makes samples. It is short: the lowest energies lie between the embeddings of tactics.
        temperature: T, in tactics.
        contrast: Weight of the probability of right tactics; 0 turns it off, as for the others.
        anchor: Weight of the distance of V to the steps that are left.
        dead: Weight of the term that holds V of goals without a proof above the margin.
        margin: That margin, in tactics.
        bellman: Weight of the energies of single tactics, see :func:`~lean_ebm.methods.steps_left.bellman`.
        optimizer: Builds the optimizer from parameters. None: AdamW with its defaults.
        lr_scheduler: Builds the scheduler.

    Raises:
        SettingError: If the temperature is not above 0, or if all weights are 0 or one is negative.
    """

    whole_lists = True

    def __init__(
        self,
        energy: EnergyNetwork,
        sampler: Langevin = Langevin(steps=8, step_size=1.0, bounds="sphere"),
        temperature: float = 0.5,
        contrast: float = 1.0,
        anchor: float = 0.5,
        dead: float = 0.1,
        margin: float = 16.0,
        bellman: float = 0.0,
        optimizer: OptimizerCallable | None = None,
        lr_scheduler: LRSchedulerCallable | None = None,
    ) -> None:
        super().__init__(energy, sampler, optimizer=optimizer, lr_scheduler=lr_scheduler)
        weights = {"contrast": contrast, "anchor": anchor, "dead": dead, "bellman": bellman}
        if temperature <= 0 or min(weights.values()) < 0 or not any(weights.values()):
            raise SettingError(
                f"Ranking: temperature is {temperature} and the weights are {weights}, expected a temperature above 0 "
                "and weights of 0 or more, not all of them 0."
            )
        self.temperature = temperature
        self.weights = weights
        self.margin = margin

    @property
    def compares_conditions(self) -> bool:
        """Whether ``anchor`` or ``bellman`` fits the energies to the number of tactics left."""
        return self.weights["anchor"] > 0 or self.weights["bellman"] > 0

    def loss(self, batch: tuple[Any, Any]) -> dict[str, Tensor]:
        """The terms above. ``right`` is the share of goals whose best tactic is right."""
        tactics, goals = batch
        energies = self.rank(goals, tactics)
        terms = {
            "contrast": surprise(energies, tactics, self.temperature),
            **judge_terms(free_energy(energies, self.temperature), tactics, self.margin),
            "bellman": bellman(energies, tactics, self.margin),
        }
        loss = torch.stack([weight * terms[name] for name, weight in self.weights.items() if weight]).sum()
        return {"loss": loss, **terms, "right": share_right(energies, tactics)}
