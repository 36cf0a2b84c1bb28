"""The choice of the constants of an arm on development theorems.

``python -m lean_ebm.experiments.claim.tuning ARM FOLDER`` is the process that chooses.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from lean_ebm.errors import RunError
from lean_ebm.experiments.claim.arms import ARMS, Constants
from lean_ebm.experiments.claim.plan import BUDGETS, DEVELOPMENT, MAIN, TRIALS
from lean_ebm.experiments.claim.processes import checkpoints, run_process, searched
from lean_ebm.experiments.claim.theorems import ClaimTheorems
from lean_ebm.experiments.provers_sets import read_set
from lean_ebm.files import write_whole
from lean_ebm.proving import GuidedProver, Logic, SearchBudget
from lean_ebm.proving.search import Advice, Guide, OpenGoal


class RememberingGuide:
    """A guide that asks another guide about each goal only once.

    Args:
        guide: The other guide.
    """

    def __init__(self, guide: Guide) -> None:
        self.guide = guide
        self.known: dict[Any, Advice] = {}

    def advise(self, goals: Sequence[OpenGoal]) -> list[Advice]:
        """Give the advice of the other guide."""
        new = {goal.key: goal for goal in goals if goal.key not in self.known}
        self.known.update(zip(new, self.guide.advise(list(new.values())), strict=True))
        return [self.known[goal.key] for goal in goals]


@dataclass(frozen=True)
class Tuning:
    """The choice of the constants of an arm, with the models of seed 0.

    Attributes:
        arm: Name of the arm.
        folder: Folder of all runs.
        theorems: The development theorems.
    """

    arm: str
    folder: Path
    theorems: ClaimTheorems

    seed: ClassVar[int] = 0
    stage: ClassVar[int] = 2

    @property
    def name(self) -> str:
        """Name of the folder, beside those of the trainings."""
        return f"tuning-{self.arm}"

    def __str__(self) -> str:
        return self.name

    def check(self) -> None:
        """Nothing can be wrong before the models are trained."""

    def finish(self, threads: int) -> None:
        """Choose the constants, unless this was done before.

        Raises:
            RunError: If a model is missing, or the process fails.
        """
        if self.figures() is None:
            self.theorems.provide()
            fast = ["--fast"] if self.theorems.fast else []
            run_process(self.folder / self.name, [self.arm, str(self.folder), *fast], "tuning")

    def figures(self) -> dict[str, Any] | None:
        """The trials and the chosen one; None before the choice."""
        path = tuned_file(self.folder, self.arm)
        return json.loads(path.read_text()) if path.is_file() else None


def tuned_file(folder: Path, arm: str) -> Path:
    """The file of the trials of an arm."""
    return folder / f"tuning-{arm}" / "trials.json"


def trials() -> list[Constants]:
    """The constants to try, the same for all arms: the usual ones, then random ones of all magnitudes."""
    random = Random(DEVELOPMENT)

    def drawn(low: float, high: float) -> float:
        return math.exp(random.uniform(math.log(low), math.log(high)))

    return [Constants(), *[Constants(drawn(0.1, 2.0), drawn(0.5, 8.0)) for _ in range(TRIALS - 1)]]


def constants_of(folder: Path, arm: str) -> Constants:
    """The constants that were chosen for an arm; the usual ones if it has none to choose.

    Raises:
        RunError: If they were not chosen yet.
    """
    if not ARMS[arm].tuned:
        return Constants()
    path = tuned_file(folder, arm)
    if not path.is_file():
        raise RunError(f"The constants of {arm} were not chosen: there is no {path}.")
    return Constants(*json.loads(path.read_text())["chosen"])


def tune(arm: str, folder: Path, theorems: ClaimTheorems) -> None:
    """Try all constants, and write the best: most proofs at the main budget, then at smaller ones."""
    paths = checkpoints(folder, ARMS[arm], 0)
    statements = read_set(theorems.file("development"))[: ARMS[arm].tried]
    prover = ARMS[arm].make(paths, Constants())
    assert isinstance(prover, GuidedProver)
    guide = RememberingGuide(prover.guide)
    rates = []
    seconds = 0.0
    with Logic() as logic:
        for constants in trials():
            begun = time.process_time()
            prover = ARMS[arm].make(paths, constants)
            assert isinstance(prover, GuidedProver)
            prover.guide = guide
            found = searched(prover, logic, statements, SearchBudget(MAIN))
            spent = [result.applications for result in found if result.proved]
            rates.append([sum(count <= most for count in spent) / len(found) for most in BUDGETS if most <= MAIN])
            # The guide remembers what it said in earlier trials, so only the first one takes as long as a search does.
            seconds = seconds or (time.process_time() - begun) / len(found)
            print(f"{constants}: {rates[-1]}", flush=True)
    best = max(range(len(rates)), key=lambda index: (rates[index][::-1], -index))
    record = {
        "trials": [list(one) for one in trials()],
        "rates": rates,
        "chosen": list(trials()[best]),
        "seconds": seconds,
    }
    write_whole(tuned_file(folder, arm), json.dumps(record) + "\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Choose the constants of an arm."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("arm", choices=ARMS, help="the arm")
    parser.add_argument("folder", type=Path, help="folder of all runs")
    parser.add_argument("--fast", action="store_true", help="a few theorems")
    given = parser.parse_args(arguments)
    tune(given.arm, given.folder, ClaimTheorems(given.folder, 0, 0, given.fast, 1, test=False))


if __name__ == "__main__":
    main()
