"""Trains provers of numbers and measures which levels and random equations they prove: ``make numbers``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import mean

from lean_ebm.evaluation.proofs import prove_benchmark
from lean_ebm.experiments.experiment import Choice, Experiment, Options
from lean_ebm.experiments.number_levels import other_levels
from lean_ebm.experiments.runs import Figures, TrainingRun, finished
from lean_ebm.experiments.tables import bootstrapped, interval, table
from lean_ebm.files import write_whole
from lean_ebm.proving.numbers.benchmarks import LENGTHS, NEW_LENGTHS, benchmarks
from lean_ebm.proving.search import AndOrBestFirst, Search, SizeGuide, StateBestFirst, UniformGuide
from lean_ebm.proving.search.guide import Guide

RECIPES = Choice(("numbers", "numbers_policy_value"), "names of files in the folder of the recipes", others=True)
WALKS = 100
"""Equations of each length."""
HELD_OUT = ("add_left_comm", "mul_right_comm", "pow_add")
"""The lemmas that the recipes hold out."""
FAST = (
    "--data.theorems=40",
    "--data.steps=[1,4]",
    "--data.workers=1",
    "--data.batch_size=8",
    "--model.energy.init_args.width=8",
    "--model.energy.init_args.heads=2",
    "--model.energy.init_args.embedding=6",
    "--model.energy.init_args.hidden=8",
    "--trainer.accelerator=cpu",
    "--trainer.limit_val_batches=1",
)
FAST_FIT = ("--trainer.max_steps=2", "--samples.samples_per_class=0")
TARGETS = {"levels_64": 24 / 30, "levels_1000": 29 / 30, "walks_4": 0.92, "walks_8": 0.85, "walks_12": 0.80}
"""What the energy should prove, at least, where the length of walks is one of training."""
ABOVE = ("walks_16", "walks_24", *(f"new_{steps}" for steps in NEW_LENGTHS))
"""Where it should prove more than any search without learning."""
UNTRAINED: dict[str, Callable[[], tuple[Guide, Search]]] = {
    "best-first by size": lambda: (SizeGuide(), StateBestFirst(by_value=True)),
    "and-or-best-first by size": lambda: (SizeGuide(), AndOrBestFirst()),
    "breadth-first": lambda: (UniformGuide(), StateBestFirst()),
}
"""What needs no learning: all tactics are as likely, and small goals come first, or short proofs."""
_COLUMNS = {
    "levels, 64": "levels_64",
    "levels, 1,000": "levels_1000",
    **{f"k = {steps}": f"walks_{steps}" for steps in LENGTHS},
    **{f"new lemmas, k = {steps}": f"new_{steps}" for steps in NEW_LENGTHS},
}


def plan(options: Options) -> list[TrainingRun]:
    """The runs: each recipe with each seed."""
    number = 3 if options.fast else WALKS
    return [
        TrainingRun(
            name=recipe,
            config=options.configs / f"{recipe}.yaml",
            seed=seed,
            folder=options.folder,
            flags=FAST if options.fast else (),
            fit_flags=FAST_FIT if options.fast else (),
            test_flags=(f"--evaluation.theorems={number}", *(("--evaluation.num_samples=20",) if options.fast else ())),
        )
        for seed in options.seeds
        for recipe in options.chosen["recipes"]
    ]


def body(options: Options, runs: list[TrainingRun]) -> list[str]:
    """Write the tables, with explanations."""
    found = finished(runs)
    untrained = {name: _untrained(options, name) for name in UNTRAINED}
    rows = [[name, *(f"{mean(shares):.3f}" for shares in its.values())] for name, its in untrained.items()]
    for name, figures in found.items():
        rates = [figures.values(key) for key in _COLUMNS.values()]
        rows.append([f"`{name}`", *(bootstrapped(rate).text(2) if rate else "-" for rate in rates)])
    judged = [
        [f"`{name}`", *(interval(figures.metric(key)) for key in ("top_1", "value_rank")), interval(figures.minutes, 1)]
        for name, figures in found.items()
    ]
    return [
        "**An application is a tactic that is tried, failed ones included; looking at what a tactic does before it is "
        "chosen is an application too.** The limit is 64 for each theorem, and 1,000 in the second column.",
        "## Targets\n\nOf one energy, in and-or-best-first.",
        table(["", "target", "measured", "holds"], _targets(found.get(RECIPES.values[0], Figures([])), untrained)),
        "## Solve rates\n\nShares of the theorems that were proved, with 95% intervals over theorems and seeds "
        "(bootstrap). Each proof was checked again from its statement, by Lean where it is "
        "installed (the extra lean). The levels are "
        "the 30 that are equations; each is proved from those before it. The others are random equations of the test "
        f"split, {3 if options.fast else WALKS} of each length, made by k rewritings; training has k up to 12. In the "
        "last columns each walk used a lemma that training never saw.",
        table(["prover", *_COLUMNS], rows),
        "## States\n\nTest split: how often the best tactic begins a shortest proof that was found, the rank "
        "correlation of values with the tactics that are left, and minutes of training. Intervals are over seeds "
        "(Student's t).",
        table(["recipe", "best tactic right", "value against tactics left", "minutes"], judged),
        *other_levels((4,) if options.fast else (64, 1000), options.folder, runs),
    ]


def _targets(energy: Figures, untrained: Mapping[str, Mapping[str, Sequence[float]]]) -> list[list[str]]:
    """The rows of the table of targets."""
    titles = {key: title for title, key in _COLUMNS.items()}
    rows = []
    for key, least in TARGETS.items():
        if rates := energy.values(key):
            reached = mean(map(mean, rates))
            rows.append([titles[key], f"at least {least:.2f}", f"{reached:.3f}", "yes" if reached >= least else "no"])
    for key in ABOVE:
        if rates := energy.values(key):
            best = max((shares[key] for shares in untrained.values()), key=mean)
            gain = bootstrapped([[a - b for a, b in zip(rate, best, strict=True)] for rate in rates])
            target = "above each search without learning, the interval above 0"
            rows.append([titles[key], target, gain.text(2, signed=True), "yes" if gain.low > 0 else "no"])
    return rows


def _untrained(options: Options, name: str) -> dict[str, Sequence[float]]:
    """What a prover without learning proves, from the file of an earlier report if there is one."""
    number = 3 if options.fast else WALKS
    file = options.folder / f"untrained-{name.replace(' ', '-')}-{number}.json"
    if file.is_file():
        known: dict[str, Sequence[float]] = json.loads(file.read_text())
        return known
    guide, search = UNTRAINED[name]()
    found: dict[str, Sequence[float]] = {
        key: prove_benchmark(one, guide, search) for key, one in benchmarks(number, HELD_OUT).items()
    }
    write_whole(file, json.dumps(found))
    return found


NUMBERS_REPORT = Experiment(
    name="numbers",
    title="Numbers",
    description="Train provers of numbers and measure which levels and random equations they prove.",
    introduction="The world of numbers ([docs/numbers.md](../docs/numbers.md)).",
    output="numbers.md",
    choices={"recipes": RECIPES},
    plan=plan,
    body=body,
    configs=Path("configs/proving"),
    seeds=3,
)

if __name__ == "__main__":
    NUMBERS_REPORT.main()
