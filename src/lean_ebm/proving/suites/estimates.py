"""Estimates of solve rates, with 95% intervals over problems."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, sqrt
from typing import NamedTuple

_Z = 1.959964  # 97.5% point of the normal distribution


class Interval(NamedTuple):
    """An estimate with its 95% interval.

    Args:
        value: The estimate.
        low: Lower end of the interval.
        high: Upper end.
    """

    value: float
    low: float
    high: float


def pass_at(k: int, attempts: int, proved: int) -> float:
    """The unbiased estimate of pass@k for one problem: the chance that one of k attempts proves it.

    It is ``1 - C(n - c, k) / C(n, k)`` for c of n attempts (Chen et al. 2021, "Evaluating large language models trained
    on code", arXiv 2107.03374, equation 1).

    Args:
        k: Number of attempts that count, from 1 to ``attempts``.
        attempts: Number of attempts that were made.
        proved: Number of those that proved the problem.

    Raises:
        ValueError: If a number is out of its range.
    """
    if not 1 <= k <= attempts or not 0 <= proved <= attempts:
        raise ValueError(f"pass@{k} of {proved} of {attempts} attempts: expected 1 <= k <= attempts >= proved >= 0.")
    return 1 - comb(attempts - proved, k) / comb(attempts, k)


def share(values: Sequence[float]) -> Interval:
    """The mean of a value from 0 to 1 of each problem, with Wilson's interval.

    If all values are 0 or 1, this is the score interval of Wilson (1927, "Probable inference, the law of succession,
    and statistical inference"). Other values vary less, and the interval is then wider than it would have to be.

    Args:
        values: The values, at least one.
    """
    number = len(values)
    mean = sum(values) / number
    weight = _Z * _Z / number
    middle = (mean + weight / 2) / (1 + weight)
    half = _Z / (1 + weight) * sqrt(mean * (1 - mean) / number + weight / (4 * number))
    return Interval(mean, max(min(middle - half, mean), 0.0), min(max(middle + half, mean), 1.0))


def difference(first: Sequence[float], second: Sequence[float]) -> Interval:
    """The mean of the second values minus that of the first ones, with an interval for paired problems.

    If all values are 0 or 1, this is the adjusted Wald interval of Bonett and Price (2012, "Adjusted Wald confidence
    interval for a difference of binomial proportions based on paired data"). For other values it is wider than it would
    have to be.

    Args:
        first: Values from 0 to 1 of the first prover, one a problem; at least one.
        second: Those of the second prover on the same problems.
    """
    number = len(first)
    changes = [after - before for before, after in zip(first, second, strict=True)]
    gained = (sum(change for change in changes if change > 0) + 1) / (number + 2)
    given_up = (sum(-change for change in changes if change < 0) + 1) / (number + 2)
    middle = gained - given_up
    half = _Z * sqrt((gained + given_up - middle * middle) / (number + 2))
    mean = sum(changes) / number
    return Interval(mean, min(max(middle - half, -1.0), mean), max(min(middle + half, 1.0), mean))
