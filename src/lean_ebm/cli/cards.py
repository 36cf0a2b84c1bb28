"""Writes data cards as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

from lean_ebm.markdown import table
from lean_ebm.proving.logic.logic import VERIFIER
from lean_ebm.proving.theorems.card import DataCard

_Group = Sequence[Mapping[str, Any]]

_GRADES = {
    "applications": "`applications` is the number of tactic applications with which best-first search, untrained, "
    "proves a theorem, on the narrow or the wide set of tactics. Of a theorem that is not proved, neither set was "
    "enough within the bound.",
    "difficulty": "`difficulty` is the number of tactics of a shortest script. Of a theorem that is not proved, the "
    "exhaustive search found none within the bound.",
}


def card_text(card: DataCard, name: str, command: str) -> str:
    """Write a data card.

    Args:
        card: What the file has.
        name: The name of the file.
        command: The command that wrote the file.
    """
    groups = dict(card.by("split"))
    parts = {**{split: groups[split] for split in card.splits}, "all": card.records}

    def row(title: str, value: Callable[[_Group], str]) -> list[str]:
        return [title, *[value(part) for part in parts.values()]]

    sizes = [
        row("theorems", lambda part: f"{len(part):,}"),
        row("connectives, quantifiers and atoms of the statement", _sizes),
        row("characters of the script", lambda part: _range([len(record["script"]) for record in part])),
    ]
    sections = [
        f"# Data card of {name}",
        f"{len(card.records):,} theorems with proofs in the language of Lean 4, made by `{command}`. Everything below "
        "is computed from the file. Of sizes it gives the median, and the smallest and the largest in brackets.",
        table(["", *parts], sizes),
        "## Sources",
        table(["source", "theorems", "share", "of these not proved by search", "size"], _sources(card)),
        "## Difficulty",
        _GRADES[card.grade],
        table([card.grade, *parts, "share"], _grades(card)),
        "## Overlap between splits",
        "Theorems of the second split that are also in the first one, or nearly so: up to names, the order, grouping "
        "and repetition of what `∧`, `∨`, `↔` and hypotheses join, and hypotheses that the proof does not use.",
        table(["splits", "the same up to names", "nearly the same"], _overlaps(card)),
        "## Verification",
        verification(card),
    ]
    return "\n\n".join(sections) + "\n"


def verification(card: DataCard) -> str:
    """Describe how many theorems the kernel accepts, and how many of a sample Lean accepts."""
    number = len(card.records)
    text = f"The {VERIFIER} accepts {number - card.refused:,} of {number:,} proofs."
    audit = card.audit
    if audit is None:
        return f"{text} Lean has checked none of them."
    rate, low, high = audit.rate
    return (
        f"{text} {audit.verifier} checked a random sample of {audit.checked:,} of those and refuses "
        f"{len(audit.refused):,}. The error rate of the kernel is {rate:.4f}, with the exact 95% interval "
        f"[{low:.4f}, {high:.4f}] (Clopper and Pearson)."
    )


def _sources(card: DataCard) -> list[list[str]]:
    rows = []
    for source, group in card.by("source"):
        unproved = sum(record[card.grade] is None for record in group) / len(group)
        share = len(group) / len(card.records)
        rows.append([source, f"{len(group):,}", f"{share:.3f}", f"{unproved:.3f}", _sizes(group)])
    return rows


def _grades(card: DataCard) -> list[list[str]]:
    rows = []
    for name, counts in card.grades():
        total = counts.total()
        by_split = [f"{counts[split]:,}" for split in card.splits]
        rows.append([name, *by_split, f"{total:,}", f"{total / len(card.records):.3f}"])
    return rows


def _overlaps(card: DataCard) -> list[list[str]]:
    return [[f"{first}, {second}", f"{same:,}", f"{near:,}"] for first, second, same, near in card.overlaps()]


def _sizes(group: _Group) -> str:
    return _range([record["size"] for record in group])


def _range(values: Sequence[int]) -> str:
    return f"{median(values):.0f} ({min(values)} to {max(values)})"
