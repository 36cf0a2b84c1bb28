"""A guide that finds tactics by Langevin dynamics on the sphere of their embeddings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import torch
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor

from lean_ebm.bounds import project
from lean_ebm.data.proofs import GoalBatch, TacticBatch, batch_of
from lean_ebm.energy.language import LanguageNetwork
from lean_ebm.errors import SettingError
from lean_ebm.guides.network import Judged, TrainedGuide, check_goals
from lean_ebm.langevin import Langevin, StepHook, Stop, langevin
from lean_ebm.methods import Method, PolicyValue
from lean_ebm.methods.listed import free_energy
from lean_ebm.proving.candidates import Listing
from lean_ebm.proving.candidates.invariants import invariant
from lean_ebm.proving.search import GoalChains, OpenGoal
from lean_ebm.randomness import counted_uniforms, derived_seed


class LangevinGuide(TrainedGuide):
    """Runs chains down the energy of each goal, and proposes the listed tactics nearest to their ends.

    A tactic k to which ``c_k`` of C chains led has a probability proportional to ``c_k exp(-E_k / T)``. All tactics to
    which none led share ``1 / (C + 1)``, so that none is lost. Values are ``-T log sum exp(-E / T)`` over the tactics
    that were found, and so never below those of :class:`.NetworkGuide`, if the method was trained to compare goals by
    them; and those of the head of :class:`.PolicyValue`.

    Chains are those of the method's sampler. Their random numbers depend only on the seed and on the goal, and not on
    the names in it; a listed start also depends on the order of the tactics. Each step of a chain costs 3 evaluations;
    its end costs one for each tactic with which it is compared, and one for the energy of the nearest.

    Args:
        method: A method that was trained on proof steps.
        steps: Number of steps of a chain, at least 1. None: as the sampler says.
        chains: Number of chains for each goal, at least 1.
        start: Whether chains start from ``noise`` or at a random ``listed`` tactic.
        seed: Seed of the chains.

    Raises:
        SettingError: If a number is below 1, or the start is another one.
    """

    def __init__(
        self,
        method: Method,
        steps: int | None = None,
        chains: int = 8,
        start: Literal["noise", "listed"] = "noise",
        seed: int = 0,
    ) -> None:
        super().__init__(method)
        if isinstance(method.energy, LanguageNetwork):
            raise SettingError("Chains of a language model make texts of their own: leave out the settings of chains.")
        steps = method.sampler.steps if steps is None else steps
        if min(steps, chains) < 1 or start not in ("noise", "listed"):
            raise SettingError(
                f"Langevin guide: {steps} steps, {chains} chains and start {start!r}: expected at least 1 step and 1 "
                "chain, and noise or listed."
            )
        self.sampler = replace(
            method.sampler, steps=steps, bounds="sphere", graph="none", monotone=False, stop=Stop(), compile=False
        )
        self.chains, self.start, self.seed = chains, start, seed

    def judged(self, goals: GoalBatch, tactics: TacticBatch, listings: Sequence[Listing]) -> Judged:
        """Run the chains of all goals at once."""
        method, temperature = self.method, self.method.temperature
        numbers = _numbers(listings, goals)
        encoded = method.energy.encode(goals)
        points, conditions = method.finished(method.listed_points(tactics, encoded), encoded)
        counts = tactics.mask.sum(dim=1)
        ends = self._ends(self._starts(points, counts, numbers), conditions, numbers)
        nearest = _nearest(ends, points, tactics)
        rows = torch.arange(len(nearest), device=nearest.device)[:, None]
        near_energies = method.energy.rank(conditions, points[rows, nearest])
        found = torch.zeros(tactics.mask.shape, device=nearest.device)
        found.scatter_add_(1, nearest, torch.ones_like(near_energies))
        there = found > 0
        energies = torch.full_like(found, torch.nan).scatter(1, nearest, near_energies)
        known = energies.masked_fill(~there, torch.inf)
        scores = (found.log() - known / temperature).log_softmax(dim=1)
        values = None
        if isinstance(method, PolicyValue):
            values = method.values(goals, encoded)
        elif method.compares_conditions:
            values = free_energy(known, temperature)
        missing = counts - there.sum(dim=1)
        share = torch.where(missing > 0, 1 / (self.chains + 1), 0.0)[:, None]
        rest = torch.where(there, (-share).log1p() + scores, (share / missing.clamp(min=1)[:, None]).log())
        return Judged(
            energies,
            rest.masked_fill(~tactics.mask, -torch.inf),
            values,
            self.chains * (3 * self.sampler.steps + counts + 1),
        )

    def trace(self, goal: OpenGoal) -> GoalChains:
        """Run the chains of a goal again and record each step with the nearest tactic.

        Args:
            goal: The goal, with at least one tactic.

        Raises:
            SettingError: If the goal is not one of the wide set.
        """
        check_goals([goal], str(self.method.energy.world))
        listings = [goal.listing()]
        goals, tactics = apply_to_collection(batch_of(listings), Tensor, lambda part: part.to(self.method.device))
        with torch.inference_mode():
            encoded = self.method.energy.encode(goals)
            points, conditions = self.method.finished(self.method.listed_points(tactics, encoded), encoded)
            numbers = _numbers(listings, goals)
            starts = self._starts(points, tactics.mask.sum(dim=1), numbers)
            path = [starts]
            self._ends(starts, conditions, numbers, lambda _, x: path.append(x.clone()))
            nearest = [_nearest(x, points, tactics)[0] for x in path]
            energies = [self.method.energy.rank(conditions, x)[0] for x in path]
            decoded = [self.method.energy.rank(conditions, points[:, tactic])[0] for tactic in nearest]
        return GoalChains(*(torch.stack(part, dim=1).tolist() for part in (energies, nearest, decoded)))

    def _starts(self, points: Tensor, counts: Tensor, numbers: Tensor) -> Tensor:
        """Starts ``(B, C, *shape)`` of the chains."""
        if self.start == "noise":
            shape = (len(points), self.chains, *points.shape[2:])
            return project(self._normal("start", numbers, shape), "sphere")
        uniform = counted_uniforms(derived_seed(self.seed, "listed"), numbers, self.chains)
        chosen = (uniform * counts[:, None]).long()
        return points[torch.arange(len(points), device=points.device)[:, None], chosen]

    def _ends(self, starts: Tensor, conditions: Any, numbers: Tensor, on_step: StepHook | None = None) -> Tensor:
        """Ends ``(B, C, *shape)`` of the chains."""
        settings = self.sampler
        step = 0

        def with_noise(x: Tensor, gradient: Tensor) -> Tensor:
            """A gradient with which the step adds noise that is the goal's own, whatever else is in the batch."""
            nonlocal step
            noise = settings.noise_at(step) * self._normal(f"step {step}", numbers, tuple(x.shape))
            step += 1
            if settings.grad_clamp is not None:
                gradient = gradient.clamp(-settings.grad_clamp, settings.grad_clamp)
            return gradient - noise / settings.step_size

        # Chains of a goal are independent, so the gradient of the sum of their energies is that of each.
        trajectory = langevin(
            lambda x, given: self.method.energy.rank(given, x).sum(dim=1),
            starts,
            conditions,
            _quiet(settings) if settings.noise_scale else settings,
            gradient_map=with_noise if settings.noise_scale else None,
            on_step=on_step,
        )
        return trajectory.x

    def _normal(self, name: str, numbers: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Standard normal numbers ``(B, ...)``, of which each row depends on the seed, the name and the goal only."""
        uniform = counted_uniforms(derived_seed(self.seed, name), numbers, math.prod(shape[1:]))
        normal: Tensor = torch.special.ndtri(uniform)
        return normal.float().reshape(shape)


def _numbers(listings: Sequence[Listing], goals: GoalBatch) -> Tensor:
    """A number ``(B,)`` of each goal, which does not depend on the names in it."""
    return torch.tensor([invariant(listing.graph) >> 1 for listing in listings], device=goals.target.device)


def _nearest(x: Tensor, points: Tensor, tactics: TacticBatch) -> Tensor:
    """The listed tactics ``(B, C)``, of ``points`` ``(B, K, ...)``, nearest to the candidates ``(B, C, ...)``."""
    distances = torch.cdist(x.flatten(2), points.flatten(2)).masked_fill(~tactics.mask[:, None], torch.inf)
    return distances.argmin(dim=2)


def _quiet(settings: Langevin) -> Langevin:
    """The same chain, but its noise and its clamp are the business of the caller."""
    return replace(settings, noise_scale=0.0, final_noise_scale=None, grad_clamp=None)
