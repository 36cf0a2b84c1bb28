"""Trains and evaluates every reasoning task by several models and writes the tables: ``make reasoning``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from lean_ebm.experiments.experiment import Choice, Experiment, Options
from lean_ebm.experiments.reasoning_tables import tables
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
WITHOUT_JUDGE = ("--model.verification=null", "--model.energy.judge=0", "--model.keep=last", "--model.eta=null")
DESCENT = ("--model.sampler.monotone=true", "--model.sampler.stop.energy_change=1.0e-3")
MINED = ("--model.contrast=0.5",)
FLIPPED = ("--model.contrast=0.05", "--model.flips.fraction=0.05")


@dataclass(frozen=True)
class Task:
    """One family of problems.

    Attributes:
        name: Name of its recipe in ``configs/reasoning``.
        title: Name in the report.
        figure: The figure of the paper, by its name in the data module.
        higher_is_better: Whether a better answer has a higher figure.
        steps: Number of optimizer steps of each model, by its key in :data:`MODELS`. All take about the same time.
        ired: The flags of IRED that only this task needs.
        paper: Figures of the paper, at its own size: model, on ``same`` and on ``harder`` problems.
    """

    name: str
    title: str
    figure: str
    higher_is_better: bool
    steps: dict[str, int] = field(hash=False)
    ired: tuple[str, ...]
    paper: tuple[tuple[str, str, str], ...]

    @property
    def digits(self) -> int:
        """Number of digits after the point in the report."""
        return 3 if self.higher_is_better else 5


@dataclass(frozen=True)
class Model:
    """One way to answer problems.

    Attributes:
        title: Name in the report.
        flags: Flags that turn the recipe of a task into one for this model.
        steps: Numbers of gradient steps of other chains, besides those of the recipe.
        draws: Number of draws from which the energy chooses.
    """

    title: str
    flags: tuple[str, ...]
    steps: tuple[int, ...] = ()
    draws: int = 1

    @property
    def test_flags(self) -> tuple[str, ...]:
        """The flags of its evaluation."""
        return (f"--evaluation.steps={list(self.steps or (1,))}", f"--evaluation.draws={self.draws}")


def _steps(verified: int, denoiser: int, feed_forward: int, ired: int) -> dict[str, int]:
    return {"verified": verified, "denoiser": denoiser, "feed-forward": feed_forward, "ired": ired}


def _matrices(
    name: str, title: str, steps: dict[str, int], ired: tuple[str, str], feed_forward: tuple[str, str]
) -> Task:
    return Task(name, title, "error", False, steps, MINED, (("IRED", *ired), ("feed-forward network", *feed_forward)))


TASKS = {
    task.name: task
    for task in (
        _matrices(
            "addition", "matrix addition", _steps(8000, 9100, 10500, 3400), (".0002", ".0020"), (".0448", ".7029")
        ),
        _matrices(
            "completion", "low-rank completion", _steps(7400, 8700, 9900, 3270), (".0174", ".2054"), (".0203", ".2720")
        ),
        _matrices("inverse", "matrix inverse", _steps(5900, 7300, 8200, 1880), (".0095", ".2063"), (".0112", ".2150")),
        Task(
            "sudoku",
            "Sudoku, boards solved",
            "solved",
            True,
            _steps(5800, 7150, 7400, 2400),
            (*FLIPPED, "--model.flips.dim=0"),
            (("IRED", ".994", ".621"),),
        ),
        Task(
            "connectivity",
            "connectivity, graphs solved",
            "solved",
            True,
            _steps(4060, 4870, 5120, 1800),
            FLIPPED,
            (("IRED, pairs told right", ".991", ".938"),),
        ),
        Task(
            "shortest_path",
            "shortest path, walks that arrive",
            "solved",
            True,
            _steps(8000, 9150, 9650, 3450),
            FLIPPED,
            (("IRED, first steps", ".926", ".919"),),
        ),
    )
}
MODELS = {
    "verified": Model("denoiser and judge", (), steps=(1, 5, 20), draws=8),
    "denoiser": Model("iterated denoiser", WITHOUT_JUDGE, steps=(1, 5, 20, 480)),
    "feed-forward": Model(
        "feed-forward network",
        (
            "--model=FeedForward",
            "--model.energy.landscapes=0",
            "--model.energy.judge=0",
            "--model.verification=null",
        ),
    ),
    "ired": Model("IRED", ("--model=IRED", *WITHOUT_JUDGE, *DESCENT), steps=(1, 5, 20), draws=8),
}


def plan(options: Options) -> list[TrainingRun]:
    """The runs: each task by each model."""
    return [
        plan_run(options, TASKS[task], model, seed)
        for seed in options.seeds
        for task in options.chosen["tasks"]
        for model in options.chosen["models"]
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
        test_flags=(*MODELS[model].test_flags, *FAST_TEST) if options.fast else MODELS[model].test_flags,
    )


def name_of(task: Task, model: str) -> str:
    """The name of the runs of one task by one model."""
    return f"{task.name}-{model}"


def body(options: Options, runs: list[TrainingRun]) -> list[str]:
    """The tables; draws the picture in the folder of the report."""
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
