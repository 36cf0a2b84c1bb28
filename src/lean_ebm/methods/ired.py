"""IRED: iterative reasoning through energy diffusion."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor
from torch.nn import functional as F

from lean_ebm.energy import EnergyNetwork, Landscape
from lean_ebm.errors import SettingError
from lean_ebm.gradient import energy_gradient
from lean_ebm.langevin import Langevin, StepHook, Trajectory
from lean_ebm.methods.base import Batch, Method
from lean_ebm.methods.verification import Verification
from lean_ebm.randomness import stratified

MOST_JUMPS = 5
"""Most landscapes that a chain visits whose answer the energy learns to judge."""


@dataclass(frozen=True)
class Flips:
    """Makes wrong answers from right ones, for candidates with discrete entries.

    Args:
        fraction: Probability that an entry is changed; at least one entry of each candidate always is.
        dim: Dimension of a candidate along which an entry is one-hot; a changed entry takes another category. null:
            each component is an entry; a changed entry takes the other sign.

    Raises:
        SettingError: If ``fraction`` is not a probability.
    """

    fraction: float = 0.05
    dim: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.fraction <= 1:
            raise SettingError(f"Flips: fraction is {self.fraction}, expected a probability, 0 to 1.")

    def of(self, x: Tensor) -> Tensor:
        """Candidates ``(B, ...)`` with some of their entries changed."""
        if self.dim is None:
            entries, others = x, -x
        else:
            x = x.movedim(self.dim + 1, -1)
            categories, entries = x.shape[-1], x[..., 0]
            shift = torch.randint(1, categories, (*entries.shape, 1), device=x.device)
            others = x.gather(-1, (torch.arange(categories, device=x.device) - shift) % categories)
        draw = torch.rand(entries.shape, device=x.device).flatten(1)
        changed = ((draw < self.fraction) | (draw == draw.amin(dim=1, keepdim=True))).reshape(entries.shape)
        if self.dim is None:
            return torch.where(changed, others, x)
        return torch.where(changed[..., None], others, x).movedim(-1, self.dim + 1)


class IRED(Method):
    r"""Learn a sequence of energy landscapes by the score of noised data (Du, Mao and Tenenbaum 2024).

    Landscape k of K is trained on data at one noise level, ``x_k = a_k x + s_k eps``, with ``a_k = sqrt(abar_k)`` and
    ``s_k = sqrt(1 - abar_k)`` of a cosine schedule; k = 0 is the sharpest. The loss has two terms (section 3)::

        L  =  | dE/dx(x_k, y, k) - eps |^2
            + contrast * CE(-[E(x_k, y, k), E(x~_k, y, k)], 0)

    The second term trains the energy itself: it should be lower for the positive ``x_k`` than for the negative
    ``x~_k``. A negative is mined: a few descent steps begin at data under three times the noise (a step that raises the
    energy is undone), and the result gets the same noise ``eps`` as the positive. For discrete answers, a negative is
    instead an answer with some entries changed (``flips``).

    Inference visits the landscapes from the smoothest to the sharpest. In each it takes ``sampler.steps`` descent steps
    (a step that raises the energy is undone) and a jump to the candidate that the gradient predicts,
    ``x^ = (x_k - s_k dE/dx) / a_k``; ``jump`` says which comes first. Then it scales the candidate to the next
    landscape, ``a_{k-1} x^``. The paper's problems have one answer and need no noise on the way. For conditions with
    many answers, ``eta`` adds the noise of the next landscape. With ``eta=0`` this is the noise that the gradient
    predicts (DDIM, Song et al. 2021, equation 12); with ``eta=1`` the share of fresh noise is that of ancestral
    sampling (Ho et al. 2020, algorithm 2).

    The published recipe is ``jump=first``, ``eta=null``, ``sampler.steps=5`` (20 for Sudoku), ``contrast=0.5`` and
    ``bound=2`` for continuous answers, ``contrast=0.05`` and ``flips`` for discrete ones.

    Args:
        energy: The energy network; its ``landscapes`` is K.
        sampler: Descent steps in each landscape at inference; ``step_size`` is relative to each landscape's own.
        mining: Descent steps that mine negatives; ``step_size`` is relative to each landscape's own. The ``compile``
            of this chain applies to the first term of the loss as well.
        contrast: Weight of the contrastive term; 0 turns it off.
        contrast_fraction: Share of a batch for which negatives are made.
        weight_limit: The first term in landscape k has the weight ``min(1 / abar_k, weight_limit)``. With 1 all
            landscapes have the same weight, as in the paper; larger values make the error of the predicted data count
            more.
        bound: Largest magnitude of a component of data.
        sample_bound: Largest magnitude of a component at inference, for problems whose answers are larger than those
            trained on; null: ``bound``.
        flips: How negatives are made from discrete answers; null: they are mined.
        jump: Whether the jump comes ``last`` in each landscape, from the end of the descent, or ``first``, as in the
            authors' program.
        eta: Factor of the fresh noise at inference, 0 or more; above some value larger than 1 all noise is fresh.
            null: no noise, as in the paper.
        cross_entropy: Weight of the classification term ``CE(softmax_y' -E(x_k, y', k), y)``. The term counts only in
            landscapes with ``abar_k > 0.3``, since the classes cannot be told apart under more noise.
        candidates: Largest number of draws for each sample.
        acceptance: A draw whose p(y|x) reaches this is accepted without further draws.
        judged_by: How finished candidates without classes are compared: by the ``energy`` of the sharpest landscape, or
            by ``denoising``, see :meth:`denoising_energy`, which also compares answers to different problems.
        verification: How the energy network learns to judge answers; null: it does not.
        optimizer: Builds the optimizer from parameters. None: AdamW with its defaults.
        lr_scheduler: Builds the scheduler.

    Raises:
        SettingError: If the energy has fewer than two landscapes.
    """

    alpha_bar: Tensor
    opt_step: Tensor

    def __init__(
        self,
        energy: EnergyNetwork,
        sampler: Langevin = Langevin(steps=5, step_size=1.0, monotone=True),
        mining: Langevin = Langevin(steps=2, step_size=1.0, monotone=True),
        contrast: float = 0.5,
        contrast_fraction: float = 1.0,
        weight_limit: float = 1.0,
        bound: float = 1.0,
        sample_bound: float | None = None,
        flips: Flips | None = None,
        jump: Literal["first", "last"] = "last",
        eta: float | None = 1.0,
        cross_entropy: float = 0.0,
        candidates: int = 1,
        acceptance: float = 0.9,
        judged_by: Literal["energy", "denoising"] = "energy",
        verification: Verification | None = None,
        optimizer: OptimizerCallable | None = None,
        lr_scheduler: LRSchedulerCallable | None = None,
    ) -> None:
        super().__init__(energy, sampler, candidates, acceptance, verification, optimizer, lr_scheduler)
        if energy.landscapes < 2:
            raise SettingError(
                f"IRED needs several landscapes and its energy has landscapes={energy.landscapes}: "
                "set model.energy.landscapes, 10 for example."
            )
        self.mining = mining
        self.contrast = contrast
        self.contrast_fraction = contrast_fraction
        self.weight_limit = weight_limit
        self.bound = bound
        self.sample_bound = bound if sample_bound is None else sample_bound
        self.flips = flips
        self.jump = jump
        self.eta = eta
        self.cross_entropy = cross_entropy
        self.judged_by = judged_by
        alpha_bar = cosine_schedule(energy.landscapes)
        beta = 1 - alpha_bar / torch.cat([torch.ones(1), alpha_bar[:-1]])
        self.register_buffer("alpha_bar", alpha_bar, persistent=False)
        self.register_buffer("opt_step", beta / (1 - alpha_bar).sqrt(), persistent=False)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The terms above, at uniformly drawn landscape indices."""
        x, condition = batch
        index = self.draw_landscapes(len(x))
        landscape = Landscape(condition, index)
        a, s = self._scales(index, x.dim())
        eps = torch.randn_like(x)
        noised = a * x + s * eps
        classify = self.cross_entropy > 0  # this term and the first one share a pass
        energy, gradient, *energies = energy_gradient(
            self.energy.own_and_all_energies if classify else self.energy,
            noised,
            landscape,
            create_graph=True,
            compile=self.mining.compile,
            has_aux=classify,
        )
        weight = (1 / self.alpha_bar[index]).clamp(max=self.weight_limit)
        score = (weight * (gradient - eps).square().flatten(1).mean(dim=1)).mean()
        loss = score
        terms = {
            "score": score,
            "energy_positive": energy.mean(),
            "grad_norm": gradient.detach().flatten(1).norm(dim=1).mean(),
        }
        if self.contrast > 0:
            part = slice(max(1, round(self.contrast_fraction * len(x))))
            where = Landscape(apply_to_collection(condition, Tensor, lambda tensor: tensor[part]), index[part])
            a, s, eps = a[part], s[part], eps[part]
            if self.flips is not None:
                wrong = self.flips.of(x[part])
            else:
                wrong = (self._mine(a * x[part] + 3 * s * eps, where) / a).clamp(-self.bound, self.bound)
            negative = self.energy(a * wrong + s * eps, where)
            # cross-entropy of [-E+, -E-] with the positive as the right answer
            terms["contrast"] = F.softplus(energy[part] - negative).mean()
            terms["energy_negative"] = negative.mean()
            loss = loss + self.contrast * terms["contrast"]
        if classify:
            likelihood = F.cross_entropy(-energies[0], condition, reduction="none")
            terms["cross_entropy"] = (likelihood * (self.alpha_bar[index] > 0.3)).mean()
            loss = loss + self.cross_entropy * terms["cross_entropy"]
        return {"loss": loss, **terms}

    def sample(
        self, condition: Any, steps: int | None, generator: torch.Generator | None, on_step: StepHook | None
    ) -> Trajectory:
        """Annealed inference from pure noise; ``on_step`` sees the answer of each landscape.

        ``steps`` counts gradient steps over all landscapes, jumps included. It sets the number of descent steps in each
        landscape. If it is smaller than the number of landscapes, only ``steps`` landscapes are visited, evenly spread.
        """
        return self._annealed(condition, steps, generator, on_step, self.eta)

    def own_answers(self, condition: Any) -> Tensor:
        """Answers ``(B, ...)`` after one to five jumps, with or without fresh noise between them."""
        jumps = int(torch.randint(1, 1 + min(MOST_JUMPS, self.energy.landscapes), ()))
        eta = 1.0 if torch.rand(()) < 0.5 else None
        return self._annealed(condition, jumps, None, None, eta).x.detach()

    def _annealed(
        self,
        condition: Any,
        steps: int | None,
        generator: torch.Generator | None,
        on_step: StepHook | None,
        eta: float | None,
    ) -> Trajectory:
        size = self.batch_shape(condition)
        x = torch.randn(size, device=self.device, generator=generator)
        parts: list[Trajectory] = []
        visited, descents = self._plan(steps)
        levels = self.alpha_bar.tolist()
        for count, k in enumerate(visited):
            index = torch.full(size[:1], k, dtype=torch.int64, device=x.device)
            landscape = Landscape(condition, index)
            a, s = math.sqrt(levels[k]), self.alpha_bar.new_tensor(math.sqrt(1 - levels[k]))
            limit = a * self.sample_bound
            before = x
            for move in ("jump", "descend") if self.jump == "first" else ("descend", "jump"):
                if move == "jump":
                    # a step of size s: x - s dE/dx = a x^
                    before, step_size = x, s
                    settings = Langevin(steps=1, bounds=(-limit, limit), compile=self.sampler.compile)
                elif descents > 0:
                    # Without noise, candidates stay within the scaled bounds of data.
                    bounds = self.sampler.bounds if eta is not None else (-limit, limit)
                    settings = replace(self.sampler, steps=descents, bounds=bounds)
                    step_size = self.sampler.step_size * self.opt_step[k]
                else:
                    continue
                parts.append(self.langevin(x, landscape, settings, step_size=step_size, generator=generator))
                x = parts[-1].x
            answer = x.clamp(-limit, limit) / a
            if on_step is not None:
                on_step(count, answer)
            if count + 1 < len(visited):
                x = self._next(before, answer, k, visited[count + 1], generator, eta)
        return replace(Trajectory.join(parts), x=answer)

    def passes(self, steps: int | None = None) -> int:
        """Largest number of passes of the network for one draw: jumps and descents over all landscapes."""
        visited, descents = self._plan(steps)
        return len(visited) * (1 + descents * (1 + self.sampler.monotone))

    def draw_landscapes(self, size: int) -> Tensor:
        """Stratified landscape indices ``(size,)``: each landscape gets its share of every batch."""
        last = self.energy.landscapes - 1
        index: Tensor = (stratified(size, self.device) * self.energy.landscapes).long().clamp(max=last)
        return index

    def finished(self, x: Tensor, condition: Any) -> tuple[Tensor, Any]:
        """Candidates and their conditions in the sharpest landscape, at its scale."""
        return self.alpha_bar[0].sqrt() * x, Landscape(condition, self._sharpest(x))

    def candidate_energy(self, x: Tensor, condition: Any) -> Tensor:
        """Energies ``(B,)`` by which finished candidates are compared, as :attr:`judged_by` says."""
        if self.judged_by == "energy":
            return super().candidate_energy(x, condition)
        self.energy.check_precision()
        return self.denoising_energy(x, self.energy.encode(condition))

    def rank(self, condition: Any, candidates: Tensor) -> Tensor:
        """Energies ``(B, K)`` of K listed candidates of each condition, as :attr:`judged_by` says; low is good."""
        if self.judged_by == "energy":
            return super().rank(condition, candidates)
        self.energy.check_precision()
        points = self.energy.encode_candidates(candidates.flatten(0, 1)).unflatten(0, candidates.shape[:2])
        encoded = self.energy.encode(condition)
        return torch.stack([self.denoising_energy(column, encoded) for column in points.unbind(dim=1)], dim=1)

    @torch.no_grad()
    def denoising_energy(self, x: Tensor, condition: Any) -> Tensor:
        r"""How badly the noise is predicted if finished candidates are noised again: ``sum_k |eps^ - eps|^2 / d``.

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

    def predicted_noise(self, x: Tensor, condition: Any) -> Tensor:
        """The noise ``(B, ...)`` in noised candidates, which is the gradient of the energy in their landscape."""
        return energy_gradient(self.energy, x, condition)[1].detach()

    def class_energies(self, x: Tensor) -> Tensor:
        """Energies ``(B, num_classes)`` in the sharpest landscape, at its scale."""
        self.energy.check_precision()
        energies: Tensor = self.energy.energies(self.alpha_bar[0].sqrt() * x, self._sharpest(x))
        return energies

    def _sharpest(self, x: Tensor) -> Tensor:
        """Landscape indices ``(B,)`` of the sharpest landscape."""
        return torch.zeros(len(x), dtype=torch.int64, device=x.device)

    def _scales(self, index: Tensor, dim: int) -> tuple[Tensor, Tensor]:
        alpha_bar = self.alpha_bar[index].reshape(-1, *[1] * (dim - 1))
        return alpha_bar.sqrt(), (1 - alpha_bar).sqrt()

    def _mine(self, x: Tensor, landscape: Landscape) -> Tensor:
        step_size = self.mining.step_size * self.opt_step[landscape.level]
        return self.langevin(x, landscape, self.mining, step_size=step_size).x

    def _plan(self, steps: int | None) -> tuple[list[int], int]:
        """The landscapes to visit, in order, and the descent steps before the jump in each."""
        landscapes = self.energy.landscapes
        if steps is None:
            return list(reversed(range(landscapes))), self.sampler.steps
        number = min(landscapes, steps)
        visited = torch.linspace(landscapes - 1, 0, number).round().int().tolist()
        return visited, steps // number - 1

    def _next(
        self, x: Tensor, answer: Tensor, k: int, j: int, generator: torch.Generator | None, eta: float | None
    ) -> Tensor:
        """The start in landscape j < k, from the answer of landscape k and the candidate x that it came from."""
        here, there = self.alpha_bar[k], self.alpha_bar[j]
        if eta is None:
            return there.sqrt() * answer
        fresh = torch.minimum(eta * ((1 - there) / (1 - here) * (1 - here / there)).sqrt(), (1 - there).sqrt())
        predicted = (x - here.sqrt() * answer) / (1 - here).sqrt()
        noise = torch.randn(x.shape, device=x.device, generator=generator)
        return there.sqrt() * answer + (1 - there - fresh**2).clamp(min=0).sqrt() * predicted + fresh * noise


def cosine_schedule(landscapes: int) -> Tensor:
    """``abar_k`` ``(K,)`` of the cosine schedule (Nichol and Dhariwal 2021, equation 17), the sharpest first.

    The schedule ends at 0.98 of its time, where abar is 1e-3 and not 0: the jump of the smoothest landscape divides by
    its square root.
    """
    t = torch.linspace(0, 0.98, landscapes + 1, dtype=torch.float64)
    f = ((t + 0.008) / 1.008 * math.pi / 2).cos().square()
    return (f[1:] / f[0]).float()
