"""``python -m lean_ebm.leaderboard``: see ``--help``."""

from __future__ import annotations

import argparse
from pathlib import Path

from lean_ebm.leaderboard.report import write
from lean_ebm.leaderboard.runs import Run, execute

RECIPES = ("contrastive", "ebt", "ired")
FAST = (
    "--data=Digits",
    "--data.batch_size=8",
    "--trainer.accelerator=cpu",
    "--trainer.limit_val_batches=2",
    "--trainer.limit_test_batches=2",
)


def main(arguments: list[str] | None = None) -> None:
    """Run what is missing, then write the report."""
    parser = argparse.ArgumentParser(prog="python -m lean_ebm.leaderboard", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="seeds 0 to N-1 of each recipe")
    parser.add_argument("--recipes", nargs="+", default=RECIPES, help="names of files in the folder of the recipes")
    parser.add_argument("--jobs", type=int, default=1, help="runs at once, which share the processors")
    parser.add_argument("--configs", type=Path, default=Path("configs"), help="folder of the recipes")
    parser.add_argument("--folder", type=Path, default=Path("lightning_logs/leaderboard"), help="folder of the runs")
    parser.add_argument("--output", type=Path, help="folder of the report: results, or with --fast below FOLDER")
    parser.add_argument("--fast", action="store_true", help="a few steps on embedded digits: does it all work?")
    options = parser.parse_args(arguments)
    if options.seeds < 1 or options.jobs < 1:
        parser.error(f"--seeds is {options.seeds} and --jobs {options.jobs}, expected 1 or more.")
    runs = [
        plan(recipe, seed, options.configs, options.folder, options.fast)
        for seed in range(options.seeds)
        for recipe in options.recipes
    ]
    failures = execute(runs, options.jobs)
    command = "make leaderboard" + (" FAST=1" if options.fast else "")
    data = "A dry run on scikit-learn's digits: the figures mean nothing." if options.fast else "MNIST, test split."
    output = options.output or (options.folder / "results" if options.fast else Path("results"))
    print(f"Report: {write(runs, failures, command, output, data)}")
    if failures:
        raise SystemExit(1)


def plan(recipe: str, seed: int, configs: Path, folder: Path, fast: bool) -> Run:
    """The run of a recipe; seed 0 has the curves over steps, the long chains and the grid as well."""
    steps, long_run = ([2, 3], 5) if fast else ([10, 25, 50, 100, 200], 2000)
    test_flags = [f"--evaluation.steps={steps}", f"--evaluation.long_run={long_run}"] if seed == 0 else []
    if fast:
        test_flags += ["--evaluation.num_samples=20", "--evaluation.long_run_samples=20", "--evaluation.num_images=20"]
        test_flags += ["--model.sampler.steps=2"]
    return Run(
        name=recipe,
        config=configs / f"{recipe}.yaml",
        seed=seed,
        folder=folder,
        flags=FAST if fast else (),
        fit_flags=("--trainer.max_steps=3", "--samples.samples_per_class=0") if fast else (),
        test_flags=tuple(test_flags),
        predict=seed == 0,
    )


if __name__ == "__main__":
    main()
