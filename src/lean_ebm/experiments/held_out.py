"""Trains without one digit and measures whether the energy detects this digit: ``make held-out``."""

from __future__ import annotations

from lean_ebm.experiments.experiment import Choice, Experiment, Options
from lean_ebm.experiments.leaderboard import FAST, FAST_FIT, RECIPES
from lean_ebm.experiments.runs import TrainingRun, finished
from lean_ebm.experiments.tables import interval, table

DIGITS = ("1", "4", "5", "7", "9")
PUBLISHED = {
    "VAE (An and Cho 2015)": (0.063, 0.337, 0.325, 0.148, 0.104),
    "MEG (Kumar et al. 2019)": (0.281, 0.401, 0.402, 0.290, 0.342),
    "latent EBM (Pang et al. 2020)": (0.336, 0.630, 0.619, 0.463, 0.413),
    "best found": (0.722, 0.949, 0.980, 0.941, 0.935),
}
"""Published areas under the precision-recall curve, of one seed or means over several, at the authors' budgets."""


def plan(options: Options) -> list[TrainingRun]:
    """The runs: each recipe without each digit."""
    return [
        TrainingRun(
            name=_name(recipe, digit),
            config=options.configs / f"{recipe}.yaml",
            seed=seed,
            folder=options.folder,
            flags=(*(FAST if options.fast else ()), f"--data.held_out={digit}"),
            fit_flags=FAST_FIT if options.fast else (),
            test_flags=("--evaluation.num_samples=0",),
        )
        for seed in options.seeds
        for recipe in options.chosen["recipes"]
        for digit in options.chosen["digits"]
    ]


def body(options: Options, runs: list[TrainingRun]) -> list[str]:
    """The table, with an explanation."""
    digits, found = options.chosen["digits"], finished(runs)
    rows = []
    for recipe in options.chosen["recipes"]:
        areas = [found[_name(recipe, digit)].metric("held_out_auprc") for digit in digits]
        rows.append([f"`{recipe}`", *(interval(values) for values in areas)])
    for name, values in PUBLISHED.items():
        area = dict(zip(DIGITS, values, strict=True))
        rows.append([f"*{name}*", *(f"*{area[digit]:.3f}*" for digit in digits)])
    return [
        "Each recipe as it is, trained without one digit. The figure is the area under the precision-recall curve of "
        "finding that digit among all by the energy of the image over all classes, `-log sum_y exp -E(x, y)`; a tenth "
        "is chance.",
        table(["", *(f"without {digit}" for digit in digits)], rows),
        "Published figures, in italics, are of other networks at larger budgets.",
    ]


def _name(recipe: str, digit: str) -> str:
    return f"{recipe}-without-{digit}"


HELD_OUT = Experiment(
    name="held-out",
    title="A digit that the energy has never seen",
    description="Train every recipe without each digit and write how well the energy finds the missing one.",
    introduction="MNIST, test split.",
    output="held-out.md",
    choices={
        "recipes": RECIPES,
        "digits": Choice(DIGITS, "digits to leave out, one at a time", default=("1", "4", "9")),
    },
    plan=plan,
    body=body,
)

if __name__ == "__main__":
    HELD_OUT.main()
