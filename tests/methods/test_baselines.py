"""Baselines: the same network without an energy."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from lightning.pytorch.cli import LightningCLI

from lean_ebm.cli.training import main
from lean_ebm.energy import Landscape, VectorEnergy
from lean_ebm.langevin import Langevin, Stop
from lean_ebm.methods import Denoiser, FeedForward
from lean_ebm.methods.annealing import cosine_schedule

RECIPES = Path(__file__).resolve().parents[2] / "configs" / "reasoning"
TASKS = ("addition", "completion", "inverse", "sudoku", "connectivity", "shortest_path")


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
    assert all(parameter.grad is not None for parameter in method.parameters())  # otherwise DDP reports an error


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


@pytest.mark.parametrize(
    ("sampler", "named"),
    [
        (Langevin(steps=2, monotone=True), "turns off sampler.monotone:"),
        (Langevin(steps=2, stop=Stop(energy_change=0.1, grad_norm=0.2)), "turns off sampler.stop.energy_change:"),
        (
            Langevin(steps=2, step_size=0.3, monotone=True, stop=Stop(energy_change=0.1)),
            "turns off sampler.monotone and sampler.stop.energy_change:",
        ),
    ],
)
def test_a_denoiser_turns_off_what_needs_an_energy_and_says_so(sampler, named, caplog):
    with caplog.at_level("INFO"):
        method = Denoiser(Scaled(), sampler)
    assert named in caplog.text
    assert method.sampler == replace(sampler, monotone=False, stop=Stop(grad_norm=sampler.stop.grad_norm))
    assert method.passes() == 4 * 3  # no pass is spent on the energies of undone steps


def test_a_denoiser_says_nothing_about_a_sampler_without_an_energy(caplog):
    with caplog.at_level("INFO"):
        assert Denoiser(Scaled(), Langevin(steps=2)).sampler == Langevin(steps=2)
    assert not caplog.text


def test_baselines_take_every_reasoning_recipe_by_the_flags_of_the_readme(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    methods = []
    monkeypatch.setattr(LightningCLI, "_run_subcommand", lambda self, subcommand: methods.append(self.model))
    flags = {Denoiser: ["--model", "Denoiser"], FeedForward: ["--model", "FeedForward", "--model.energy.landscapes=0"]}
    for task in TASKS:
        path = RECIPES / f"{task}.yaml"
        recipe = yaml.safe_load(path.read_text())["model"]["init_args"]
        for baseline, given in flags.items():
            main(["fit", "--config", str(path), *given, "--trainer.accelerator=cpu"])
            assert type(methods[-1]) is baseline
            assert type(methods[-1].energy).__name__ == recipe["energy"]["class_path"]
        denoiser, sampler = methods[-2], recipe["sampler"]
        assert denoiser.sampler == Langevin(steps=sampler["steps"], step_size=sampler["step_size"])
        assert denoiser.energy.has_judge and methods[-1].energy.has_judge
        assert (denoiser.jump, denoiser.eta, denoiser.bound) == (recipe["jump"], recipe["eta"], recipe["bound"])
    assert len(methods) == 12


def test_answers_are_judged_by_how_well_they_can_be_denoised():
    method = Denoiser(Scaled(), judged_by="denoising")
    y, x = torch.randn(5, 3), torch.randn(5, 3)
    alpha_bar = cosine_schedule(4)
    expected = (alpha_bar / (1 - alpha_bar)).sum() * (x - 2 * y).square().mean(dim=1)
    torch.testing.assert_close(method.candidate_energy(x, y), expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(method.candidate_energy(2 * y, y), torch.zeros(5), rtol=0, atol=1e-9)
    listed = torch.stack([x, 2 * y], dim=1)
    energies = method.rank(y, listed)
    torch.testing.assert_close(energies[:, 0], expected, rtol=1e-4, atol=1e-5)
    assert (energies.argmin(dim=1) == 1).all()
    assert torch.equal(method.candidate_energy(x, y), method.candidate_energy(x, y))  # the same noise each time
