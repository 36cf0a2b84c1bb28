"""Reads the cases of the folder ``everyday``; its README says what they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lean_ebm.proving.statements import Attempt, Statement

FOLDER = Path(__file__).with_name("everyday")
EXTRA = frozenset(
    {
        "any_goals", "assumption in brackets", "cases on equality", "clear", "composition", "elim of negation",
        "let with pattern", "library lemma", "names given to assumptions", "pattern of equality", "pipe", "repeat",
        "revert", "rewriting", "specialize", "steps", "substitution", "suffices", "symmetry", "transitivity",
        "triangle",
    }
)  # fmt: skip
"""Features beyond those that issue 17 lists for the fragment."""


@dataclass(frozen=True)
class EverydayCase:
    """One proof.

    Args:
        place: File and line.
        attempt: The statement and the script.
        feature: Which way of writing it shows.
    """

    place: str
    attempt: Attempt
    feature: str


def accepted() -> list[EverydayCase]:
    """Read the cases that Lean accepts."""
    return [case for path in sorted(FOLDER.glob("*.txt")) if path.stem != "refused" for case in _read(path)]


def refused() -> list[EverydayCase]:
    """Read the cases that Lean refuses."""
    return list(_read(FOLDER / "refused.txt"))


def _read(path: Path) -> Iterator[EverydayCase]:
    """Read one file.

    Raises:
        ValueError: If a line is neither a statement, nor the head of a proof, nor a line of a script.
    """
    statement, place, feature = "", "", ""
    script: list[str] = []
    for number, line in enumerate([*path.read_text("utf-8").splitlines(), "theorem"], 1):
        if line.startswith("  "):
            script.append(line[2:])
            continue
        if script:
            yield EverydayCase(place, Attempt(Statement.of(statement), "\n".join(script)), feature)
            script = []
        if line.startswith("theorem"):
            statement = line.removeprefix("theorem").strip().removeprefix(": ")
        elif line.startswith("proof "):
            place, feature = f"{path.name}:{number}", line.removeprefix("proof ")
        elif line:
            raise ValueError(f"{path.name}:{number}: expected a statement, a proof or a script, found {line!r}")
