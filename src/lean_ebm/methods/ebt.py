"""The training of Energy-Based Transformers: a few gradient steps on the energy should end at the data."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor, nn
from torch.nn import functional as F

from lean_ebm.bounds import Bounds, project
from lean_ebm.energy import EnergyNetwork
from lean_ebm.errors import SettingError
from lean_ebm.gradient import energy_gradient
from lean_ebm.langevin import Langevin, StepHook, Trajectory
from lean_ebm.methods.base import Batch, Method
from lean_ebm.methods.verification import Verification
from lean_ebm.randomness import stratified


@dataclass(frozen=True)
class Corruption:
    """Noise on data, whose level (standard deviation) has a log-normal distribution (Karras et al. 2022, table 1).

    Args:
        lowest: Lowest level.
        highest: Highest level; it should be well above the scale of data, so that nothing of them is left.
        log_mean: Mean of the logarithm of the levels that training draws.
        log_std: Standard deviation of the logarithm of these levels.
        weight_power: The power p in the weight ``(sigma + 0.1)^-p`` of the loss at level sigma. Squared errors grow
            with the level: without a weight (0), strong noise would dominate the loss, and details would get lost.

    Raises:
        SettingError: If the levels are not 0 < lowest < highest.
    """

    lowest: float = 0.05
    highest: float = 8.0
    log_mean: float = -0.2
    log_std: float = 1.2
    weight_power: float = 0.75

    def __post_init__(self) -> None:
        if not 0 < self.lowest < self.highest:
            raise SettingError(f"Corruption: levels {self.lowest} to {self.highest}, expected 0 < lowest < highest.")

    def draw(self, size: int, device: torch.device) -> Tensor:
        """Stratified levels ``(size,)``: one from each of ``size`` equally likely ranges, in random order."""
        uniform = stratified(size, device).clamp(1e-4, 1 - 1e-4)
        levels = (self.log_mean + self.log_std * torch.special.ndtri(uniform)).exp()
        clamped: Tensor = levels.clamp(self.lowest, self.highest)
        return clamped

    def weight(self, level: Tensor) -> Tensor:
        """Weight of the loss at each level."""
        weight: Tensor = (level + 0.1) ** -self.weight_power
        return weight


class EBT(Method):
    r"""Train the energy so that Langevin chains end at the data (Gladstone et al. 2025, section 3).

    A chain starts at ``x_0`` and takes S steps ``x_{s+1} = x_s - alpha dE/dx(x_s, y)``. The loss compares its outputs
    with the data ``x``, and is differentiated through the gradient of the energy (a second derivative)::

        L  =  |x_S - x|^2                     ``supervise=last``,    or
        L  =  mean_s |x_s - x|^2, s = 1 .. S  ``supervise=every``

    The System 1 recipe of the paper is ``supervise=every`` with ``learn_step_size=true``: x_s is detached before each
    step, each step has its own graph and its own loss, and the step size alpha is learned.

    ``start`` says where chains begin. A start from ``noise`` does not depend on the target. The squared error then has
    one minimum, the mean of all data under the condition, which suits problems with one answer. With ``corrupted``, EBT
    trains on images: ``x_0 = x + sigma z`` with a random level sigma. Then ``alpha dE/dx`` learns the noise in ``x_0``,
    which is ``-sigma^2`` times the score of data blurred by ``sigma`` (Miyasawa 1961). The network does not get the
    level.

    Such an energy is sampled from coarse to fine (Kadkhodaie and Simoncelli 2021, algorithm 1). A step of ``h alpha``
    removes a fraction h of the noise, and new noise replaces a part of it, as ``churn`` says. The level thus falls
    geometrically over the chain, from the highest to the lowest. A last step of alpha removes all noise that is left.

    Args:
        energy: The energy network.
        chain: The training chain; ``chain.step_size`` is alpha, or its first value if it is learned.
        sampler: The chain that makes samples. With ``start: corrupted`` its step sizes and noise follow from ``steps``,
            ``corruption`` and ``churn``, and its bounds hold for the end point of a full step of alpha, not for the
            noisy candidates. Otherwise all of its settings hold.
        start: Where training chains begin.
        corruption: Noise of corrupted starts.
        supervise: Which outputs of the chain the loss sees.
        learn_step_size: Whether alpha is a parameter; it has no weight decay.
        churn: Stochasticity of coarse-to-fine sampling, from 0 (no new noise) to 1 (each step removes all noise, and
            new noise of the next level is added).
        cross_entropy: Weight of the classification term ``CE(softmax_y' -E(x_0, y'), y)``. The term counts only for
            starts whose level is below 1.5, since the classes cannot be told apart under more noise.
        candidates: Largest number of draws for each sample.
        acceptance: A draw whose p(y|x) reaches this is accepted without further draws.
        verification: How the energy network learns to judge answers; null: it does not.
        optimizer: Builds the optimizer from parameters. None: AdamW with its defaults.
        lr_scheduler: Builds the scheduler.

    Raises:
        SettingError: If ``churn`` is out of its range, or if settings contradict each other.
    """

    def __init__(
        self,
        energy: EnergyNetwork,
        chain: Langevin = Langevin(steps=1, graph="last"),
        sampler: Langevin = Langevin(steps=50, bounds=None),
        start: Literal["noise", "corrupted"] = "corrupted",
        corruption: Corruption = Corruption(),
        supervise: Literal["last", "every"] = "last",
        learn_step_size: bool = False,
        churn: float = 0.8,
        cross_entropy: float = 0.0,
        candidates: int = 1,
        acceptance: float = 0.9,
        verification: Verification | None = None,
        optimizer: OptimizerCallable | None = None,
        lr_scheduler: LRSchedulerCallable | None = None,
    ) -> None:
        super().__init__(energy, sampler, candidates, acceptance, verification, optimizer, lr_scheduler)
        if supervise == "last" and chain.graph == "none":
            raise SettingError("EBT learns through its chain: chain.graph is none, use last, all or a number of steps.")
        if not 0 <= churn <= 1:
            raise SettingError(f"EBT: churn is {churn}, expected 0 to 1.")
        if supervise == "every" and (chain.stop.enabled or chain.final_noise_scale is not None):
            raise SettingError(
                "EBT: supervise=every takes steps one by one: chain.stop and final_noise_scale have no effect."
            )
        self.chain = chain
        self.start = start
        self.corruption = corruption
        self.supervise = supervise
        self.learn_step_size = learn_step_size
        self.churn = churn
        self.cross_entropy = cross_entropy
        log_step_size = torch.tensor(math.log(chain.step_size))
        if learn_step_size:
            self.log_step_size = nn.Parameter(log_step_size)
        else:
            self.register_buffer("log_step_size", log_step_size)

    @property
    def step_size(self) -> Tensor:
        """Alpha, the step size of the training chain; a scalar tensor."""
        return self.log_step_size.exp()

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Distance of the chain's outputs from the data, and the optional classification term."""
        target, condition = batch
        start, level = self._start(target, condition)
        if self.supervise == "every":
            plan = [replace(self.chain, steps=1, graph="last")] * self.chain.steps
        else:
            plan = [self.chain]
        first: tuple[Tensor, Tensor] | None = None
        energies: Tensor | None = None
        if self.classifies and plan[0].first_graph_step == 0 and not self.chain.recompute:
            # The classification term needs the energies at the starts: it shares a pass with the first step.
            own_and_all = self.energy.own_and_all_energies
            values, gradient, energies = energy_gradient(
                own_and_all, start, condition, create_graph=True, compile=self.chain.compile, has_aux=True
            )
            first = values, gradient
        alpha = self.step_size
        x = start
        parts: list[Trajectory] = []
        for i, settings in enumerate(plan):
            parts.append(self.langevin(x, condition, settings, first=None if i else first, step_size=alpha))
            x = parts[-1].x
        trajectory = Trajectory.join(parts)

        weight = self.corruption.weight(level) if level is not None else 1.0
        losses = [(weight * _squared_error(part.x, target)).mean() for part in parts]
        loss = torch.stack(losses).mean()
        terms = {
            "reconstruction": loss,
            "step_size": alpha,
            "energy_start": trajectory.energies[:, 0].mean(),
            "grad_norm_chain": trajectory.grad_norms.mean(),
        }
        if self.classifies:
            energies = self.energy.energies(start) if energies is None else energies
            likelihood = F.cross_entropy(-energies, condition, reduction="none")
            terms["cross_entropy"] = (likelihood if level is None else likelihood * (level < 1.5)).mean()
            loss = loss + self.cross_entropy * terms["cross_entropy"]
        return {"loss": loss, **terms}

    def sample(
        self, condition: Any, steps: int | None, generator: torch.Generator | None, on_step: StepHook | None
    ) -> Trajectory:
        """Run the sampler: from coarse to fine with ``start: corrupted``, otherwise with its own settings."""
        sampler = self.sampler if steps is None else replace(self.sampler, steps=steps)
        x = self.noise(condition, sampler, generator)
        plan = self._coarse_to_fine(sampler) if self.start == "corrupted" else [sampler]
        counter = itertools.count()  # step numbers run on over all chains
        hook = None if on_step is None else lambda _, x: on_step(next(counter), x)
        correct: _GoalWithin | None = None
        if self.start == "corrupted" and sampler.bounds:
            correct = _GoalWithin(self.step_size.detach(), sampler.bounds)
        parts: list[Trajectory] = []
        for settings in plan:
            part = self.langevin(x, condition, settings, gradient_map=correct, generator=generator, on_step=hook)
            parts.append(part)
            x = part.x
        return Trajectory.join(parts)

    def noise(self, condition: Any, chain: Langevin, generator: torch.Generator | None = None) -> Tensor:
        """Starts of chains for samples: Gaussian noise of the highest level, or as in training if ``start: noise``."""
        if self.start == "noise":
            return super().noise(condition, chain, generator)
        shape = self.batch_shape(condition)
        return self.corruption.highest * torch.randn(shape, device=self.device, generator=generator)

    def parameter_groups(self) -> Iterable[Any]:
        """Two groups: the network, and the step size, which has no weight decay."""
        if not self.learn_step_size:
            return super().parameter_groups()
        groups = self._with_rates(list(self.energy.parameters()))
        groups = groups if isinstance(groups[0], dict) else [{"params": groups}]
        return [*groups, {"params": [self.log_step_size], "weight_decay": 0.0}]

    def _start(self, target: Tensor, condition: Any) -> tuple[Tensor, Tensor | None]:
        """The starts of chains, and the levels ``(B,)`` of their noise, None if they are not corrupted data."""
        if self.start == "noise":
            return self.noise(condition, self.chain), None
        level = self.corruption.draw(len(target), target.device)
        return target + level.reshape(-1, *[1] * (target.dim() - 1)) * torch.randn_like(target), level

    def _coarse_to_fine(self, sampler: Langevin) -> list[Langevin]:
        """Two chains: one in which the noise falls geometrically from the highest level to the lowest, and a last step.

        A step of h alpha leaves (1 - h) of the noise. With new noise of ``gamma_s = sigma_s sqrt(r^2 - (1 - h)^2)`` the
        level falls by the factor r in each step. Here ``h = (1 - r) / (1 - churn)``, at most 1.
        """
        alpha, high = float(self.step_size.detach()), self.corruption.highest
        last = replace(sampler, steps=1, step_size=alpha, noise_scale=0.0, final_noise_scale=None)
        steps = sampler.steps - 1
        if steps < 1:
            return [last]
        ratio = (self.corruption.lowest / high) ** (1 / steps)
        fraction = min(1.0, (1 - ratio) / (1 - self.churn)) if self.churn < 1 else 1.0
        gamma = high * math.sqrt(max(ratio**2 - (1 - fraction) ** 2, 0.0))
        falling = replace(
            sampler,
            steps=steps,
            step_size=fraction * alpha,
            noise_scale=gamma,
            final_noise_scale=gamma * ratio ** (steps - 1) if gamma > 0 else None,
            bounds=None,
        )
        return [falling, last]


class _GoalWithin(NamedTuple):
    """Changes a gradient so that the full step, ``x - alpha dE/dx``, ends within bounds."""

    alpha: Tensor
    bounds: Bounds

    def __call__(self, x: Tensor, gradient: Tensor) -> Tensor:
        return (x - project(x - self.alpha * gradient, self.bounds)) / self.alpha


def _squared_error(x: Tensor, target: Tensor) -> Tensor:
    """The mean squared error ``(B,)`` of each candidate."""
    return F.mse_loss(x, target, reduction="none").flatten(1).mean(dim=1)
