"""Closed forms: on E = a/2 |x|^2 a step without noise is x <- (1 - eta a) x."""

import dataclasses

import pytest
import torch
from torch import Tensor

from helpers import Quadratic, labels
from lean_ebm.langevin import (
    Langevin,
    LangevinMixin,
    Stop,
    Trajectory,
    langevin,
)
from quadratic_chains import ETA, FACTOR, STEPS, A, chain, quadratic, starts

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
