"""Contrastive divergence with persistent chains."""

from __future__ import annotations

from typing import Any, Literal

import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor
from torch.nn import functional as F

from lean_ebm.bounds import project
from lean_ebm.energy import EnergyNetwork
from lean_ebm.errors import SettingError
from lean_ebm.langevin import Langevin
from lean_ebm.methods.base import Batch, Method
from lean_ebm.methods.drawing import batch_size
from lean_ebm.methods.moments import ClassMoments, class_sums
from lean_ebm.methods.replay import ReplayBuffer
from lean_ebm.methods.verification import Verification


class ContrastiveDivergence(Method):
    r"""Contrastive divergence: lower the energy of data, and raise the energy of the model's own samples.

    The data are ``x+`` with condition ``y``. The samples ``x-`` are ends of Langevin chains, which are not
    differentiated. With classes, a chain starts where an earlier chain of the same class ended; otherwise it starts
    anew::

        L  =  E(x+, y) - E(x-, y)                           -log p(x+|y)       (Hinton 2002; Tieleman 2008)
            + regularization * (E(x+, y)^2 + E(x-, y)^2)    energies near 0    (Du and Mordatch 2019)
            + cross_entropy * CE(softmax_y' -E(x+, y'), y)  -log p(y|x+)       (JEM, Grathwohl et al. 2020)

    Each term is averaged over the batch. Samples are made like negatives: by a chain from ``start``, of any length.

    Training is stable as long as chains end at energies about as low as those of data. If they end higher, the first
    term rewards that: the energy of data falls further, chains reach it even less, and first one class and then the
    whole model diverges. The method therefore logs ``energy_gap``, by how much the chains of the worst class end above
    data, together with the largest energy and the entropy of the buffer. The callback
    :class:`~lean_ebm.callbacks.DivergenceGuard` watches these figures. A start from which short chains reach data
    prevents the divergence: ``start: moments``, see :class:`~lean_ebm.methods.moments.ClassMoments`.

    Args:
        energy: The energy network.
        chain: The training chain of the negatives.
        sampler: The chain that makes samples.
        buffer_size: Number of persistent chains over all classes; with 0 every chain starts anew. Use 0 if conditions
            are not classes: such a condition hardly ever occurs again, so that its chain could not be continued.
        fresh_fraction: Probability that a training chain starts anew instead of continuing one in the buffer.
        start: What new chains and samples start from: ``noise``, uniform within the bounds, or ``moments``, a Gaussian
            with the mean and standard deviation of each component of the data of the class (without classes, of all
            data).
        data_noise: Standard deviation of the noise added to data, which keeps the energy smooth around it.
        regularization: Weight of the squared energies.
        cross_entropy: Weight of the classification term; 0 turns it off.
        candidates: Largest number of draws for each sample.
        acceptance: A draw whose p(y|x) reaches this is accepted without further draws.
        verification: How the energy network learns to judge answers; null: it does not.
        optimizer: Builds the optimizer from parameters. None: AdamW with its defaults.
        lr_scheduler: Builds the scheduler.

    Raises:
        SettingError: If the chain keeps a graph, or if there is to be a buffer and the energy has no classes.
    """

    LAG_DECAY = 0.98
    """Weight of the old average when one sample updates the average energy gap of its class."""

    lag: Tensor

    def __init__(
        self,
        energy: EnergyNetwork,
        chain: Langevin = Langevin(steps=20, step_size=1.0, noise_scale=0.01, bounds=(-1.0, 1.0)),
        sampler: Langevin = Langevin(steps=100, step_size=1.0, noise_scale=0.01, bounds=(-1.0, 1.0)),
        buffer_size: int = 10_000,
        fresh_fraction: float = 0.05,
        start: Literal["noise", "moments"] = "noise",
        data_noise: float = 0.03,
        regularization: float = 0.1,
        cross_entropy: float = 1.0,
        candidates: int = 1,
        acceptance: float = 0.9,
        verification: Verification | None = None,
        optimizer: OptimizerCallable | None = None,
        lr_scheduler: LRSchedulerCallable | None = None,
    ) -> None:
        super().__init__(energy, sampler, candidates, acceptance, verification, optimizer, lr_scheduler)
        if chain.graph != "none":
            raise SettingError(
                f"ContrastiveDivergence does not differentiate negatives: chain.graph is {chain.graph}, expected none."
            )
        self.chain = chain
        self.data_noise = data_noise
        self.regularization = regularization
        self.cross_entropy = cross_entropy
        groups = max(energy.num_classes, 1)
        self.register_buffer("lag", torch.zeros(groups))
        self.moments = ClassMoments(groups, energy.shape) if start == "moments" else None
        self.buffer: ReplayBuffer | None = None
        if buffer_size:
            self.buffer = ReplayBuffer(buffer_size, energy.num_classes, energy.shape, fresh_fraction)
            self._ddp_params_and_buffers_to_ignore = [f"buffer.{name}" for name in ReplayBuffer.LOCAL]

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The three terms above. Chains start from the buffer. In training their ends go back into the buffer."""
        real, condition = batch
        group = self._group(condition)
        if self.training and self.moments is not None:
            self.moments.update(real, group)
        real = real + self.data_noise * torch.randn_like(real)
        start = self.noise(condition, self.chain)
        if self.buffer is not None:
            start, slot = self.buffer.draw(group, start)
        negatives = self.langevin(start, condition, self.chain)
        if self.buffer is not None and self.training:
            self.buffer.store(group, slot, negatives.x)

        # One forward pass for both phases.
        both = torch.cat([real, negatives.x])
        if self.energy.num_classes:
            energies = self.energy.energies(both)
            positive, negative = energies.gather(1, group.repeat(2)[:, None]).squeeze(1).chunk(2)
        else:
            energies = self.energy(both, apply_to_collection(condition, Tensor, lambda part: torch.cat([part, part])))
            positive, negative = energies.chunk(2)
        gap = negative - positive
        if self.training:
            self._follow(group, gap.detach())
        magnitude = positive.square().mean() + negative.square().mean()
        loss = -gap.mean() + self.regularization * magnitude
        terms: dict[str, Any] = {
            "divergence": -gap.mean(),
            "magnitude": magnitude,
            "energy_positive": positive.mean(),
            "energy_negative": negative.mean(),
            "energy_gap": self.lag.max(),
            "energy_magnitude": energies.abs().max(),
            "grad_norm_chain": negatives.grad_norms.mean(),
        }
        if self.buffer is not None:
            terms["buffer_entropy"] = self.buffer.entropy().nan_to_num(0.0).min()
        if self.classifies and self.energy.num_classes:
            terms["cross_entropy"] = F.cross_entropy(-energies[: len(real)], condition)
            loss = loss + self.cross_entropy * terms["cross_entropy"]
        return {"loss": loss, **terms}

    def noise(self, condition: Any, chain: Langevin, generator: torch.Generator | None = None) -> Tensor:
        """Draw starts ``(B, *shape)`` of chains, as ``start`` says."""
        if self.moments is None:
            return super().noise(condition, chain, generator)
        return project(self.moments.sample(self._group(condition), generator), chain.bounds, self.energy.nearest)

    def _group(self, condition: Any) -> Tensor:
        """The class ``(B,)`` of each condition; 0 if conditions are not classes."""
        if self.energy.num_classes:
            assert isinstance(condition, Tensor)
            return condition
        return torch.zeros(batch_size(condition), dtype=torch.int64, device=self.device)

    def _follow(self, label: Tensor, gap: Tensor) -> None:
        """Update the average energy gap of each class with the gaps ``(B,)`` of a batch, each with the same weight."""
        total = class_sums(gap, label, len(self.lag))
        count = class_sums(torch.ones_like(gap), label, len(self.lag))
        kept = self.LAG_DECAY**count
        self.lag.copy_(kept * self.lag + (1 - kept) * total / count.clamp(min=1))
