"""The searches of an arm, and the choice of its constants on development theorems.

``python -m lean_ebm.experiments.claim.searching ARM SEED FOLDER`` is the process that searches; with ``--tune`` it
chooses the constants.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, ClassVar, NamedTuple

from lean_ebm.checkpoints import last_checkpoint
from lean_ebm.errors import RunError
from lean_ebm.experiments.claim.arms import ARMS, Arm, Constants
from lean_ebm.experiments.claim.plan import BUDGETS, DEVELOPMENT, MAIN, TRIALS, digest, theorem_sets
from lean_ebm.experiments.claim.theorems import ClaimTheorems
from lean_ebm.experiments.provenance import commit
from lean_ebm.experiments.provers_sets import read_set
from lean_ebm.files import write_whole
from lean_ebm.proving import GuidedProver, Logic, Prover, SearchBudget, SearchResult, Statement
from lean_ebm.proving.search import Advice, Guide, OpenGoal

BATCH = 100
"""Number of theorems that are searched before their lines are written."""


class Line(NamedTuple):
    """What is kept of a search; a line of a file.

    Attributes:
        plan: The digest of the plan.
        commit: The commit of this package.
        arm: Name of the arm.
        seed: Seed of its models.
        set: Name of the set of theorems.
        theorem: Index of the theorem in its set.
        proved: Whether the judge of the embedded logic accepts the proof that was found.
        refused: Whether it refused it.
        applications: Number of applications of tactics.
        evaluations: Number of evaluations by the guide.
        seconds: Seconds of the search.
        expanded: Number of goals about which the guide was asked.
        length: Number of tactics of the proof; 0 if there is none.
        value: What the guide said of the theorem, in tactics that are left; None if it does not judge.
    """

    plan: str
    commit: str | None
    arm: str
    seed: int
    set: str
    theorem: int
    proved: bool
    refused: bool
    applications: int
    evaluations: int
    seconds: float
    expanded: int
    length: int
    value: float | None


def lines_of(path: Path) -> list[Line]:
    """Read the lines of a file that were made by the plan as it is now; none if there is no file.

    A last one that was not written to its end is left out.
    """
    if not path.is_file():
        return []
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    whole = [text for text in content.decode().splitlines(keepends=True) if text.endswith("\n")]
    return [line for text in whole if (line := Line(**json.loads(text))).plan == digest()]


class RememberingGuide:
    """A guide that asks another one about each goal once.

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
class ClaimSearch:
    """The searches of an arm with the models of one seed.

    Attributes:
        arm: Name of the arm.
        seed: Seed of the models.
        folder: Folder of all runs.
        theorems: The theorems of the test.
    """

    arm: str
    seed: int
    folder: Path
    theorems: ClaimTheorems

    stage: ClassVar[int] = 3

    @property
    def name(self) -> str:
        """Name of the folder, beside those of the trainings."""
        return f"search-{self.arm}"

    def __str__(self) -> str:
        return f"{self.name}, seed {self.seed}"

    @property
    def path(self) -> Path:
        """Folder of this run."""
        return self.folder / self.name / f"seed-{self.seed}"

    def check(self) -> None:
        """Nothing can be wrong before the models are trained."""

    def finish(self, threads: int) -> None:
        """Search for the proofs that were not searched for yet.

        Raises:
            RunError: If a model is missing, or the process fails.
        """
        if self.figures() is None:
            self.theorems.provide()
            run_process(self.path, [self.arm, str(self.seed), str(self.folder), *self._fast()])

    def _fast(self) -> list[str]:
        return ["--fast"] if self.theorems.fast else []

    def file(self, of: str) -> Path:
        """The file to which the lines of a set are added while it is searched."""
        return self.path / f"{of.replace(', ', '-')}.jsonl"

    def whole(self, of: str) -> Path:
        """The file of the lines of a set when all are there, compressed; such files are committed."""
        return self.file(of).with_suffix(".jsonl.gz")

    def complete(self, of: str) -> list[Line] | None:
        """The lines of a set; None if they are not complete."""
        lines = lines_of(self.whole(of))
        return lines if len(lines) == wanted(self.arm, of, self.theorems.fast) else None

    def figures(self) -> dict[str, Any] | None:
        """The lines of each set by its name; None if one is not complete."""
        found = {of: self.complete(of) for of in ARMS[self.arm].sets}
        return dict(found) if None not in found.values() else None

    @property
    def proofs(self) -> Path:
        """The file of the proofs that were found. It is not needed for the report."""
        return self.path / "proofs.jsonl"

    def settings(self) -> Any:
        """What the figures depend on."""
        return [digest(), self.arm, self.seed]


def wanted(arm: str, of: str, fast: bool) -> int:
    """The number of theorems of a set that an arm is tried on."""
    return min(theorem_sets(fast)[of].number, ARMS[arm].first or sys.maxsize)


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
        """Choose, unless that was done already.

        Raises:
            RunError: If a model is missing, or the process fails.
        """
        if self.figures() is None:
            self.theorems.provide()
            fast = ["--fast"] if self.theorems.fast else []
            run_process(self.folder / self.name, [self.arm, "0", str(self.folder), "--tune", *fast])

    def figures(self) -> dict[str, Any] | None:
        """The trials, and which was chosen; None if that was not done."""
        path = tuned_file(self.folder, self.arm)
        return json.loads(path.read_text()) if path.is_file() else None


def tuned_file(folder: Path, arm: str) -> Path:
    """The file of the trials of an arm."""
    return folder / f"tuning-{arm}" / "trials.json"


def run_process(folder: Path, arguments: Sequence[str], module: str = "searching") -> None:
    """Run a module of this package in a process, with one thread.

    Args:
        folder: The folder of its log.
        arguments: Its arguments.
        module: The module.

    Raises:
        RunError: If it fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    print(f"{module} {' '.join(arguments[:2])}: begun", flush=True)
    command = [sys.executable, "-m", f"lean_ebm.experiments.claim.{module}", *arguments]
    with (folder / f"{module}.log").open("a") as log:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        if subprocess.run(command, env=environment, stdout=log, stderr=subprocess.STDOUT).returncode:
            raise RunError(f"{module} {' '.join(arguments[:2])} failed: see {log.name}.")
    print(f"{module} {' '.join(arguments[:2])}: done", flush=True)


def trials() -> list[Constants]:
    """The constants that are tried, the same for all arms: the usual ones, then random ones of all orders of size."""
    random = Random(DEVELOPMENT)

    def drawn(low: float, high: float) -> float:
        return math.exp(random.uniform(math.log(low), math.log(high)))

    return [Constants(), *[Constants(drawn(0.1, 2.0), drawn(0.5, 8.0)) for _ in range(TRIALS - 1)]]


def constants_of(folder: Path, arm: str) -> Constants:
    """The constants that were chosen for an arm; the usual ones if there is nothing to choose.

    Raises:
        RunError: If they were not chosen yet.
    """
    if not ARMS[arm].tuned:
        return Constants()
    path = tuned_file(folder, arm)
    if not path.is_file():
        raise RunError(f"The constants of {arm} were not chosen: there is no {path}.")
    return Constants(*json.loads(path.read_text())["chosen"])


def checkpoints(folder: Path, arm: Arm, seed: int) -> list[Path]:
    """The checkpoints of the models of an arm.

    Raises:
        RunError: If one is missing.
    """
    found = []
    for model in arm.models:
        path = last_checkpoint(folder / model / f"seed-{seed}", "**/checkpoints/*.ckpt")
        if path is None:
            raise RunError(f"The model {model}, seed {seed}, was not trained: there is no checkpoint of it.")
        found.append(path.resolve())
    return found


def searched(prover: Prover, logic: Logic, statements: Sequence[Statement], budget: SearchBudget) -> list[SearchResult]:
    """Search for the proofs of statements, in lock step if a guide steers the prover."""
    if not isinstance(prover, GuidedProver):
        return [prover.prove(logic, statement, budget) for statement in statements]
    found = dict(prover.prove_many(logic, statements, budget))
    return [found[index] for index in range(len(statements))]


def tune(arm: str, folder: Path, theorems: ClaimTheorems) -> None:
    """Try all constants, and write which prove most at the main budget; then at smaller ones, then the first one."""
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


def search(run: ClaimSearch) -> None:
    """Search for the proofs that were not searched for yet, and add their lines to the files."""
    arm = ARMS[run.arm]
    prover = arm.make(checkpoints(run.folder, arm, run.seed), constants_of(run.folder, run.arm))
    plan, version = digest(), commit()
    with Logic() as logic:
        for of in arm.sets:
            if run.complete(of) is not None:
                continue
            one = theorem_sets(run.theorems.fast)[of]
            statements = read_set(run.theorems.file(of))[: wanted(run.arm, of, run.theorems.fast)]
            known = lines_of(run.file(of))
            write_whole(run.file(of), "".join(_text(line) for line in known))  # without one that was cut off
            there = {line.theorem for line in known}
            left = [index for index in range(len(statements)) if index not in there]
            for batch in _batches(left):
                budget = SearchBudget(one.applications, one.seconds)
                found = searched(prover, logic, [statements[index] for index in batch], budget)
                lines, proofs = [], []
                for index, result in zip(batch, found, strict=True):
                    refused = result.verdict is not None and not result.proved
                    root = None if result.graph is None else result.graph.root
                    line = Line(
                        plan, version, run.arm, run.seed, of, index, result.proved, refused, result.applications,
                        result.evaluations, round(result.seconds, 3), _expanded(result), len(result.tactics),
                        None if root is None else root.value,
                    )  # fmt: skip
                    lines.append(_text(line))
                    if result.proved:
                        proof = {"statement": str(statements[index]), "script": result.script}
                        proofs.append(json.dumps(proof, ensure_ascii=False) + "\n")
                _add(run.proofs, proofs)
                _add(run.file(of), lines)
                print(f"{of}: {batch[-1] + 1} of {len(statements)}", flush=True)
            write_whole(run.whole(of), gzip.compress(run.file(of).read_bytes(), mtime=0))
            run.file(of).unlink()


def _batches(indices: Sequence[int]) -> Iterator[Sequence[int]]:
    for begin in range(0, len(indices), BATCH):
        yield indices[begin : begin + BATCH]


def _text(line: Line) -> str:
    return json.dumps(line._asdict()) + "\n"


def _add(path: Path, lines: Iterable[str]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.writelines(lines)


def _expanded(result: SearchResult) -> int:
    graph = result.graph
    return 0 if graph is None else sum([node.advice is not None for node in graph.nodes.values()])


def main(arguments: Sequence[str] | None = None) -> None:
    """Search as one arm, or choose its constants."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("arm", choices=ARMS, help="who searches")
    parser.add_argument("seed", type=int, help="seed of the models")
    parser.add_argument("folder", type=Path, help="folder of all runs")
    parser.add_argument("--tune", action="store_true", help="choose constants")
    parser.add_argument("--fast", action="store_true", help="a few theorems")
    given = parser.parse_args(arguments)
    theorems = ClaimTheorems(given.folder, 0, 0, given.fast, 1, test=not given.tune)
    if given.tune:
        tune(given.arm, given.folder, theorems)
    else:
        search(ClaimSearch(given.arm, given.seed, given.folder, theorems))


if __name__ == "__main__":
    main()
