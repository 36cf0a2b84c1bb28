"""Replayed work: what a graph of a GPU holds fixed, and what it must see. On a CPU a stand-in runs the work again."""

import copy
import dataclasses
import gc
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from helpers import Again, Quadratic, labels
from lean_ebm import cuda_graphs
from lean_ebm.energy import ConvEnergy, MLPEnergy
from lean_ebm.gradient import energy_gradient
from lean_ebm.langevin import Langevin, Stop, langevin

CHAIN = Langevin(4, 5.0, noise_scale=0.01, grad_clamp=0.5, bounds=(-1.0, 1.0))


def network() -> ConvEnergy:
    return ConvEnergy((1, 12, 12), num_classes=3, width=4, depth=3)


def run(energy: nn.Module, settings: Langevin, start: Tensor, seed: int | None = 1, **more):
    """The ends of chains, and the gradients of a loss on them for the parameters."""
    energy.zero_grad()
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    if seed is None:
        torch.manual_seed(1)
    out = langevin(energy, start, torch.arange(len(start)) % 3, settings, generator=generator, **more)
    if out.x.requires_grad:
        (out.x * torch.linspace(-1, 1, 144).view(1, 12, 12)).sum().backward()
    return out, [None if p.grad is None else p.grad.clone() for p in energy.parameters()]


@pytest.mark.parametrize("seed", [1, None], ids=["own generator", "the device's generator"])
@pytest.mark.parametrize("graph", ["none", "last", 2, "all"])
def test_a_replayed_chain_is_the_chain(graph, seed, again):
    """With new starts, new noise and weights that an optimizer changed in place."""
    energy = network()
    settings = dataclasses.replace(CHAIN, graph=graph)
    optimizer = torch.optim.Adam(energy.parameters(), lr=0.01)
    for _ in range(4):
        start = torch.randn(6, 1, 12, 12)
        expected, gradients = run(energy, dataclasses.replace(settings, compile=False), start, seed)
        out, others = run(energy, settings, start, seed)
        for name in ("x", "energies", "grad_norms", "steps"):
            torch.testing.assert_close(getattr(out, name), getattr(expected, name), rtol=0, atol=0)
        for mine, theirs in zip(others, gradients, strict=True):
            torch.testing.assert_close(mine, theirs)
        assert not out.energies.requires_grad and out.x.requires_grad == (graph != "none")
        if graph != "none":
            optimizer.step()
    # What is differentiated is replayed from its first call, so that a resumed run adds up gradients in the same order.
    assert (again.made, again.replays) == ((1, 3) if graph == "none" else (2, 2 * 4))


def test_a_generator_is_advanced_as_by_a_usual_chain(again):
    energy, start, ends = network(), torch.randn(6, 1, 12, 12), []
    for compile in (False, None):
        generator = torch.Generator().manual_seed(3)
        condition = labels(6)
        for _ in range(4):
            out = langevin(energy, start, condition, dataclasses.replace(CHAIN, compile=compile), generator=generator)
        ends.append((out.x, torch.rand(5, generator=generator)))
    for mine, theirs in zip(*ends, strict=True):
        assert torch.equal(mine, theirs)
    assert again.replays == 3


def test_results_belong_to_the_caller(again):
    energy = network()
    first = [langevin(energy, torch.randn(6, 1, 12, 12), labels(6), CHAIN) for _ in range(3)]
    kept = [(out.x.clone(), out.energies.clone()) for out in first]
    langevin(energy, torch.randn(6, 1, 12, 12), labels(6), CHAIN)
    for out, (x, energies) in zip(first, kept, strict=True):
        assert torch.equal(out.x, x) and torch.equal(out.energies, energies)


def test_step_sizes_and_bounds_are_inputs_and_other_settings_are_captured_anew(again):
    energy = network()
    start = torch.randn(6, 1, 12, 12)

    def compare(settings, **more):
        for _ in range(2):
            expected, _ = run(energy, dataclasses.replace(settings, compile=False), start, **more)
            assert torch.equal(run(energy, settings, start, **more)[0].x, expected.x)

    compare(CHAIN)
    made = again.made
    compare(dataclasses.replace(CHAIN, step_size=1.0))
    compare(dataclasses.replace(CHAIN, bounds=(-0.5, 2.0)))
    compare(CHAIN, step_size=torch.linspace(0.1, 1, 6))
    assert again.made == made == 1
    compare(dataclasses.replace(CHAIN, noise_scale=0.1))
    compare(dataclasses.replace(CHAIN, steps=3))
    compare(dataclasses.replace(CHAIN, monotone=True))
    compare(dataclasses.replace(CHAIN, bounds=None))
    compare(dataclasses.replace(CHAIN, bounds="sphere"))
    assert again.made == 6
    start = start[:5]
    compare(CHAIN)
    assert again.made == 7


def test_the_step_size_is_learned(again):
    energy, grads = network(), []
    for compile in (False, None, None, None):
        size = torch.tensor(2.0, requires_grad=True)
        settings = dataclasses.replace(CHAIN, graph="all", compile=compile)
        run(energy, settings, torch.linspace(-1, 1, 6 * 144).view(6, 1, 12, 12), step_size=size)
        grads.append(size.grad)
    assert grads[0] != 0
    torch.testing.assert_close(torch.stack(grads[1:]), grads[0].expand(3))
    assert again.made == 2


def test_weights_that_moved_are_captured_anew(again):
    energy, start = network(), torch.randn(6, 1, 12, 12)
    for change in ("nothing", "data", "parameter", "buffer"):
        if change == "data":
            energy.project.weight.data = torch.randn_like(energy.project.weight)
        if change == "parameter":
            energy.weight = nn.Parameter(torch.randn_like(energy.weight))
        if change == "buffer":
            energy.register_buffer("more", torch.ones(1))
        for _ in range(3):
            expected, _ = run(energy, dataclasses.replace(CHAIN, compile=False), start)
            assert torch.equal(run(energy, CHAIN, start)[0].x, expected.x)
    assert again.made == 4


def test_networks_do_not_share_graphs_and_take_theirs_along(again):
    energy = network()
    other = copy.deepcopy(energy)
    with torch.no_grad():
        other.weight.mul_(-1)
    start = torch.randn(6, 1, 12, 12)
    ends = [run(net, CHAIN, start)[0].x for _ in range(3) for net in (energy, other)]
    assert not torch.equal(ends[4], ends[5]) and again.made == 2
    known = len(cuda_graphs._kinds)
    cuda_graphs._kinds[energy].popitem()  # the stand-in keeps its work, and with it the network
    del energy
    gc.collect()
    assert len(cuda_graphs._kinds) == known - 1


def test_several_calls_can_be_differentiated_together(again):
    """As in EBT with ``supervise: every``: each step has its own graph, and one backward pass reaches all of them."""
    energy, gradients = network(), []
    for compile in (False, None, None, None):
        energy.zero_grad()
        settings = dataclasses.replace(CHAIN, steps=1, graph="last", noise_scale=0.0, compile=compile)
        x, loss = torch.linspace(-1, 1, 6 * 144).view(6, 1, 12, 12), 0.0
        for _ in range(3):
            x = langevin(energy, x, labels(6), settings).x
            loss = loss + (x * torch.linspace(-1, 1, 144).view(1, 12, 12)).sum()
        loss.backward()
        gradients.append(torch.cat([p.grad.flatten() for p in energy.parameters()]))
    assert gradients[0].norm() > 0
    for gradient in gradients[1:]:
        torch.testing.assert_close(gradient, gradients[0])
    assert again.made == 3 * 2  # a forward and a backward graph for each call of a step


def test_gradients_add_up_over_batches(again):
    energy, sums = network(), []
    settings = dataclasses.replace(CHAIN, steps=1, graph="last", noise_scale=0.0)
    starts = [torch.randn(6, 1, 12, 12) for _ in range(3)]
    for compile in (False, None, None):
        energy.zero_grad()
        for start in starts:
            langevin(energy, start, labels(6), dataclasses.replace(settings, compile=compile)).x.sum().backward()
        sums.append(torch.cat([p.grad.flatten() for p in energy.parameters()]))
    for found in sums[1:]:
        torch.testing.assert_close(found, sums[0])


def test_a_second_backward_pass_is_refused(again):
    energy, settings = network(), dataclasses.replace(CHAIN, graph="last")
    for _ in range(3):
        x = langevin(energy, torch.randn(6, 1, 12, 12), labels(6), settings).x
        x.sum().backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="differentiated once: call backward once"):
        x.sum().backward()


@pytest.mark.parametrize("has_aux", [False, True])
def test_the_gradient_of_an_energy_is_replayed_with_its_second_derivative(has_aux, again):
    energy, found = MLPEnergy((6,), 3, width=8, depth=2), []
    x, condition = torch.randn(5, 6), torch.arange(5) % 3
    for compile in (False, None, None, None):
        energy.zero_grad()
        function = energy.own_and_all_energies if has_aux else energy
        parts = energy_gradient(function, x, condition, create_graph=True, compile=compile, has_aux=has_aux)
        assert len(parts) == 2 + has_aux
        sum((part * torch.linspace(1, 2, part.numel()).view_as(part)).square().sum() for part in parts).backward()
        found.append([*(part.detach() for part in parts), *(p.grad.clone() for p in energy.parameters())])
    for others in found[1:]:
        for mine, theirs in zip(others, found[0], strict=True):
            torch.testing.assert_close(mine, theirs)
    assert again.made == 2


def test_conditions_can_depend_on_parameters(again):
    """The encoding of a condition is an input, through which the encoder is taught."""
    encoder, found = nn.Linear(2, 6), []

    class Conditioned(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(6, 1)

        def forward(self, x, condition):
            return (self.layer(torch.tanh(x * condition)).squeeze(1)) ** 2

    energy, given = Conditioned(), torch.randn(4, 2)
    for compile in (False, None, None, None):
        encoder.zero_grad()
        settings = Langevin(2, 0.1, graph="all", compile=compile)
        langevin(energy, torch.linspace(-1, 1, 24).view(4, 6), encoder(given), settings).x.sum().backward()
        found.append(encoder.weight.grad.clone())
    assert found[0].norm() > 0
    for gradient in found[1:]:
        torch.testing.assert_close(gradient, found[0])


def test_hooks_see_every_step(again):
    energy, start, seen = network(), torch.randn(6, 1, 12, 12), []
    for compile in (False, None, None):
        path = []
        run(
            energy,
            dataclasses.replace(CHAIN, compile=compile),
            start,
            on_step=lambda i, x, path=path: path.append((i, x)),
        )
        seen.append(path)
    for path in seen[1:]:
        assert [i for i, _ in path] == [0, 1, 2, 3]
        for (_, mine), (_, theirs) in zip(path, seen[0], strict=True):
            assert torch.equal(mine, theirs)
    assert again.replays == 1


class Shrink(NamedTuple):
    factor: Tensor

    def __call__(self, x, gradient):
        return self.factor * gradient


def test_a_map_of_tensors_is_an_input_and_a_function_is_not_captured(again):
    energy, start = network(), torch.randn(6, 1, 12, 12)
    for number in (0.5, 0.1, 0.2):
        factor = torch.tensor(number)
        expected, _ = run(energy, dataclasses.replace(CHAIN, compile=False), start, gradient_map=Shrink(factor))
        assert torch.equal(run(energy, CHAIN, start, gradient_map=Shrink(factor))[0].x, expected.x)
    assert again.made == 1
    for number in (0.5, 0.1, 0.2):
        plain = lambda x, gradient, number=number: number * gradient
        expected, _ = run(energy, dataclasses.replace(CHAIN, compile=False), start, gradient_map=plain)
        assert torch.equal(run(energy, CHAIN, start, gradient_map=plain)[0].x, expected.x)
    assert again.made == 1


@pytest.mark.parametrize(
    "settings",
    [
        dataclasses.replace(CHAIN, compile=False),
        dataclasses.replace(CHAIN, stop=Stop(grad_norm=1e-9)),
        dataclasses.replace(CHAIN, recompute=True, graph="all"),
        dataclasses.replace(CHAIN, steps=0),
    ],
    ids=["turned off", "stops early", "recomputes", "no steps"],
)
def test_what_is_not_captured(settings, again):
    for _ in range(3):
        run(network(), settings, torch.randn(6, 1, 12, 12))
    assert again.made == 0


def test_a_function_is_not_captured(again):
    energy = Quadratic()
    for _ in range(3):
        langevin(lambda x, y: energy(x, y), torch.randn(4, 3), labels(4), Langevin(2, 0.1))
    assert again.made == 0


def test_in_bfloat16_a_chain_casts_each_weight_once(again):
    """In a chain of 4 steps, not 4 times: autocast keeps the cast weights of a capture."""
    from torch.utils._python_dispatch import TorchDispatchMode

    casts = []

    class Casts(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            if "_to_copy" in str(function) and args[0].data_ptr() == energy.convolutions[1].weight.data_ptr():
                casts.append(function)
            return function(*args, **(kwargs or {}))

    energy = network()
    for _ in range(3):
        casts.clear()
        with torch.autocast("cpu", torch.bfloat16), Casts():
            langevin(energy, torch.randn(6, 1, 12, 12), labels(6), CHAIN)
    assert len(casts) == 1 and again.replays == 2


def test_a_capture_that_fails_is_said_once(again, monkeypatch):
    class Refuses(Again):
        def __init__(self, *args):
            raise RuntimeError("operation not permitted when stream is capturing\nand more")

    monkeypatch.setattr(cuda_graphs, "Graph", Refuses)
    monkeypatch.setattr(Refuses, "new_pool", staticmethod(object))
    energy, start = network(), torch.randn(6, 1, 12, 12)
    expected, _ = run(energy, dataclasses.replace(CHAIN, compile=False), start)
    run(energy, CHAIN, start)
    with pytest.warns(UserWarning, match="ConvEnergy cannot be captured .*: operation not permitted"):
        assert torch.equal(run(energy, CHAIN, start)[0].x, expected.x)
    assert torch.equal(run(energy, CHAIN, start)[0].x, expected.x)


def test_the_kinds_that_were_not_used_for_long_are_forgotten(again, monkeypatch):
    monkeypatch.setattr(cuda_graphs, "KINDS", 3)
    energy = network()
    for size in (1, 2, 3, 4, 5, 6):
        run(energy, CHAIN, torch.randn(size, 1, 12, 12))
    assert len(cuda_graphs._kinds[energy]) == 3
