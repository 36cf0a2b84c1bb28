"""Data sets of theorems as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TypeVar

from lean_ebm.files import written_whole
from lean_ebm.proving.files import write_line
from lean_ebm.proving.theorems.blocks import Blocks, distinct
from lean_ebm.proving.theorems.conjectures import GradedTheorem
from lean_ebm.proving.theorems.generate import Theorem

Line = Theorem | GradedTheorem
"""A line of a data set."""

One = TypeVar("One", bound=Line)

_TOGETHER = 64  # theorems that get further entries at a time


def generate_theorems(settings: Blocks[One], number: int, workers: int = 1) -> Iterator[One]:
    """Generate distinct theorems, which depend only on the settings and their number.

    Args:
        settings: Which theorems to generate: :class:`.TheoremSettings` or :class:`.ConjectureSettings`.
        number: Number of theorems, at least 1.
        workers: Number of processes, at least 1.

    Raises:
        SettingError: If a number is out of its range.
        RunError: If there seem to be fewer theorems of this kind.
    """
    return distinct(settings.block, number, workers)


def write_theorems(
    path: Path,
    settings: Blocks[Line],
    number: int,
    workers: int = 1,
    tell: Callable[[int], None] = lambda _: None,
    more: Callable[[Sequence[Line]], Sequence[Mapping[str, object]]] | None = None,
) -> None:
    """Write a data set as JSON lines, completely or not at all.

    Args:
        path: The file; one that is there is replaced when all theorems are written.
        settings: Which theorems to generate: :class:`.TheoremSettings` or :class:`.ConjectureSettings`.
        number: Number of theorems, at least 1.
        workers: Number of processes, at least 1.
        tell: Called with the number of theorems so far after each of them.
        more: Called with some theorems at a time; returns further entries for the line of each.

    Raises:
        SettingError: If a number is out of its range, or the path cannot be a file.
        RunError: If the file cannot be written, or there seem to be fewer theorems of this kind.
    """
    theorems = generate_theorems(settings, number, workers)
    count = 0
    with written_whole(path) as file:
        while some := list(islice(theorems, 1 if more is None else _TOGETHER)):
            added: Sequence[Mapping[str, object]] = [{}] * len(some) if more is None else more(some)
            for theorem, entries in zip(some, added, strict=True):
                write_line(file, {**asdict(theorem), **entries})
            count += len(some)
            tell(count)
