"""IRED: iterative reasoning through energy diffusion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor
from torch.nn import functional as F

from lean_ebm.energy import EnergyNetwork, Landscape
from lean_ebm.errors import SettingError
from lean_ebm.gradient import energy_gradient
from lean_ebm.langevin import Langevin
from lean_ebm.methods.annealing import Annealed, scaled_project
from lean_ebm.methods.base import Batch
from lean_ebm.methods.verification import Verification


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


class IRED(Annealed):
    r"""Train a sequence of energy landscapes whose gradients predict noise in data (Du, Mao and Tenenbaum 2024).

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
        bound: Largest magnitude of a component of data; or ``sphere``, see :data:`~lean_ebm.bounds.Bounds`.
        sample_bound: The same at inference, for problems whose answers are larger than those trained on; null:
            ``bound``.
        flips: How negatives are made from discrete answers; null: they are mined.
        jump: Whether the jump comes ``last`` in each landscape, from the end of the descent, or ``first``, as in the
            authors' program.
        eta: Factor of the fresh noise at inference, 0 or more; above some value larger than 1 all noise is fresh.
            null: no noise, as in the paper.
        restart_eta: The same for all draws after the first, see ``candidates``; null: ``eta``. Without noise all draws
            give nearly the same answer.
        cross_entropy: Weight of the classification term ``CE(softmax_y' -E(x_k, y', k), y)``. The term counts only in
            landscapes with ``abar_k > 0.3``, since the classes cannot be told apart under more noise.
        keep: Whether the ``last`` answer of a chain is its result, or the ``best``: the energy then judges the answer
            after each landscape, and with verification a chain ends once its confidence reaches ``acceptance``.
        candidates: Largest number of draws for each sample.
        acceptance: A draw whose p(y|x), or with verification whose confidence, reaches this is accepted without further
            draws.
        judged_by: How finished candidates without classes are compared: by the ``energy`` of the sharpest landscape, or
            by ``denoising``, see :meth:`denoising_energy`, which also compares answers to different problems.
        verification: How the energy network learns to judge answers; null: it does not.
        optimizer: Builds the optimizer from parameters. None: AdamW with its defaults.
        lr_scheduler: Builds the scheduler.

    Raises:
        SettingError: If the energy has fewer than two landscapes.
    """

    def __init__(
        self,
        energy: EnergyNetwork,
        sampler: Langevin = Langevin(steps=5, step_size=1.0, monotone=True),
        mining: Langevin = Langevin(steps=2, step_size=1.0, monotone=True),
        contrast: float = 0.5,
        contrast_fraction: float = 1.0,
        weight_limit: float = 1.0,
        bound: float | Literal["sphere"] = 1.0,
        sample_bound: float | Literal["sphere"] | None = None,
        flips: Flips | None = None,
        jump: Literal["first", "last"] = "last",
        eta: float | None = 1.0,
        cross_entropy: float = 0.0,
        restart_eta: float | None = None,
        keep: Literal["last", "best"] = "last",
        candidates: int = 1,
        acceptance: float = 0.9,
        judged_by: Literal["energy", "denoising"] = "energy",
        verification: Verification | None = None,
        optimizer: OptimizerCallable | None = None,
        lr_scheduler: LRSchedulerCallable | None = None,
    ) -> None:
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
        self.mining = mining
        self.contrast = contrast
        self.contrast_fraction = contrast_fraction
        self.flips = flips
        self.cross_entropy = cross_entropy

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The terms above, at uniformly drawn landscape indices."""
        x, condition = batch
        index = self.draw_landscapes(len(x))
        landscape = Landscape(condition, index)
        a, s = self._scales(index, x.dim())
        eps = torch.randn_like(x)
        noised = a * x + s * eps
        classify = self.classifies  # this term and the first one share a pass
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
                wrong = scaled_project(self._mine(a * x[part] + 3 * s * eps, where) / a, self.bound, 1.0)
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

    def _mine(self, x: Tensor, landscape: Landscape) -> Tensor:
        step_size = self.mining.step_size * self.opt_step[landscape.level]
        return self.langevin(x, landscape, self.mining, step_size=step_size).x
