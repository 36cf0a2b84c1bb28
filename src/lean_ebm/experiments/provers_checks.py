"""Measures how fast theorems are proved, and has a real Lean check a sample of the proofs.

``python -m lean_ebm.experiments.provers_checks CHECKPOINT FILE PART`` proves a part of a file of theorems and prints
how long that took.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, ClassVar, Protocol

from lean_ebm.checkpoints import last_checkpoint
from lean_ebm.errors import RunError
from lean_ebm.experiments.provers_searches import RECIPES, search_all
from lean_ebm.experiments.provers_sets import TEST_SEED, SetsRun, read_set
from lean_ebm.experiments.runs import Run
from lean_ebm.files import write_whole
from lean_ebm.proving import Logic, SearchBudget, Statement
from lean_ebm.proving.statements import Attempt

PROCESSES = 2
"""Number of processes that share the theorems, each with one thread."""

APPLICATIONS = 64
"""Applications of tactics for a theorem where the speed is measured."""

CHECKED = 300
"""Number of proofs that a real Lean checks."""


@dataclass(frozen=True)
class SpeedRun:
    """Proves all theorems of 64 connectives with the energy of seed 0, in two processes, while nothing else runs.

    Attributes:
        folder: Folder of all runs of the report.
        theorems: The theorems.
    """

    folder: Path
    theorems: SetsRun

    name: ClassVar[str] = "speed"
    stage: ClassVar[int] = 3

    def check(self) -> None:
        """Nothing can be wrong before the model is trained."""

    def finish(self, threads: int) -> None:
        """Measure, unless this was done before.

        Raises:
            RunError: If there is no model, or a process fails.
        """
        if self.figures() is not None:
            return
        checkpoint = last_checkpoint(self.folder / "energy" / "seed-0", "**/checkpoints/*.ckpt")
        if checkpoint is None:
            raise RunError("The speed is that of the recipe energy, seed 0, of which there is no checkpoint.")
        self.theorems.provide()
        print("speed: measuring", flush=True)
        parts = self._run([str(checkpoint.resolve()), str(self.theorems.file("64"))])
        begin, end = min(part["begin"] for part in parts), max(part["end"] for part in parts)
        record = {
            "settings": self._settings(),
            "theorems": sum(part["theorems"] for part in parts),
            "proved": sum(part["proved"] for part in parts),
            "seconds": round(end - begin, 3),
            "processor_seconds": round(sum(part["processor_seconds"] for part in parts), 3),
            "cores": os.cpu_count(),
        }
        write_whole(self._record, json.dumps(record) + "\n")

    def figures(self) -> dict[str, Any] | None:
        """The record; None if these settings have none yet."""
        return _recorded(self._record, self._settings())

    @property
    def _record(self) -> Path:
        return self.folder / "speed" / "speed.json"

    def _settings(self) -> Any:
        return [(self.theorems.figures() or {}).get("settings"), APPLICATIONS]

    def _run(self, arguments: list[str]) -> list[dict[str, Any]]:
        """Run all processes at once; returns what they print."""
        command = [sys.executable, "-m", "lean_ebm.experiments.provers_checks", *arguments]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        processes = [
            subprocess.Popen([*command, str(part)], env=environment, stdout=subprocess.PIPE, text=True)
            for part in range(PROCESSES)
        ]
        printed = [process.communicate()[0] for process in processes]
        if any(process.returncode for process in processes):
            raise RunError("A process that measures the speed failed: its message is above.")
        return [json.loads(text) for text in printed]


class Proving(Run, Protocol):
    """A run that finds proofs."""

    @property
    def proofs(self) -> Path:
        """The file of the proofs that were found."""

    def settings(self) -> Any:
        """The settings on which the figures depend."""


@dataclass(frozen=True)
class LeanRun:
    """Has a real Lean check a random sample of the counted proofs.

    Attributes:
        folder: Folder of all runs of the report.
        searches: The searches.
        checked: Number of proofs that are checked.
        seed: Seed by which they are drawn.
    """

    folder: Path
    searches: Sequence[Proving]
    checked: int = CHECKED
    seed: int = TEST_SEED

    name: ClassVar[str] = "lean"
    stage: ClassVar[int] = 4

    def check(self) -> None:
        """Nothing can be wrong before the searches have ended."""

    def finish(self, threads: int) -> None:
        """Check, unless this was done before.

        Raises:
            RunError: If there is no Lean, or if the proofs were not kept.
        """
        if self.figures() is not None:
            return
        from lean_ebm.proving.lean import Lean

        lines = [line for run in self.searches if run.proofs.is_file() for line in run.proofs.read_text().splitlines()]
        if not lines:
            raise RunError("No proofs were kept for Lean to check: remove the folders of searches to search again.")
        drawn = [json.loads(line) for line in Random(self.seed).sample(lines, min(self.checked, len(lines)))]
        print(f"lean: checking {len(drawn)} of {len(lines)} proofs", flush=True)
        with Lean() as lean:
            verdicts = lean.verify_many([Attempt(Statement.of(one["statement"]), one["script"]) for one in drawn])
            verifier = lean.verifier
        refused = [
            {**one, "message": verdict.message}
            for one, verdict in zip(drawn, verdicts, strict=True)
            if not verdict.proved
        ]
        record = {
            "settings": self._settings(), "proofs": len(lines), "checked": len(drawn), "refused": refused,
            "verifier": verifier,
        }  # fmt: skip
        write_whole(self._record, json.dumps(record, ensure_ascii=False) + "\n")

    def figures(self) -> dict[str, Any] | None:
        """The record; None if these searches have none yet."""
        return _recorded(self._record, self._settings())

    @property
    def _record(self) -> Path:
        return self.folder / "lean" / "lean.json"

    def _settings(self) -> Any:
        done = [run for run in self.searches if run.figures() is not None]
        return [self.checked, [f"{run} {json.dumps(run.settings(), sort_keys=True)}" for run in done]]


def _recorded(path: Path, settings: Any) -> dict[str, Any] | None:
    """A record with these settings; None if there is none."""
    if not path.is_file():
        return None
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found if found["settings"] == json.loads(json.dumps(settings)) else None


def main(arguments: Sequence[str] | None = None) -> None:
    """Prove a part of a file of theorems, and print how long it took."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("checkpoint", type=Path, help="the model")
    parser.add_argument("file", type=Path, help="the theorems")
    parser.add_argument("part", type=int, help=f"number of the part, below {PROCESSES}")
    given = parser.parse_args(arguments)
    prover = RECIPES["energy"].make(given.checkpoint)
    statements = read_set(given.file)[given.part :: PROCESSES]
    with Logic() as logic:
        begin, spent = time.time(), time.process_time()
        found = search_all(prover, logic, statements, SearchBudget(APPLICATIONS))
    record = {
        "theorems": len(found), "proved": sum([search.proved for search in found]), "begin": begin, "end": time.time(),
        "processor_seconds": time.process_time() - spent,
    }  # fmt: skip
    print(json.dumps(record))


if __name__ == "__main__":
    main()
