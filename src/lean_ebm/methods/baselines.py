"""What energies have to be better than: the same network, without an energy."""

from __future__ import annotations

from typing import Any, Literal

import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor

from lean_ebm.energy import FieldEnergy, Landscape
from lean_ebm.errors import SettingError
from lean_ebm.langevin import Langevin, StepHook, Trajectory, langevin
from lean_ebm.methods.base import Batch, Method
from lean_ebm.methods.ired import IRED


class FeedForward(Method):
    """The field of an energy at x = 0 as the answer, by one pass and the squared error: no descent, and no energy.

    Args:
        energy: The network whose field answers; without landscapes.
        optimizer: Builds the optimizer from parameters. None: AdamW with its defaults.
        lr_scheduler: Builds the scheduler.
    """

    energy: FieldEnergy

    def __init__(
        self,
        energy: FieldEnergy,
        optimizer: OptimizerCallable | None = None,
        lr_scheduler: LRSchedulerCallable | None = None,
    ) -> None:
        super().__init__(energy, Langevin(steps=1), optimizer=optimizer, lr_scheduler=lr_scheduler)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The mean squared error."""
        target, condition = batch
        return {"loss": (self.answer(condition) - target).square().mean()}

    def answer(self, condition: Any) -> Tensor:
        """Answers ``(B, ...)``."""
        return self.energy.field(torch.zeros(self.batch_shape(condition), device=self.device), condition)

    def passes(self, steps: int | None = None) -> int:
        """One."""
        return 1

    def sample(
        self, condition: Any, steps: int | None, generator: torch.Generator | None, on_step: StepHook | None
    ) -> Trajectory:
        """The answer, whatever the number of steps."""
        with torch.no_grad():
            x = self.answer(condition)
        if on_step is not None:
            on_step(0, x)
        nothing = torch.zeros(len(x), 1, device=x.device)
        return Trajectory(x, nothing, nothing, torch.ones(len(x), dtype=torch.int64, device=x.device))


class Denoiser(IRED):
    """IRED's chain without an energy: the field itself predicts the noise, as in a diffusion model (Ho et al. 2020).

    There is nothing that a step could raise, so no step is undone, and nothing to contrast.

    Args:
        energy: The network whose field predicts the noise; its ``landscapes`` is the number of levels.
        sampler: Steps at each level besides the jump.
        weight_limit: See :class:`IRED`.
        bound: Largest magnitude of a component of data.
        sample_bound: The same at inference; null: bound.
        jump: Whether the jump comes ``first`` or ``last`` at each level.
        eta: See :class:`IRED`.
        optimizer: Builds the optimizer from parameters. None: AdamW with its defaults.
        lr_scheduler: Builds the scheduler.

    Raises:
        ValueError: If the sampler looks at energies.
    """

    energy: FieldEnergy

    def __init__(
        self,
        energy: FieldEnergy,
        sampler: Langevin = Langevin(steps=5),
        weight_limit: float = 1.0,
        bound: float = 1.0,
        sample_bound: float | None = None,
        jump: Literal["first", "last"] = "first",
        eta: float | None = None,
        optimizer: OptimizerCallable | None = None,
        lr_scheduler: LRSchedulerCallable | None = None,
    ) -> None:
        if sampler.monotone or sampler.stop.energy_change is not None:
            raise SettingError(
                "Denoiser: there is no energy that a step could raise or leave as it is: set sampler.monotone false "
                "and sampler.stop.energy_change null."
            )
        super().__init__(
            energy,
            sampler,
            contrast=0.0,
            weight_limit=weight_limit,
            bound=bound,
            sample_bound=sample_bound,
            jump=jump,
            eta=eta,
            optimizer=optimizer,
            lr_scheduler=lr_scheduler,
        )

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The weighted squared error of the predicted noise."""
        x, condition = batch
        index = self.draw_landscapes(len(x))
        a, s = self._scales(index, x.dim())
        eps = torch.randn_like(x)
        error = (self.energy.field(a * x + s * eps, Landscape(condition, index)) - eps).square().flatten(1).mean(dim=1)
        return {"loss": ((1 / self.alpha_bar[index]).clamp(max=self.weight_limit) * error).mean()}

    def langevin(self, x: Tensor, condition: Any, settings: Langevin, **rest: Any) -> Trajectory:
        """The chain of :func:`~lean_ebm.langevin.langevin` on what has the field as its gradient where it stands."""

        def surrogate(x: Tensor, condition: Any) -> Tensor:
            with torch.no_grad():
                field = self.energy.field(x, condition)
            return (x * field).flatten(1).sum(dim=1)

        return langevin(surrogate, x, condition, settings, **rest)
