"""The base class of guides with trained networks, and the guide that scores all tactics of a goal."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import torch
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor

from lean_ebm.data.proofs import GoalBatch, TacticBatch, batch_of
from lean_ebm.data.proofs.texts import with_texts
from lean_ebm.energy.chunks import SlotEnergy
from lean_ebm.energy.language import LanguageNetwork
from lean_ebm.errors import SettingError
from lean_ebm.methods import Method
from lean_ebm.proving.candidates import Listing
from lean_ebm.proving.search import Advice, OpenGoal, Tactic

BATCH = 64
"""Goals in a pass; more would be no faster, and takes more memory."""

DECIMALS = 4
"""Decimals of log priors, of energies and of numbers of tactics."""


class Judged(NamedTuple):
    """The answer of a guide about ``B`` goals with at most ``K`` tactics each.

    Attributes:
        energies: ``(B, K)``, low is good; NaN where none was computed.
        log_priors: ``(B, K)``.
        values: ``(B,)``, estimated numbers of tactics that the goals need; None if the guide does not judge goals.
        costs: ``(B,)``, numbers of evaluations.
    """

    energies: Tensor
    log_priors: Tensor
    values: Tensor | None
    costs: Tensor


class TrainedGuide(ABC):
    """A guide that asks trained networks about many goals at once.

    What it says is rounded to four decimals. The last digits of an energy depend on how far a batch was filled up, and
    must not decide which of two equal tactics is tried first.

    Args:
        method: A method that was trained on proof steps. It is put into evaluation mode.

    Raises:
        SettingError: If its network does not score tactics.
    """

    def __init__(self, method: Method) -> None:
        self.method = scoring(method)
        self._world = str(method.energy.world)
        self._texts = isinstance(method.energy, LanguageNetwork)

    def advise(self, goals: Sequence[OpenGoal]) -> list[Advice]:
        """Give advice about each goal.

        Raises:
            SettingError: If a goal is not one of the wide set.
        """
        check_goals(goals, self._world)
        advices = [Advice([], [])] * len(goals)
        listings = {index: goal.listing() for index, goal in enumerate(goals) if goal.tactics}
        # Goals of similar size go together, so that little has to be filled up.
        order = sorted(listings, key=lambda index: len(listings[index].graph.kinds))
        for begin in range(0, len(order), BATCH):
            numbers = order[begin : begin + BATCH]
            told = self._told([listings[number] for number in numbers])
            for row, number in enumerate(numbers):
                advices[number] = _advice(told, row, goals[number].tactics)
        return advices

    @abstractmethod
    def judged(self, goals: GoalBatch, tactics: TacticBatch, listings: Sequence[Listing]) -> Judged:
        """Ask the networks about ``B`` goals, on the device of the method.

        Args:
            goals: The goals.
            tactics: The tactics that are listed for them.
            listings: The same as integers.
        """

    def _told(self, listings: list[Listing]) -> _Told:
        """What the networks say, as lists."""
        device = self.method.device
        batches = batch_of(listings)
        if self._texts:
            batches = with_texts(*batches)
        goals, tactics = apply_to_collection(batches, Tensor, lambda part: part.to(device))
        with torch.inference_mode():
            found = self.judged(goals, tactics, listings)
            values = found.values
            return _Told(
                found.energies.round(decimals=DECIMALS).tolist(),
                found.log_priors.round(decimals=DECIMALS).tolist(),
                None if values is None else values.clamp(min=0).round(decimals=DECIMALS).tolist(),
                found.costs.tolist(),
            )


class NetworkGuide(TrainedGuide):
    """Computes the energy of each listed tactic; its probabilities are exact, ``softmax(-E / T)``.

    It judges goals if the method was trained to compare them, as :class:`.Ranking` with an anchor and
    :class:`.PolicyValue` are. Without that it is a policy, whose values are None.

    Args:
        method: A method that was trained on proof steps.
        judges: Whether to give the method's values, also if it was not trained to compare goals. None: if it was.
    """

    def __init__(self, method: Method, judges: bool | None = None) -> None:
        super().__init__(method)
        self.judges = method.compares_conditions if judges is None else judges

    def judged(self, goals: GoalBatch, tactics: TacticBatch, listings: Sequence[Listing]) -> Judged:
        """Score all tactics in one pass."""
        energies, log_priors, values = self.method.assess(goals, tactics)
        return Judged(energies, log_priors, values if self.judges else None, tactics.mask.sum(dim=1))


def check_goals(goals: Sequence[OpenGoal], world: str) -> None:
    """Check whether all goals have the wide set of tactics of a world.

    Raises:
        SettingError: If one has not.
    """
    for goal in goals:
        if not goal.world:
            raise SettingError(
                "A trained guide reads goals with the wide set of tactics, and this one has other tactics: leave out "
                "--tactics narrow, or take a guide that needs no learning, such as sizes."
            )
        if goal.world != world:
            raise SettingError(
                f"This guide was trained in the world of {world}, and the goal is of the world of {goal.world}: take a "
                "checkpoint of that world, or a guide that needs no learning, such as sizes."
            )


def scoring(method: Method) -> Method:
    """Put the method into evaluation mode, and return it.

    Raises:
        SettingError: If its network does not score tactics.
    """
    if isinstance(method.energy, SlotEnergy):
        raise SettingError(
            f"{type(method).__name__} chooses chunks of tactics, and this guide takes single ones: give a model that "
            "was trained on ProofSteps, or make a ChunkGuide in Python."
        )
    if not method.energy.lists:
        raise SettingError(
            f"{type(method).__name__} with {type(method.energy).__name__} does not choose tactics: expected a model "
            "that was trained on proof steps, as lean-ebm fit --config proving/energy makes it."
        )
    return method.eval()


class _Told(NamedTuple):
    """A :class:`Judged` as lists."""

    energies: list[list[float]]
    log_priors: list[list[float]]
    values: list[float] | None
    costs: list[int]


def _advice(told: _Told, row: int, tactics: Sequence[Tactic]) -> Advice:
    """The advice about one goal of a batch."""
    count = len(tactics)
    return Advice(
        tactics,
        told.log_priors[row][:count],
        None if told.values is None else told.values[row],
        told.costs[row],
        told.energies[row][:count],
    )
