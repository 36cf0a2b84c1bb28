"""The tables and pictures of ``results/reasoning.md``."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import mean
from typing import Any

from lean_ebm.leaderboard.report import Figures, commit, draw_picture, interval, machine, table
from lean_ebm.leaderboard.runs import Run
from lean_ebm.reasoning.tasks import MODELS, Task

PANELS = 3


def write(
    runs: list[Run],
    tasks: Sequence[Task],
    models: Sequence[str],
    failures: list[str],
    command: str,
    output: Path,
    fast: bool,
) -> Path:
    """Write the report and its picture beside it.

    Args:
        runs: The runs of all tasks, models and seeds.
        tasks: The tasks.
        models: Names of the models.
        failures: What failed, a line each.
        command: What reproduces the report.
        output: The file.
        fast: Whether the figures mean nothing.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    found: dict[tuple[str, str], list[Figures]] = {}
    for task in tasks:
        for model in models:
            figures = [run.figures() for run in runs if run.name == f"{task.name}-{model}"]
            found[task.name, model] = [part for part in figures if part]
    answers, curves, thinking = [], [], []
    for task in tasks:
        for model in models:
            parts = found[task.name, model]
            answers.append(_answers(task, model, parts))
            curves += _curves(task, model, parts) if MODELS[model].thinks or model == "denoiser" else []
            thinking += [_thinking(task, model, parts)] if MODELS[model].thinks else []
        first = next((parts[0] for model in models if (parts := found[task.name, model])), None)
        simple = [_value(first, f"{name}_{task.figure}_without_thinking", task.digits) for name in ("same", "harder")]
        answers.append([task.title, "*without thinking*", *simple, "", "", ""])
        answers += [[task.title, f"*paper, at its size: {name}*", *pair, "", "", ""] for name, *pair in task.paper]
    steps = sorted({int(step) for parts in found.values() for part in parts for step in part["compute"]})
    picture = output.with_suffix(".png")
    drawn = _draw(tasks, models, found, picture)
    packages = ", ".join(f"{name} {version(name)}" for name in ("lean-ebm", "torch", "lightning", "torchmetrics"))
    texts = [
        "# Reasoning",
        f"Written by `{command}`; change nothing by hand. The tasks are those of IRED (Du, Mao and Tenenbaum 2024), in "
        "sizes for two CPU cores: `configs/reasoning/*.yaml` say which, and what the paper's are. "
        + ("**A dry run: the figures mean nothing.**" if fast else "Means over seeds, with 95% intervals if several."),
        "## Answers",
        "Mean squared error where lower is better (↓), a share where higher is (↑), on problems as hard as those "
        "trained on and on harder ones. All models of a task have the same network and about the same time to "
        "train. *Without thinking* is what needs no learning: the mean answer, what is shown, naked and hidden "
        "singles, neighbours.",
        table(["task", "model", "same", "harder", "evaluations", "minutes", "seeds"], answers),
        "At the paper's size on a GPU: not measured.",
        "## Longer chains",
        "The same by gradient steps." if steps else "",
        table(["task", "model", "split", *map(str, steps)], curves) if curves else "",
        f"![By steps]({picture.name})" if drawn else "",
        "## Does it think longer where it is harder, and does it know when it is wrong?",
        "Chains stop in a landscape once a step changes the energy by less than the recipe says. *Evaluations against "
        "difficulty*: rank correlation over all problems of both splits, and its 95% bootstrap interval. *Energy "
        "against error*: that of the final energy with the true error. *Stopped / fixed*: with and without early "
        "stops.",
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
        f"Trained and judged on the processors {machine()}. Versions: {packages}{commit()}.",
        "## Failures\n\n" + "\n".join(f"- {failure}" for failure in failures) if failures else "",
    ]
    output.write_text("\n\n".join(text for text in texts if text) + "\n")
    return output


def _values(parts: list[Figures], key: str) -> list[float]:
    return [part["metrics"][f"test/{key}"] for part in parts if f"test/{key}" in part["metrics"]]


def _value(part: Figures | None, key: str, digits: int) -> str:
    return "-" if part is None else interval(_values([part], key), digits)


def _answers(task: Task, model: str, parts: list[Figures]) -> list[str]:
    arrow = "↑" if task.higher_is_better else "↓"
    figures = [interval(_values(parts, f"{name}_{task.figure}"), task.digits) for name in ("same", "harder")]
    spent = [interval(_values(parts, f"{name}_evaluations"), 1) for name in ("same", "harder")]
    minutes = interval([part["fit"]["seconds"] / 60 for part in parts], 1)
    return [f"{task.title} {arrow}", MODELS[model].title, *figures, " / ".join(spent), minutes, str(len(parts))]


def _curves(task: Task, model: str, parts: list[Figures]) -> list[list[str]]:
    steps = sorted({int(step) for part in parts for step in part["compute"]})
    rows = []
    for name in ("same", "harder") if steps else ():
        cells = [
            interval([part["compute"][str(step)][f"{name}_{task.figure}"] for part in parts], task.digits)
            for step in steps
        ]
        rows.append([task.title, MODELS[model].title, name, *cells])
    return rows


def _thinking(task: Task, model: str, parts: list[Figures]) -> list[str]:
    def value(key: str, digits: int) -> str:
        return interval(_values(parts, key), digits)

    ends = [_values(parts, f"difficulty_rank_{end}") for end in ("low", "high")]
    rank = value("difficulty_rank", 2) + (f" [{mean(ends[0]):.2f}, {mean(ends[1]):.2f}]" if ends[0] else "")
    cells = [rank, *(value(f"{name}_energy_rank", 2) for name in ("same", "harder"))]
    for name in ("same", "harder"):
        cells.append(f"{value(f'{name}_evaluations', 1)} / {value(f'{name}_fixed_evaluations', 1)}")
        figure = task.figure
        cells.append(
            f"{value(f'{name}_{figure}', task.digits)} / {value(f'{name}_fixed_{figure}', task.digits)}",
        )
    return [task.title, MODELS[model].title, *cells]


def _draw(
    tasks: Sequence[Task], models: Sequence[str], found: dict[tuple[str, str], list[Figures]], path: Path
) -> bool:
    """A panel a task: the figure over the steps, of the same problems and, dashed, of harder ones."""
    shown = [task for task in tasks if any(found[task.name, model] for model in models)]
    if not shown:
        return False

    def draw(axes: Any) -> None:
        panels = axes.flat if hasattr(axes, "flat") else [axes]
        for axis, task in zip(panels, shown, strict=False):
            for i, model in enumerate(models):
                parts = found[task.name, model]
                steps = sorted({int(step) for part in parts for step in part["compute"]})
                for name, style in (("same", "-"), ("harder", "--")):
                    means = [mean(part["compute"][str(s)][f"{name}_{task.figure}"] for part in parts) for s in steps]
                    label = f"{MODELS[model].title}, {name}"
                    axis.plot(steps, means, style, color=f"C{i}", marker="o", markersize=3, label=label)
            axis.set(title=task.title, xlabel="gradient steps", xscale="log")
            if not task.higher_is_better:
                axis.set(yscale="log")
        panels[0].legend(fontsize=6, handlelength=4)

    draw_picture(path, len(shown), draw, PANELS)
    return True
