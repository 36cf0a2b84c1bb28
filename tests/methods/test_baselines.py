"""The same network without an energy."""

import pytest
import torch

from lean_ebm.energy import Landscape, VectorEnergy
from lean_ebm.langevin import Langevin, Stop
from lean_ebm.methods import Denoiser, FeedForward
from lean_ebm.methods.ired import cosine_schedule


class Scaled(VectorEnergy):
    """A field that predicts the noise of answers ``2 y`` exactly, times theta."""

    def __init__(self, landscapes: int = 4) -> None:
        super().__init__((3,), (3,), width=4, depth=1, landscapes=landscapes)
        self.theta = torch.nn.Parameter(torch.tensor(1.0))

    def field(self, x, condition):
        alpha_bar = cosine_schedule(self.landscapes)[condition.level][:, None]
        return self.theta * (x - alpha_bar.sqrt() * 2 * condition.condition) / (1 - alpha_bar).sqrt()


def test_a_feed_forward_network_learns_by_the_squared_error_of_its_field():
    energy = VectorEnergy((3,), (2,), width=16, depth=2)
    method = FeedForward(energy)
    condition = torch.randn(6, 2)
    answer = energy.field(torch.zeros(6, 3), condition)
    out = method.generate(condition)
    assert torch.equal(out.x, answer) and not out.x.requires_grad and out.steps.tolist() == [1] * 6
    assert torch.equal(method.generate(condition, steps=50).x, answer)
    loss = method.loss((answer.detach() + 2, condition))["loss"]
    assert loss.item() == pytest.approx(4)
    loss.backward()
    assert energy.last.weight.grad.abs().sum() > 0
    assert all(parameter.grad is not None for parameter in method.parameters())  # or DDP complains


def test_a_denoiser_learns_the_noise():
    energy = Scaled()
    method = Denoiser(energy)
    y = torch.randn(64, 3)
    terms = method.loss((2 * y, y))
    assert terms["loss"].item() == pytest.approx(0, abs=1e-10)
    energy.theta.data.fill_(0.5)
    assert method.loss((2 * y, y))["loss"].item() == pytest.approx(0.25, abs=0.1)


@pytest.mark.parametrize("steps", [None, 1, 9])
def test_a_denoiser_goes_to_the_answer(steps):
    y = torch.rand(20, 3) - 0.5
    out = Denoiser(Scaled(), Langevin(steps=2)).generate(y, steps=steps)
    torch.testing.assert_close(out.x, 2 * y, atol=1e-4, rtol=1e-4)
    assert out.steps.unique().tolist() == [{None: 4 * 3, 1: 1, 9: 8}[steps]]


def test_a_denoiser_takes_the_field_and_not_the_gradient_of_its_norm():
    method = Denoiser(Scaled(), Langevin(steps=1))
    x, y = torch.randn(5, 3), torch.randn(5, 3)
    level = torch.zeros(5, dtype=torch.int64)
    out = method.langevin(x, Landscape(y, level), Langevin(steps=1, step_size=0.1))
    torch.testing.assert_close(out.x, x - 0.1 * method.energy.field(x, Landscape(y, level)))


@pytest.mark.parametrize("sampler", [Langevin(monotone=True), Langevin(stop=Stop(energy_change=0.1))])
def test_a_denoiser_has_no_energy_to_look_at(sampler):
    with pytest.raises(ValueError, match=r"no energy that a step could raise .* set sampler\.monotone false"):
        Denoiser(Scaled(), sampler)
