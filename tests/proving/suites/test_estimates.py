"""Estimates against closed forms and simulation."""

from itertools import combinations
from random import Random

import pytest

from lean_ebm.proving.suites.estimates import difference, pass_at, share


@pytest.mark.parametrize(("attempts", "proved"), [(5, 2), (6, 0), (4, 4), (7, 1)])
def test_pass_at_k_is_the_share_of_choices_with_a_proof(attempts, proved):
    for k in range(1, attempts + 1):
        choices = list(combinations(range(attempts), k))
        good = sum(any(index < proved for index in choice) for choice in choices)
        assert pass_at(k, attempts, proved) == pytest.approx(good / len(choices))
    for wrong in ((0, 5, 1), (6, 5, 1), (1, 5, 6)):
        with pytest.raises(ValueError, match="expected 1 <= k"):
            pass_at(*wrong)


def test_the_interval_of_a_share_is_wilsons():
    found = share([1.0] * 8 + [0.0] * 2)
    # The roots of |p - .8| = z sqrt(p (1 - p) / 10).
    assert found.value == 0.8
    for end in (found.low, found.high):
        assert abs(end - 0.8) == pytest.approx(1.959964 * (end * (1 - end) / 10) ** 0.5)
    assert share([0.0] * 20).low == 0.0 and 0.1 < share([0.0] * 20).high < 0.2
    assert share([1.0] * 3).high == 1.0


def test_an_interval_of_a_difference_is_paired():
    same = [1.0, 0.0] * 50
    assert difference(same, same).value == 0.0 and difference(same, same).high < 0.03
    apart = difference([1.0, 0.0] * 50, [0.0, 1.0] * 50)
    assert apart.value == 0.0 and apart.high > 0.15  # of as many problems, all of which differ
    better = difference([0.0] * 30, [1.0] * 10 + [0.0] * 20)
    assert better.value == pytest.approx(1 / 3) and 0.1 < better.low < better.high < 0.55
    assert difference([1.0] * 9, [0.0] * 9).low == -1.0


@pytest.mark.parametrize("probability", [0.03, 0.5, 0.9])
def test_intervals_cover_the_truth_as_often_as_they_say(probability):
    random = Random(0)
    covered = together = 0
    for _ in range(1000):
        values = [float(random.random() < probability) for _ in range(80)]
        found = share(values)
        covered += found.low <= probability <= found.high
        gain = difference(values, [max(value, float(random.random() < 0.1)) for value in values])
        together += gain.low <= 0.1 * (1 - probability) <= gain.high
    assert covered > 925 and together > 925
