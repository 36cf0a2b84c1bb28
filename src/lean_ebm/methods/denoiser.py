"""An iterated denoiser: a field moves the candidates, and an energy may judge them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from lightning.pytorch.utilities import rank_zero_info
from torch import Tensor

from lean_ebm.energy import FieldEnergy, Landscape
from lean_ebm.langevin import Langevin, Trajectory, langevin
from lean_ebm.methods.annealing import Annealed
from lean_ebm.methods.base import Batch
from lean_ebm.methods.verification import Verification


class Denoiser(Annealed):
    """IRED's chain, moved by a field that predicts the noise directly (DDPM, Ho et al. 2020).

    Nothing is differentiated in the candidate, so that a step of training costs a third of one of :class:`IRED`. The
    energy has another task. With ``verification`` the network learns to judge answers: which of several draws is kept
    (``candidates``), which answer of a chain (``keep: best``), when a chain ends and whether another one begins
    (``acceptance``), and how sure an answer is. Without it this is the plain iterated denoiser, a baseline.

    It takes recipes of :class:`IRED` unchanged (``--model Denoiser``). Three of their settings need an energy that
    candidates descend: the contrast is left out, and ``sampler.monotone`` and ``sampler.stop.energy_change`` are turned
    off, which a message says.

    Args:
        energy: The network whose field predicts the noise; its ``landscapes`` is the number of levels.
        sampler: Steps at each level besides the jump; some of its settings are turned off, see above.
        weight_limit: See :class:`IRED`.
        bound: See :class:`IRED`.
        sample_bound: See :class:`IRED`.
        jump: Whether the jump comes ``first`` or ``last`` at each level.
        eta: See :class:`IRED`.
        restart_eta: See :class:`IRED`.
        keep: See :class:`IRED`.
        judged_by: See :class:`IRED`. Without a judge, ``energy`` is the squared norm of the field, which was not
            trained as an energy.
        candidates: Largest number of draws for each sample, of which the one with the lowest energy is kept.
        acceptance: With verification, a draw whose confidence reaches this is accepted without further draws.
        verification: How the energy network learns to judge answers; null: it does not.
        optimizer: Builds the optimizer from parameters. None: AdamW with its defaults.
        lr_scheduler: Builds the scheduler.
    """

    energy: FieldEnergy

    def __init__(
        self,
        energy: FieldEnergy,
        sampler: Langevin = Langevin(steps=5),
        weight_limit: float = 1.0,
        bound: float | Literal["sphere"] = 1.0,
        sample_bound: float | Literal["sphere"] | None = None,
        jump: Literal["first", "last"] = "first",
        eta: float | None = None,
        restart_eta: float | None = None,
        keep: Literal["last", "best"] = "last",
        judged_by: Literal["energy", "denoising"] = "energy",
        candidates: int = 1,
        acceptance: float = 0.9,
        verification: Verification | None = None,
        optimizer: OptimizerCallable | None = None,
        lr_scheduler: LRSchedulerCallable | None = None,
    ) -> None:
        needs_energy = {
            "sampler.monotone": sampler.monotone,
            "sampler.stop.energy_change": sampler.stop.energy_change is not None,
        }
        if any(needs_energy.values()):
            names = " and ".join(name for name, given in needs_energy.items() if given)
            rank_zero_info(f"Denoiser turns off {names}: it has no energy to look at.")
            sampler = replace(sampler, monotone=False, stop=replace(sampler.stop, energy_change=None))
        super().__init__(
            energy,
            sampler,
            weight_limit=weight_limit,
            bound=bound,
            sample_bound=sample_bound,
            jump=jump,
            eta=eta,
            restart_eta=restart_eta,
            keep=keep,
            judged_by=judged_by,
            candidates=candidates,
            acceptance=acceptance,
            verification=verification,
            optimizer=optimizer,
            lr_scheduler=lr_scheduler,
        )

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The weighted squared error of the predicted noise."""
        x, condition = batch
        index = self.draw_landscapes(len(x))
        a, s = self._scales(index, x.dim())
        eps = torch.randn_like(x)
        predicted = self.predicted_noise(a * x + s * eps, Landscape(condition, index))
        error = (predicted - eps).square().flatten(1).mean(dim=1)
        return {"loss": ((1 / self.alpha_bar[index]).clamp(max=self.weight_limit) * error).mean()}

    def predicted_noise(self, x: Tensor, condition: Any) -> Tensor:
        """Predict the noise ``(B, ...)`` in noisy candidates by the field."""
        return self.energy.noise(x, condition)

    def langevin(self, x: Tensor, condition: Any, settings: Langevin, **rest: Any) -> Trajectory:
        """Run a chain of :func:`~lean_ebm.langevin.langevin` that follows the field instead of a gradient."""

        def surrogate(x: Tensor, condition: Any) -> Tensor:
            with torch.no_grad():
                field = self.predicted_noise(x, condition)
            return (x * field).flatten(1).sum(dim=1)

        return langevin(surrogate, x, condition, settings, **rest)
