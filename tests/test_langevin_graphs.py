"""What of a chain is differentiable, and compiled and recomputed chains."""

import dataclasses
import functools
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from helpers import Quadratic, labels, without_waiting
from lean_ebm.energy import ConvEnergy, MLPEnergy
from lean_ebm.gradient import _compiled_energy_gradient
from lean_ebm.langevin import (
    Langevin,
    Trajectory,
    energy_gradient,
    langevin,
)
from quadratic_chains import ETA, FACTOR, A, chain, quadratic, starts

# --- how much of the chain is differentiable ---------------------------------------------------------------------


def reference(x: Tensor, a: Tensor, detached: int, kept: int) -> Tensor:
    """``detached`` steps, detach, then ``kept`` steps on the graph, written out."""
    for step in range(detached + kept):
        if step <= detached:
            x = x.detach()
        x = x - ETA * a * x**3
    return x


@pytest.mark.parametrize(("graph", "kept"), [("last", 1), (1, 1), (3, 3), ("all", 6), (100, 6)])
def test_gradient_is_that_of_the_kept_steps(graph, kept):
    x0 = starts(5, 2)
    a = torch.tensor(A, dtype=torch.float64, requires_grad=True)
    out = langevin(lambda x, _: a / 4 * (x**4).sum(dim=1), x0, None, chain(steps=6, graph=graph))
    expected = reference(x0, a, 6 - kept, kept)
    torch.testing.assert_close(out.x, expected)
    weights = starts(5, 2)
    got, want = (torch.autograd.grad((end * weights).sum(), a)[0] for end in (out.x, expected))
    torch.testing.assert_close(got, want)


def test_kept_step_counts_differ_in_their_gradients():
    gradients = []
    for graph in ("last", 3, "all"):
        a = torch.tensor(A, dtype=torch.float64, requires_grad=True)
        out = langevin(quadratic(a), torch.ones(1, 1, dtype=torch.float64), None, chain(steps=6, graph=graph))
        gradients.append(torch.autograd.grad(out.x.sum(), a)[0].item())
    assert gradients == pytest.approx([-k * ETA * FACTOR**5 for k in (1, 3, 6)])


def test_without_graph_nothing_is_differentiable():
    a, x0 = torch.tensor(A, requires_grad=True), torch.randn(2, 3, requires_grad=True)
    out = langevin(quadratic(a), x0, None, chain())
    assert not any(t.requires_grad for t in (out.x, out.energies, out.grad_norms))
    assert a.grad is None


def test_statistics_are_detached_from_a_graph():
    out = langevin(quadratic(torch.tensor(A, requires_grad=True)), torch.randn(2, 3), None, chain(graph="all"))
    assert out.x.requires_grad and not out.energies.requires_grad and not out.grad_norms.requires_grad


def test_energy_gradient_can_be_differentiated_in_parameters_and_candidates():
    energy = Quadratic(a=A, dtype=torch.float64)
    x = starts(4, 3).requires_grad_()
    values, gradient = energy_gradient(energy, x, labels(4), create_graph=True)
    torch.testing.assert_close(gradient, A * x)
    in_a, in_x = torch.autograd.grad(gradient.sum() + values.sum(), (energy.a, x))
    torch.testing.assert_close(in_a, x.detach().sum() + x.detach().square().sum() / 2)
    torch.testing.assert_close(in_x, A + A * x.detach())
    values, gradient = energy_gradient(energy, x, labels(4))
    assert not values.requires_grad and not gradient.requires_grad


# --- compiled ----------------------------------------------------------------------------------------------------


def network() -> ConvEnergy:
    return ConvEnergy((1, 12, 12), num_classes=3, width=4, depth=3)


def end_and_gradients(energy: ConvEnergy, settings: Langevin, start: Tensor) -> tuple[Trajectory, list[Tensor]]:
    """The ends of chains, and the gradients of a loss on them for the parameters and the start."""
    energy.zero_grad()
    start = start.clone().requires_grad_()
    out = langevin(energy, start, torch.arange(len(start)) % 3, settings, generator=torch.Generator().manual_seed(1))
    if not out.x.requires_grad:
        return out, []
    (out.x * torch.linspace(-1, 1, 144).view(1, 12, 12)).sum().backward()
    return out, [p.grad.clone() for p in energy.parameters()] + ([] if start.grad is None else [start.grad])


@pytest.fixture
def traced(monkeypatch) -> Iterator[None]:
    """Compiles without a C++ compiler: traced code runs on torch's own kernels, in one second instead of thirty."""
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend="aot_eager"))
    torch._dynamo.reset()
    _compiled_energy_gradient.cache_clear()
    yield
    _compiled_energy_gradient.cache_clear()


@pytest.mark.parametrize("graph", ["none", "last", 2, "all"])
def test_compiled_chains_are_those_of_eager_ones(graph, traced):
    energy, start = network(), torch.randn(6, 1, 12, 12)
    settings = Langevin(4, 5.0, noise_scale=0.01, grad_clamp=0.5, bounds=(-1.0, 1.0), graph=graph)
    eager, gradients = end_and_gradients(energy, settings, start)
    compiled, others = end_and_gradients(energy, dataclasses.replace(settings, compile=True), start)
    torch.testing.assert_close(compiled.x, eager.x)
    torch.testing.assert_close(compiled.energies, eager.energies)
    assert not compiled.energies.requires_grad and len(gradients) == len(others)
    for mine, theirs in zip(others, gradients, strict=True):
        assert (mine - theirs).norm() <= 1e-4 * theirs.norm()


@pytest.mark.parametrize(("graph", "graphs"), [("none", 1), ("last", 2)])
def test_a_compiled_chain_is_one_graph_with_the_gradient_in_it(graph, graphs, traced):
    """Compiled once without and once with a graph of its own, however many steps; nothing falls back to Python."""
    torch._dynamo.utils.counters.clear()
    energy = MLPEnergy((4,), 3, width=8, depth=1)
    langevin(energy, torch.randn(5, 4), labels(5), Langevin(6, 0.1, graph=graph, compile=True))
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == graphs
    assert not torch._dynamo.utils.counters["graph_break"]


@pytest.mark.slow
@pytest.mark.parametrize("graph", ["none", "last", "all"])
def test_what_the_compiler_makes_is_right_too(graph):
    if shutil.which("g++") is None:
        pytest.skip("torch.compile needs a C++ compiler on a CPU")
    torch._dynamo.reset()
    test_compiled_chains_are_those_of_eager_ones(graph, None)


# --- recomputed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("graph", ["last", 2, "all"])
def test_recomputed_steps_have_the_same_gradients(graph):
    energy, start = network(), torch.randn(6, 1, 12, 12)
    settings = Langevin(4, 5.0, noise_scale=0.01, grad_clamp=0.5, bounds=(-1.0, 1.0), graph=graph)
    kept, gradients = end_and_gradients(energy, settings, start)
    recomputed, others = end_and_gradients(energy, dataclasses.replace(settings, recompute=True), start)
    assert torch.equal(recomputed.x, kept.x) and len(gradients) == len(others)
    for mine, theirs in zip(others, gradients, strict=True):
        torch.testing.assert_close(mine, theirs)


def test_recomputed_steps_keep_candidates_alone():
    """Each step adds little to the memory of a chain, much less than the energy's activations."""
    energy, size = network(), 144 * 6

    def kept(steps: int, recompute: bool) -> float:
        saved: dict[int, int] = {}
        count = lambda tensor: saved.__setitem__(tensor.untyped_storage().data_ptr(), tensor.numel()) or tensor
        with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
            settings = Langevin(steps, 0.1, graph="all", recompute=recompute)
            out = langevin(energy, torch.randn(6, 1, 12, 12), labels(6), settings)
        assert out.x.requires_grad
        return sum(saved.values()) / size

    for recompute, most in ((True, 4), (False, None)):
        a_step = (kept(8, recompute) - kept(2, recompute)) / 6
        assert a_step <= most if most else a_step > 10


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("compile", [False, True])
@pytest.mark.parametrize("graph", ["none", "last", "all"])
def test_the_host_never_waits_for_a_chain(graph, compile):
    energy, condition = network().cuda(), torch.arange(6, device="cuda") % 3
    start = torch.randn(6, 1, 12, 12, device="cuda")
    generator = torch.Generator("cuda").manual_seed(0)
    settings = Langevin(4, 5.0, noise_scale=0.01, grad_clamp=0.5, bounds=(-1.0, 1.0), graph=graph, compile=compile)
    for _ in range(2):  # so that loading, tuning and capturing are done
        langevin(energy, start, condition, settings, generator=generator)
    with without_waiting():
        langevin(energy, start, condition, settings, generator=generator)


class Products(TorchDispatchMode):
    """Records which convolutions and matrix products run, and which of their gradients are computed."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, list[Any]]] = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if "convolution" in str(function) or "mm" in str(function):
            self.seen.append((str(function), [part for part in args if isinstance(part, list)]))
        return function(*args, **(kwargs or {}))


def test_no_parameter_gradient_is_computed_without_a_graph():
    """Gradients of parameters are never computed: chains on trainable and on frozen parameters run the same kernels."""
    energy, x, runs = network(), torch.randn(6, 1, 12, 12), []
    for trains in (True, False):
        energy.requires_grad_(trains)
        with Products() as products:
            langevin(energy, x, labels(6), chain(steps=2))
        runs.append(products.seen)
    assert runs[0] == runs[1] and len(runs[0]) > 12
    assert all(parameter.grad is None for parameter in energy.parameters())
