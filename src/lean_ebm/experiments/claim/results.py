"""The results of the experiment: all lines, and the numbers that decide the hypotheses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from lean_ebm.evaluation.answers import spearman
from lean_ebm.experiments.claim.arms import ADDED, ARMS
from lean_ebm.experiments.claim.lines import Line
from lean_ebm.experiments.claim.plan import LISTED_EVALUATIONS, MAIN, QUESTIONS
from lean_ebm.experiments.claim.statistics import Answer, Bootstrap, Measured, answers

RANK_DRAWS = 2000
"""Number of draws of the bootstrap of a rank correlation, each of which sorts all states."""


@dataclass(frozen=True)
class ClaimResults:
    """The results of all searches.

    Attributes:
        lines: The lines of each arm and set, one list for each seed.
        tunings: The trials of each arm with constants.
        thinking: The records of :mod:`.thinking`, one for each seed.
        families: The family of each theorem of the set of families.
    """

    lines: Mapping[tuple[str, str], Sequence[Sequence[Line]]]
    tunings: Mapping[str, Mapping[str, Any]]
    thinking: Sequence[Mapping[str, Any]]
    families: Sequence[str] = ()

    def solved(
        self, arm: str, of: str, applications: int = MAIN, evaluations: float = float("inf")
    ) -> list[list[float]]:
        """Whether an arm proved each theorem of a set within a budget (0 or 1), one list for each seed.

        Args:
            arm: The arm.
            of: The set.
            applications: Number of applications.
            evaluations: Number of evaluations.
        """
        return [
            [
                float(line.proved and line.applications <= applications and line.evaluations <= evaluations)
                for line in sorted(lines, key=lambda line: line.theorem)
            ]
            for lines in self.lines.get((arm, of), ())
        ]

    def better(self, of: str) -> str | None:
        """Of the arms among which the plan chooses, the best on development theorems; None if none was tried.

        Args:
            of: ``C``, ``F, listed``, ``F``, ``H`` or ``P``.
        """
        rates = {
            arm: tuning["rates"][tuning["trials"].index(tuning["chosen"])][::-1]
            for arm, tuning in self.tunings.items()
            if arm in CHOICES[of]
        }
        return max(rates, key=rates.__getitem__) if rates else None

    @cached_property
    def answers(self) -> list[Answer]:
        """The verdicts on all hypotheses."""
        measured = {
            "H1": self.difference("E", self.better("C")),
            "H2": self.difference("E", "E-"),
            "H3": self.difference(self.better("F, listed"), "E", evaluations=LISTED_EVALUATIONS),
            "H4": self.difference(self.better("F"), self.better("H")),
            "H4b": self.difference(self.better("F"), self.better("P")),
            "H5": self.gain_rank(),
            "H6": self.difference("E", "E0"),
        }
        return answers(QUESTIONS, {name: number for name, number in measured.items() if number is not None})

    def difference(
        self, arm: str | None, other: str | None, of: str = "primary", evaluations: float = float("inf")
    ) -> Measured | None:
        """The difference of the solve rates of two arms on the theorems that both tried. None if one was not run.

        Args:
            arm: The arm.
            other: The other one.
            of: The set.
            evaluations: Number of evaluations for a theorem; at 256 applications if there is such a limit.
        """
        if arm is None or other is None:
            return None
        most = MAIN if evaluations == float("inf") else 10**9
        rows, others = self.solved(arm, of, most, evaluations), self.solved(other, of, most, evaluations)
        if not rows or not others:
            return None
        number = min(len(rows[0]), len(others[0]))
        rows, others = [row[:number] for row in rows], [row[:number] for row in others]
        bootstrap = Bootstrap(number)
        draws = bootstrap.means(rows, _models(arm)) - bootstrap.means(others, _models(other))
        return Measured(_mean(rows) - _mean(others), draws)

    @cached_property
    def variants(self) -> list[tuple[str, str, str, Measured]]:
        """The same differences with the arms that the plan did not choose: hypothesis, arm, other arm, difference."""
        f, h, p = self.better("F"), self.better("H"), self.better("P")
        pairs: list[tuple[str, str | None, str | None]] = [
            *(("H1", "E", arm) for arm in (*CHOICES["C"], "C2") if arm != self.better("C")),
            *(("H3", arm, "E") for arm in CHOICES["F, listed"] if arm != self.better("F, listed")),
            *(("H4", f, arm) for arm in CHOICES["H"] if arm != h),
            *(("H4", arm, h) for arm in CHOICES["F"] if arm != f),
            *(("H4b", f, arm) for arm in (*CHOICES["P"], "P-beam-75") if arm != p),
            *(("H4b", arm, p) for arm in CHOICES["F"] if arm != f),
        ]
        found = []
        for name, arm, other in pairs:
            evaluations = LISTED_EVALUATIONS if name == "H3" else float("inf")
            measured = self.difference(arm, other, evaluations=evaluations)
            if measured is not None and arm is not None and other is not None:
                found.append((name, arm, other, measured))
        return found

    def gain_rank(self) -> Measured | None:
        """Rank correlation of the tactics left and the gain of more steps. None if it was not measured."""
        name = self.better("F")
        sampler = None if name is None else name.rsplit("-", 1)[0]
        records = [record["samplers"][sampler] for record in self.thinking if sampler in record["samplers"]]
        if not records:
            return None
        left = torch.tensor(records[0]["left"], dtype=torch.float64)
        few, many = (
            torch.tensor([record["shares"][index] for record in records], dtype=torch.float64) for index in (0, 1)
        )
        gains = many - few
        bootstrap = Bootstrap(len(left), RANK_DRAWS)
        seeds = bootstrap.seeds(len(records), "chunks")
        draws = torch.stack([_rank(left, gains[seeds[draw]], bootstrap.counts[draw]) for draw in range(RANK_DRAWS)])
        return Measured(float(spearman(gains.mean(dim=0), left)), draws)


CHOICES = {
    "C": ("C", "Cs"),
    "F, listed": tuple(name for name in ARMS if name.startswith("F-") and "x" in name),
    "F": tuple(name for name in ARMS if name.startswith(("F-gibbs", "F-langevin"))),
    "H": tuple(name for name in ARMS if name.startswith("H-")),
    "P": tuple(name for name in ARMS if name.startswith("P-") and name not in ADDED),
}
"""The arms of which the one that is best on development theorems is compared."""


def _models(arm: str) -> str:
    """Arms with the same first model are drawn with the same seeds."""
    return ARMS[arm].models[0] if ARMS[arm].models else arm


def _mean(rows: Sequence[Sequence[float]]) -> float:
    return sum(map(sum, rows)) / sum(map(len, rows))


def _rank(left: Tensor, gains: Tensor, counts: Tensor) -> Tensor:
    """The rank correlation in a draw; 0 if all gains are equal."""
    chosen = torch.arange(len(left)).repeat_interleave(counts.long())
    return spearman(gains.mean(dim=0)[chosen], left[chosen]).nan_to_num(0.0)
