"""A policy over listed candidates, and a value that is trained with it, as in AlphaZero."""

from __future__ import annotations

from typing import Any, Literal

import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor, nn

from lean_ebm.energy.proofs import EncodedState, TacticEnergy
from lean_ebm.errors import SettingError
from lean_ebm.langevin import Langevin
from lean_ebm.methods.base import Method
from lean_ebm.methods.listed import Assessment, surprise
from lean_ebm.methods.steps_left import judge_terms, share_right


class PolicyValue(Method):
    r"""Train a policy and a value side by side, as AlphaZero does (Silver et al. 2018). Compare :class:`Ranking`.

    The logits of the policy are minus the energies of the network. A head computes the value V(s), the number of
    tactics that are still needed. The loss is::

        L  =  -log p(right tactics | s)           over goals that have a proof
            + anchor * Huber(V(s), steps left)    over the same goals
            + dead * max(0, margin - V(s))        over goals that have none

    Args:
        energy: The network of the policy.
        sampler: The chain that makes samples. It is short: the lowest energies lie between the embeddings of tactics.
        value: Whether the head reads the policy's encoding of the goal (``shared``), or has an encoder of its ``own``,
            with the same settings.
        hidden: Hidden units of the head.
        anchor: Weight of the distance of V to the steps that are left.
        dead: Weight of the term that holds V of goals without a proof above the margin.
        margin: That margin, in tactics.
        optimizer: Builds the optimizer from parameters. None: AdamW with its defaults.
        lr_scheduler: Builds the scheduler.

    Raises:
        SettingError: If a weight is not above 0.
    """

    whole_lists = True
    energy: TacticEnergy

    def __init__(
        self,
        energy: TacticEnergy,
        sampler: Langevin = Langevin(steps=8, step_size=1.0, bounds="sphere"),
        value: Literal["own", "shared"] = "own",
        hidden: int = 128,
        anchor: float = 0.5,
        dead: float = 0.1,
        margin: float = 16.0,
        optimizer: OptimizerCallable | None = None,
        lr_scheduler: LRSchedulerCallable | None = None,
    ) -> None:
        super().__init__(energy, sampler, optimizer=optimizer, lr_scheduler=lr_scheduler)
        if min(anchor, dead) <= 0:
            raise SettingError(
                f"PolicyValue: anchor is {anchor} and dead is {dead}, expected more than 0. A policy without a value "
                "is Ranking with --model.anchor 0 --model.dead 0."
            )
        self.anchor, self.dead, self.margin = anchor, dead, margin
        self.encoder = energy.encoder.fresh() if value == "own" else None
        self.head = nn.Sequential(nn.Linear(energy.encoder.width, hidden), nn.SiLU(), nn.Linear(hidden, 1))

    def loss(self, batch: tuple[Any, Any]) -> dict[str, Tensor]:
        """The terms above. ``right`` is the share of goals whose most likely tactic is right."""
        tactics, goals = batch
        energies, _, values = self.assess(goals, tactics)
        terms = {"contrast": surprise(energies, tactics), **judge_terms(values, tactics, self.margin)}
        loss = terms["contrast"] + self.anchor * terms["anchor"] + self.dead * terms["dead"]
        return {"loss": loss, **terms, "right": share_right(energies, tactics)}

    @property
    def compares_conditions(self) -> bool:
        """Return True: the head learns values of goals."""
        return True

    def assess(self, condition: Any, candidates: Any) -> Assessment:
        """Energies and probabilities of listed tactics by the policy, and values of goals by the head."""
        self.energy.check_precision()
        encoded = self.energy.encode(condition)
        energies = self.ranked(encoded, candidates)
        return Assessment(energies, (-energies).log_softmax(dim=1), self.values(condition, encoded))

    def values(self, condition: Any, encoded: EncodedState) -> Tensor:
        """Values ``(B,)`` of goals by the head.

        Args:
            condition: Goals, as the data module gives them.
            encoded: The same, as the energy network has encoded them.
        """
        summary = encoded.summary if self.encoder is None else self.encoder(condition).summary
        with torch.autocast(summary.device.type, enabled=False):
            values: Tensor = self.head(summary.float()).squeeze(1)
        return values
