"""Trains all arms, runs all searches and writes the report: ``make claim``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lean_ebm.data import ProofSteps
from lean_ebm.experiments.claim.arms import ADDED, ARMS, DATA, ONCE, TRAININGS
from lean_ebm.experiments.claim.costs import ProcessorCosts
from lean_ebm.experiments.claim.lines import Line
from lean_ebm.experiments.claim.plan import (
    CHECKED,
    EPOCHS,
    LIVE_THEOREMS,
    SEEDS,
    THEOREMS,
    seed_of_test,
)
from lean_ebm.experiments.claim.report import report
from lean_ebm.experiments.claim.results import ClaimResults
from lean_ebm.experiments.claim.searching import ClaimSearch
from lean_ebm.experiments.claim.theorems import ClaimTheorems
from lean_ebm.experiments.claim.thinking import Thinking
from lean_ebm.experiments.claim.tuning import Tuning
from lean_ebm.experiments.experiment import Choice, Experiment, Options
from lean_ebm.experiments.provers_checks import LeanRun
from lean_ebm.experiments.runs import TrainingRun

QUIET = ("--samples.samples_per_class=0", "--trainer.limit_val_batches=0")
TEST = ("--evaluation.num_samples=2000",)
STEPS_TEST = ("--evaluation.theorems=0",)
FAST = ("--trainer.accelerator=cpu", "--model.energy.width=8", "--model.energy.heads=2", "--data.workers=1")
FAST_FIT = ("--trainer.max_steps=2", "--trainer.max_epochs=-1")
FAST_TEST = ("--evaluation.num_samples=20",)


ClaimRun = ClaimTheorems | TrainingRun | Tuning | ClaimSearch | Thinking | LeanRun | ProcessorCosts


def plan(options: Options) -> list[ClaimRun]:
    """The runs: data and theorems, trainings, constants, searches, longer chains, checks by Lean, and costs."""
    fast, folder = options.fast, options.folder
    theorems, development = (
        ClaimTheorems(folder, 60 if fast else LIVE_THEOREMS, 0, fast, ProofSteps().workers, test)
        for test in (True, False)
    )
    arms = list(options.chosen["arms"])
    models = [model for model in TRAININGS if any(model in ARMS[arm].models for arm in arms)]
    trainings = [training(options, model, seed) for seed in options.seeds for model in models if _has(model, seed)]
    tunings = [Tuning(arm, folder, development) for arm in arms if ARMS[arm].tuned]
    searches = [
        ClaimSearch(arm, seed, folder, theorems)
        for seed in options.seeds
        for arm in arms
        if seed == 0 or (ARMS[arm].models and all(_has(model, seed) for model in ARMS[arm].models))
    ]
    thinking = [Thinking(seed, folder, fast) for seed in options.seeds if "chunks" in models]
    # Each seed is complete by itself, so that seeds can be run one after the other, with --seeds 1, 2 and so on.
    lean = [
        LeanRun(
            folder / f"lean-seed-{seed}",
            [run for run in searches if run.seed == seed and run.arm not in ADDED],
            CHECKED // SEEDS,
            seed if fast else seed_of_test() + seed,
        )
        for seed in options.seeds
    ]
    return [
        theorems,
        development,
        *trainings,
        *tunings,
        *searches,
        *thinking,
        *lean,
        ProcessorCosts(folder, theorems, arms),
    ]


def _has(model: str, seed: int) -> bool:
    return seed == 0 or model not in ONCE


def training(options: Options, model: str, seed: int) -> TrainingRun:
    """The training of a model."""
    recipe, flags, data = TRAININGS[model]
    chunks = recipe.startswith("chunk")
    own = [] if data is None else [f"--data={DATA}.{data}"]
    number = 60 if options.fast else THEOREMS
    if data == "LiveProofSteps":
        own += [f"--data.theorems={120 if options.fast else LIVE_THEOREMS}", f"--data.like={number}"]
    elif not chunks:
        own.append(f"--data.theorems={number}")
    elif options.fast:
        own.append("--data.theorems=40")
    return TrainingRun(
        name=model,
        config=options.configs / f"{recipe}.yaml",
        seed=seed,
        folder=options.folder,
        flags=(*own, *flags, *(FAST if options.fast else ())),
        fit_flags=(
            *QUIET,
            *(() if chunks else (f"--trainer.max_epochs={EPOCHS}",)),
            *(FAST_FIT if options.fast else ()),
        ),
        test_flags=(*(FAST_TEST if options.fast else TEST), *(() if chunks else STEPS_TEST)),
    )


def results_of(runs: Sequence[ClaimRun]) -> ClaimResults:
    """Collect the results of the finished runs."""
    lines: dict[tuple[str, str], list[list[Line]]] = {}
    for run in runs:
        if isinstance(run, ClaimSearch):
            for of, found in (run.figures() or {}).items():
                lines.setdefault((run.arm, of), []).append(found)
    tunings = {run.arm: figures for run in runs if isinstance(run, Tuning) and (figures := run.figures())}
    thinking = [figures for run in runs if isinstance(run, Thinking) and (figures := run.figures())]
    theorems = [run.figures() for run in runs if isinstance(run, ClaimTheorems) and run.test]
    families = [family for figures in theorems if figures for family in figures["families"]]
    return ClaimResults(lines, tunings, thinking, families)


def body(options: Options, runs: list[ClaimRun]) -> list[str]:
    """Write the report, and draw its picture."""
    results = results_of(runs)
    lean = [figures for run in runs if isinstance(run, LeanRun) and (figures := run.figures())]
    costs = next(run.figures() for run in runs if isinstance(run, ProcessorCosts))
    return report(results, lean, costs, options.output.with_suffix(".png"))


CLAIM = Experiment(
    name="claim",
    title="The claim: one energy against a policy and a value",
    description="Train all arms, run all searches and write the report on the claim.",
    introduction="An experiment whose plan was committed before it was run.",
    output="claim.md",
    choices={"arms": Choice(tuple(ARMS), "arms to run")},
    plan=plan,
    body=body,
    configs=Path("configs/proving"),
    seeds=SEEDS,
    jobs=2,
    intervals="95% intervals over theorems and training seeds (bootstrap)",
)

if __name__ == "__main__":
    CLAIM.main()
