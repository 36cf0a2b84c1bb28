"""Bootstrap, Holm's procedure and verdicts, on numbers whose answers are known."""

import math

import pytest
import torch

from lean_ebm.experiments.claim.statistics import DRAWS, Bootstrap, Measured, Question, answers, holm


def normal(value: float, deviation: float) -> Measured:
    """A number whose draws are the quantiles of a normal distribution."""
    places = (torch.arange(DRAWS, dtype=torch.float64) + 0.5) / DRAWS
    return Measured(value, value + deviation * torch.special.ndtri(places))


def test_the_bootstrap_of_a_mean_has_the_deviation_of_a_mean():
    values = torch.rand(1, 400, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    means = Bootstrap(400).means(values.tolist(), "E")
    assert float(means.mean()) == pytest.approx(float(values.mean()), abs=1e-3)
    assert float(means.std()) == pytest.approx(float(values.std(correction=0)) / 20, rel=0.03)


def test_problems_are_drawn_together_for_all_arms():
    """Of two arms of which one is always better by .1, the difference has no deviation, though both have one."""
    values = torch.rand(1, 50, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    bootstrap = Bootstrap(50)
    one, other = bootstrap.means(values.tolist(), "E"), bootstrap.means((values + 0.1).tolist(), "C")
    assert float(one.std()) > 0.03
    torch.testing.assert_close(other - one, torch.full((DRAWS,), 0.1, dtype=torch.float64))


def test_seeds_are_drawn_together_for_arms_of_one_model_only():
    rows = [[0.0] * 10, [1.0] * 10]
    bootstrap = Bootstrap(10)
    one, same, other = (bootstrap.means(rows, model) for model in ("E", "E", "C"))
    assert torch.equal(one, same)
    # Means of two seeds of 0 or 1 have variance 1/8, and the difference of independent ones twice that.
    assert float(one.var()) == pytest.approx(1 / 8, rel=0.05)
    assert float((one - other).var()) == pytest.approx(1 / 4, rel=0.05)


def test_bounds_and_chances_are_those_of_a_normal_distribution():
    number = normal(0.03, 0.02)
    assert number.low == pytest.approx(0.03 - 1.645 * 0.02, abs=1e-4)
    assert number.high == pytest.approx(0.03 + 1.645 * 0.02, abs=1e-4)
    assert number.chance_below(0.0) == pytest.approx(0.0668, abs=2e-4)  # 1.5 deviations
    assert number.chance_above(0.05) == pytest.approx(0.1587, abs=2e-4)  # 1 deviation
    assert normal(1.0, 0.01).chance_below(0.0) == 1 / (DRAWS + 1)  # never 0


def test_holm_adjusts_as_in_a_worked_example():
    # Times 4, 3, 2 and 1, and never below the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.6]) == [1.0, 1.0]
    assert holm([0.2]) == [0.2]


@pytest.mark.parametrize(
    ("question", "number", "verdict"),
    [
        # Not worse by 2 points or more.
        (Question("H", "", "", bound=-0.02, refuted=-0.02), normal(0.0, 0.005), "supported"),
        (Question("H", "", "", bound=-0.02, refuted=-0.02), normal(-0.015, 0.005), "undecided"),
        (Question("H", "", "", bound=-0.02, refuted=-0.02), normal(-0.05, 0.005), "refuted"),
        # At least 5 points, and above 0; refuted where less than 5 is shown.
        (Question("H", "", "", refuted=0.05, least=0.05), normal(0.08, 0.02), "supported"),
        (Question("H", "", "", refuted=0.05, least=0.05), normal(0.08, 0.06), "undecided"),
        (Question("H", "", "", refuted=0.05, least=0.05), normal(0.04, 0.01), "undecided"),
        (Question("H", "", "", refuted=0.05, least=0.05), normal(0.02, 0.01), "refuted"),
        # Below: the upper bound of the number under 2 points.
        (Question("H", "", "", bound=0.02, refuted=0.02, below=True), normal(0.0, 0.005), "supported"),
        (Question("H", "", "", bound=0.02, refuted=0.02, below=True), normal(0.018, 0.005), "undecided"),
        (Question("H", "", "", bound=0.02, refuted=0.02, below=True), normal(0.06, 0.005), "refuted"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_verdicts(question, number, verdict):
    (answer,) = answers([question], {"H": number})
    assert answer.verdict == verdict


def test_seven_hypotheses_have_to_be_clearer_than_one():
    """2 deviations are p = .023: enough for one hypothesis, not for seven, of which the others were not run."""
    questions = [Question(f"H{index}", "") for index in range(7)]
    found = answers(questions, {"H0": normal(0.02, 0.01)})
    assert found[0].p == pytest.approx(7 * 0.0228, abs=2e-3)
    assert [answer.verdict for answer in found] == ["undecided"] + ["undecided, not run"] * 6
    assert answers(questions[:1], {"H0": normal(0.02, 0.01)})[0].verdict == "supported"


def test_true_hypotheses_are_refuted_as_seldom_as_the_level_says():
    """Of 400 experiments in which two arms are equal, 5% may find that one is above the other."""
    generator = torch.Generator().manual_seed(3)
    found = 0
    for _ in range(400):
        values = torch.rand(2, 3, 60, generator=generator, dtype=torch.float64) < 0.7
        bootstrap = Bootstrap(60, draws=300)
        one, other = (bootstrap.means(part.double().tolist(), name) for part, name in zip(values, "EC", strict=True))
        number = Measured(float(values[0].double().mean() - values[1].double().mean()), one - other)
        found += answers([Question("H", "")], {"H": number})[0].verdict == "supported"
    assert found / 400 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)
    assert found > 0
