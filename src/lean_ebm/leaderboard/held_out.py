"""``python -m lean_ebm.leaderboard.held_out``: does the energy find the class that it was not trained on?"""

from __future__ import annotations

import argparse
from pathlib import Path

from lean_ebm.leaderboard.__main__ import FAST, RECIPES
from lean_ebm.leaderboard.report import machine, table, versions
from lean_ebm.leaderboard.runs import Run, execute

DIGITS = (1, 4, 5, 7, 9)
PUBLISHED = {
    "VAE (An and Cho 2015)": (0.063, 0.337, 0.325, 0.148, 0.104),
    "MEG (Kumar et al. 2019)": (0.281, 0.401, 0.402, 0.290, 0.342),
    "latent EBM (Pang et al. 2020)": (0.336, 0.630, 0.619, 0.463, 0.413),
    "best found": (0.722, 0.949, 0.980, 0.941, 0.935),
}
"""Areas under the precision-recall curve as published, one seed or the mean of several, at their own budgets."""


def main(arguments: list[str] | None = None) -> None:
    """Train without each digit what is missing, then write the report."""
    parser = argparse.ArgumentParser(prog="python -m lean_ebm.leaderboard.held_out", description=__doc__)
    parser.add_argument("--recipes", nargs="+", default=RECIPES, help="names of files in the folder of the recipes")
    parser.add_argument("--digits", nargs="+", type=int, default=DIGITS, choices=DIGITS, help="digits to leave out")
    parser.add_argument("--jobs", type=int, default=1, help="runs at once, which share the processors")
    parser.add_argument("--configs", type=Path, default=Path("configs"), help="folder of the recipes")
    parser.add_argument("--folder", type=Path, default=Path("lightning_logs/held-out"), help="folder of the runs")
    parser.add_argument("--output", type=Path, help="the report; results/held-out.md, or with --fast below FOLDER")
    parser.add_argument("--fast", action="store_true", help="a few steps on embedded digits: does it all work?")
    options = parser.parse_args(arguments)
    runs = {
        (recipe, digit): Run(
            name=f"{recipe}-without-{digit}",
            config=options.configs / f"{recipe}.yaml",
            seed=0,
            folder=options.folder,
            flags=(*(FAST if options.fast else ()), f"--data.held_out={digit}"),
            fit_flags=("--trainer.max_steps=3", "--samples.samples_per_class=0") if options.fast else (),
            test_flags=("--evaluation.num_samples=0",),
        )
        for recipe in options.recipes
        for digit in options.digits
    }
    failures = execute(list(runs.values()), options.jobs)
    output = options.output or (options.folder / "held-out.md" if options.fast else Path("results/held-out.md"))
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(_report(runs, options.recipes, options.digits, options.fast))
    print(f"Report: {output}")
    if failures:
        raise SystemExit(1)


def _report(runs: dict[tuple[str, int], Run], recipes: list[str], digits: list[int], fast: bool) -> str:
    def found(recipe: str, digit: int) -> str:
        figures = runs[recipe, digit].figures()
        return "failed" if figures is None else f"{figures['metrics']['test/held_out_auprc']:.3f}"

    rows = [[f"`{recipe}`", *(found(recipe, digit) for digit in digits)] for recipe in recipes]
    for name, values in PUBLISHED.items():
        of = dict(zip(DIGITS, values, strict=True))
        rows.append([f"*{name}*", *(f"*{of[digit]:.3f}*" for digit in digits)])
    command = "make held-out" + (" FAST=1" if fast else "")
    texts = [
        "# A digit that the energy has never seen",
        f"Written by `{command}`; change nothing by hand. "
        + ("A dry run on scikit-learn's digits: the figures mean nothing." if fast else "MNIST, test split."),
        "Each recipe as it is, trained without one digit, seed 0. The figure is the area under the precision-recall "
        "curve of finding that digit among all by the energy of the image whatever its class, "
        "`-log sum_y exp -E(x, y)`; a tenth is chance.",
        table(["", *(f"without {digit}" for digit in digits)], rows),
        "Published figures, in italics, are of other networks at larger budgets.",
        f"Trained on one thread or more {machine()}. Versions: {versions()}.",
    ]
    return "\n\n".join(texts) + "\n"


if __name__ == "__main__":
    main()
