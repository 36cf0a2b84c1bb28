"""Chains that stop early, and chains that never raise their energy."""

import pytest
import torch
from torch import Tensor

from helpers import Quadratic, labels
from lean_ebm.langevin import (
    Langevin,
    Stop,
    Trajectory,
    langevin,
)
from quadratic_chains import A, chain, quadratic, starts

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
