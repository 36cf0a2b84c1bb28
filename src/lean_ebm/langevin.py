"""Langevin dynamics on an energy: one differentiable sampler for every method.

One step moves a candidate ``x`` down its energy and adds noise::

    x  <-  bounds( x - step_size * clamp(dE/dx) + noise_scale * z ),    z ~ N(0, I)

With ``noise_scale = sqrt(2 * step_size * T)`` this is the unadjusted Langevin algorithm at temperature ``T`` (Welling
and Teh 2011, equation 4). Energy models are usually sampled with far less noise than that (Du and Mordatch 2019,
section 3), so step size and noise are independent settings here. This file makes no assumption about candidates and
conditions: a batch of candidates is a tensor ``(B, ...)``, and a batch of conditions is any collection of tensors with
first dimension ``B``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import torch
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from lean_ebm.bounds import Bounds, project
from lean_ebm.cuda_graphs import can_replay, network_of, replayed
from lean_ebm.gradient import energy_gradient, leave_inference_mode, plain_energy_gradient
from lean_ebm.langevin_settings import Langevin, Stop

__all__ = [
    "EnergyFunction",
    "GradientMap",
    "Langevin",
    "LangevinMixin",
    "StepHook",
    "Stop",
    "Trajectory",
    "energy_gradient",
    "langevin",
]

EnergyFunction = Callable[[Tensor, Any], Tensor]
"""``(x (B, ...), condition) -> energy (B,)``."""

GradientMap = Callable[[Tensor, Tensor], Tensor]
"""``(x (B, ...), dE/dx (B, ...)) -> the gradient that the step uses instead (B, ...)``."""

StepHook = Callable[[int, Tensor], None]
"""``(index of the step just taken, x (B, ...) after it, detached)``."""


@dataclass(frozen=True)
class Trajectory:
    """The ends of a batch of chains, and a record of their steps.

    Attributes:
        x: ``(B, ...)`` the ends of the chains; differentiable as far as ``Langevin.graph`` says.
        energies: ``(B, steps)`` energy before each step, detached. A stopped chain repeats its last value.
        grad_norms: ``(B, steps)`` norm of dE/dx before each step (before any clamp), detached. A stopped chain repeats
            its last value.
        steps: ``(B,)`` int64, the number of steps that each chain took.
    """

    x: Tensor
    energies: Tensor
    grad_norms: Tensor
    steps: Tensor

    def select(self, rows: Tensor) -> Trajectory:
        """Select the chains at the indices ``rows``."""
        return Trajectory(self.x[rows], self.energies[rows], self.grad_norms[rows], self.steps[rows])

    def replace(self, rows: Tensor, others: Trajectory) -> Trajectory:
        """Replace the chains at the indices ``rows`` by ``others``, which have the same length."""
        pairs = ((getattr(self, name), getattr(others, name)) for name in ("x", "energies", "grad_norms", "steps"))
        return Trajectory(*(mine.index_copy(0, rows, theirs) for mine, theirs in pairs))

    @staticmethod
    def join(parts: list[Trajectory]) -> Trajectory:
        """Join consecutive trajectories of the same batch to one."""
        return Trajectory(
            x=parts[-1].x,
            energies=torch.cat([part.energies for part in parts], dim=1),
            grad_norms=torch.cat([part.grad_norms for part in parts], dim=1),
            steps=torch.stack([part.steps for part in parts]).sum(dim=0),
        )


def langevin(
    energy: EnergyFunction,
    x: Tensor,
    condition: Any,
    settings: Langevin,
    *,
    first: tuple[Tensor, Tensor] | None = None,
    step_size: Tensor | None = None,
    gradient_map: GradientMap | None = None,
    nearest: Callable[[Tensor], Tensor] | None = None,
    generator: torch.Generator | None = None,
    on_step: StepHook | None = None,
) -> Trajectory:
    """Run a batch of Langevin chains.

    Args:
        energy: The energy function.
        x: ``(B, ...)`` starts of the chains.
        condition: What the energy is conditioned on; tensors with first dimension ``B``.
        settings: Settings of the chains.
        first: What :func:`~lean_ebm.gradient.energy_gradient` returned for the starts, if the caller has it already.
        step_size: Replaces ``settings.step_size``: a scalar tensor, or one value for each chain, ``(B,)``. It may be
            learned.
        gradient_map: Corrects the gradient before it is clamped and a step is taken. The norms in the trajectory and
            ``settings.stop`` use the uncorrected gradient.
        nearest: The nearest candidates of the data, for chains whose bounds are ``embeddings``.
        generator: Source of the noise, on the device of ``x``; makes chains reproducible.
        on_step: Called after each step.

    Returns:
        The trajectory. Its ``x`` can be differentiated through the steps that ``settings.graph`` names.
    """
    with torch.inference_mode(False), torch.enable_grad():
        x, condition, step_size = apply_to_collection((x, condition, step_size), Tensor, leave_inference_mode)
        if step_size is None:
            step_size = torch.full((len(x),), settings.step_size, dtype=x.dtype, device=x.device)
        chain = _Chain(x, condition, step_size, settings.bounds, first, gradient_map, nearest)
        network = network_of(energy)
        if network is None or not _can_replay(settings, chain):
            return Trajectory(*_run(energy, settings, chain, generator, on_step))
        return _replayed(energy, network, settings, chain, generator, on_step)


class _Chain(NamedTuple):
    """The inputs of a batch of chains; those of :func:`langevin`, and the bounds of its settings."""

    x: Tensor
    condition: Any
    step_size: Tensor
    bounds: Bounds | tuple[Tensor, Tensor] | None
    first: tuple[Tensor, Tensor] | None
    gradient_map: GradientMap | None
    nearest: Callable[[Tensor], Tensor] | None


def _run(
    energy: EnergyFunction,
    settings: Langevin,
    chain: _Chain,
    generator: torch.Generator | None,
    on_step: StepHook | None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The parts of a :class:`Trajectory`."""
    x, condition, step_size, bounds, first, gradient_map, nearest = chain
    stop = settings.stop
    batch, ones, entries = x.shape[0], [1] * (x.dim() - 1), tuple(range(1, x.dim()))
    size = step_size.expand(batch).reshape(-1, *ones)
    energies = torch.zeros(batch, settings.steps, device=x.device)
    grad_norms = torch.zeros_like(energies)
    taken = torch.full((batch,), settings.steps, dtype=torch.int64, device=x.device)
    noise = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    recomputed = partial(checkpoint, plain_energy_gradient, use_reentrant=False)
    rows: Tensor | slice = torch.arange(batch, device=x.device) if stop.enabled else slice(None)  # moving chains

    first_graph_step = settings.first_graph_step
    for step in range(settings.steps):
        with_graph = step >= first_graph_step
        # graph="all" keeps the graph of the start; otherwise the graph begins at the first differentiable step.
        if not with_graph or (step == first_graph_step and settings.graph != "all"):
            x = x.detach()
        here, given, eta = (x, condition, size) if isinstance(rows, slice) else _rows((x, condition, size), rows)
        gradient_of = recomputed if with_graph and settings.recompute else plain_energy_gradient
        if step == 0 and first is not None:
            values, gradient = first
        else:
            values, gradient = gradient_of(energy, here, given, with_graph, bool(settings.compile))
        energies[rows, step] = values.detach().float()
        grad_norms[rows, step] = torch.linalg.vector_norm(gradient.detach(), dim=entries).float()
        noise_scale = settings.noise_at(step)
        if noise_scale > 0:  # drawn for all chains, so that no chain depends on when another one stops
            noise.normal_(0, noise_scale, generator=generator)

        if isinstance(rows, Tensor):
            moving = ~_settled(energies[rows], grad_norms[rows], step, stop)
            stopped, rows = rows[~moving], rows[moving]
            taken[stopped] = step
            for record in (energies, grad_norms):
                record[stopped, step + 1 :] = record[stopped, step, None]
            if rows.numel() == 0:
                break
            here, given, eta, values, gradient = _rows((here, given, eta, values, gradient), moving)

        if gradient_map is not None:
            gradient = gradient_map(here, gradient)
        if settings.grad_clamp is not None:
            gradient = gradient.clamp(-settings.grad_clamp, settings.grad_clamp)
        proposal = torch.addcmul(here, eta, gradient, value=-1)
        if noise_scale > 0:
            proposal = proposal.add_(noise[rows])
        if settings.projects_at(step):
            proposal = project(proposal, bounds, nearest)
        if settings.monotone:
            with torch.no_grad():
                rises = ~(energy(proposal, given) <= values)  # so that NaN counts as a rise
            proposal = torch.where(rises.reshape(-1, *ones), here, proposal)

        x = proposal if isinstance(rows, slice) else x.index_copy(0, rows, proposal)
        if on_step is not None:
            on_step(step, x.detach())
    if settings.graph == "none":
        x = x.detach()
    return x, energies, grad_norms, taken


def _can_replay(settings: Langevin, chain: _Chain) -> bool:
    """Whether chains are to be captured and replayed: if that is set, possible, and there is something to capture."""
    passes = settings.steps * (1 + settings.monotone) - (chain.first is not None)
    by_host = settings.compile is False or settings.stop.enabled or settings.recompute or chain.nearest is not None
    return passes > 0 and not by_host and can_replay(chain.x.device)


def _replayed(
    energy: EnergyFunction,
    network: nn.Module,
    settings: Langevin,
    chain: _Chain,
    generator: torch.Generator | None,
    on_step: StepHook | None,
) -> Trajectory:
    """Chains as one CUDA graph; ``on_step`` is called at their end, with a copy of the candidates of each step."""
    # Step size and bounds are inputs of the graph. All other settings are fixed in it.
    kind = replace(settings, step_size=1.0, bounds=None, compile=False)
    if settings.bounds is not None and not isinstance(settings.bounds, str):
        low, high = (torch.full((), bound, dtype=chain.x.dtype, device=chain.x.device) for bound in settings.bounds)
        chain = chain._replace(bounds=(low, high))

    def work(chain: _Chain, generator: torch.Generator | None) -> tuple[Tensor, ...]:
        path: list[Tensor] = []
        parts = _run(energy, kind, chain, generator, None if on_step is None else lambda _, x: path.append(x.clone()))
        return (*parts, *path)

    x, energies, grad_norms, taken, *path = replayed(
        work,
        network,
        chain,
        (getattr(energy, "__func__", None), kind, on_step is None),
        generator if settings.noise_scale > 0 else None,
        differentiable=settings.graph != "none",
    )
    for step, candidates in enumerate(path):
        assert on_step is not None
        on_step(step, candidates)
    return Trajectory(x, energies, grad_norms, taken)


class LangevinMixin:
    """Adds Langevin dynamics on ``self.energy``; has no parameters of its own."""

    energy: Any

    def langevin(
        self,
        x: Tensor,
        condition: Any,
        settings: Langevin,
        *,
        first: tuple[Tensor, Tensor] | None = None,
        step_size: Tensor | None = None,
        gradient_map: GradientMap | None = None,
        generator: torch.Generator | None = None,
        on_step: StepHook | None = None,
    ) -> Trajectory:
        """Run chains on ``self.energy``; see :func:`langevin`."""
        return langevin(
            self.energy,
            x,
            condition,
            settings,
            first=first,
            step_size=step_size,
            gradient_map=gradient_map,
            nearest=self.energy.nearest if settings.bounds == "embeddings" else None,
            generator=generator,
            on_step=on_step,
        )


def _settled(energies: Tensor, grad_norms: Tensor, step: int, stop: Stop) -> Tensor:
    """Which chains ``(B,)`` stop before the step with index ``step``."""
    settled = torch.zeros(len(energies), dtype=torch.bool, device=energies.device)
    if stop.grad_norm is not None:
        settled |= grad_norms[:, step] < stop.grad_norm
    if stop.energy_change is not None and step > 0:
        settled |= (energies[:, step] - energies[:, step - 1]).abs() < stop.energy_change
    return settled


def _rows(collection: Any, index: Tensor) -> Any:
    return apply_to_collection(collection, Tensor, lambda tensor: tensor[index])
