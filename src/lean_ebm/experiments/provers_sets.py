"""The theorems on which provers are compared. None of them is in the training data.

Their seed, :data:`TEST_SEED`, was used for nothing else: methods and searches were developed on other theorems.
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from filelock import FileLock

from lean_ebm.errors import RunError
from lean_ebm.files import write_whole
from lean_ebm.proving import Statement
from lean_ebm.proving.candidates import listing_of
from lean_ebm.proving.candidates.invariants import invariant
from lean_ebm.proving.candidates.sequents import sequent_of
from lean_ebm.proving.lexer import SyntaxProblem
from lean_ebm.proving.logic.clock import OutOfTimeError, processor_deadline
from lean_ebm.proving.logic.decide import prove
from lean_ebm.proving.logic.logic import root
from lean_ebm.proving.logic.unify import TacticError, Unsupported
from lean_ebm.proving.steps.blocks import StepSettings, folder_of, provide_steps
from lean_ebm.proving.steps.sampling import Thoroughness
from lean_ebm.proving.steps.sources import Drawn, draw
from lean_ebm.proving.theorems.families import FAMILIES
from lean_ebm.proving.theorems.propl import HARDEST, hardest, length_of

TEST_SEED = 1019
"""The seed of all theorems of this report that are not a split of the data."""

DECISION_SECONDS = 2.0
"""Seconds of a processor in which the decision procedure must prove a propositional theorem."""

THOROUGH = Thoroughness(expansions=1000, turn_expansions=300, tie_expansions=30)
"""Ten times the thoroughness with which states for training are searched."""


@dataclass(frozen=True)
class TheoremSet:
    """Random theorems on which searches are compared.

    Attributes:
        title: Its name in the report.
        number: Number of theorems.
        applications: Applications of tactics that a search may use for a theorem.
        connectives: Number of connectives of propositional theorems; 0 for theorems of another kind.
        seconds: Seconds that a search may use for a theorem.
    """

    title: str
    number: int
    applications: int
    connectives: int = 0
    seconds: float = 60.0

    @property
    def drawn(self) -> int:
        """Number of theorems to draw so that enough of them belong to the set."""
        return self.number

    def kept(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Keep the drawn theorems that belong to the set."""
        return lines


@dataclass(frozen=True)
class HardSet(TheoremSet):
    """The :data:`HARDEST` share of random propositional theorems."""

    @property
    def drawn(self) -> int:
        """Number of theorems to draw so that enough of them belong to the set."""
        return round(self.number / HARDEST)

    def kept(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Keep the theorems with the longest proofs by the decision procedure."""
        return [lines[index] for index in hardest([line["length"] for line in lines])]


SETS = {
    "16": TheoremSet("16 connectives", 1500, 64, 16),
    "32": TheoremSet("32 connectives", 500, 64, 32),
    "64": TheoremSet("64 connectives", 1300, 256, 64),
    "128": TheoremSet("128 connectives", 500, 64, 128),
    "256": TheoremSet("256 connectives", 500, 64, 256),
    "first-order": TheoremSet("first-order", 500, 64),
    "families": TheoremSet("families", 59, 1000),
}
"""The sets of theorems by their names."""

LARGEST_FAMILY = 10
"""The largest size of the families of formulas."""


def sets(fast: bool) -> dict[str, TheoremSet]:
    """The sets; with ``fast`` of a few theorems, each searched for a moment."""
    if not fast:
        return dict(SETS)
    return {name: replace(one, number=6, applications=min(one.applications, 64)) for name, one in SETS.items()}


@dataclass(frozen=True)
class SetsRun:
    """Makes the training data, the theorems to prove, and the states whose values are judged.

    Attributes:
        folder: Folder of all runs of the report.
        theorems: Number of theorems of the training data.
        states: Number of theorems from which unseen states are taken.
        fast: Whether this is a dry run.
        workers: Number of processes that make data.
    """

    folder: Path
    theorems: int
    states: int
    fast: bool
    workers: int

    name: ClassVar[str] = "theorems"
    stage: ClassVar[int] = 0

    @property
    def path(self) -> Path:
        """The folder of the theorems."""
        return self.folder / self.name

    @property
    def wanted(self) -> Mapping[str, TheoremSet]:
        """The sets."""
        return sets(self.fast)

    @property
    def seed(self) -> int:
        """Seed of the theorems."""
        return TEST_SEED

    def known(self) -> set[int]:
        """Make the training data, and return the numbers of their states."""
        return known_states(self.theorems, self.workers)

    def check(self) -> None:
        """Nothing can be wrong."""

    def finish(self, threads: int) -> None:
        """Make what is missing, unless the record is there; see :meth:`provide`."""
        if self.figures() is None:
            self.provide()

    def provide(self) -> None:
        """Make the files that are missing, and the record of what was made.

        Raises:
            RunError: If there is a record, but of other theorems.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with FileLock(self.path / "lock"):
            wanted = self.wanted
            if self.figures() is not None and all(self.file(name).is_file() for name in wanted):
                return
            print("theorems: making data and theorems", flush=True)
            cached, begin = folder_of(StepSettings()).is_dir(), time.monotonic()
            known = self.known()
            seconds = time.monotonic() - begin
            if self.states:
                provide_steps(thorough_settings(), self.states, self.workers)
            made = {name: make(name, one, known, self.seed) for name, one in wanted.items()}
            lengths = {name: [line["length"] for line in lines] for name, (lines, _) in made.items()}
            record = self.figures()
            if record is not None and record["lengths"] != lengths:
                raise RunError(
                    f"The theorems of {self.path} are gone, and this machine draws others, since the decision "
                    "procedure has a limit of time: remove the folders of all searches to search again."
                )
            for name, (lines, _) in made.items():
                text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
                write_whole(self.file(name), gzip.compress(text.encode(), mtime=0))
            if record is None:
                record = {
                    "settings": self._settings(),
                    "data": {
                        "seconds": round(seconds, 1), "workers": self.workers, "states": len(known), "cached": cached,
                    },
                    "sets": {name: counts for name, (_, counts) in made.items()},
                    "lengths": lengths,
                    "families": [line["family"] for line in made["families"][0]] if "families" in made else [],
                }  # fmt: skip
                write_whole(self._record, json.dumps(record) + "\n")

    def file(self, name: str) -> Path:
        """The compressed file of a set. Such files are committed, because other machines may draw other theorems."""
        return self.path / f"{name}.jsonl.gz"

    def figures(self) -> dict[str, Any] | None:
        """The record of what was made; None if it was not made with these settings."""
        if not self._record.is_file():
            return None
        found: dict[str, Any] = json.loads(self._record.read_text())
        return found if found["settings"] == self._settings() else None

    @property
    def _record(self) -> Path:
        return self.path / "theorems.json"

    def _settings(self) -> dict[str, Any]:
        described = {name: asdict(one) for name, one in self.wanted.items()}
        return {"seed": self.seed, "theorems": self.theorems, "states": self.states, "sets": described}


def thorough_settings() -> StepSettings:
    """The settings of states whose labels are searched ten times as thoroughly as in training."""
    return StepSettings(seed=TEST_SEED, thoroughness=THOROUGH)


def known_states(theorems: int, workers: int = 1) -> set[int]:
    """The numbers of all states of the training data, including those of its theorems.

    Args:
        theorems: Number of theorems of the data.
        workers: Number of processes that make data which are not there yet.
    """
    return {number for block in provide_steps(StepSettings(), theorems, workers) for number in block.columns["number"]}


def make(
    name: str, one: TheoremSet, known: Collection[int], seed: int = TEST_SEED
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Draw the theorems of a set.

    Args:
        name: Its name.
        one: The set.
        known: Numbers of goals that are left out, since they are in the training data.
        seed: Seed of the theorems.

    Returns:
        The theorems, and how many of those that were drawn were left out by reason.
    """
    counts = dict.fromkeys(("refuted", "undecided", "unread", "known", "again"), 0)
    lines: list[dict[str, Any]] = []
    seen: set[int] = set()
    for drawn, family in _families() if name == "families" else _drawn(f"{seed} {name}", one.connectives, counts):
        if len(lines) == one.drawn:
            break
        number = invariant(listing_of(drawn.goal, []).graph)
        if number in known or number in seen:
            counts["known" if number in known else "again"] += 1
            continue
        length = 0
        if one.connectives:
            try:
                with processor_deadline(DECISION_SECONDS):
                    proof = prove(root(drawn.statement).target)
            except (OutOfTimeError, RecursionError):
                counts["undecided"] += 1
                continue
            if proof is None:
                counts["refuted"] += 1
                continue
            length = length_of(proof)
        seen.add(number)
        lines.append({"statement": str(drawn.statement), "length": length, "family": family, "number": number})
    return one.kept(lines), counts


def _drawn(seed: str, connectives: int, counts: dict[str, int]) -> Iterator[tuple[Drawn, str]]:
    """Statements that may be theorems, without end."""
    random = Random(f"lean-ebm provers {seed}")
    while True:
        try:
            drawn = draw(random, "uniform" if connectives else "first_order", (connectives, connectives))
        except (SyntaxProblem, TacticError, Unsupported, RecursionError):
            counts["unread"] += 1
            continue
        if drawn is not None:
            yield drawn, ""
        elif connectives:
            counts["refuted"] += 1


def _families() -> Iterator[tuple[Drawn, str]]:
    """The provable families of formulas, the smallest first."""
    provable = [family for family in FAMILIES.values() if family.provable]
    for size in range(1, LARGEST_FAMILY + 1):
        for family in provable:
            if size >= family.smallest:
                statement = family.statement(size)
                yield Drawn("families", statement, sequent_of(root(statement))), family.name


def read_set(path: Path) -> list[Statement]:
    """Read the statements of a compressed file of theorems."""
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    return [Statement.of(json.loads(line)["statement"]) for line in lines]
