"""Oversight of a weak checker by a strong one, which checks a random sample of the accepted proofs again.

The error rate of the weak checker is estimated with an exact interval (Clopper and Pearson 1934, "The use of confidence
or fiducial limits illustrated in the case of the binomial"), which is right for small numbers and for no errors too::

    with Lean() as lean:
        print(audit(attempts, lean, 1000).rate)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from lean_ebm.errors import SettingError
from lean_ebm.proving.judge import Judge
from lean_ebm.proving.statements import Attempt, Verdict


@dataclass(frozen=True)
class Audit:
    """The strong checker's verdicts on a random sample.

    Args:
        passed: Number of proofs that the weak checker let through.
        checked: Number of them that were checked once more.
        refused: Those that the strong checker refuses, with its verdict.
        verifier: Name and version of the strong checker; empty if nothing was checked.
    """

    passed: int
    checked: int
    refused: tuple[tuple[Attempt, Verdict], ...] = ()
    verifier: str = ""

    @property
    def rate(self) -> tuple[float, float, float]:
        """The error rate of the weak checker, and the ends of its 95% interval."""
        return len(self.refused) / self.checked, *clopper_pearson(len(self.refused), self.checked)


def audit(attempts: Sequence[Attempt], judge: Judge, number: int, seed: int = 0) -> Audit:
    """Let a strong judge check a random sample of the proofs that a weak judge accepted.

    Args:
        attempts: The proofs that were let through.
        judge: The strong judge.
        number: Number of proofs to check, at least 1; all of them if there are fewer.
        seed: Seed of the sample.

    Raises:
        SettingError: If the number is out of its range.
    """
    if number < 1:
        raise SettingError(f"The number of proofs to audit is {number}: expected at least 1.")
    sample = Random(seed).sample(attempts, min(number, len(attempts)))
    verdicts = judge.verify_many(sample)
    refused = [(one, verdict) for one, verdict in zip(sample, verdicts, strict=True) if not verdict.proved]
    return Audit(len(attempts), len(sample), tuple(refused), verdicts[0].verifier if verdicts else "")


def clopper_pearson(errors: int, number: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval of a binomial proportion.

    Args:
        errors: Number of errors, 0 to ``number``.
        number: Number of trials, at least 1.
        confidence: The least probability with which the interval has the true proportion, above 0 and below 1.

    Returns:
        The lower and the upper end.

    Raises:
        ValueError: If a number is out of its range.
    """
    from scipy.special import betaincinv  # imported here because only audits need it

    if not 0 <= errors <= number or number < 1 or not 0 < confidence < 1:
        raise ValueError(f"{errors} errors in {number} trials with confidence {confidence} are out of range")
    tail = (1 - confidence) / 2
    low = 0.0 if errors == 0 else float(betaincinv(errors, number - errors + 1, tail))
    high = 1.0 if errors == number else float(betaincinv(errors + 1, number - errors, 1 - tail))
    return low, high
