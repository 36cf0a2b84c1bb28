"""The peers to compare with, on the same network: the bare loop, the loops of the tutorials and TorchEBM."""

from __future__ import annotations

import copy
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lean_ebm.energy import EnergyNetwork
from lean_ebm.energy.convolution import CandidateConv2d
from lean_ebm.langevin import Langevin

TORCHEBM = find_spec("torchebm") is not None
"""Whether TorchEBM is installed: ``pip install -e '.[bench]'``."""


def plain(energy: EnergyNetwork) -> EnergyNetwork:
    """The same network with the same weights, made of the layers of ``torch.nn``."""
    twin = copy.deepcopy(energy)
    for module in list(twin.modules()):
        for name, child in module.named_children():
            if isinstance(child, CandidateConv2d):
                layer = nn.Conv2d(child.in_channels, child.out_channels, child.kernel_size, child.stride, child.padding)
                layer.load_state_dict(child.state_dict())
                setattr(module, name, layer.to(child.weight.device))
    return twin


def floor(energy: EnergyNetwork, x: Tensor, y: Tensor, steps: int) -> Tensor:
    """A loop of what every sampler needs: forward pass, gradient with respect to the input, update in place."""
    x = x.clone()
    for _ in range(steps):
        x.requires_grad_()
        (gradient,) = torch.autograd.grad(energy(x, y).sum(), x)
        x = x.detach().sub_(gradient)
    return x


def textbook(energy: EnergyNetwork, x: Tensor, y: Tensor, chain: Langevin) -> Tensor:
    """The loop of the tutorials: a backward pass that reaches the parameters, and a log entry at every step."""
    assert chain.grad_clamp is not None and chain.bounds is not None
    history = []
    for _ in range(chain.steps):
        x = x.detach() + chain.noise_scale * torch.randn_like(x)
        x = x.clamp(*chain.bounds).requires_grad_()
        values = energy(x, y)
        values.sum().backward()
        assert x.grad is not None
        with torch.no_grad():
            x = (x - chain.step_size * x.grad.clamp(-chain.grad_clamp, chain.grad_clamp)).clamp(*chain.bounds)
        history.append(values.mean().item())
    energy.zero_grad()
    return x.detach()


def torchebm_chain(energy: EnergyNetwork, chain: Langevin) -> Callable[[Tensor, Tensor], Tensor]:
    """TorchEBM's ``LangevinDynamics`` with the same step size, noise and bounds; it does not clamp gradients."""
    from torchebm.core import BaseModel
    from torchebm.samplers import LangevinDynamics

    class Wrapped(BaseModel):  # type: ignore[misc] # TorchEBM is not annotated
        def __init__(self) -> None:
            super().__init__(device=next(energy.parameters()).device)
            self.network = energy

        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            values: Tensor = self.network(x, y)
            return values

    sampler = LangevinDynamics(
        Wrapped(),
        step_size=chain.step_size,
        noise_scale=chain.noise_scale,
        clamp=chain.bounds,
        device=next(energy.parameters()).device,
    )
    return lambda x, y: sampler.sample(x=x, n_steps=chain.steps, y=y)


# --- one step of training ----------------------------------------------------------------------------------------


def contrastive_step(
    energy: EnergyNetwork, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor, chain: Langevin, pool: list[Tensor]
) -> float:
    """Contrastive divergence as in the tutorials, with a replay list, regularization and classification."""
    keep = torch.rand(len(x)) > 0.05
    start = torch.stack(
        [
            pool[int(torch.randint(len(pool), ()))] if bool(kept) and pool else 2 * torch.rand_like(x[0]) - 1
            for kept in keep
        ]
    )
    negatives = textbook(energy, start, y, chain)
    pool[:] = (list(negatives) + pool)[:8192]
    real = x + 0.03 * torch.randn_like(x)
    positive, negative = energy(real, y), energy(negatives, y)
    loss = (positive - negative).mean() + 0.1 * (positive.square() + negative.square()).mean()
    loss = loss + F.cross_entropy(-energy.energies(real), y)
    return _update(optimizer, loss)


def ebt_step(energy: EnergyNetwork, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor, chain: Langevin) -> float:
    """EBT from corrupted data with a differentiable chain, a classification term, and a log entry at every step."""
    start = x + (torch.randn(len(x), device=x.device).exp() * 0.8)[:, None, None, None] * torch.randn_like(x)
    history, at = [], start
    for _ in range(chain.steps):
        at = at.requires_grad_() if at.is_leaf else at
        values = energy(at, y)
        (gradient,) = torch.autograd.grad(values.sum(), at, create_graph=True)
        at = at - chain.step_size * gradient
        history.append(values.mean().item())
    loss = F.mse_loss(at, x) + 0.01 * F.cross_entropy(-energy.energies(start.detach()), y)
    return _update(optimizer, loss)


def ired_step(
    energy: EnergyNetwork, optimizer: torch.optim.Optimizer, x: Tensor, condition: Any, scales: Tensor, mining: Langevin
) -> float:
    """IRED: the score of noised data, and a contrast with negatives that a loop of single steps mines."""
    a, s = scales
    noise = torch.randn_like(x)
    noised = (a * x + s * noise).requires_grad_()
    values = energy(noised, condition)
    (gradient,) = torch.autograd.grad(values.sum(), noised, create_graph=True)
    at = (a * x + 3 * s * noise).detach()
    for _ in range(mining.steps):
        at = at.detach().requires_grad_()
        before = energy(at, condition)
        before.sum().backward()
        assert at.grad is not None
        with torch.no_grad():
            proposal = at - 0.1 * at.grad
            rises = energy(proposal, condition) > before
            at = torch.where(rises[:, None, None, None], at, proposal)
    energy.zero_grad()
    negative = energy(a * (at / a).clamp(-1, 1) + s * noise, condition)
    loss = (gradient - noise).square().mean() + 0.5 * F.softplus(values - negative).mean()
    return _update(optimizer, loss)


def _update(optimizer: torch.optim.Optimizer, loss: Tensor) -> float:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
