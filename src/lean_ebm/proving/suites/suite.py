"""The table of all suites."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from lean_ebm.errors import SettingError
from lean_ebm.proving.suites.own import families, first_order, numbers, propl
from lean_ebm.proving.suites.problem import Problem
from lean_ebm.proving.suites.readers import read_lean_folder, read_minif2f, read_theorems, read_verina


@dataclass(frozen=True)
class Suite:
    """A suite of problems.

    Args:
        name: Its name, as the command line takes it.
        summary: What it has, in one line.
        read: Reads it from a file or a folder; None if it is made here.
        make: Makes it, with a number of problems; None if it is read.
        number: The number with which it is made, unless another one is asked for.
        world: The world of its statements, as ``--world`` takes it.
    """

    name: str
    summary: str
    read: Callable[[Path], list[Problem]] | None = None
    make: Callable[[int], list[Problem]] | None = None
    number: int = 0
    world: str = "logic"

    def problems(
        self, data: Path | None = None, number: int | None = None, splits: Collection[str] = ()
    ) -> list[Problem]:
        """Read or make the problems.

        Args:
            data: The file or folder of a suite that is read.
            number: Number of problems: those with which it is made, or the first ones of each split of one that is
                read. None: the usual ones, or all.
            splits: The splits to keep; empty for all.

        Raises:
            SettingError: If a setting is wrong for this suite, or its data cannot be read.
        """
        if number is not None and number < 1:
            raise SettingError(f"The number of problems is {number}: expected at least 1.")
        if self.read is not None:
            if data is None:
                raise SettingError(f"The suite {self.name} is read from a file or folder: name it by --data.")
            found = _first(self.read(data), number)
        else:
            if data is not None:
                raise SettingError(f"The suite {self.name} is made here and has no data: leave out --data {data}.")
            assert self.make is not None
            found = self.make(number or self.number)
        known = list(dict.fromkeys(problem.split for problem in found))
        if unknown := [split for split in splits if split not in known]:
            raise SettingError(f"The suite {self.name} has no split {unknown[0]}: expected one of {', '.join(known)}.")
        return [problem for problem in found if not splits or problem.split in splits]


def _first(problems: list[Problem], number: int | None) -> list[Problem]:
    """The first problems of each split."""
    counts: Counter[str] = Counter()
    found = []
    for problem in problems:
        counts[problem.split] += 1
        if number is None or counts[problem.split] <= number:
            found.append(problem)
    return found


SUITES = {
    suite.name: suite
    for suite in (
        Suite("minif2f", "competition mathematics in Lean: Lean files, or JSON lines", read=read_minif2f),
        Suite("verina", "programs to verify: task.json and task.lean", read=read_verina),
        Suite("veribench", "programs to verify: Lean files with sorry for proofs", read=read_lean_folder),
        Suite("theorems", "JSON lines, as lean-ebm theorems writes them", read=read_theorems),
        Suite("propl", "random theorems with 16 connectives, and the hardest of them", make=propl, number=1000),
        Suite("iltp", "families of formulas that the ILTP library names, up to a size", make=families, number=20),
        Suite("first-order", "random theorems with quantifiers", make=first_order, number=300),
        Suite("numbers", "equations between natural numbers", make=numbers, number=100, world="numbers"),
    )
}
"""The suites by name."""
