"""The exact interval of an error rate, against values that are known and against its definition."""

from math import comb

import pytest

from lean_ebm.errors import SettingError
from lean_ebm.proving.logic import Logic
from lean_ebm.proving.theorems.oversight import audit, clopper_pearson


@pytest.mark.parametrize(
    ("errors", "number", "low", "high"),
    [
        (0, 1000, 0.0, 1 - 0.025**0.001),  # in closed form
        (1000, 1000, 0.025**0.001, 1.0),
        (0, 1, 0.0, 0.975),
        (1, 10, 0.002529, 0.445016),  # as tables have it
        (5, 10, 0.187086, 0.812914),
    ],
)
def test_known_intervals(errors, number, low, high):
    assert clopper_pearson(errors, number) == pytest.approx((low, high), abs=1e-6)


def test_at_its_ends_the_tails_have_the_probability_that_is_left():
    def at_least(errors, number, rate):
        return sum(comb(number, k) * rate**k * (1 - rate) ** (number - k) for k in range(errors, number + 1))

    for errors, number, confidence in ((3, 50, 0.95), (7, 20, 0.9), (1, 200, 0.99)):
        low, high = clopper_pearson(errors, number, confidence)
        assert at_least(errors, number, low) == pytest.approx((1 - confidence) / 2)
        assert 1 - at_least(errors + 1, number, high) == pytest.approx((1 - confidence) / 2)


@pytest.mark.parametrize(("errors", "number", "confidence"), [(-1, 5, 0.95), (6, 5, 0.95), (0, 0, 0.95), (1, 5, 1.0)])
def test_impossible_numbers_are_refused(errors, number, confidence):
    with pytest.raises(ValueError, match="out of range"):
        clopper_pearson(errors, number, confidence)


def test_an_audit_of_nothing_is_refused():
    with pytest.raises(SettingError, match="is 0: expected at least 1"):
        audit([], Logic(), 0)
