"""Bootstrap, p-values, and the verdicts on hypotheses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lean_ebm.randomness import derived_seed

DRAWS = 10_000
"""Number of draws of a bootstrap."""

LEVEL = 0.05
"""Level of one-sided tests and of the bounds of intervals."""


class Bootstrap:
    """Draws problems with replacement (the same for all arms) and training seeds (the same for arms of one model).

    Args:
        problems: Number of problems, or of groups of problems that are drawn together.
        draws: Number of draws.
        seed: Seed of the draws.
    """

    def __init__(self, problems: int, draws: int = DRAWS, seed: int = 0) -> None:
        self.draws, self.seed = draws, seed
        generator = torch.Generator().manual_seed(derived_seed(seed, "problems"))
        chosen = torch.randint(problems, (draws, problems), generator=generator)
        self.counts = torch.zeros(draws, problems, dtype=torch.float64)
        self.counts.scatter_add_(1, chosen, torch.ones_like(chosen, dtype=torch.float64))

    def means(self, values: Sequence[Sequence[float]], model: str) -> Tensor:
        """The mean of an arm in each draw, ``(draws,)``.

        Args:
            values: A number for each problem, one list for each seed.
            model: Name of the model of the arm. Arms with the same model get the same seeds in a draw, others do not.
        """
        table = torch.tensor(values, dtype=torch.float64)
        seeds, problems = table.shape
        by_seed = self.counts @ table.T / problems
        return by_seed.gather(1, self.seeds(seeds, model)).mean(dim=1)

    def seeds(self, number: int, model: str) -> Tensor:
        """The seeds that are drawn for a model in each draw, ``(draws, number)``."""
        generator = torch.Generator().manual_seed(derived_seed(self.seed, "seeds", model))
        return torch.randint(number, (self.draws, number), generator=generator)


@dataclass(frozen=True)
class Question:
    """A hypothesis on a number, as the plan states it.

    Attributes:
        name: Its name, such as ``H1``.
        text: What it says.
        number: What the number is.
        bound: It is supported if the number is shown to be above this bound, and is at least ``least``.
        refuted: It is refuted if the number is shown to be below this bound.
        least: The smallest estimate with which it is supported.
        below: Whether all of this is turned round: supported below the bound, refuted above the other.
    """

    name: str
    text: str
    number: str = ""
    bound: float = 0.0
    refuted: float = 0.0
    least: float = -math.inf
    below: bool = False

    @property
    def supports(self) -> str:
        """What has to be shown of the number to support the hypothesis, in words."""
        shown = f"{'below' if self.below else 'above'} {self.bound:g}"
        return shown if self.least == -math.inf else f"at least {self.least:g}, and {shown}"

    @property
    def refutes(self) -> str:
        """What has to be shown of the number to refute it, in words."""
        return f"{'above' if self.below else 'below'} {self.refuted:g}"


@dataclass(frozen=True)
class Measured:
    """A measured number with its bootstrap draws.

    Attributes:
        value: The estimate.
        draws: Its value in each draw of a bootstrap.
    """

    value: float
    draws: Tensor

    @property
    def low(self) -> float:
        """Lower bound of the one-sided interval."""
        return float(self.draws.quantile(LEVEL))

    @property
    def high(self) -> float:
        """Upper bound of the one-sided interval."""
        return float(self.draws.quantile(1 - LEVEL))

    def chance_below(self, bound: float) -> float:
        """The p-value of the claim that the number is above a bound: the share of draws at or below it."""
        return (int((self.draws <= bound).sum()) + 1) / (len(self.draws) + 1)

    def chance_above(self, bound: float) -> float:
        """The p-value of the claim that the number is below a bound: the share of draws at or above it."""
        return (int((self.draws >= bound).sum()) + 1) / (len(self.draws) + 1)


@dataclass(frozen=True)
class Answer:
    """The result for a hypothesis.

    Attributes:
        question: The hypothesis.
        measured: The number; None if it was not measured.
        p: The p-value of the claim that the hypothesis is true, adjusted for all hypotheses.
        p_refuted: That of the claim that it is false, adjusted in the same way.
    """

    question: Question
    measured: Measured | None
    p: float
    p_refuted: float

    @property
    def verdict(self) -> str:
        """``supported``, ``refuted``, ``undecided``, or ``undecided, not run``."""
        if self.measured is None:
            return "undecided, not run"
        value = -self.measured.value if self.question.below else self.measured.value
        if self.p <= LEVEL and value >= self.question.least:
            return "supported"
        return "refuted" if self.p_refuted <= LEVEL else "undecided"


def answers(questions: Sequence[Question], measured: Mapping[str, Measured]) -> list[Answer]:
    """The verdicts on all hypotheses, by Holm's step-down procedure (Holm 1979) at :data:`LEVEL` in either direction.

    Args:
        questions: The hypotheses, in the order of the report.
        measured: The number of each that was run, by its name. The others count as hypotheses with a p-value of 1.
    """
    chances = []
    for question in questions:
        number = measured.get(question.name)
        if number is None:
            chances.append((1.0, 1.0))
        elif question.below:
            chances.append((number.chance_above(question.bound), number.chance_below(question.refuted)))
        else:
            chances.append((number.chance_below(question.bound), number.chance_above(question.refuted)))
    supported, refuted = holm([one for one, _ in chances]), holm([other for _, other in chances])
    return [
        Answer(question, measured.get(question.name), p, p_refuted)
        for question, p, p_refuted in zip(questions, supported, refuted, strict=True)
    ]


def holm(chances: Sequence[float]) -> list[float]:
    """Adjusted p-values (Holm 1979): each may be compared with the level of all tests together.

    Args:
        chances: The p-values.
    """
    adjusted = [0.0] * len(chances)
    largest = 0.0
    for place, index in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        largest = max(largest, min(1.0, (len(chances) - place) * chances[index]))
        adjusted[index] = largest
    return adjusted
