import math

import pytest
import torch
from torch import nn

from helpers import Quadratic, labels
from lean_ebm.langevin import Langevin
from lean_ebm.methods import Method, WarmupCosine
from lean_ebm.methods.base import batch_size


class Smallest(Method):
    """A new method implements its loss alone."""

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
