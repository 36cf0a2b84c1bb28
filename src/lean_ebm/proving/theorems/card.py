"""Computes the figures of a data card from a file of theorems.

Everything is computed from the file. All scripts are verified anew by the kernel, and theorems are compared by what
their statements and scripts say, not by what the file says of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from pathlib import Path
from typing import Any

from lean_ebm.errors import SettingError
from lean_ebm.proving.files import read_lines
from lean_ebm.proving.judge import Judge
from lean_ebm.proving.logic.logic import Logic
from lean_ebm.proving.statements import Attempt, Statement, Verdict
from lean_ebm.proving.theorems.blocks import in_order
from lean_ebm.proving.theorems.examining import verified_likeness
from lean_ebm.proving.theorems.oversight import Audit, audit
from lean_ebm.proving.theorems.renaming import hash_of

SPLITS = ("train", "validation", "test", "large")
"""The splits that a file may have, in the order in which a card shows them."""

_TOGETHER = 200  # theorems that a process checks at a time
_NEEDED = {"statement": str, "script": str, "split": str, "source": str, "size": int}


@dataclass(frozen=True)
class DataCard:
    """The figures of a file of theorems.

    Args:
        records: The lines of the file.
        likenesses: What the kernel and :func:`.likeness` say of each theorem, as 16 hexadecimal digits; None if the
            kernel refuses its script.
        audit: What a stronger judge says of a sample; None if there was none.
    """

    records: Sequence[dict[str, Any]]
    likenesses: Sequence[str | None]
    audit: Audit | None

    @property
    def splits(self) -> list[str]:
        """The splits of the file, in order."""
        found = {record["split"] for record in self.records}
        return [*(split for split in SPLITS if split in found), *sorted(found - set(SPLITS))]

    @property
    def refused(self) -> int:
        """Number of theorems whose script the kernel refuses."""
        return sum(number is None for number in self.likenesses)

    @property
    def grade(self) -> str:
        """The entry that says how hard a theorem is: ``applications`` of best-first search, or ``difficulty``."""
        return "applications" if "applications" in self.records[0] else "difficulty"

    def grades(self) -> list[tuple[str, Counter[str]]]:
        """The number of theorems in each range of grades, by split. The last range is "no grade".

        Each range but the first ends at twice the end of the one before.
        """
        found: dict[int, Counter[str]] = {}  # by the number of the range
        without: Counter[str] = Counter()
        for record in self.records:
            grade = record[self.grade]
            counts = without if grade is None else found.setdefault(max(grade - 1, 0).bit_length(), Counter())
            counts[record["split"]] += 1
        rows = []
        for index in range(max(found, default=-1) + 1):
            first, last = 2 ** (index - 1) + 1 if index else 1, 2**index
            name = f"{last}" if first == last else f"{first} to {last}"
            rows.append((name, found.get(index, Counter())))
        return [*rows, ("not proved", without)]

    def by(self, entry: str) -> list[tuple[str, list[dict[str, Any]]]]:
        """Group the theorems by an entry of their lines, in alphabetical order."""
        ordered = sorted(self.records, key=lambda record: str(record[entry]))
        return [(name, list(group)) for name, group in groupby(ordered, key=lambda record: str(record[entry]))]

    def overlaps(self) -> list[tuple[str, str, int, int]]:
        """For each pair of splits: how many theorems of the second occur, or nearly occur, in the first."""
        exact = [hash_of(Statement.of(record["statement"])) for record in self.records]
        return [
            (first, second, self._shared(exact, first, second), self._shared(self.likenesses, first, second))
            for first, second in combinations(self.splits, 2)
        ]

    def _shared(self, keys: Iterable[str | None], first: str, second: str) -> int:
        placed = [(record["split"], key) for record, key in zip(self.records, keys, strict=True) if key is not None]
        there = {key for split, key in placed if split == first}
        return sum(split == second and key in there for split, key in placed)


def make_card(
    path: Path,
    judge: Judge | None = None,
    number: int = 1000,
    workers: int = 1,
    seed: int = 0,
    tell: Callable[[int], None] = lambda _: None,
) -> DataCard:
    """Compute the figures of a file of theorems.

    Args:
        path: A file of JSON lines that :func:`.write_theorems` wrote.
        judge: A stronger judge that audits a random sample of what the kernel lets through; None for no audit.
        number: Number of theorems in that sample, at least 1.
        workers: Number of processes for the kernel.
        seed: Seed of the sample.
        tell: Called with the number of theorems that the kernel has checked so far.

    Raises:
        SettingError: If the file cannot be read, or a line lacks an entry.
    """
    records = read_lines(path)
    for number_of_line, record in enumerate(records, 1):
        if wrong := [name for name, kind in _NEEDED.items() if not isinstance(record.get(name), kind)]:
            raise SettingError(
                f"{path}, theorem {number_of_line} has no {wrong[0]}: expected a file that lean-ebm theorems wrote."
            )
    attempts = [Attempt(Statement.of(record["statement"]), record["script"]) for record in records]
    likenesses: list[str | None] = []
    parts = [attempts[start : start + _TOGETHER] for start in range(0, len(attempts), _TOGETHER)]
    for found in in_order(_verified, parts, workers):
        likenesses += found
        tell(len(likenesses))
    passed = [attempt for attempt, alike in zip(attempts, likenesses, strict=True) if alike is not None]
    audited = None if judge is None or not passed else audit(passed, judge, number, seed)
    return DataCard(records, likenesses, audited)


def _verified(attempts: Sequence[Attempt]) -> list[str | None]:
    """The likeness of each theorem whose script the kernel accepts."""
    logic = Logic()
    found = [verified_likeness(logic, statement, text) for statement, text in attempts]
    return [None if isinstance(alike, Verdict) else alike for alike in found]
