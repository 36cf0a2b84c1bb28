"""Estimates how long the experiment takes, from the times of runs on development theorems.

``python -m lean_ebm.experiments.claim.hours FOLDER`` reads the trainings and the trials in a folder of runs, and prints
the table of the plan.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from lean_ebm.experiments.claim.arms import ARMS, ONCE, TRAININGS
from lean_ebm.experiments.claim.plan import BUDGETS, MAIN, SEEDS, theorem_sets
from lean_ebm.experiments.claim.searching import wanted
from lean_ebm.experiments.claim.tuning import tuned_file
from lean_ebm.experiments.tables import table


def hours(trainings: Mapping[str, float], searches: Mapping[str, float]) -> list[tuple[str, float]]:
    """Hours of one processor for each part of the experiment.

    Args:
        trainings: Processor seconds of the training of each model.
        searches: Processor seconds of each arm for a development theorem at the main budget. A search that may use the
            largest budget is taken to need four times as long at most, the ratio of the budgets.
    """
    parts = [
        (f"training: {model}", seconds * (1 if model in ONCE else SEEDS) / 3600) for model, seconds in trainings.items()
    ]
    for arm, seconds in searches.items():
        number = sum([wanted(arm, of, False) for of in ARMS[arm].sets])
        seeds = SEEDS if ARMS[arm].models and not set(ARMS[arm].models) & set(ONCE) else 1
        parts.append((f"search: {arm}", seconds * number * seeds * BUDGETS[-1] / MAIN / 3600))
    return parts


def measured(folder: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Read the processor seconds of the finished trainings and trials in a folder of runs."""
    trainings = {}
    for model in TRAININGS:
        record = folder / model / "seed-0" / "fit.json"
        if record.is_file():
            found = json.loads(record.read_text())
            trainings[model] = found.get("processor_seconds") or found["seconds"]
    searches = {}
    for arm in ARMS:
        if tuned_file(folder, arm).is_file():
            searches[arm] = json.loads(tuned_file(folder, arm).read_text())["seconds"]
    return trainings, searches


def main(arguments: Sequence[str]) -> None:
    """Print the table."""
    parts = hours(*measured(Path(arguments[0])))
    rows = [[name, f"{number:.2f}"] for name, number in [*parts, ("all", sum([number for _, number in parts]))]]
    print(f"{theorem_sets(False)['primary'].number:,} primary theorems, {SEEDS} seeds\n")
    print(table(["", "hours of one processor"], rows))


if __name__ == "__main__":
    main(sys.argv[1:])
