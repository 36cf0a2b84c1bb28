"""The evaluation of answers."""

import pytest
import torch
from torchmetrics.functional import spearman_corrcoef

from lean_ebm.data import Connectivity, MatrixAddition
from lean_ebm.energy import VectorEnergy
from lean_ebm.evaluation.answers import STEPS, bootstrapped_spearman, evaluate_answers, spearman
from lean_ebm.evaluation.base import Effort
from lean_ebm.langevin import Langevin, Stop, Trajectory
from lean_ebm.methods import Method


class Oracle(Method):
    """Its answers are wrong by 1 / steps, and by more for harder problems. Its energy is the error, if it has one."""

    def __init__(self, knows: bool, stop: Stop = Stop()) -> None:
        super().__init__(VectorEnergy((4, 4), (2, 4, 4), 4, 1), Langevin(steps=4, stop=stop))
        self.knows = knows
        self.asked = []

    def loss(self, batch):
        return {"loss": self.energy(*batch).mean()}

    def sample(self, condition, steps, generator, on_step):
        self.asked.append(steps)
        steps = self.sampler.steps if steps is None else steps
        scale = condition.abs().flatten(1).amax(dim=1)
        x = condition.sum(dim=1) + (scale / steps)[:, None, None]
        taken = torch.full((len(x),), steps)
        if self.sampler.stop.enabled:
            taken = (1 + scale).long()
        return Trajectory(x, scale[:, None], scale[:, None], taken)

    def candidate_energy(self, x, condition):
        error = (x - condition.sum(dim=1)).square().flatten(1).mean(dim=1)
        return error if self.knows else -error


def test_errors_by_steps_on_both_splits():
    method, data = Oracle(True), MatrixAddition(4, test_size=30)
    report = evaluate_answers(data, method, "test", Effort(num_samples=100, batch_size=7))
    assert set(report.curves) == set(STEPS)
    for name in ("same", "harder"):
        pairs = data.batch("test" if name == "same" else "harder", 0, 30)[1]
        square = pairs.abs().flatten(1).amax(dim=1).square().mean().item()
        for steps, curve in report.curves.items():
            assert curve[f"{name}_error"] == pytest.approx(square / steps**2, rel=1e-4)
        assert report.figures[f"{name}_error"] == pytest.approx(square / 16, rel=1e-4)
        assert report.figures[f"{name}_evaluations"] == 4 and report.figures[f"{name}_seconds"] > 0
        assert report.figures[f"{name}_energy_rank"] == pytest.approx(1, abs=1e-6)
        expected = pairs.sum(dim=1).square().mean().item()
        assert report.figures[f"{name}_error_without_thinking"] == pytest.approx(expected, rel=1e-4)
    assert "difficulty_rank" not in report.figures and "same_fixed_error" not in report.figures
    wrong = evaluate_answers(data, Oracle(False), "test", Effort(num_samples=20, steps=(2,)))
    assert wrong.figures["same_energy_rank"] == pytest.approx(-1, abs=1e-6) and set(wrong.curves) == {2}
    assert evaluate_answers(data, method, "test", Effort(num_samples=0)).figures == {}


def test_whoever_tunes_on_validation_has_not_seen_the_harder_problems_of_the_test():
    method, data = Oracle(True), MatrixAddition(4, val_size=20, test_size=20)
    harder = {}
    for split in ("val", "test"):
        figures = evaluate_answers(data, method, split, Effort(num_samples=20, steps=(1,))).figures
        harder[split] = figures["harder_error"]
    for split, start in (("val", 20), ("test", 0)):
        scale = data.batch("harder", start, 20)[1].abs().flatten(1).amax(dim=1)
        assert harder[split] == pytest.approx(scale.square().mean().item() / 16, rel=1e-4)
    assert harder["val"] != harder["test"]


def test_chains_that_stop_by_themselves_are_held_against_those_that_do_not():
    method = Oracle(True, Stop(energy_change=0.1))
    report = evaluate_answers(MatrixAddition(4), method, "val", Effort(num_samples=50, steps=(1,)))
    figures = report.figures
    assert figures["same_evaluations"] < figures["harder_evaluations"] < 4
    assert figures["same_fixed_evaluations"] == 4 and figures["same_fixed_error"] == figures["same_error"]
    assert method.sampler.stop.enabled  # the evaluation has restored it
    assert figures["difficulty_rank_low"] < figures["difficulty_rank"] < figures["difficulty_rank_high"]
    assert figures["difficulty_rank_low"] > 0.5


def test_rank_correlation_is_that_of_torchmetrics():
    first = torch.randint(6, (200,)).float()
    second = first + 3 * torch.randn(200)
    assert spearman(first, second).item() == pytest.approx(spearman_corrcoef(first, second).item(), abs=1e-5)
    assert spearman(first, torch.ones(200)).isnan()
    value, low, high = bootstrapped_spearman(first, second)
    # Fisher's interval: z +- 1.96 * 1.03 / sqrt(n - 3)
    z = torch.atanh(torch.tensor(value))
    expected = torch.tanh(z + torch.tensor([-1.0, 1.0]) * 1.96 * 1.03 / 197**0.5).tolist()
    assert [low, high] == pytest.approx(expected, abs=0.03)
    _, low, high = bootstrapped_spearman(torch.arange(200), torch.tensor([0, 1]).repeat(100))
    assert low < 0 < high


def test_energies_of_discrete_answers_are_ranked_by_their_accuracy():
    class Flipped(Oracle):
        def sample(self, condition, steps, generator, on_step):
            answers, _ = data.batch("test" if condition.shape[1] == 6 else "harder", 0, 20)
            x = torch.where(torch.arange(20)[:, None, None] * 0.05 > torch.rand(answers.shape), -answers, answers)
            self.wrong = (x != answers).flatten(1).float().mean(dim=1)
            return Trajectory(x, self.wrong[:, None], self.wrong[:, None], torch.ones(20, dtype=torch.int64))

        def candidate_energy(self, x, condition):
            return self.wrong

    data = Connectivity(6, 8, 0.3)
    figures = evaluate_answers(data, Flipped(True), "test", Effort(num_samples=20, steps=(1,))).figures
    assert figures["same_energy_rank"] == pytest.approx(1, abs=1e-6)
    assert {"same_accuracy", "same_balanced", "same_solved", "harder_solved_without_thinking"} <= set(figures)
