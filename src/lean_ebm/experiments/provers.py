"""Trains provers, searches for proofs with them and without learning, and writes the tables: ``make provers``."""

from __future__ import annotations

from pathlib import Path

from lean_ebm.data import ProofSteps
from lean_ebm.experiments.experiment import Choice, Experiment, Options
from lean_ebm.experiments.provers_checks import LeanRun, SpeedRun
from lean_ebm.experiments.provers_searches import BASELINES, CONTESTANTS, RECIPES, VARIANTS, SearchRun
from lean_ebm.experiments.provers_sets import SetsRun
from lean_ebm.experiments.provers_tables import Searched, tables
from lean_ebm.experiments.runs import TrainingRun, finished

THEOREMS = 10_000
"""Number of theorems of the training data, as in the recipes."""

STATE_THEOREMS = 600
"""Number of theorems from which unseen states are taken."""

SEVERAL_SEEDS = ("energy", "policy", "policy_value")
"""The recipes with several seeds; the others have one."""

FAST_THEOREMS = 120
FAST = (
    f"--data.theorems={FAST_THEOREMS}",
    "--data.workers=1",
    "--model.energy.width=8",
    "--model.energy.heads=2",
    "--trainer.accelerator=cpu",
    "--trainer.limit_val_batches=1",
)
TEST = ("--evaluation.num_samples=5000", "--evaluation.theorems=0")
FAST_TEST = ("--evaluation.num_samples=20", "--evaluation.theorems=0")

ProversRun = SetsRun | TrainingRun | SearchRun | SpeedRun | LeanRun


def plan(options: Options) -> list[ProversRun]:
    """The runs: theorems, trainings, searches, the speed, and checks by Lean."""
    recipes = options.chosen["recipes"]
    theorems = SetsRun(
        options.folder,
        FAST_THEOREMS if options.fast else THEOREMS,
        8 if options.fast else STATE_THEOREMS,
        options.fast,
        ProofSteps().workers,
    )
    trainings = [
        TrainingRun(
            name=recipe,
            config=options.configs / f"{recipe}.yaml",
            seed=seed,
            folder=options.folder,
            flags=FAST if options.fast else (),
            fit_flags=("--trainer.max_steps=3", "--trainer.max_epochs=-1") if options.fast else (),
            test_flags=FAST_TEST if options.fast else TEST,
        )
        for seed in options.seeds
        for recipe in recipes
        if seed == 0 or recipe in SEVERAL_SEEDS
    ]
    searches = [
        SearchRun(name, seed, options.folder, theorems)
        for name, contestant in CONTESTANTS.items()
        if all(recipe in recipes for recipe in contestant.recipes)
        for seed in options.seeds
        if seed == 0 or name in SEVERAL_SEEDS
    ]
    speed = [SpeedRun(options.folder, theorems)] if "energy" in recipes else []
    return [theorems, *trainings, *searches, *speed, LeanRun(options.folder, searches)]


def body(options: Options, runs: list[ProversRun]) -> list[str]:
    """Write the tables, and draw the picture in the folder of the report."""
    found = finished(runs)
    made = next(run.figures() for run in runs if isinstance(run, SetsRun))
    if made is None:
        return ["The theorems were not made."]
    trained = {recipe: found[recipe] for recipe in options.chosen["recipes"] if found[recipe].runs}
    names = (*BASELINES, *RECIPES, *VARIANTS)
    records = {name: found[f"search-{name}"].runs for name in names if f"search-{name}" in found}
    speed, lean = (found[name].runs[0] if name in found and found[name].runs else None for name in ("speed", "lean"))
    return tables(trained, Searched(records, made), speed, lean, options.output.with_suffix(".png"))


PROVERS = Experiment(
    name="provers",
    title="Provers that learn",
    description="Train the recipes of provers, search for proofs with them and without learning, and write the tables.",
    introduction="Goals of Lean proofs are conditions, tactics are candidates: `configs/proving/*.yaml` say what is "
    "trained, `docs/proving.md` how a search uses it.",
    output="provers.md",
    choices={"recipes": Choice(tuple(RECIPES), "recipes to train")},
    plan=plan,
    body=body,
    configs=Path("configs/proving"),
    seeds=3,
    jobs=2,
    intervals="95% intervals over theorems and seeds (bootstrap), where there are several; other recipes have seed 0",
)

if __name__ == "__main__":
    PROVERS.main()
