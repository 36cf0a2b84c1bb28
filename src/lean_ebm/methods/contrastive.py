"""Contrastive divergence with persistent chains."""

from __future__ import annotations

from typing import Any

import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor
from torch.nn import functional as F

from lean_ebm.energy import EnergyNetwork
from lean_ebm.langevin import Langevin
from lean_ebm.methods.base import Batch, Method
from lean_ebm.methods.replay import ReplayBuffer


class ContrastiveDivergence(Method):
    r"""Maximum likelihood by contrastive divergence: lower the energy of data, raise that of the model's own samples.

    For data ``x+`` with condition ``y`` and samples ``x-`` at the end of a Langevin chain without graph, started where
    an earlier chain of the same class ended::

        L  =  E(x+, y) - E(x-, y)                           -log p(x+|y)       (Hinton 2002; Tieleman 2008)
            + regularization * (E(x+, y)^2 + E(x-, y)^2)    energies near 0    (Du and Mordatch 2019)
            + cross_entropy * CE(softmax_y' -E(x+, y'), y)  -log p(y|x+)       (JEM, Grathwohl et al. 2020)

    all averaged over the batch. Samples are made as negatives are, from noise, by as many steps as one likes.

    Args:
        energy: The energy network; class-conditional.
        chain: The training chain of the negatives.
        sampler: The chain that makes samples.
        buffer_size: Number of persistent chains, over all classes.
        fresh_fraction: Probability that a training chain starts from noise instead.
        data_noise: Standard deviation of the noise added to data, which keeps the energy smooth around it.
        regularization: Weight of the squared energies.
        cross_entropy: Weight of the classification term; 0 turns it off.
        candidates: Number of samples made for each one asked for; the best by p(y|x) is kept.
        optimizer: Builds the optimizer from parameters. None: AdamW with its defaults.
        lr_scheduler: Builds the scheduler.

    Raises:
        ValueError: If the energy is not class-conditional or the chain keeps a graph.
    """

    def __init__(
        self,
        energy: EnergyNetwork,
        chain: Langevin = Langevin(steps=20, step_size=1.0, noise_scale=0.01, bounds=(-1.0, 1.0)),
        sampler: Langevin = Langevin(steps=100, step_size=1.0, noise_scale=0.01, bounds=(-1.0, 1.0)),
        buffer_size: int = 10_000,
        fresh_fraction: float = 0.05,
        data_noise: float = 0.03,
        regularization: float = 0.1,
        cross_entropy: float = 1.0,
        candidates: int = 1,
        optimizer: OptimizerCallable | None = None,
        lr_scheduler: LRSchedulerCallable | None = None,
    ) -> None:
        super().__init__(energy, sampler, candidates, optimizer, lr_scheduler)
        if chain.graph != "none":
            raise ValueError(
                f"ContrastiveDivergence takes negatives as constants: chain.graph is {chain.graph}, use none."
            )
        self.chain = chain
        self.data_noise = data_noise
        self.regularization = regularization
        self.cross_entropy = cross_entropy
        self.buffer = ReplayBuffer(buffer_size, energy.num_classes, energy.shape, fresh_fraction)
        self._ddp_params_and_buffers_to_ignore = [f"buffer.{name}" for name in ReplayBuffer.LOCAL]

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The three terms above; negatives come from the buffer and, in training, go back into it."""
        real, label = batch
        real = real + self.data_noise * torch.randn_like(real)
        start, slot = self.buffer.draw(label, self.noise(label, self.chain))
        negatives = self.langevin(start, label, self.chain)
        if self.training:
            self.buffer.store(label, slot, negatives.x)

        # One forward pass of both phases.
        energies = self.energy.energies(torch.cat([real, negatives.x]))
        positive_all, negative_all = energies.chunk(2)
        positive = positive_all.gather(1, label[:, None]).squeeze(1)
        negative = negative_all.gather(1, label[:, None]).squeeze(1)
        divergence = positive.mean() - negative.mean()
        magnitude = positive.square().mean() + negative.square().mean()
        loss = divergence + self.regularization * magnitude
        terms: dict[str, Any] = {
            "divergence": divergence,
            "magnitude": magnitude,
            "energy_positive": positive.mean(),
            "energy_negative": negative.mean(),
            "grad_norm_chain": negatives.grad_norms.mean(),
        }
        if self.cross_entropy > 0:
            terms["cross_entropy"] = F.cross_entropy(-positive_all, label)
            loss = loss + self.cross_entropy * terms["cross_entropy"]
        return {"loss": loss, **terms}
