"""The levels that only Lean reads: which of them a search without learning proves in Lean itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from lean_ebm.experiments.tables import table
from lean_ebm.files import write_whole
from lean_ebm.proving.lean import Lean, LeanEnvironment, LeanNotFoundError
from lean_ebm.proving.numbers.levels import levels
from lean_ebm.proving.numbers.texts import TextTactics
from lean_ebm.proving.search import BestFirst, SearchBudget


def levels_in_lean(applications: int, folder: Path) -> list[str]:
    """Search proofs of the levels of the kind ``other`` in Lean, which also judges each proof from its statement.

    Args:
        applications: Tactics that may be tried for each level.
        folder: Where the result is kept; it is read from there if it is there already.

    Returns:
        The names of the levels that were proved.

    Raises:
        LeanNotFoundError: If the Lean of the wheel is not there.
    """
    file = folder / f"levels-in-lean-{applications}.json"
    if file.is_file():
        known: list[str] = json.loads(file.read_text())
        return known
    found: list[str] = []
    with LeanEnvironment(Lean(world="numbers")) as environment:
        for level in levels():
            if level.kind == "other":
                prover = BestFirst(tactics=TextTactics(level.statement))
                budget = SearchBudget(applications, seconds=float("inf"))
                if prover.prove(environment, level.statement, budget).proved:
                    found.append(level.name)
    write_whole(file, json.dumps(found))
    return found


def other_levels(limits: Sequence[int], folder: Path) -> list[str]:
    """Write what a report says of these levels.

    Args:
        limits: Numbers of applications.
        folder: Where results are kept.
    """
    number = len([level for level in levels() if level.kind == "other"])
    try:
        rows = [[f"{limit:,}", f"{len(levels_in_lean(limit, folder))} of {number}"] for limit in limits]
    except LeanNotFoundError as error:
        return [f"The {number} other levels were not searched. {error}"]
    return [
        f"The {number} other levels have ≤, ∃, hypotheses and the like. They were searched in Lean itself: states of "
        "small goals first, tactics as texts in a fixed order, nothing learned. Lean judged each proof from its "
        "statement.",
        table(["applications", "proved"], rows),
    ]
