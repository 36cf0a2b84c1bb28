"""The searches of an arm.

``python -m lean_ebm.experiments.claim.searching ARM SEED FOLDER`` is the process that searches.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from lean_ebm.experiments.claim.arms import ARMS
from lean_ebm.experiments.claim.lines import Line, lines_of, text_of
from lean_ebm.experiments.claim.plan import digest, theorem_sets
from lean_ebm.experiments.claim.processes import checkpoints, run_process, searched
from lean_ebm.experiments.claim.theorems import ClaimTheorems
from lean_ebm.experiments.claim.tuning import constants_of
from lean_ebm.experiments.provenance import commit
from lean_ebm.experiments.provers_sets import read_set
from lean_ebm.experiments.seeded import SeededRun
from lean_ebm.files import write_whole
from lean_ebm.proving import Logic, SearchBudget, SearchResult

BATCH = 100
"""Number of theorems that are searched before their lines are written."""


@dataclass(frozen=True)
class ClaimSearch(SeededRun):
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

    def finish(self, threads: int) -> None:
        """Make the searches that are missing.

        Raises:
            RunError: If a model is missing, or the process fails.
        """
        if self.figures() is None:
            self.theorems.provide()
            run_process(self.path, [self.arm, str(self.seed), str(self.folder), *self._fast()], "searching")

    def _fast(self) -> list[str]:
        return ["--fast"] if self.theorems.fast else []

    def file(self, of: str) -> Path:
        """The file that gets the lines of a set during the search."""
        return self.path / f"{of.replace(', ', '-')}.jsonl"

    def whole(self, of: str) -> Path:
        """The compressed file of all lines of a set, once they are complete. Such files are committed."""
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
        """The settings on which the figures depend."""
        return [digest(), self.arm, self.seed]


def wanted(arm: str, of: str, fast: bool) -> int:
    """The number of theorems of a set on which an arm is tried."""
    return min(theorem_sets(fast)[of].number, ARMS[arm].first or sys.maxsize)


def search(run: ClaimSearch) -> None:
    """Make the searches that are missing, and add their lines to the files."""
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
            write_whole(run.file(of), "".join(text_of(line) for line in known))  # without one that was cut off
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
                    lines.append(text_of(line))
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


def _add(path: Path, lines: Iterable[str]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.writelines(lines)


def _expanded(result: SearchResult) -> int:
    graph = result.graph
    return 0 if graph is None else sum([node.advice is not None for node in graph.nodes.values()])


def main(arguments: Sequence[str] | None = None) -> None:
    """Search as one arm."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("arm", choices=ARMS, help="who searches")
    parser.add_argument("seed", type=int, help="seed of the models")
    parser.add_argument("folder", type=Path, help="folder of all runs")
    parser.add_argument("--fast", action="store_true", help="a few theorems")
    given = parser.parse_args(arguments)
    theorems = ClaimTheorems(given.folder, 0, 0, given.fast, 1)
    search(ClaimSearch(given.arm, given.seed, given.folder, theorems))


if __name__ == "__main__":
    main()
