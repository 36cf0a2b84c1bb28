"""Trains and evaluates every reasoning task by several models and writes the tables: ``make reasoning``."""

from __future__ import annotations

from pathlib import Path

from lean_ebm.experiments.experiment import Choice, Experiment, Options
from lean_ebm.experiments.reasoning_tables import tables
from lean_ebm.experiments.reasoning_tasks import MODELS, TASKS, Task
from lean_ebm.experiments.runs import TrainingRun, finished

FAST = (
    "--data.train_size=16",
    "--data.batch_size=8",
    "--data.val_size=8",
    "--data.test_size=20",
    "--trainer.accelerator=cpu",
    "--trainer.limit_val_batches=1",
)
FAST_TEST = ("--evaluation.num_samples=20", "--evaluation.steps=[1,5,10]")


def plan(options: Options) -> list[TrainingRun]:
    """The runs: each task by each model. Models that are only looked at have fewer seeds."""
    return [
        plan_run(options, TASKS[task], model, seed)
        for seed in options.seeds
        for task in options.chosen["tasks"]
        for model in options.chosen["models"]
        if seed < (MODELS[model].seeds or len(options.seeds))
    ]


def plan_run(options: Options, task: Task, model: str, seed: int) -> TrainingRun:
    """The run of one task by one model."""
    flags = [*MODELS[model].flags, *(task.ired if model == "ired" else ())]
    if options.fast:
        flags += [*FAST, *(["--data.boards=4"] if task.name == "sudoku" else [])]
    steps = 3 if options.fast else task.steps[model]
    return TrainingRun(
        name=name_of(task, model),
        config=options.configs / f"{task.name}.yaml",
        seed=seed,
        folder=options.folder,
        flags=tuple(flags),
        fit_flags=(f"--trainer.max_steps={steps}", "--trainer.max_epochs=-1"),
        test_flags=(*MODELS[model].test_flags(task), *(FAST_TEST if options.fast else ())),
    )


def name_of(task: Task, model: str) -> str:
    """The name of the runs of one task by one model."""
    return f"{task.name}-{model}"


def body(options: Options, runs: list[TrainingRun]) -> list[str]:
    """Write the tables, and draw the picture in the folder of the report."""
    tasks = [TASKS[name] for name in options.chosen["tasks"]]
    models = {name: MODELS[name] for name in options.chosen["models"]}
    found = finished(runs)
    by_task = {task: {model: found[name_of(task, model)] for model in models} for task in tasks}
    return tables(by_task, models, options.output.with_suffix(".png"))


REASONING = Experiment(
    name="reasoning",
    title="Reasoning",
    description="Train every reasoning task by every model, evaluate it and write the tables.",
    introduction="The tasks are those of IRED (Du, Mao and Tenenbaum 2024), in sizes for two CPU cores: "
    "`configs/reasoning/*.yaml` say which, and what the paper's are.",
    output="reasoning.md",
    choices={
        "tasks": Choice(tuple(TASKS), "tasks to train"),
        "models": Choice(tuple(MODELS), "models to train on each task"),
    },
    plan=plan,
    body=body,
    configs=Path("configs/reasoning"),
    seeds=3,
)

if __name__ == "__main__":
    REASONING.main()
