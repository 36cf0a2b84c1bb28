import math

import pytest
import torch
from torch import nn

from helpers import Quadratic, labels
from lean_ebm.langevin import Langevin, Trajectory
from lean_ebm.methods import Method, WarmupCosine
from lean_ebm.methods.drawing import batch_size


class Smallest(Method):
    """A new method implements only its loss."""

    def loss(self, batch):
        return {"loss": self.energy(*batch).mean()}


def optimizer_of(lr: float) -> torch.optim.Optimizer:
    return torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=lr)


def rates(scheduler, optimizer, steps: int) -> list[float]:
    values = []
    for _ in range(steps):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return values


def test_loss_is_all_that_a_method_must_have():
    assert Method.__abstractmethods__ == {"loss"}
    with pytest.raises(TypeError, match="loss"):
        Method(Quadratic(), Langevin())


def test_generation_is_langevin_from_noise_by_default():
    ebm = Smallest(Quadratic(a=0.5), Langevin(steps=3, step_size=0.2))
    run = lambda seed: ebm.generate(labels(500), generator=torch.Generator().manual_seed(seed))
    out = run(1)
    start = torch.randn(500, 3, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(out.x, 0.9**3 * start)
    assert torch.equal(out.x, run(1).x) and not torch.equal(out.x, run(2).x)


def test_generation_starts_uniformly_within_bounds():
    ebm = Smallest(Quadratic(), Langevin(steps=0, bounds=(2.0, 4.0)))
    x = ebm.generate(labels(2000)).x
    assert x.min() >= 2 and x.max() <= 4
    assert x.mean().item() == pytest.approx(3, abs=0.05) and x.var().item() == pytest.approx(4 / 12, rel=0.1)


def test_steps_say_how_long_to_think():
    ebm = Smallest(Quadratic(a=0.5), Langevin(steps=3, step_size=0.2))
    generator = lambda: torch.Generator().manual_seed(1)
    out = ebm.generate(labels(4), steps=7, generator=generator())
    assert out.steps.tolist() == [7] * 4
    torch.testing.assert_close(out.x, 0.9**7 * torch.randn(4, 3, generator=generator()))


class Draws(Smallest):
    """Draw n for a condition is the n-th of a list. The energy of class 1 is |x|, so that p(y=1|x) falls with |x|."""

    def __init__(self, draws, classes=2, **settings):
        super().__init__(Quadratic((1,), classes), Langevin(1), **settings)
        self.draws, self.asked = torch.tensor(draws), []

    def sample(self, condition, steps, generator, on_step):
        x = torch.stack([self.draws[len(self.asked)][c] for c in condition[:, 0]])[:, None]
        self.asked.append(condition[:, 0].tolist())
        rows = torch.full((len(x), 1), float(len(self.asked)))
        return Trajectory(x, rows, rows, rows[:, 0].long())

    def class_energies(self, x):
        return torch.cat([torch.zeros_like(x), x.abs()], dim=1)

    def candidate_energy(self, x, condition):
        return x[:, 0]


class Scored(Draws):
    """Conditions are ``(row, label)``: the row of draws, and the class."""

    def score(self, x, condition):
        return super().score(x, condition[:, 1])


def test_draws_are_made_until_one_is_accepted():
    # p(y=1|x) is sigmoid(-|x|): at most a half
    draws = [[0.1, 1.0, 0.4], [9.0, 0.3, 0.5], [9.0, 9.0, 3.0]]
    condition = torch.tensor([[0, 1], [1, 1], [2, 1]])
    ebm = Scored(draws, candidates=3, acceptance=0.42)  # |x| below 0.32
    out = ebm.generate(condition)
    assert ebm.asked == [[0, 1, 2], [1, 2], [2]]
    torch.testing.assert_close(out.x[:, 0], torch.tensor([0.1, 0.3, 0.4]))  # the best of the third, all refused
    assert out.steps.tolist() == [1, 2, 1] and out.energies[:, 0].tolist() == [1.0, 2.0, 1.0]

    once = Scored(draws, candidates=1)
    assert once.generate(condition).x[:, 0].tolist() == pytest.approx([0.1, 1.0, 0.4])
    assert once.asked == [[0, 1, 2]]


def test_without_classes_the_lowest_energy_of_all_draws_is_kept():
    ebm = Draws([[1.0, -1.0], [-2.0, 5.0]], classes=1, candidates=2)
    out = ebm.generate(torch.tensor([[0], [1]]))
    assert out.x[:, 0].tolist() == [-2.0, -1.0] and ebm.asked == [[0, 1], [0, 1]]


def test_a_draw_that_is_no_number_is_never_kept():
    ebm = Scored([[float("nan")], [2.0]], candidates=2)
    assert ebm.generate(torch.tensor([[0, 1]])).x.item() == 2


def test_bad_draws_are_explained():
    for bad in ({"candidates": 0}, {"acceptance": 0.0}, {"acceptance": 1.2}):
        with pytest.raises(ValueError, match="expected 1 or more and a probability above 0"):
            Smallest(Quadratic(), Langevin(), **bad)


def test_warm_up_then_cosine():
    optimizer = optimizer_of(0.5)
    scheduler = WarmupCosine(optimizer, warmup_steps=4, total_steps=24, final_fraction=0.1)
    values = rates(scheduler, optimizer, 30)
    assert values[:4] == pytest.approx([0.125, 0.25, 0.375, 0.5])
    cosine = lambda step: 0.5 * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * (step - 4) / 20)))
    assert values[4:24] == pytest.approx([cosine(step) for step in range(4, 24)])
    assert values[14] == pytest.approx(0.5 * 0.55)
    assert values[24:] == pytest.approx([0.05] * 6)


def test_without_an_end_the_rate_stays():
    optimizer = optimizer_of(0.5)
    assert rates(WarmupCosine(optimizer, warmup_steps=0), optimizer, 5) == [0.5] * 5


@pytest.mark.parametrize("bad", [{"warmup_steps": -1}, {"total_steps": 0}, {"final_fraction": 1.5}])
def test_a_bad_schedule_is_explained(bad):
    with pytest.raises(ValueError, match="expected at least 0, at least 1 or null, and 0 to 1"):
        WarmupCosine(optimizer_of(0.5), **bad)


def test_a_longer_run_may_go_on_from_a_shorter_one():
    optimizer = optimizer_of(0.5)
    scheduler = WarmupCosine(optimizer, warmup_steps=0, total_steps=10)
    rates(scheduler, optimizer, 10)
    longer = WarmupCosine(optimizer_of(0.5), warmup_steps=0, total_steps=20)
    longer.load_state_dict(scheduler.state_dict())
    assert longer.last_epoch == 10
    assert longer._factor(10) == pytest.approx(0.5)


def test_batch_size_of_any_collection():
    part = torch.zeros(7, 2)
    for condition in (part, (part, part), [part], {"a": part}, {"a": (part,)}):
        assert batch_size(condition) == 7
    with pytest.raises(ValueError, match="holds no tensor"):
        batch_size(())
