"""Trains an energy and a policy on a language model, proves with them, and writes tables: ``make language``."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lean_ebm.experiments.experiment import Choice, Experiment, Options
from lean_ebm.experiments.language_runs import (
    APPLICATIONS,
    COMPARED,
    THEOREMS,
    ChainsRun,
    ConjecturesRun,
    HeldOutRun,
    ProveRun,
)
from lean_ebm.experiments.runs import Figures, TrainingRun, finished
from lean_ebm.experiments.tables import bootstrapped, table

CONJECTURES, AUDITED, PROVED = 50_000, 1000, 100
"""Number of conjectures, of their proofs that Lean checks, and of theorems to prove."""

RECIPES = {"language": True, "language_policy": True, "energy": False}
"""The recipes, and whether they are on a language model. The small energy has the same data and no more time."""

SAME_TIME = "--trainer.max_time=00:00:39:00"
_FAST_FIT = (
    "--trainer.max_steps=2",
    "--trainer.max_epochs=-1",
    "--trainer.limit_val_batches=1",
    "--trainer.val_check_interval=null",
)
_FAST_TEST = ("--evaluation.num_samples=20",)

_CHECKED = re.compile(r"accepts (\S+) of (\S+) proofs\. .* random sample of (\S+) of those and refuses ([\d,]+)")
"""Finds the numbers of accepted, checked and refused proofs in the text of a data card."""

LanguageRun = ConjecturesRun | HeldOutRun | TrainingRun | ProveRun | ChainsRun


def plan(options: Options) -> list[LanguageRun]:
    """The runs: conjectures, held-out theorems, trainings, searches for proofs, and the speed of chains."""
    (base,) = options.chosen["base"]
    fast, folder = options.fast, options.folder
    number = 60 if fast else THEOREMS
    workers = os.cpu_count() or 1
    conjectures = ConjecturesRun(folder, *((12, 5, 1) if fast else (CONJECTURES, AUDITED, workers)))
    theorems = HeldOutRun(folder, number, 2 if fast else PROVED)
    own = {True: (f"--model.energy.base={base}",), False: (SAME_TIME,)}
    trainings = [
        TrainingRun(
            name=recipe,
            config=options.configs / f"{recipe}.yaml",
            seed=0,
            folder=folder,
            flags=(*own[language], f"--data.theorems={number}", *(("--trainer.accelerator=cpu",) if fast else ())),
            fit_flags=_FAST_FIT if fast else (),
            test_flags=_FAST_TEST if fast else (),
        )
        for recipe, language in RECIPES.items()
    ]
    return [
        conjectures,
        theorems,
        *trainings,
        *[ProveRun(folder, name, theorems) for name in COMPARED],
        ChainsRun(folder, base),
    ]


def body(options: Options, runs: Sequence[LanguageRun]) -> list[str]:
    """Write the tables."""
    found = finished(runs)
    trained = {recipe: found[recipe] for recipe in RECIPES if found[recipe].runs}
    records = {run.name: run.figures() for run in runs if not isinstance(run, TrainingRun)}
    card = records["conjectures"]
    return [
        "A general model with 135 million weights, trained for minutes on a processor, shows that the parts work "
        "together. It is not evidence for or against energies on language models.",
        "## Targets",
        table(["", "target", "measured", "holds"], _targets(trained, records)),
        "## States",
        "Unseen states of the test split. *Best tactic right*: how often the best of all listed tactics begins a "
        "shortest proof that was found. *Chance*: the same for a tactic that is drawn at random. *Value*: the rank "
        "correlation of values with the tactics that are left.",
        table(["recipe", "best tactic right", "chance", "value", "minutes of training"], _states(trained)),
        *_ends(trained),
        "## Theorems",
        f"Shares of {PROVED} theorems of the test split that were proved with at most {APPLICATIONS} applications of "
        "tactics, failed ones included, with 95% intervals over theorems (bootstrap).",
        table(["prover", "proved", "minutes"], _provers(records)),
        *_chains(records["chains"]),
        *([] if card is None else _data(card)),
        "## At scale",
        "[docs/language.md](../docs/language.md#deepseek-math-7b-on-8-gpus) computes what DeepSeek-Math-7B on 8 GPUs "
        "needs.",
    ]


def _first(figures: Figures, name: str) -> float | None:
    """A figure of the only seed."""
    return next(iter(figures.metric(name)), None)


def _targets(trained: dict[str, Figures], records: dict[str, Any]) -> list[list[str]]:
    rows = []

    def add(title: str, target: str, measured: str, holds: bool) -> None:
        rows.append([title, target, measured, "yes" if holds else "no"])

    if "language" in trained:
        figures = trained["language"]
        right, chance = _first(figures, "top_1"), _first(figures, "top_1_chance")
        minutes = figures.minutes[0]
        add("minutes of training of `language`", "at most 40", f"{minutes:.1f}", minutes <= 40)
        if right is not None and chance:
            add("best tactic right, in multiples of chance", "3", f"{right / chance:.1f}", right >= 3 * chance)
    if chains := records["chains"]:
        ratio = chains["each"] / chains["once"]
        add("chains: a state read at each step takes", "at least 3 times as long", f"{ratio:.1f}", ratio >= 3)
        add("chains: largest difference of energies", "at most .001", f"{chains['apart']:.1e}", chains["apart"] <= 1e-3)
        memory = chains["memory"]
        add("chains: memory of the process", "under 4 GB", f"{memory:.1f} GB", memory < 4)
    if card := records["conjectures"]:
        number = card["settings"][0]
        share, minutes = card["hard"] / number, card["seconds"] / 60
        add(f"minutes for {number:,} conjectures", "at most 30", f"{minutes:.1f}", minutes <= 30)
        add("of these not proved by best-first search", "a third", f"{share:.3f}", share >= 1 / 3)
        if checked := _CHECKED.search(card["card"]):
            accepted, among, sampled, refused = checked.groups()
            add("their proofs that the kernel accepts", "all", f"{accepted} of {among}", accepted == among)
            add("refused by Lean of a sample of these proofs", "0", f"{refused} of {sampled}", refused == "0")
    return rows


def _states(trained: dict[str, Figures]) -> list[list[str]]:
    rows = []
    for recipe, figures in trained.items():
        shown = [_first(figures, name) for name in ("top_1", "top_1_chance", "value_rank")]
        texts = ["-" if value is None or value != value else f"{value:.3f}" for value in shown]
        rows.append([f"`{recipe}`", *texts, f"{figures.minutes[0]:.1f}"])
    return rows


def _ends(trained: dict[str, Figures]) -> list[str]:
    names = {
        "chain_parses": "the text parses",
        "chain_applies": "it runs in its goal",
        "chain_best": "it is the listed tactic of the lowest energy",
        "chain_lower": "its energy is lower than those of all listed tactics",
        "chain_nearest_best": "the nearest listed tactic has the lowest energy",
        "chain_top_1": "the nearest listed tactic begins a shortest proof",
    }
    if "language" not in trained:
        return []
    values = {title: _first(trained["language"], name) for name, title in names.items()}
    rows = [[title, f"{value:.3f}"] for title, value in values.items() if value is not None]
    text = "Where chains over soft tokens end, with the sampler of the recipe `language`, on unseen states."
    return ["## Ends of chains", text, table(["", "share"], rows)]


def _provers(records: dict[str, Any]) -> list[list[str]]:
    rows = []
    for name, prover in COMPARED.items():
        if record := records[f"prove-{name}"]:
            rate = bootstrapped([record["proved"]]).text(2)
            rows.append([prover.title, rate, f"{record['seconds'] / 60:.1f}"])
    return rows


def _chains(record: dict[str, Any] | None) -> list[str]:
    if record is None:
        return []
    return [
        "## Reading a state once",
        f"Processor seconds of 16 steps of chains of 16 soft tokens, for 8 states of {record['tokens']} tokens.",
        table(
            ["", "seconds"],
            [
                ["states read once", f"{record['once']:.1f}, of which the reading {record['reading']:.1f}"],
                ["states read at each step", f"{record['each']:.1f}"],
            ],
        ),
    ]


def _data(record: dict[str, Any]) -> list[str]:
    """The data card, as a section."""
    number, _, workers = record["settings"]
    begin = record["card"].index("\n\n") + 2  # after its title
    card = record["card"][begin:].replace("\n## ", "\n### ").strip()
    text = (
        f"`lean-ebm theorems conjectures.jsonl --kind conjectures --number {number} --workers {workers}` took "
        f"{record['seconds'] / 60:.1f} minutes. Its data card:"
    )
    return ["## Conjectures", text, card]


LANGUAGE = Experiment(
    name="language",
    title="Language models",
    description="Train an energy and a policy on a language model, prove with them, and write tables.",
    introduction="An energy head on SmolLM2-135M-Instruct, and the same model as a policy that writes tactics "
    "([docs/language.md](../docs/language.md)).",
    output="language.md",
    choices={"base": Choice(("smollm2",), "the language model", others=True)},
    plan=plan,
    body=body,
    configs=Path("configs/proving"),
    intervals="95% intervals",
)

if __name__ == "__main__":
    LANGUAGE.main()
