"""The settings of Langevin chains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lean_ebm.bounds import Bounds
from lean_ebm.errors import SettingError


@dataclass(frozen=True)
class Stop:
    """When a chain stops early. Each chain of a batch stops separately, and then costs nothing.

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
            exact; that of a clamp is 1 inside the bounds and 0 outside. With ``embeddings`` candidates become the
            nearest ones of the data, as the energy network knows them, such as texts (MuCoLa, Kumar et al. 2022); the
            derivative is that of the identity.
        project_every: Number of steps between two projections to bounds; the last step always projects.
        graph: How much of the chain can be differentiated: ``none`` of it, the ``last`` step, ``all`` steps, or an
            integer k for the last k steps.
        monotone: Undo every step that raises the energy of its candidate (IRED, Du et al. 2024, section 3); costs
            one more forward pass a step.
        stop: When a chain stops early.
        compile: On a CPU, compile the energy together with its gradient (``torch.compile``). The first chain waits for
            that, up to a minute, and needs a C++ compiler. On a CUDA device, capture chains as CUDA graphs and replay
            them, see :mod:`lean_ebm.cuda_graphs`; the first two chains of each kind are slower. Chains that stop early
            or recompute, and those of an energy that is not a module, are not captured. None: only on CUDA.
            ``benchmarks/`` shows when it pays.
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
    project_every: int = 1
    graph: Literal["none", "last", "all"] | int = "none"
    monotone: bool = False
    stop: Stop = Stop()
    compile: bool | None = None
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
            known = self.bounds in ("sphere", "embeddings")
            _require(known, f"bounds is {self.bounds}, expected [low, high], sphere, embeddings or null")
        elif self.bounds is not None:
            _require(self.bounds[0] < self.bounds[1], f"bounds is {self.bounds}, expected low < high")
        _require(self.project_every >= 1, f"project_every is {self.project_every}, expected 1 or more")
        _require(
            self.project_every == 1 or not self.monotone,
            f"project_every is {self.project_every}, but monotone would undo projections: set one of them only",
        )
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

    def projects_at(self, step: int) -> bool:
        """Whether the step with index ``step`` ends with a projection to the bounds."""
        return (step + 1) % self.project_every == 0 or step + 1 == self.steps

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


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise SettingError(f"Langevin: {message}.")
