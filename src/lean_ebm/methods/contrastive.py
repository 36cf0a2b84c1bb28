"""Contrastive divergence with persistent chains."""

from __future__ import annotations

from typing import Any, Literal

import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor
from torch.nn import functional as F

from lean_ebm.energy import EnergyNetwork
from lean_ebm.errors import SettingError
from lean_ebm.langevin import Langevin
from lean_ebm.methods.base import Batch, Method, batch_size
from lean_ebm.methods.moments import ClassMoments
from lean_ebm.methods.replay import ReplayBuffer


class ContrastiveDivergence(Method):
    r"""Maximum likelihood by contrastive divergence: lower the energy of data, raise that of the model's own samples.

    For data ``x+`` with condition ``y`` and samples ``x-`` at the end of a Langevin chain without graph, started where
    an earlier chain of the same class ended, or anew where conditions are no classes::

        L  =  E(x+, y) - E(x-, y)                           -log p(x+|y)       (Hinton 2002; Tieleman 2008)
            + regularization * (E(x+, y)^2 + E(x-, y)^2)    energies near 0    (Du and Mordatch 2019)
            + cross_entropy * CE(softmax_y' -E(x+, y'), y)  -log p(y|x+)       (JEM, Grathwohl et al. 2020)

    all averaged over the batch. Samples are made as negatives are, from ``start``, by as many steps as one likes.

    Chains that keep up with the energy end where it is about as low as at data. Where they lag behind, at higher
    energies, the first term rewards the lag: data sink further, chains follow even less, and a class, then the model,
    is lost. The gap of the class that lags most is logged as ``energy_gap``, beside the largest energy and the entropy
    of the buffer, for :class:`~lean_ebm.callbacks.DivergenceGuard` to watch. What prevents it is a start from which
    short chains reach data: ``start: moments``, see :class:`~lean_ebm.methods.moments.ClassMoments`.

    Args:
        energy: The energy network.
        chain: The training chain of the negatives.
        sampler: The chain that makes samples.
        buffer_size: Number of persistent chains, over all classes; 0, and every chain starts anew. Conditions that are
            no classes hardly come back, so that no chain could go on.
        fresh_fraction: Probability that a training chain starts anew instead.
        start: What new chains and samples start from: ``noise``, uniform within the bounds, or ``moments``, a Gaussian
            with the mean and standard deviation of each component of data of the class, or of all data.
        data_noise: Standard deviation of the noise added to data, which keeps the energy smooth around it.
        regularization: Weight of the squared energies.
        cross_entropy: Weight of the classification term; 0 turns it off.
        candidates: Largest number of draws for each sample asked for.
        acceptance: p(y|x) of a draw from which on no other is made.
        optimizer: Builds the optimizer from parameters. None: AdamW with its defaults.
        lr_scheduler: Builds the scheduler.

    Raises:
        ValueError: If the chain keeps a graph, or the energy knows no classes and there is to be a buffer.
    """

    LAG_DECAY = 0.98
    """What one sample leaves of the average gap of its class."""

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
        optimizer: OptimizerCallable | None = None,
        lr_scheduler: LRSchedulerCallable | None = None,
    ) -> None:
        super().__init__(energy, sampler, candidates, acceptance, optimizer, lr_scheduler)
        if chain.graph != "none":
            raise SettingError(
                f"ContrastiveDivergence takes negatives as constants: chain.graph is {chain.graph}, use none."
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
        """The three terms above; negatives come from the buffer and, in training, go back into it."""
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

        # One forward pass of both phases.
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
        if self.cross_entropy > 0 and self.energy.num_classes:
            terms["cross_entropy"] = F.cross_entropy(-energies[: len(real)], condition)
            loss = loss + self.cross_entropy * terms["cross_entropy"]
        return {"loss": loss, **terms}

    def noise(self, condition: Any, chain: Langevin, generator: torch.Generator | None = None) -> Tensor:
        """Starts ``(B, *shape)`` of a chain, as ``start`` says."""
        if self.moments is None:
            return super().noise(condition, chain, generator)
        x = self.moments.sample(self._group(condition), generator)
        return x if chain.bounds is None else x.clamp(*chain.bounds)

    def _group(self, condition: Any) -> Tensor:
        """The class ``(B,)`` of each condition; 0 where they are no classes."""
        if self.energy.num_classes:
            assert isinstance(condition, Tensor)
            return condition
        return torch.zeros(batch_size(condition), dtype=torch.int64, device=self.device)

    def _follow(self, label: Tensor, gap: Tensor) -> None:
        """Move the average gap of each class by those ``(B,)`` of a batch, each with the same weight."""
        total = torch.zeros_like(self.lag).index_add_(0, label, gap)
        count = torch.zeros_like(self.lag).index_add_(0, label, torch.ones_like(gap))
        kept = self.LAG_DECAY**count
        self.lag.copy_(kept * self.lag + (1 - kept) * total / count.clamp(min=1))
