"""Measures untrained provers on the suites that this package generates, and writes tables: ``make suites``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from lean_ebm.errors import SettingError
from lean_ebm.experiments.experiment import Choice, Experiment, Options
from lean_ebm.experiments.processes import run_module
from lean_ebm.experiments.suite_tables import checked, comparison, solved_by_split, used
from lean_ebm.experiments.tables import table
from lean_ebm.proving.suites.results import Results, read_results
from lean_ebm.proving.suites.runs import SAMPLE

PROVERS = {
    "random": "random walks of 30 tactics",
    "breadth-first": "shorter scripts first",
    "best-first": "small goals first",
    "auto": "the decision procedure; if it has no answer because of quantifiers, best-first",
}
"""The provers, as ``--prover`` takes them, and what they do."""

REFERENCE = "best-first"
"""The prover with which the others are compared."""

SUITES = {
    "propl": "PropL-16: theorems with 16 connectives, in distribution (`in`) and those with the longest proofs (`out`)",
    "iltp": "Families of formulas of the ILTP library, sizes 1 to 20, by family",
    "first-order": "Theorems with quantifiers",
}
"""The suites, and what they have."""

APPLICATIONS = 256
"""Tactic applications for a theorem."""
SECONDS = 2.0
"""Seconds for a theorem. Only large formulas of the families reach them."""

_FAST = ("--problems", "2")


@dataclass(frozen=True)
class SuiteRun:
    """A prover on a suite.

    Attributes:
        suite: The suite.
        prover: The prover.
        folder: Folder of all runs of the report.
        fast: Whether this is a dry run.
    """

    suite: str
    prover: str
    folder: Path
    fast: bool

    stage: ClassVar[int] = 0

    @property
    def name(self) -> str:
        """Name of the run."""
        return f"{self.suite}-{self.prover}"

    @property
    def path(self) -> Path:
        """The file of results."""
        return self.folder / f"{self.name}.jsonl"

    def command(self, workers: int) -> list[str]:
        """The arguments of ``lean-ebm``.

        Args:
            workers: Attempts at a time.
        """
        limits = ["--applications", str(APPLICATIONS), "--seconds", f"{SECONDS:g}", "--workers", str(workers)]
        fast = _FAST if self.fast else ()
        return ["suite", "run", self.suite, "--prover", self.prover, *limits, *fast, "--output", str(self.path)]

    def check(self) -> None:
        """Nothing can be wrong before the run."""

    def finish(self, threads: int) -> None:
        """Make the attempts that are missing.

        Raises:
            RunError: If the command fails.
        """
        if self.figures() is not None:
            return
        print(f"{self.name}: proving", flush=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        run_module("lean_ebm", self.command(threads), self.folder / f"{self.name}.log", self.name)

    def figures(self) -> dict[str, Any] | None:
        """The file of results; None if it is not complete."""
        if not self.path.is_file():
            return None
        try:
            results = read_results(self.path)
        except SettingError:
            return None
        return {"results": results} if results.complete else None


def plan(options: Options) -> list[SuiteRun]:
    """The runs: each prover on each suite."""
    return [
        SuiteRun(suite, prover, options.folder, options.fast)
        for suite in options.chosen["suites"]
        for prover in options.chosen["provers"]
    ]


def body(options: Options, runs: Sequence[SuiteRun]) -> list[str]:
    """The tables of each suite."""
    texts = [
        "Tactics are those of the narrow set, two or three a goal, except where the decision procedure finds a proof. "
        f"**Each theorem has one attempt with at most {APPLICATIONS} applications of tactics, failed ones included, "
        f"and {SECONDS:g} seconds**; no prover asks a network. All proofs were checked whole by the kernel of this "
        f"package, and of each run up to {SAMPLE}, taken by their hash, also by Lean. Intervals are for the choice of "
        "theorems (Wilson's; of differences, those of Bonett and Price for pairs). No prover was tuned on these "
        "theorems, whose seed is used for nothing else.",
        table(["prover", ""], [[f"`{name}`", PROVERS[name]] for name in options.chosen["provers"]]),
    ]
    for suite in options.chosen["suites"]:
        made = {run.prover: figures["results"] for run in runs if run.suite == suite and (figures := run.figures())}
        texts += [f"## {suite}", f"{SUITES[suite]}.", *_tables(made)]
    return texts


def _tables(made: dict[str, Results]) -> list[str]:
    if not made:
        return ["There are no complete runs."]
    splits = list(dict.fromkeys(record.split for results in made.values() for record in results.records))
    header = ["prover", *splits, "applications", "seconds", "not read", "also checked by Lean"]
    rows = []
    for prover, results in made.items():
        unread = sum(not record.tried for record in results.records)
        means = [used(results, name) for name in ("applications", "seconds")]
        rows.append([f"`{prover}`", *solved_by_split(results, splits), *means, str(unread), checked(results)])
    found = [table(header, rows)]
    others = [results for prover, results in made.items() if prover != REFERENCE]
    if REFERENCE in made and others:
        found += [f"Against `{REFERENCE}`, theorem by theorem:", comparison([made[REFERENCE], *others])]
    return found


SUITES_REPORT = Experiment(
    name="suites",
    title="Suites",
    description="Measure provers without learning on the suites that are made here, and write the tables.",
    introduction="Random theorems, families of formulas and first-order theorems, by `lean-ebm suite run` "
    "([docs/suites.md](../docs/suites.md)).",
    output="suites.md",
    choices={
        "suites": Choice(tuple(SUITES), "suites to measure on"),
        "provers": Choice(tuple(PROVERS), "provers to measure"),
    },
    plan=plan,
    body=body,
    intervals="95% intervals",
)

if __name__ == "__main__":
    SUITES_REPORT.main()
