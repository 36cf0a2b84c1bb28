"""Inference of IRED and of the iterated denoiser: a chain through landscapes, the smoothest first."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor

from lean_ebm.bounds import project
from lean_ebm.energy import EnergyNetwork, Landscape
from lean_ebm.errors import SettingError
from lean_ebm.gradient import energy_gradient
from lean_ebm.langevin import Langevin, StepHook, Trajectory
from lean_ebm.methods.base import Method
from lean_ebm.methods.drawing import select
from lean_ebm.methods.verification import Verification
from lean_ebm.randomness import stratified


class Annealed(Method):
    r"""The base class of methods that answer by a chain through landscapes, from the smoothest to the sharpest.

    In landscape k of K, candidates are ``x_k = a_k answer + s_k noise``, with ``a_k = sqrt(abar_k)`` and
    ``s_k = sqrt(1 - abar_k)`` of a cosine schedule; k = 0 is the sharpest. The network predicts the noise, see
    :meth:`predicted_noise`. :class:`~lean_ebm.methods.IRED` describes the chain.

    With ``keep: best`` the energy judges the answer after each landscape. The answer with the lowest energy is kept,
    and with verification a chain ends once its answer's confidence ``exp(-E)`` reaches ``acceptance``.

    Args:
        energy: The energy network; its ``landscapes`` is K.
        sampler: Descent steps in each landscape at inference; ``step_size`` is relative to each landscape's own.
        weight_limit: The error of the noise in landscape k has the weight ``min(1 / abar_k, weight_limit)``.
        bound: Largest magnitude of a component of data; or ``sphere``, see :data:`~lean_ebm.bounds.Bounds`.
        sample_bound: The same at inference; None: ``bound``.
        jump: Whether the jump comes ``first`` or ``last`` in each landscape.
        eta: Factor of the fresh noise at inference; None for no noise.
        restart_eta: The same for all draws after the first; None: ``eta``.
        keep: Whether the ``last`` answer of a chain is its result, or the ``best`` by its energy.
        judged_by: By which energy finished candidates are compared.
        candidates: Largest number of draws for each sample.
        acceptance: A draw with this p(y|x), or with verification this confidence, is accepted without further draws.
        verification: How the energy network learns to judge answers.
        optimizer: Builds the optimizer from parameters.
        lr_scheduler: Builds the scheduler.

    Raises:
        SettingError: If the energy has fewer than two landscapes.
    """

    alpha_bar: Tensor
    opt_step: Tensor

    def __init__(
        self,
        energy: EnergyNetwork,
        sampler: Langevin,
        weight_limit: float,
        bound: float | Literal["sphere"],
        sample_bound: float | Literal["sphere"] | None,
        jump: Literal["first", "last"],
        eta: float | None,
        restart_eta: float | None,
        keep: Literal["last", "best"],
        judged_by: Literal["energy", "denoising"],
        candidates: int,
        acceptance: float,
        verification: Verification | None,
        optimizer: OptimizerCallable | None,
        lr_scheduler: LRSchedulerCallable | None,
    ) -> None:
        super().__init__(energy, sampler, candidates, acceptance, verification, optimizer, lr_scheduler)
        if energy.landscapes < 2:
            raise SettingError(
                f"{type(self).__name__} needs several landscapes and its energy has landscapes={energy.landscapes}: "
                "set model.energy.landscapes, 10 for example."
            )
        self.weight_limit = weight_limit
        self.bound = bound
        self.sample_bound = bound if sample_bound is None else sample_bound
        self.jump = jump
        self.eta = eta
        self.restart_eta = restart_eta
        self.keep = keep
        self.judged_by = judged_by
        alpha_bar = cosine_schedule(energy.landscapes)
        beta = 1 - alpha_bar / torch.cat([torch.ones(1), alpha_bar[:-1]])
        self.register_buffer("alpha_bar", alpha_bar, persistent=False)
        self._levels: list[float] = alpha_bar.tolist()  # the same numbers without waiting for an accelerator
        self.register_buffer("opt_step", beta / (1 - alpha_bar).sqrt(), persistent=False)

    def predicted_noise(self, x: Tensor, condition: Any) -> Tensor:
        """Predict the noise ``(B, ...)`` in noisy candidates: the gradient of the energy in their landscape."""
        return energy_gradient(self.energy, x, condition)[1].detach()

    def sample(
        self, condition: Any, steps: int | None, generator: torch.Generator | None, on_step: StepHook | None
    ) -> Trajectory:
        """Annealed inference from pure noise; ``on_step`` sees the answer of each landscape.

        ``steps`` counts gradient steps over all landscapes, jumps included. It sets the number of descent steps in each
        landscape. If it is smaller than the number of landscapes, only ``steps`` landscapes are visited, evenly spread.
        """
        return self._annealed(condition, steps, generator, on_step, self.eta, self.keep == "best")

    def sample_again(
        self, condition: Any, steps: int | None, generator: torch.Generator | None, on_step: StepHook | None
    ) -> Trajectory:
        """Annealed inference with the noise of :attr:`restart_eta`."""
        eta = self.eta if self.restart_eta is None else self.restart_eta
        return self._annealed(condition, steps, generator, on_step, eta, self.keep == "best")

    def own_answers(self, condition: Any) -> Tensor:
        """Make answers ``(B, ...)`` by jumps in some or all landscapes, with or without fresh noise between jumps."""
        jumps = int(torch.randint(1, 1 + self.energy.landscapes, ()))
        eta = 1.0 if torch.rand(()) < 0.5 else None
        return self._annealed(condition, jumps, None, None, eta, False).x.detach()

    def passes(self, steps: int | None = None) -> int:
        """Largest number of passes of the network for one draw: jumps, descents and judgements over all landscapes."""
        visited, descents = self._plan(steps)
        judged = 0
        if self.keep == "best":
            judged = 1 if self.judged_by == "energy" else self.energy.landscapes
        return len(visited) * (1 + descents * (1 + self.sampler.monotone) + judged)

    def draw_landscapes(self, size: int) -> Tensor:
        """Stratified landscape indices ``(size,)``: each landscape gets its share of every batch."""
        last = self.energy.landscapes - 1
        index: Tensor = (stratified(size, self.device) * self.energy.landscapes).long().clamp(max=last)
        return index

    def finished(self, x: Tensor, condition: Any) -> tuple[Tensor, Any]:
        """Candidates and their conditions in the sharpest landscape, at its scale."""
        return self.alpha_bar[0].sqrt() * x, Landscape(condition, self._sharpest(x))

    def judged(self, x: Tensor, condition: Any) -> Tensor:
        """Energies ``(B,)`` for comparing finished candidates, as :attr:`judged_by` says."""
        return super().judged(x, condition) if self.judged_by == "energy" else self.denoising_energy(x, condition)

    def rank(self, condition: Any, candidates: Any) -> Tensor:
        """Energies ``(B, K)`` of K listed candidates of each condition, as :attr:`judged_by` says; low is good."""
        if self.judged_by == "energy":
            return super().rank(condition, candidates)
        self.energy.check_precision()
        encoded = self.energy.encode(condition)
        points = self.listed_points(candidates, encoded)
        return torch.stack([self.denoising_energy(column, encoded) for column in points.unbind(dim=1)], dim=1)

    @torch.no_grad()
    def denoising_energy(self, x: Tensor, condition: Any) -> Tensor:
        r"""The error of predicting noise that is added to finished candidates: ``sum_k |eps^ - eps|^2 / d``.

        The sum over all landscapes is, up to weights, the bound on ``-log p(x|y)`` of diffusion models (Ho et al. 2020,
        equation 14). Since p is normalised for each y, its values compare across conditions, which those of an energy
        that was taught by its gradient do not. All candidates get the same noise.

        Args:
            x: ``(B, *shape)`` candidates, as :meth:`generate` returns them.
            condition: Their conditions, encoded.

        Returns:
            Energies ``(B,)``; one gradient of the network for each landscape.
        """
        generator = torch.Generator(x.device).manual_seed(0)
        total = x.new_zeros(len(x))
        for k in range(self.energy.landscapes):
            index = torch.full((len(x),), k, dtype=torch.int64, device=x.device)
            a, s = self._scales(index, x.dim())
            eps = torch.randn(x.shape[1:], device=x.device, generator=generator)
            predicted = self.predicted_noise(a * x + s * eps, Landscape(condition, index))
            total = total + (predicted - eps).square().flatten(1).mean(dim=1)
        return total

    def class_energies(self, x: Tensor) -> Tensor:
        """Energies ``(B, num_classes)`` in the sharpest landscape, at its scale."""
        self.energy.check_precision()
        energies: Tensor = self.energy.judged_energies(self.alpha_bar[0].sqrt() * x, self._sharpest(x))
        return energies

    def _sharpest(self, x: Tensor) -> Tensor:
        """Landscape indices ``(B,)`` of the sharpest landscape."""
        return torch.zeros(len(x), dtype=torch.int64, device=x.device)

    def _scales(self, index: Tensor, dim: int) -> tuple[Tensor, Tensor]:
        alpha_bar = self.alpha_bar[index].reshape(-1, *[1] * (dim - 1))
        return alpha_bar.sqrt(), (1 - alpha_bar).sqrt()

    def _plan(self, steps: int | None) -> tuple[list[int], int]:
        """The landscapes to visit, in order, and the descent steps before or after the jump in each."""
        landscapes = self.energy.landscapes
        if steps is None:
            return list(reversed(range(landscapes))), self.sampler.steps
        number = min(landscapes, steps)
        visited = torch.linspace(landscapes - 1, 0, number).round().int().tolist()
        return visited, steps // number - 1

    def _annealed(
        self,
        condition: Any,
        steps: int | None,
        generator: torch.Generator | None,
        on_step: StepHook | None,
        eta: float | None,
        keep_best: bool,
    ) -> Trajectory:
        size = self.batch_shape(condition)
        x = torch.randn(size, device=self.device, generator=generator)
        visited, descents = self._plan(steps)
        record = _Record.of(size[0], len(visited) * (1 + descents), self.device)
        rows = torch.arange(size[0], device=self.device)  # chains that have not ended
        ends, lowest = torch.zeros_like(x), torch.full(size[:1], torch.inf, device=self.device)
        for count, k in enumerate(visited):
            before, x = self._visit(x, condition, k, descents, eta, generator, record, rows)
            a = math.sqrt(self._levels[k])
            answer = scaled_project(x, self.sample_bound, a) / a
            if keep_best:
                with torch.no_grad():
                    energies = self.judged(answer, condition)
                better = ~(energies >= lowest[rows])
                ends[rows[better]], lowest[rows[better]] = answer[better], energies[better]
            else:
                ends[rows] = answer
            if on_step is not None:
                on_step(count, ends.clone())
            if count + 1 == len(visited):
                break
            noise = None if eta is None else torch.randn(size, device=self.device, generator=generator)[rows]
            if keep_best and self.verification is not None:
                moving = lowest[rows] > -math.log(self.acceptance)
                rows, condition, before, answer = (select(part, moving) for part in (rows, condition, before, answer))
                noise = None if noise is None else noise[moving]
                if rows.numel() == 0:
                    break
            x = self._next(before, answer, k, visited[count + 1], noise, eta)
        return record.trajectory(ends)

    def _visit(
        self,
        x: Tensor,
        condition: Any,
        k: int,
        descents: int,
        eta: float | None,
        generator: torch.Generator | None,
        record: _Record,
        rows: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Jump and descend in landscape k; returns the candidates before the jump and the last ones."""
        landscape = Landscape(condition, torch.full((len(x),), k, dtype=torch.int64, device=x.device))
        alpha_bar = self._levels[k]
        # Noised candidates are not on a sphere, only the answers that jumps lead to.
        limits = None
        if not isinstance(self.sample_bound, str):
            limit = math.sqrt(alpha_bar) * self.sample_bound
            limits = (-limit, limit)
        before = x
        for move in ("jump", "descend") if self.jump == "first" else ("descend", "jump"):
            if move == "jump":
                # a step of size s: x - s dE/dx = a x^
                before, step_size = x, torch.full((), math.sqrt(1 - alpha_bar), device=x.device)
                settings = Langevin(steps=1, bounds=limits, compile=self.sampler.compile)
            elif descents > 0:
                # Without noise, candidates stay within the scaled bounds of data.
                bounds = self.sampler.bounds if eta is not None else limits
                settings = replace(self.sampler, steps=descents, bounds=bounds)
                step_size = self.sampler.step_size * self.opt_step[k]
            else:
                continue
            part = self.langevin(x, landscape, settings, step_size=step_size, generator=generator)
            record.add(part, rows)
            x = part.x
        return before, x

    def _next(self, x: Tensor, answer: Tensor, k: int, j: int, noise: Tensor | None, eta: float | None) -> Tensor:
        """The start in landscape j < k, from the answer of landscape k and the candidate x that it came from."""
        here, there = self.alpha_bar[k], self.alpha_bar[j]
        if eta is None or noise is None:
            return there.sqrt() * answer
        fresh = torch.minimum(eta * ((1 - there) / (1 - here) * (1 - here / there)).sqrt(), (1 - there).sqrt())
        predicted = (x - here.sqrt() * answer) / (1 - here).sqrt()
        return there.sqrt() * answer + (1 - there - fresh**2).clamp(min=0).sqrt() * predicted + fresh * noise


@dataclass
class _Record:
    """The steps of a batch of chains, some of which end early."""

    energies: Tensor
    grad_norms: Tensor
    taken: Tensor
    step: int = 0

    @staticmethod
    def of(batch: int, steps: int, device: torch.device) -> _Record:
        nothing = torch.zeros(batch, steps, device=device)
        return _Record(nothing, nothing.clone(), torch.zeros(batch, dtype=torch.int64, device=device))

    def add(self, part: Trajectory, rows: Tensor) -> None:
        """Add the steps of the chains at ``rows``; the others repeat their last values."""
        columns = slice(self.step, self.step + part.energies.shape[1])
        for record, new in ((self.energies, part.energies), (self.grad_norms, part.grad_norms)):
            if self.step > 0:
                record[:, columns] = record[:, self.step - 1, None]
            record[rows, columns] = new
        self.taken[rows] += part.steps
        self.step = columns.stop

    def trajectory(self, x: Tensor) -> Trajectory:
        """The trajectory; chains that all ended early repeat their last values to the end."""
        for record in (self.energies, self.grad_norms):
            record[:, self.step :] = record[:, self.step - 1, None]
        return Trajectory(x, self.energies, self.grad_norms, self.taken)


def scaled_project(x: Tensor, bound: float | Literal["sphere"], scale: float) -> Tensor:
    """Project candidates ``(B, ...)`` that are data times a scale onto the bounds of data times this scale."""
    if isinstance(bound, str):
        return scale * project(x / scale, bound)
    limit = scale * bound
    return x.clamp(-limit, limit)


def cosine_schedule(landscapes: int) -> Tensor:
    """``abar_k`` ``(K,)`` of the cosine schedule (Nichol and Dhariwal 2021, equation 17), the sharpest first.

    The schedule ends at 0.98 of its time, where abar is 1e-3 and not 0: the jump of the smoothest landscape divides by
    its square root.
    """
    t = torch.linspace(0, 0.98, landscapes + 1, dtype=torch.float64)
    f = ((t + 0.008) / 1.008 * math.pi / 2).cos().square()
    return (f[1:] / f[0]).float()
