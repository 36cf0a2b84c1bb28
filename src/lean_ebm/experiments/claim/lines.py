"""The lines of results: one for each search."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import NamedTuple

from lean_ebm.experiments.claim.plan import digest


class Line(NamedTuple):
    """The record of a search: one line of a file.

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
    """Read the lines of a file that were made with the current plan. Without a file: no lines.

    A last one that was not written to its end is left out.
    """
    if not path.is_file():
        return []
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    whole = [text for text in content.decode().splitlines(keepends=True) if text.endswith("\n")]
    return [line for text in whole if (line := Line(**json.loads(text))).plan == digest()]


def text_of(line: Line) -> str:
    """A line as it is written, with its end."""
    return json.dumps(line._asdict()) + "\n"
