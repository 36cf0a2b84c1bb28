"""Verification: energies that learn from a verifier how wrong answers are."""

import math

import pytest
import torch

from helpers import quiet_trainer
from lean_ebm.data import Connectivity, MatrixAddition
from lean_ebm.energy import MLPEnergy, VectorEnergy
from lean_ebm.langevin import Langevin
from lean_ebm.methods import EBT, IRED, ContrastiveDivergence, Denoiser, FeedForward, Verification


class Known(VectorEnergy):
    """A judgement that is right up to a factor theta: ``log(1 + theta * squared error / unit)`` of answers ``2 y``."""

    def __init__(self, theta: float = 1.0, unit: float = 0.5) -> None:
        super().__init__((3,), (3,), width=4, depth=1, landscapes=4)
        self.theta, self.unit = torch.nn.Parameter(torch.tensor(theta)), unit

    def judgement(self, x, condition):
        x = x / Denoiser(VectorEnergy((3,), (3,), 4, 1, 4)).alpha_bar[0].sqrt()
        error = (x - 2 * condition.condition).square().mean(dim=1)
        return (1 + self.theta * error / self.unit).log()


def test_the_label_is_the_logarithm_of_the_error_in_units():
    y = torch.randn(64, 3)
    for theta, least, most in ((1.0, -1e-9, 1e-5), (3.0, 1e-3, 5.0)):
        method = Denoiser(Known(theta), verification=Verification(unit=0.5))
        terms = method.verification.loss(method, 2 * y, y, y)
        assert least < terms["verification"].item() < most
        assert terms["error"].item() > 0  # untrained answers are wrong
    terms["verification"].backward()
    assert method.energy.theta.grad.item() > 0  # it should be smaller


def test_the_answers_are_the_methods_own_and_right_ones_plus_noise():
    asked = []

    class Asked(Denoiser):
        def own_answers(self, condition):
            asked.append(condition)
            return torch.full((len(condition), 3), 7.0)

        @property
        def verifier(self):
            def verifier(answers, condition, target):
                assert torch.equal(condition, y[:12]) and torch.equal(target, 2 * y[:12])
                assert (answers[:8] == 7).all() and not (answers[8:] == 7).any()
                distances = (answers[8:] - target[8:]).square().mean(dim=1).sqrt()
                assert 0 < distances.max() < 4 * target.std()
                return (answers - target).abs().sum(dim=1)

            return verifier

    y = torch.randn(16, 3)
    method = Asked(Known(), verification=Verification(share=0.5, noised=0.25))
    terms = method.verification.loss(method, 2 * y, y, y)
    assert len(asked) == 1 and len(asked[0]) == 8
    assert terms["error"].item() == pytest.approx((7 - 2 * y[:8]).abs().sum(dim=1).mean().item(), rel=1e-5)


def test_a_judge_learns_which_answers_to_any_problem_are_wrong():
    """The descended energy stays what it was; the judge alone tells right answers from wrong ones of other problems."""
    torch.manual_seed(0)
    energy = VectorEnergy((2,), (2,), width=64, depth=2, landscapes=4, predicts="answer", judge=16)
    method = Denoiser(energy, verification=Verification(unit=0.01, weight=1.0, share=1.0))
    optimizer = torch.optim.Adam(method.parameters(), lr=5e-3)
    for _ in range(450):
        y = torch.randn(64, 2)
        optimizer.zero_grad()
        method._terms((y.tanh(), y))["loss"].backward()
        optimizer.step()
    y = torch.randn(200, 2)
    wrong = (torch.arange(200) % 2).float()[:, None]
    energies = method.candidate_energy(y.tanh() + wrong * torch.randn(200, 2).sign(), y)
    assert energies[wrong[:, 0] == 1].quantile(0.2) > energies[wrong[:, 0] == 0].quantile(0.8)
    assert (energies >= 0).all()


def test_the_verifier_is_that_of_the_data_module(tmp_path):
    class Constant(MatrixAddition):
        def errors(self, candidates, condition, target):
            return torch.full((len(candidates),), math.e - 1)

    energy = VectorEnergy((3, 3), (2, 3, 3), width=8, depth=1, landscapes=4, judge=4)
    method = Denoiser(energy, Langevin(steps=1), verification=Verification(weight=0.5, every=2))
    data = Constant(3, train_size=32, batch_size=8, val_size=8)
    trainer = quiet_trainer(tmp_path, max_epochs=1, limit_val_batches=1)
    trainer.fit(method, data)
    assert trainer.callback_metrics["val/error"] == pytest.approx(math.e - 1, rel=1e-5)
    assert trainer.callback_metrics["train/error"] == pytest.approx(math.e - 1, rel=1e-5)


def test_every_second_batch_and_no_unused_parameters():
    energy = VectorEnergy((3,), (3,), width=4, depth=1, landscapes=4, judge=4)
    method = Denoiser(energy, verification=Verification(every=2, weight=0.5))
    y = torch.randn(8, 3)
    for index, there in ((0, True), (1, False), (2, True)):
        method.zero_grad()
        torch.manual_seed(0)
        terms = method._terms((2 * y, y), index)
        torch.manual_seed(0)
        plain = method.loss((2 * y, y))["loss"]
        assert ("verification" in terms) == there
        more = 0.5 * terms["verification"] if there else torch.zeros(())
        torch.testing.assert_close(terms["loss"], plain + more)
        terms["loss"].backward()
        assert all(parameter.grad is not None for parameter in method.parameters())  # as DDP wants it
        assert (energy.judge.out.weight.grad.abs().sum() > 0) == there


METHODS = {
    "IRED": lambda v: IRED(VectorEnergy((3,), (3,), 8, 1, 4, judge=4 if v else 0), verification=v),
    "Denoiser": lambda v: Denoiser(VectorEnergy((3,), (3,), 8, 1, 4, judge=4 if v else 0), verification=v),
    "FeedForward": lambda v: FeedForward(VectorEnergy((3,), (3,), 8, 1, judge=4 if v else 0), verification=v),
    "EBT": lambda v: EBT(VectorEnergy((3,), (3,), 8, 1, judge=4 if v else 0), start="noise", verification=v),
    "contrastive": lambda v: ContrastiveDivergence(
        VectorEnergy((3,), (3,), 8, 1), Langevin(steps=2), Langevin(steps=2), buffer_size=0, verification=v
    ),
    "classes": lambda v: EBT(MLPEnergy((3,), 2, 8, 1), start="noise", verification=v),
}


@pytest.mark.parametrize("name", METHODS)
def test_every_method_can_be_taught_by_a_verifier(name):
    method = METHODS[name](Verification())
    x = torch.randn(8, 3)
    condition = torch.arange(8) % 2 if name == "classes" else torch.randn(8, 3)
    terms = method._terms((x, condition))
    terms["verification"].backward()
    assert any(
        parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in method.energy.parameters()
    )
    assert "verification" not in METHODS[name](None)._terms((x, condition))


@pytest.mark.parametrize("name", ["IRED", "Denoiser", "FeedForward", "EBT"])
def test_listed_candidates_are_ranked_by_the_judge(name):
    method = METHODS[name](Verification())
    y, listed = torch.randn(5, 3), torch.randn(5, 4, 3)
    ranked = method.rank(y, listed)
    for k in range(4):
        torch.testing.assert_close(ranked[:, k], method.candidate_energy(listed[:, k], y))
    method.energy.judge.out.bias.data += 1  # which the energy that candidates descend does not see
    assert (method.rank(y, listed) > ranked).all()


def test_the_judge_knows_the_unit():
    energy = VectorEnergy((3,), (3,), 4, 1, 4, judge=4)
    Denoiser(energy, verification=Verification(unit=0.25))
    assert energy.judge.unit == 0.25 and "judge.unit" in energy.state_dict()
    Denoiser(VectorEnergy((3,), (3,), 4, 1, 4), verification=Verification(unit=0.25))  # nothing to tell


def test_a_judge_without_a_verifier_is_refused():
    with pytest.raises(ValueError, match=r"VectorEnergy has a judge, which only verification trains: .*judge 0"):
        Denoiser(VectorEnergy((3,), (3,), 4, 1, 4, judge=4))
    for wrong in ({"weight": 0}, {"unit": -1}, {"every": 0}, {"share": -1}, {"noised": 2}, {"rate": 0.0}):
        name, value = next(iter(wrong.items()))
        with pytest.raises(ValueError, match=f"Verification: {name} is {value}, expected"):
            Verification(**wrong)
    with pytest.raises(ValueError, match=r"share \+ noised is 0.0, expected more than 0"):
        Verification(share=0, noised=0.0)


def test_errors_of_families_are_zero_for_right_answers_and_count_wrong_entries():
    data = Connectivity(5, 7, 0.4)
    answers, problems = data.batch("val", 0, 6)
    wrong = answers.clone()
    wrong[:, 0, 1] *= -1
    wrong[:, 2, 2] *= -1
    assert data.errors(answers, problems, answers).tolist() == [0.0] * 6
    assert data.errors(wrong, problems, answers).tolist() == [2.0] * 6


def test_predictions_have_a_confidence(tmp_path):
    energy = VectorEnergy((3, 3), (2, 3, 3), width=8, depth=1, landscapes=4, judge=4)
    method = Denoiser(energy, Langevin(steps=1), verification=Verification())
    data = MatrixAddition(3, predict_size=5)
    out = quiet_trainer(tmp_path).predict(method, data)[0]
    torch.testing.assert_close(out["confidence"], (-out["energy"]).exp())
    without = Denoiser(VectorEnergy((3, 3), (2, 3, 3), 8, 1, 4), Langevin(steps=1))
    assert "confidence" not in quiet_trainer(tmp_path).predict(without, data)[0]
