"""A step of training is the same whether its chains are compiled or not."""

import functools

import pytest
import torch

from lean_ebm.energy import MLPEnergy
from lean_ebm.gradient import _compiled_energy_gradient
from lean_ebm.langevin import Langevin
from lean_ebm.methods import EBT, IRED, ContrastiveDivergence, Method


def model(method: str, compile: bool | None) -> Method:
    torch.manual_seed(0)
    energy = MLPEnergy((6,), 3, width=8, depth=2, landscapes=4 if method == "IRED" else 0)
    chain = Langevin(3, 0.1, noise_scale=0.01, bounds=(-1.0, 1.0), compile=compile)
    if method == "ContrastiveDivergence":
        return ContrastiveDivergence(energy, chain, buffer_size=30)
    if method == "EBT":
        return EBT(energy, Langevin(3, 0.1, graph="all", compile=compile), cross_entropy=0.1)
    return IRED(energy, mining=Langevin(2, 0.1, monotone=True, compile=compile), cross_entropy=0.1)


@pytest.mark.parametrize("method", ["ContrastiveDivergence", "EBT", "IRED"])
def test_compiled_chains_teach_the_same(method, monkeypatch):
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend="aot_eager"))
    torch._dynamo.reset()
    _compiled_energy_gradient.cache_clear()
    batch = torch.rand(9, 6) * 2 - 1, torch.arange(9) % 3
    gradients = []
    for compile in (False, True):
        taught = model(method, compile)
        torch.manual_seed(1)
        torch._dynamo.utils.counters.clear()
        taught.loss(batch)["loss"].backward()
        gradients.append({name: parameter.grad for name, parameter in taught.energy.named_parameters()})
        assert (torch._dynamo.utils.counters["stats"]["unique_graphs"] > 0) == compile
    for name, gradient in gradients[0].items():
        assert (gradients[1][name] - gradient).norm() <= 1e-4 * gradient.norm(), name
    _compiled_energy_gradient.cache_clear()


@pytest.mark.parametrize("method", ["ContrastiveDivergence", "EBT", "IRED"])
def test_replayed_chains_teach_the_same(method, again):
    """Three steps of training, with the same random numbers: of these the last two are replayed."""
    batch = torch.rand(9, 6) * 2 - 1, torch.arange(9) % 3
    losses = []
    for compile in (False, None):
        taught = model(method, compile)
        optimizer = torch.optim.SGD(taught.parameters(), lr=0.1)
        for step in range(4):
            torch.manual_seed(step)
            loss = taught.loss(batch)["loss"]
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
    torch.testing.assert_close(torch.stack(losses[4:]), torch.stack(losses[:4]))
    assert losses[0] != losses[3] and again.replays >= 3


def test_the_score_of_ired_is_compiled_too(monkeypatch):
    from lean_ebm.methods import ired

    asked = []

    def spy(*args, compile=False, **kwargs):
        asked.append(compile)
        return energy_gradient(*args, **kwargs)

    energy_gradient = ired.energy_gradient
    monkeypatch.setattr(ired, "energy_gradient", spy)
    for compile in (False, True):
        energy = MLPEnergy((6,), 3, width=8, depth=1, landscapes=4)
        IRED(energy, mining=Langevin(0, compile=compile)).loss((torch.randn(4, 6), torch.zeros(4, dtype=torch.int64)))
    assert asked == [False, True]
