"""Trains and evaluates every reasoning task beside its baselines and writes the tables: ``make reasoning``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from lean_ebm.experiments.experiment import Choice, Experiment, Options
from lean_ebm.experiments.runs import Figures, TrainingRun, finished
from lean_ebm.experiments.tables import draw_picture, interval, plot_over_steps, table

SPLITS = ("same", "harder")
FAST = (
    "--data.train_size=16",
    "--data.batch_size=8",
    "--data.val_size=8",
    "--data.test_size=20",
    "--trainer.accelerator=cpu",
    "--trainer.limit_val_batches=1",
)
FAST_TEST = ("--evaluation.num_samples=20", "--evaluation.steps=[1,5,10]")


@dataclass(frozen=True)
class Task:
    """One family of problems.

    Attributes:
        name: Name of its recipe in ``configs/reasoning``.
        title: Name in the report.
        figure: The figure of the paper, by its name in the data module.
        higher_is_better: Whether a better answer has a higher figure.
        steps: Number of optimizer steps of IRED.
        paper: Figures of the paper, at its own size: model, on ``same`` and on ``harder`` problems.
    """

    name: str
    title: str
    figure: str
    higher_is_better: bool
    steps: int
    paper: tuple[tuple[str, str, str], ...]

    @property
    def digits(self) -> int:
        """Number of digits after the point in the report."""
        return 3 if self.higher_is_better else 4


@dataclass(frozen=True)
class Model:
    """One way to answer problems.

    Attributes:
        title: Name in the report.
        flags: Flags that turn the recipe of a task, which is for IRED, into one for this model.
        longer: Number of optimizer steps for each step of IRED; it makes training take about as long.
        steps: Whether the model answers by gradient steps, whose number can be changed.
        energy: Whether the model has an energy, by which its chains can stop early.
    """

    title: str
    flags: tuple[str, ...]
    longer: float
    steps: bool = False
    energy: bool = False


def _matrices(name: str, title: str, ired: tuple[str, str], feed_forward: tuple[str, str]) -> Task:
    return Task(name, title, "error", False, 8000, (("IRED", *ired), ("feed-forward network", *feed_forward)))


TASKS = {
    task.name: task
    for task in (
        _matrices("addition", "matrix addition", (".0002", ".0020"), (".0448", ".7029")),
        _matrices("completion", "low-rank completion", (".0174", ".2054"), (".0203", ".2720")),
        _matrices("inverse", "matrix inverse", (".0095", ".2063"), (".0112", ".2150")),
        Task("sudoku", "Sudoku, boards solved", "solved", True, 2700, (("IRED", ".994", ".621"),)),
        Task("connectivity", "connectivity, pairs told right", "accuracy", True, 5400, (("IRED", ".991", ".938"),)),
        Task("shortest_path", "shortest path, first steps", "first_step", True, 5400, (("IRED", ".926", ".919"),)),
    )
}
MODELS = {
    "ired": Model("IRED", (), 1.0, steps=True, energy=True),
    "feed-forward": Model("feed-forward network", ("--model=FeedForward", "--model.energy.landscapes=0"), 3.0),
    "denoiser": Model("iterated denoiser", ("--model=Denoiser",), 3.0, steps=True),
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
    flags = [*MODELS[model].flags]
    if options.fast:
        flags += [*FAST, *(["--data.boards=4"] if task.name == "sudoku" else [])]
    steps = 3 if options.fast else round(task.steps * MODELS[model].longer)
    return TrainingRun(
        name=_name(task, model),
        config=options.configs / f"{task.name}.yaml",
        seed=seed,
        folder=options.folder,
        flags=tuple(flags),
        fit_flags=(f"--trainer.max_steps={steps}", "--trainer.max_epochs=-1"),
        test_flags=FAST_TEST if options.fast else ("--evaluation.num_samples=400",),
    )


def body(options: Options, runs: list[TrainingRun]) -> list[str]:
    """The tables; draws the picture in the folder of the report."""
    tasks, models, found = [TASKS[name] for name in options.chosen["tasks"]], options.chosen["models"], finished(runs)
    steps = sorted({step for figures in found.values() for step in figures.steps})
    answers, curves, thinking = [], [], []
    for task in tasks:
        for model in models:
            figures = found[_name(task, model)]
            answers.append(_answers(task, model, figures))
            curves += _curves(task, model, figures, steps) if MODELS[model].steps else []
            thinking += [_thinking(task, model, figures)] if MODELS[model].energy else []
        first = next((figures for model in models if (figures := found[_name(task, model)]).runs), Figures([]))
        simple = [first.metric(f"{split}_{task.figure}_without_thinking")[:1] for split in SPLITS]
        cells = [interval(values, task.digits) for values in simple]
        answers.append([task.title, "*without thinking*", *cells, "", "", ""])
        answers += [[task.title, f"*paper, at its size: {name}*", *pair, "", "", ""] for name, *pair in task.paper]
    picture = options.output.with_suffix(".png")
    shown = [task for task in tasks if any(found[_name(task, model)].steps for model in models)]
    if shown:
        _draw(shown, models, found, picture)
    return [
        "## Answers",
        "Mean squared error where lower is better (↓), a share where higher is better (↑), on problems as hard as "
        "those trained on and on harder ones. All models of a task have the same network and about the same time to "
        "train. *Without thinking* is what needs no learning: the mean answer, what is shown, naked and hidden "
        "singles, neighbours.",
        table(["task", "model", *SPLITS, "evaluations", "minutes", "seeds"], answers),
        "At the paper's size on a GPU: not measured.",
        "## Longer chains",
        "The same figures after other numbers of gradient steps." if curves else "",
        table(["task", "model", "split", *map(str, steps)], curves) if curves else "",
        f"![By steps]({picture.name})" if shown else "",
        "## Does it think longer where it is harder, and does it know when it is wrong?",
        "Chains stop in a landscape once a step changes the energy by less than the recipe says. *Evaluations against "
        "difficulty*: rank correlation over all problems of both splits, and its 95% bootstrap interval. *Energy "
        "against error*: rank correlation of the final energy with the true error. *Stopped / fixed*: with and without "
        "early stops.",
        table(
            [
                "task",
                "model",
                "evaluations against difficulty",
                "energy against error, same",
                "harder",
                "steps, same: stopped / fixed",
                "figure, same: stopped / fixed",
                "steps, harder",
                "figure, harder",
            ],
            thinking,
        )
        if thinking
        else "",
    ]


def _name(task: Task, model: str) -> str:
    return f"{task.name}-{model}"


def _answers(task: Task, model: str, found: Figures) -> list[str]:
    arrow = "↑" if task.higher_is_better else "↓"
    figures = [interval(found.metric(f"{split}_{task.figure}"), task.digits) for split in SPLITS]
    spent = " / ".join(interval(found.metric(f"{split}_evaluations"), 1) for split in SPLITS)
    minutes = interval(found.minutes, 1)
    return [f"{task.title} {arrow}", MODELS[model].title, *figures, spent, minutes, str(len(found.runs))]


def _curves(task: Task, model: str, found: Figures, steps: Sequence[int]) -> list[list[str]]:
    rows = []
    for split in SPLITS if found.steps else ():
        cells = [interval(found.at(number, f"{split}_{task.figure}"), task.digits) for number in steps]
        rows.append([task.title, MODELS[model].title, split, *cells])
    return rows


def _thinking(task: Task, model: str, found: Figures) -> list[str]:
    low, high = (found.metric(f"difficulty_rank_{end}") for end in ("low", "high"))
    rank = interval(found.metric("difficulty_rank"), 2) + (f" [{mean(low):.2f}, {mean(high):.2f}]" if low else "")
    cells = [rank, *(interval(found.metric(f"{split}_energy_rank"), 2) for split in SPLITS)]
    for split in SPLITS:
        for figure, digits in (("evaluations", 1), (task.figure, task.digits)):
            both = [found.metric(f"{split}_{figure}"), found.metric(f"{split}_fixed_{figure}")]
            cells.append(" / ".join(interval(values, digits) for values in both))
    return [task.title, MODELS[model].title, *cells]


def _draw(tasks: Sequence[Task], models: Sequence[str], found: dict[str, Figures], path: Path) -> None:
    """Draw a panel for each task: its figure over the steps, on ``same`` problems and, dashed, on ``harder`` ones."""

    def draw(axes: list[Any]) -> None:
        for axis, task in zip(axes, tasks, strict=True):
            for i, model in enumerate(models):
                for split, style in zip(SPLITS, ("-", "--"), strict=True):
                    label, figure = f"{MODELS[model].title}, {split}", f"{split}_{task.figure}"
                    plot_over_steps(axis, found[_name(task, model)], figure, style, color=f"C{i}", label=label)
            axis.set(title=task.title, xlabel="gradient steps", xscale="log")
            if not task.higher_is_better:
                axis.set(yscale="log")
        axes[0].legend(fontsize=6, handlelength=4)

    draw_picture(path, len(tasks), draw, columns=3)


REASONING = Experiment(
    name="reasoning",
    title="Reasoning",
    description="Train every reasoning task with IRED and the baselines, evaluate it and write the tables.",
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
)

if __name__ == "__main__":
    REASONING.main()
