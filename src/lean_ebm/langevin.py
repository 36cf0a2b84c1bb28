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
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from lean_ebm.bounds import Bounds, project
from lean_ebm.errors import SettingError
from lean_ebm.gradient import energy_gradient, leave_inference_mode, plain_energy_gradient

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
class Stop:
    """When a chain stops early. Each chain of a batch stops on its own, and then costs nothing.

    Args:
        energy_change: Stop if one step changed the energy by less than this. None: never.
        grad_norm: Stop if the norm of dE/dx (before any clamp) is below this. None: never.
    """

    energy_change: float | None = None
    grad_norm: float | None = None

    @property
    def enabled(self) -> bool:
        """Whether any chain can stop early."""
        return self.energy_change is not None or self.grad_norm is not None


@dataclass(frozen=True)
class Langevin:
    """Settings of a Langevin chain.

    Args:
        steps: Number of steps.
        step_size: Factor of the gradient.
        noise_scale: Standard deviation of the noise added at each step.
        final_noise_scale: If set, the noise falls geometrically from ``noise_scale`` at the first step to this at the
            last (annealed Langevin dynamics, Song and Ermon 2019, algorithm 1, with one step a level).
        grad_clamp: If set, each component of the gradient is clamped to [-grad_clamp, grad_clamp].
        bounds: If set, candidates are projected after each step: clamped into [low, high], or with ``sphere`` scaled so
            that vectors along the last dimension have a mean square of 1. In a differentiable chain the derivative is
            exact; that of a clamp is 1 inside the bounds and 0 outside.
        graph: How much of the chain can be differentiated: ``none`` of it, the ``last`` step, ``all`` steps, or an
            integer k for the last k steps.
        monotone: Undo every step that raises the energy of its candidate (IRED, Du et al. 2024, section 3); costs
            one more forward pass a step.
        stop: When a chain stops early.
        compile: Compile the energy together with its gradient (``torch.compile``). The first chain waits for that, up
            to a minute, and needs a C++ compiler on a CPU. ``benchmarks/`` shows when it pays.
        recompute: Keep only the candidates of each differentiable step, and compute the step again when the chain is
            differentiated (Chen et al. 2016), so that memory hardly grows with the number of steps. Not with
            ``compile``.

    Raises:
        SettingError: If a setting is out of its range, or contradicts another.
    """

    steps: int = 60
    step_size: float = 1.0
    noise_scale: float = 0.0
    final_noise_scale: float | None = None
    grad_clamp: float | None = None
    bounds: Bounds | None = None
    graph: Literal["none", "last", "all"] | int = "none"
    monotone: bool = False
    stop: Stop = Stop()
    compile: bool = False
    recompute: bool = False

    def __post_init__(self) -> None:
        _require(self.steps >= 0, f"steps is {self.steps}, expected 0 or more")
        _require(self.step_size > 0, f"step_size is {self.step_size}, expected more than 0")
        _require(self.noise_scale >= 0, f"noise_scale is {self.noise_scale}, expected 0 or more")
        if self.final_noise_scale is not None:
            _require(
                self.noise_scale > 0 and self.final_noise_scale > 0,
                f"the noise falls geometrically from noise_scale={self.noise_scale} to "
                f"final_noise_scale={self.final_noise_scale}: both must be more than 0",
            )
        if self.grad_clamp is not None:
            _require(self.grad_clamp > 0, f"grad_clamp is {self.grad_clamp}, expected more than 0; null turns it off")
        if isinstance(self.bounds, str):
            _require(self.bounds == "sphere", f"bounds is {self.bounds}, expected [low, high], sphere or null")
        elif self.bounds is not None:
            _require(self.bounds[0] < self.bounds[1], f"bounds is {self.bounds}, expected low < high")
        _require(
            isinstance(self.graph, int) or self.graph in ("none", "last", "all"),
            f"graph is {self.graph}, expected none, last, all or a number of steps above 0",
        )
        if isinstance(self.graph, int):
            _require(self.graph > 0, f"graph is {self.graph}, expected none, last, all or a number of steps above 0")
        _require(
            not (self.compile and self.recompute),
            "torch cannot recompute what it compiled: turn off compile or recompute",
        )
        if self.stop.enabled:
            _require(
                self.graph in ("none", "all"),
                f"graph is {self.graph}, but with early stopping it is not known which step of a chain is its last: "
                "use graph none or all, or turn off stop",
            )

    @property
    def first_graph_step(self) -> int:
        """Index of the first differentiable step; ``steps`` if no step is differentiable."""
        kept = {"none": 0, "last": 1, "all": self.steps}[self.graph] if isinstance(self.graph, str) else self.graph
        return max(self.steps - kept, 0)

    def noise_at(self, step: int) -> float:
        """Standard deviation of the noise that the step with index ``step`` adds."""
        if self.final_noise_scale is None or self.steps < 2:
            return self.noise_scale
        fall = self.final_noise_scale / self.noise_scale
        return float(self.noise_scale * fall ** (step / (self.steps - 1)))


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
        """The chains at the indices ``rows``."""
        return Trajectory(self.x[rows], self.energies[rows], self.grad_norms[rows], self.steps[rows])

    def replace(self, rows: Tensor, others: Trajectory) -> Trajectory:
        """A trajectory in which the chains at the indices ``rows`` are replaced by ``others``, of the same length."""
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
        generator: Source of the noise, on the device of ``x``; makes chains reproducible.
        on_step: Called after each step.

    Returns:
        The trajectory. Its ``x`` can be differentiated through the steps that ``settings.graph`` names.
    """
    stop = settings.stop
    with torch.inference_mode(False), torch.enable_grad():
        x, condition, step_size = apply_to_collection((x, condition, step_size), Tensor, leave_inference_mode)
        batch, ones, entries = x.shape[0], [1] * (x.dim() - 1), tuple(range(1, x.dim()))
        if step_size is None:
            step_size = torch.full((batch,), settings.step_size, dtype=x.dtype, device=x.device)
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
                values, gradient = gradient_of(energy, here, given, with_graph, settings.compile)
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
            proposal = project(proposal, settings.bounds)
            if settings.monotone:
                with torch.no_grad():
                    rises = ~(energy(proposal, given) <= values)  # so that NaN counts as a rise
                proposal = torch.where(rises.reshape(-1, *ones), here, proposal)

            x = proposal if isinstance(rows, slice) else x.index_copy(0, rows, proposal)
            if on_step is not None:
                on_step(step, x.detach())
        if settings.graph == "none":
            x = x.detach()
    return Trajectory(x=x, energies=energies, grad_norms=grad_norms, steps=taken)


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


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise SettingError(f"Langevin: {message}.")
