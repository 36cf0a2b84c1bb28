"""Closed forms: on E = a/2 |x|^2 a step without noise is x <- (1 - eta a) x."""

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
    LangevinMixin,
    Stop,
    Trajectory,
    energy_gradient,
    langevin,
)

ETA, A, STEPS = 0.1, 0.7, 30
FACTOR = 1 - ETA * A


def quadratic(a: float | Tensor = A):
    return lambda x, _: a / 2 * x.square().flatten(1).sum(dim=1)


def chain(**settings) -> Langevin:
    return Langevin(**{"steps": STEPS, "step_size": ETA, **settings})


def starts(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


# --- the chain ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(4, 3), (4, 1, 5, 5)])
def test_chain_has_its_closed_form(shape):
    x = starts(*shape)
    out = langevin(quadratic(), x, None, chain())
    torch.testing.assert_close(out.x, FACTOR**STEPS * x)
    assert not out.x.requires_grad
    powers = FACTOR ** torch.arange(STEPS)
    norms = A * x.flatten(1).norm(dim=1)[:, None] * powers
    torch.testing.assert_close(out.grad_norms, norms.float())
    torch.testing.assert_close(out.energies, (norms.square() / (2 * A)).float())
    assert out.steps.tolist() == [STEPS] * 4
    assert out.steps.dtype == torch.int64


def test_a_gradient_map_takes_the_place_of_the_gradient():
    """A doubled gradient has the effect of a doubled step; the recorded norms do not change."""
    x, seen = starts(4, 3), []

    def double(here: Tensor, gradient: Tensor) -> Tensor:
        seen.append(gradient - A * here)
        return 2 * gradient

    out = langevin(quadratic(), x, None, chain(stop=Stop(grad_norm=1e-9)), gradient_map=double)
    torch.testing.assert_close(out.x, (1 - 2 * ETA * A) ** STEPS * x)
    assert torch.stack(seen).abs().max() < 1e-12
    torch.testing.assert_close(out.grad_norms[:, 0], A * x.norm(dim=1).float())
    clamped = langevin(quadratic(), x, None, chain(steps=1, grad_clamp=1e-3), gradient_map=double)
    torch.testing.assert_close((clamped.x - x).abs(), torch.full_like(x, ETA * 1e-3))  # the clamp comes last


def test_start_is_left_as_it_was():
    x = starts(4, 3)
    before = x.clone()
    langevin(quadratic(), x, None, chain(noise_scale=1.0))
    assert torch.equal(x, before) and not x.requires_grad


def test_no_steps_return_the_start():
    x = starts(4, 3)
    out = langevin(quadratic(), x, None, chain(steps=0))
    assert torch.equal(out.x, x) and out.energies.shape == (4, 0) and out.steps.tolist() == [0] * 4


@pytest.mark.parametrize("bounds", [None, (-10.0, 10.0)])
def test_derivative_of_the_whole_chain_is_analytic(bounds):
    a, x0 = torch.tensor(A, dtype=torch.float64, requires_grad=True), starts(4, 3).requires_grad_()
    out = langevin(quadratic(a), x0, None, chain(graph="all", bounds=bounds))
    in_a, in_x0 = torch.autograd.grad(out.x.sum(), (a, x0))
    torch.testing.assert_close(in_x0, torch.full_like(x0, FACTOR**STEPS))
    torch.testing.assert_close(in_a, -STEPS * ETA * FACTOR ** (STEPS - 1) * x0.detach().sum())


def test_bounds_clamp_and_stop_the_derivative_outside():
    # The energy rises towards 0: each step moves outwards by the factor 1.5, and 0.9 leaves the bounds at once.
    x0 = torch.tensor([[0.01, 0.9]], dtype=torch.float64, requires_grad=True)
    out = langevin(quadratic(-1.0), x0, None, Langevin(steps=3, step_size=0.5, bounds=(-1.0, 1.0), graph="all"))
    torch.testing.assert_close(out.x, torch.tensor([[0.01 * 1.5**3, 1.0]], dtype=torch.float64))
    (gradient,) = torch.autograd.grad(out.x.sum(), x0)
    torch.testing.assert_close(gradient, torch.tensor([[1.5**3, 0.0]], dtype=torch.float64))


def test_zero_is_the_centre_of_bounds():
    out = langevin(quadratic(), torch.zeros(2, 3), None, chain(bounds=(-1.0, 1.0)))
    assert torch.equal(out.x, torch.zeros(2, 3))


def test_gradient_is_clamped_in_each_component():
    x = torch.tensor([[5.0, -5.0, 0.01]])
    out = langevin(quadratic(1.0), x, None, Langevin(steps=1, step_size=1.0, grad_clamp=0.03))
    torch.testing.assert_close(out.x, torch.tensor([[4.97, -4.97, 0.0]]))
    torch.testing.assert_close(out.grad_norms, x.norm(dim=1)[:, None])  # before the clamp


# --- noise -------------------------------------------------------------------------------------------------------


def test_moments_at_equilibrium():
    eta, sigma = 0.2, 0.5
    out = langevin(quadratic(1.0), torch.full((20_000, 1), 3.0), None, Langevin(80, eta, noise_scale=sigma))
    assert out.x.mean().item() == pytest.approx(0, abs=0.02)
    assert out.x.var().item() == pytest.approx(sigma**2 / (1 - (1 - eta) ** 2), rel=0.05)


def test_noise_falls_geometrically():
    settings = Langevin(steps=5, step_size=1.0, noise_scale=1.6, final_noise_scale=0.1)
    ends: list[Tensor] = []
    # step_size 1 on the unit quadratic forgets the candidate: what is left is the noise of the step.
    langevin(quadratic(1.0), torch.zeros(20_000, 1), None, settings, on_step=lambda _, x: ends.append(x))
    measured = torch.stack(ends).flatten(1).std(dim=1)
    torch.testing.assert_close(measured, torch.tensor([1.6, 0.8, 0.4, 0.2, 0.1]), rtol=0.03, atol=0)


def test_generator_makes_chains_reproducible():
    def run(seed: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return langevin(quadratic(), torch.zeros(4, 3), None, chain(noise_scale=0.1), generator=generator).x

    first = run(1)
    torch.manual_seed(99)
    assert torch.equal(first, run(1))
    assert not torch.equal(first, run(2))


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


# --- step sizes --------------------------------------------------------------------------------------------------


def test_each_chain_may_have_its_own_step_size():
    sizes, x = torch.tensor([0.1, 0.5, 1.0], dtype=torch.float64), starts(3, 1, 2, 2)
    out = langevin(quadratic(1.0), x, None, chain(steps=4), step_size=sizes)
    torch.testing.assert_close(out.x, (1 - sizes)[:, None, None, None] ** 4 * x)


def test_scalar_step_size_can_be_learned():
    size = torch.tensor(ETA, dtype=torch.float64, requires_grad=True)
    x = starts(3, 2)
    out = langevin(quadratic(), x, None, chain(graph="all", step_size=123.0), step_size=size)
    torch.testing.assert_close(out.x, FACTOR**STEPS * x)
    (gradient,) = torch.autograd.grad(out.x.sum(), size)
    torch.testing.assert_close(gradient, -STEPS * A * FACTOR ** (STEPS - 1) * x.sum())


def test_early_stopping_keeps_step_sizes_with_their_chains():
    x = torch.tensor([[1e-6], [1.0], [2.0]], dtype=torch.float64)
    sizes = torch.tensor([0.9, 0.1, 0.5], dtype=torch.float64)
    out = langevin(quadratic(1.0), x, None, chain(steps=3, stop=Stop(grad_norm=1e-3)), step_size=sizes)
    torch.testing.assert_close(out.x, torch.tensor([[1e-6], [0.9**3], [2 * 0.5**3]], dtype=torch.float64))


# --- early stopping ----------------------------------------------------------------------------------------------


def test_chains_stop_where_their_gradient_is_small():
    x = torch.tensor([[1e-4], [0.1], [10.0]], dtype=torch.float64)
    out = langevin(quadratic(1.0), x, None, Langevin(20, 0.5, stop=Stop(grad_norm=0.02)))
    # |x| halves with each step: 0.1 / 2^3 < 0.02 and 10 / 2^9 < 0.02
    assert out.steps.tolist() == [0, 3, 9]
    torch.testing.assert_close(out.x, x / 2.0 ** out.steps[:, None])
    for row, taken in enumerate(out.steps.tolist()):
        assert (out.energies[row, taken:] == out.energies[row, taken]).all()
        assert (out.grad_norms[row, taken:] == out.grad_norms[row, taken]).all()
        assert (out.energies[row, :taken].diff() < 0).all()


def test_chains_stop_where_their_energy_settles():
    x = torch.tensor([[0.1], [10.0]], dtype=torch.float64)
    out = langevin(quadratic(1.0), x, None, Langevin(30, 0.5, stop=Stop(energy_change=1e-3)))
    # the energy x^2/2 falls by 3/4 of itself: the first fall below 1e-3 is that of step n, seen before step n + 1
    expected = [next(n for n in range(1, 30) if 0.375 * (s / 2 ** (n - 1)) ** 2 < 1e-3) for s in (0.1, 10.0)]
    assert out.steps.tolist() == expected and expected[0] < expected[1] < 30
    still = langevin(quadratic(1.0), x[:1] / 1000, None, Langevin(30, 0.5, stop=Stop(energy_change=1e-3)))
    assert still.steps.tolist() == [1]  # the change is first known before the second step


def test_without_a_graph_nothing_hangs_on_a_learned_step_size():
    size = torch.tensor(0.1, requires_grad=True)
    assert not langevin(quadratic(), starts(4, 3), None, chain(), step_size=size).x.requires_grad
    assert langevin(quadratic(), starts(4, 3), None, chain(graph="last"), step_size=size).x.requires_grad


def test_more_graph_steps_than_steps_begin_at_the_start_without_its_own_graph():
    start, size = starts(4, 3).requires_grad_(), torch.tensor(0.1, dtype=torch.float64, requires_grad=True)
    out = langevin(quadratic(), start, None, chain(steps=2, graph=5), step_size=size)
    by_start, by_size = torch.autograd.grad(out.x.sum(), (start, size), allow_unused=True)
    assert by_start is None
    torch.testing.assert_close(by_size, (-2 * A * (1 - 0.1 * A) * start.detach()).sum())


def test_a_stopped_chain_changes_nothing_for_the_others():
    def run(stop: Stop) -> tuple[Trajectory, list[Tensor]]:
        seen: list[Tensor] = []
        settings = Langevin(12, 0.3, noise_scale=0.1, stop=stop)
        generator = torch.Generator().manual_seed(3)
        x = torch.tensor([[0.0, 0.0], [5.0, 5.0], [0.0, 1e-9], [-5.0, 5.0]])
        condition = {"scale": torch.tensor([1.0, 0.5, 1.0, 0.25])}
        energy = lambda x, c: c["scale"] / 2 * x.square().sum(dim=1)
        out = langevin(energy, x, condition, settings, generator=generator, on_step=lambda _, x: seen.append(x))
        return out, seen

    free, free_path = run(Stop())
    stopped, path = run(Stop(grad_norm=1e-6))
    assert stopped.steps.tolist() == [0, 12, 0, 12]
    torch.testing.assert_close(stopped.x[[0, 2]], torch.tensor([[0.0, 0.0], [0.0, 1e-9]]), rtol=0, atol=0)
    for mine, theirs in zip(path, free_path, strict=True):
        torch.testing.assert_close(mine[[1, 3]], theirs[[1, 3]])
    torch.testing.assert_close(stopped.energies[[1, 3]], free.energies[[1, 3]])


@pytest.mark.parametrize("monotone", [False, True])
def test_stopped_chains_cost_nothing(monotone):
    energy = Quadratic((1,), a=1.0)
    settings = Langevin(20, 0.5, stop=Stop(grad_norm=0.02), monotone=monotone)
    out = langevin(energy, torch.tensor([[1e-4], [0.1], [10.0]]), labels(3), settings)
    moved, seen = int(out.steps.sum()), int((out.steps + 1).sum())  # the evaluation that stops a chain is its last one
    assert energy.rows == seen + (moved if monotone else 0)
    assert energy.rows < 3 * settings.steps


def test_early_stopping_keeps_the_whole_graph():
    x0 = torch.tensor([[1e-4], [10.0]], dtype=torch.float64, requires_grad=True)
    out = langevin(quadratic(1.0), x0, None, Langevin(4, 0.5, graph="all", stop=Stop(grad_norm=0.02)))
    (gradient,) = torch.autograd.grad(out.x.sum(), x0)
    torch.testing.assert_close(gradient, torch.tensor([[1.0], [0.5**4]], dtype=torch.float64))


# --- monotone ----------------------------------------------------------------------------------------------------


def test_monotone_chains_never_raise_their_energy():
    # a step of 2.5 overshoots on the unit quadratic, |x| grows by 1.5; noise raises some energies as well
    x = starts(50, 2)
    sizes = torch.linspace(0.1, 2.5, 50, dtype=torch.float64)
    plain = langevin(quadratic(1.0), x, None, chain(noise_scale=0.3), step_size=sizes)
    assert (plain.energies.diff(dim=1) > 0).any()
    out = langevin(quadratic(1.0), x, None, chain(noise_scale=0.3, monotone=True), step_size=sizes)
    assert (out.energies.diff(dim=1) <= 0).all()
    assert (out.energies[:, -1] < out.energies[:, 0]).sum() > 40  # and still they move
    last = x.square().sum(dim=1) / 2
    assert (out.x.square().sum(dim=1) / 2 <= last).all()


def test_monotone_undoes_a_rise_and_keeps_a_fall():
    x = torch.ones(2, 1)
    settings = Langevin(1, monotone=True)
    out = langevin(quadratic(1.0), x, None, settings, step_size=torch.tensor([2.5, 0.5]))
    assert out.x.flatten().tolist() == [1.0, 0.5]


def test_monotone_undoes_a_step_to_a_nan():
    energy = lambda x, _: x.sqrt().sum(dim=1)  # NaN below 0
    out = langevin(energy, torch.ones(1, 1), None, Langevin(1, 10.0, monotone=True))
    assert out.x.tolist() == [[1.0]]


# --- hooks and gradient modes ------------------------------------------------------------------------------------


def test_hook_sees_every_step():
    seen: list[tuple[int, Tensor]] = []
    x = starts(2, 3)
    langevin(quadratic(), x, None, chain(steps=4, graph="all"), on_step=lambda *args: seen.append(args))
    assert [step for step, _ in seen] == [0, 1, 2, 3]
    for step, after in seen:
        torch.testing.assert_close(after, FACTOR ** (step + 1) * x)
        assert not after.requires_grad


@pytest.mark.parametrize("graph", ["none", "last", "all"])
@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_works_without_gradients_around_it(mode, graph):
    energy = Quadratic(a=A)
    with mode():
        x = torch.randn(4, 3)
        condition = {"label": labels(4), "scale": (torch.full((4,), 2.0),)}
        size = torch.full((4,), ETA)
        scaled = lambda x, c: c["scale"][0] * energy(x, c["label"])
        out = langevin(scaled, x, condition, chain(steps=5, graph=graph), step_size=size)
        torch.testing.assert_close(out.x, (1 - 2 * ETA * A) ** 5 * x)
    if graph != "none":
        out.x.sum().backward()
        assert energy.a.grad is not None and energy.a.grad != 0


@pytest.mark.parametrize("energy", [lambda x, _: x.square().sum(), lambda x, _: x.square(), lambda x, _: x[:1, 0]])
def test_an_energy_that_is_not_one_value_a_candidate_is_refused(energy):
    with pytest.raises(ValueError, match=r"for candidates of shape \(3, 2\), expected \(3,\): one energy for each"):
        langevin(energy, torch.ones(3, 2), None, chain())


def test_a_graph_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="graph is every, expected none, last, all or a number of steps above 0"):
        Langevin(graph="every")


def test_mixin_runs_chains_on_its_energy():
    class Holder(LangevinMixin):
        energy = staticmethod(quadratic())

    x = starts(2, 3)
    torch.testing.assert_close(Holder().langevin(x, None, chain()).x, FACTOR**STEPS * x)


# --- trajectories ------------------------------------------------------------------------------------------------


def test_joined_halves_are_the_whole():
    x = starts(3, 2)
    whole = langevin(quadratic(), x, None, chain(steps=6))
    first = langevin(quadratic(), x, None, chain(steps=2))
    joined = Trajectory.join([first, langevin(quadratic(), first.x, None, chain(steps=4))])
    picked = whole.select(torch.tensor([2, 0]))
    for field in dataclasses.fields(Trajectory):
        torch.testing.assert_close(getattr(joined, field.name), getattr(whole, field.name))
        assert torch.equal(getattr(picked, field.name), getattr(whole, field.name)[[2, 0]])


# --- settings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": -1}, "steps is -1, expected 0 or more"),
        ({"step_size": 0.0}, "step_size is 0.0, expected more than 0"),
        ({"noise_scale": -0.1}, "noise_scale is -0.1, expected 0 or more"),
        ({"final_noise_scale": 0.1}, "both must be more than 0"),
        ({"noise_scale": 1.0, "final_noise_scale": 0.0}, "both must be more than 0"),
        ({"grad_clamp": 0.0}, "grad_clamp is 0.0, expected more than 0; null turns it off"),
        ({"bounds": (1.0, -1.0)}, "expected low < high"),
        ({"graph": 0}, "graph is 0, expected none, last, all or a number"),
        ({"compile": True, "recompute": True}, "turn off compile or recompute"),
        ({"graph": "last", "stop": Stop(grad_norm=0.1)}, "use graph none or all, or turn off stop"),
        ({"graph": 2, "stop": Stop(energy_change=0.1)}, "use graph none or all, or turn off stop"),
    ],
)
def test_settings_out_of_range_are_explained(settings, message):
    with pytest.raises(ValueError, match=f"Langevin: .*{message}"):
        Langevin(**settings)


def test_settings_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Langevin().steps = 3


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
