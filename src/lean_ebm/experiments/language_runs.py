"""Runs of the report on language models: conjectures, held-out theorems, searches for proofs, and chains."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, ClassVar, NamedTuple

from lean_ebm.checkpoints import last_checkpoint
from lean_ebm.data import ProofSteps
from lean_ebm.errors import RunError
from lean_ebm.experiments.processes import run_module
from lean_ebm.experiments.provenance import commit
from lean_ebm.files import write_whole
from lean_ebm.proving.files import read_lines

APPLICATIONS = 32
"""Applications of tactics for a theorem."""

THEOREMS = 1100
"""Number of theorems of the data: a tenth more than in the recipes, so that the test split has 100."""

_UNLIMITED = "1000000"


class ComparedProver(NamedTuple):
    """A prover of the report.

    Attributes:
        title: What it is.
        flags: Flags of ``lean-ebm prove``.
        recipe: The recipe whose checkpoint guides it; none for a search without learning.
    """

    title: str
    flags: tuple[str, ...] = ()
    recipe: str | None = None


COMPARED = {
    "best-first": ComparedProver("untrained best-first, narrow set", ("--prover=best-first",)),
    "sizes": ComparedProver("untrained AND/OR by size, wide set", ("--guide=sizes",)),
    "energy": ComparedProver("small energy", (), "energy"),
    "language": ComparedProver("language model with an energy head", (), "language"),
    "beam": ComparedProver("language policy, beam of 8, best-first", ("--search=best-first",), "language_policy"),
    "sampled": ComparedProver(
        "language policy, 8 samples, best-first", ("--search=best-first", "--sampled"), "language_policy"
    ),
}
"""The provers by name."""


@dataclass(frozen=True)
class OwnFolder:
    """A run with one record.

    Attributes:
        folder: Folder of all runs of the report.
    """

    folder: Path

    @property
    def name(self) -> str:
        """Name of the folder of this run."""
        raise NotImplementedError

    @property
    def path(self) -> Path:
        """Folder of this run."""
        return self.folder / self.name

    @property
    def record(self) -> Path:
        """File of the figures."""
        return self.path / "record.json"

    def settings(self) -> Any:
        """The settings on which the figures depend."""
        raise NotImplementedError

    def check(self) -> None:
        """Nothing can be wrong before the run."""

    def finish(self, threads: int) -> None:
        """Make the figures, unless there are figures of these settings.

        Raises:
            RunError: If a command fails.
        """
        if self.figures() is None:
            self.path.mkdir(parents=True, exist_ok=True)
            print(f"{self.name}: begun", flush=True)
            figures = self.made(threads)
            write_whole(self.record, json.dumps({"settings": self.settings(), "commit": commit(), **figures}) + "\n")
            print(f"{self.name}: done", flush=True)

    def made(self, threads: int) -> dict[str, Any]:
        """Make the figures."""
        raise NotImplementedError

    def figures(self) -> dict[str, Any] | None:
        """The record; None if these settings have none yet."""
        if not self.record.is_file():
            return None
        found: dict[str, Any] = json.loads(self.record.read_text("utf-8"))
        return found if found["settings"] == json.loads(json.dumps(self.settings())) else None

    def run(self, module: str, arguments: Sequence[str], threads: int, accepted: Sequence[int] = (0,)) -> None:
        """Run a module in a process.

        Args:
            module: The module.
            arguments: Its arguments.
            threads: Number of threads.
            accepted: Exit statuses that are no failure.

        Raises:
            RunError: If it fails.
        """
        run_module(module, arguments, self.path / "run.log", self.name, threads, accepted)


@dataclass(frozen=True)
class ConjecturesRun(OwnFolder):
    """Makes conjectures that were proved, with their data card.

    Attributes:
        number: Number of theorems.
        audited: Number of proofs that Lean checks.
        workers: Number of processes.
    """

    number: int
    audited: int
    workers: int

    stage: ClassVar[int] = 0

    @property
    def name(self) -> str:
        """Name of the folder of this run."""
        return "conjectures"

    def command(self, *more: str) -> list[str]:
        """The arguments of ``lean-ebm``."""
        return [
            "theorems",
            str(self.path / "conjectures.jsonl"),
            "--kind=conjectures",
            f"--number={self.number}",
            f"--workers={self.workers}",
            *more,
        ]

    def made(self, threads: int) -> dict[str, Any]:
        """Make the theorems, and then the card from blocks that are there."""
        begun = time.monotonic()
        self.run("lean_ebm", self.command(), 1)
        seconds = time.monotonic() - begun
        self.run("lean_ebm", self.command("--card", f"--audit={self.audited}"), 1)
        card = (self.path / "conjectures.card.md").read_text("utf-8")
        hard = sum(record["applications"] is None for record in read_lines(self.path / "conjectures.jsonl"))
        return {"seconds": round(seconds, 1), "hard": hard, "card": card}

    def settings(self) -> Any:
        """The settings on which the figures depend."""
        return [self.number, self.audited, self.workers]


@dataclass(frozen=True)
class HeldOutRun(OwnFolder):
    """Draws theorems of the test split.

    Attributes:
        theorems: Number of theorems of all splits.
        number: Number of theorems to draw.
    """

    theorems: int
    number: int

    stage: ClassVar[int] = 0

    @property
    def name(self) -> str:
        """Name of the folder of this run."""
        return "held-out"

    @property
    def file(self) -> Path:
        """The theorems."""
        return self.path / "theorems.jsonl"

    def made(self, threads: int) -> dict[str, Any]:
        """Draw the theorems."""
        data = ProofSteps(theorems=self.theorems)
        data.prepare_data()
        data.setup("test")
        found = data.theorems("test")
        drawn = Random(0).sample(found, min(self.number, len(found)))
        lines = [json.dumps({"statement": theorem.statement}, ensure_ascii=False) + "\n" for theorem in drawn]
        write_whole(self.file, "".join(lines))
        return {"theorems": len(drawn)}

    def settings(self) -> Any:
        """The settings on which the figures depend."""
        return [self.theorems, self.number]


@dataclass(frozen=True)
class ProveRun(OwnFolder):
    """The searches of a prover.

    Attributes:
        prover: Its name in :data:`COMPARED`.
        theorems: The theorems.
    """

    prover: str
    theorems: HeldOutRun

    stage: ClassVar[int] = 2

    @property
    def name(self) -> str:
        """Name of the folder of this run."""
        return f"prove-{self.prover}"

    def command(self) -> list[str]:
        """The arguments of ``lean-ebm``.

        Raises:
            RunError: If there is no checkpoint.
        """
        _, flags, recipe = COMPARED[self.prover]
        guide = []
        if recipe is not None:
            checkpoint = last_checkpoint(self.folder / recipe / "seed-0", "**/checkpoints/*.ckpt")
            if checkpoint is None:
                raise RunError(f"{self.name} needs a checkpoint of {recipe}: it was not trained.")
            guide = [f"--guide={checkpoint}"]
        limits = [f"--applications={APPLICATIONS}", f"--seconds={_UNLIMITED}"]
        return ["prove", str(self.theorems.file), *limits, *guide, *flags, f"--output={self.path / 'proofs.jsonl'}"]

    def made(self, threads: int) -> dict[str, Any]:
        """Search."""
        begun = time.monotonic()
        self.run("lean_ebm", self.command(), threads, accepted=(0, 1))  # 1: not all theorems were proved
        lines = read_lines(self.path / "proofs.jsonl")
        return {
            "seconds": round(time.monotonic() - begun, 1),
            "proved": [int(line["proved"]) for line in lines],
            "applications": [line["applications"] for line in lines],
        }

    def settings(self) -> Any:
        """The settings on which the figures depend."""
        recipe = COMPARED[self.prover].recipe
        fit = None if recipe is None else self.folder / recipe / "seed-0" / "fit.json"
        model = json.loads(fit.read_text())["fingerprint"] if fit is not None and fit.is_file() else None
        return [self.theorems.settings(), APPLICATIONS, model]


@dataclass(frozen=True)
class ChainsRun(OwnFolder):
    """Measures what chains save when the state is read once; nothing else runs.

    Attributes:
        base: The language model.
    """

    base: str

    stage: ClassVar[int] = 3

    @property
    def name(self) -> str:
        """Name of the folder of this run."""
        return "chains"

    def made(self, threads: int) -> dict[str, Any]:
        """Measure."""
        output = self.path / "chains.json"
        self.run("lean_ebm.experiments.language_chains", [str(output), f"--base={self.base}"], threads)
        found: dict[str, Any] = json.loads(output.read_text())
        output.unlink()
        return found

    def settings(self) -> Any:
        """The settings on which the figures depend."""
        return [self.base]
