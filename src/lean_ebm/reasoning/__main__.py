"""``python -m lean_ebm.reasoning``: see ``--help``."""

from __future__ import annotations

import argparse
from pathlib import Path

from lean_ebm.leaderboard.runs import Run, execute
from lean_ebm.reasoning.report import write
from lean_ebm.reasoning.tasks import MODELS, TASKS, Task

FAST = (
    "--data.train_size=16",
    "--data.batch_size=8",
    "--data.val_size=8",
    "--data.test_size=20",
    "--trainer.accelerator=cpu",
    "--trainer.limit_val_batches=1",
)
FAST_EVALUATION = ("--evaluation.num_samples=20", "--evaluation.steps=[1,5,10]")


def main(arguments: list[str] | None = None) -> None:
    """Run what is missing, then write the report."""
    parser = argparse.ArgumentParser(prog="python -m lean_ebm.reasoning", description=__doc__)
    parser.add_argument("--tasks", nargs="+", default=list(TASKS), choices=list(TASKS), help="which tasks")
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS), help="which models")
    parser.add_argument("--seeds", type=int, default=1, help="seeds 0 to N-1 of each")
    parser.add_argument("--jobs", type=int, default=1, help="runs at once, which share the processors")
    parser.add_argument("--configs", type=Path, default=Path("configs/reasoning"), help="folder of the recipes")
    parser.add_argument("--folder", type=Path, default=Path("lightning_logs/reasoning"), help="folder of the runs")
    parser.add_argument("--output", type=Path, help="the report: results/reasoning.md, or with --fast below FOLDER")
    parser.add_argument("--fast", action="store_true", help="a few steps of each: does it all work?")
    options = parser.parse_args(arguments)
    if options.seeds < 1 or options.jobs < 1:
        parser.error(f"--seeds is {options.seeds} and --jobs {options.jobs}, expected 1 or more.")
    runs = [
        plan(TASKS[task], model, seed, options.configs, options.folder, options.fast)
        for seed in range(options.seeds)
        for task in options.tasks
        for model in options.models
    ]
    failures = execute(runs, options.jobs)
    output = options.output or (options.folder if options.fast else Path("results")) / "reasoning.md"
    command = "make reasoning" + (" FAST=1" if options.fast else "")
    tasks = [TASKS[name] for name in options.tasks]
    print(f"Report: {write(runs, tasks, options.models, failures, command, output, options.fast)}")
    if failures:
        raise SystemExit(1)


def plan(task: Task, model: str, seed: int, configs: Path, folder: Path, fast: bool) -> Run:
    """The run of one task by one model."""
    chosen = MODELS[model]
    flags = [*chosen.flags]
    if fast:
        flags += [*FAST, *(["--data.boards=4"] if task.name == "sudoku" else [])]
    steps = 3 if fast else round(task.steps * chosen.longer)
    return Run(
        name=f"{task.name}-{model}",
        config=configs / f"{task.name}.yaml",
        seed=seed,
        folder=folder,
        flags=tuple(flags),
        fit_flags=(f"--trainer.max_steps={steps}", "--trainer.max_epochs=-1"),
        test_flags=FAST_EVALUATION if fast else ("--evaluation.num_samples=400",),
    )


if __name__ == "__main__":
    main()
