"""Tables and pictures of finished runs."""

from __future__ import annotations

import math
import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from lean_ebm.leaderboard.runs import Run

Figures = dict[str, Any]
COLUMNS = {
    "read as asked": "samples_accuracy",
    "Fréchet": "samples_frechet",
    "coverage": "samples_coverage",
    "density": "samples_density",
    "diversity": "samples_diversity",
    "novelty": "samples_novelty",
}
ENERGY_COLUMNS = {
    "accuracy of argmin E": "accuracy",
    "calibration error": "energy_calibration_error",
    "AUROC noise": "energy_auroc_noise",
    "constant": "energy_auroc_constant",
    "rotated": "energy_auroc_rotated",
    "inverted": "energy_auroc_inverted",
    "other digits": "energy_auroc_other_digits",
}
CURVES = {"accuracy": "read as asked", "frechet": "Fréchet", "coverage": "coverage", "diversity": "diversity"}
# 97.5% points of Student's t by degrees of freedom, beyond which the normal one is near enough
STUDENT = [math.nan, 12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23]


def interval(values: list[float], digits: int = 3) -> str:
    """Mean and half of its 95% confidence interval (Student's t), or the value alone."""
    if not values:
        return "-"
    text = f"{mean(values):.{digits}f}"
    if len(values) == 1:
        return text
    t = STUDENT[len(values) - 1] if len(values) <= len(STUDENT) else 1.96
    return f"{text} ± {t * stdev(values) / len(values) ** 0.5:.{digits}f}"


def table(header: list[str], rows: Iterable[list[str]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def write(runs: list[Run], failures: list[str], command: str, output: Path, data: str) -> Path:
    """Write ``README.md`` and its pictures into a folder.

    Args:
        runs: The runs of all recipes and seeds.
        failures: What failed, a line each.
        command: What reproduces the report.
        output: The folder.
        data: What was trained and judged on.
    """
    output.mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys(run.name for run in runs))
    figures = {name: [run.figures() for run in runs if run.name == name] for name in names}
    found: dict[str, list[Figures]] = {name: [part for part in parts if part] for name, parts in figures.items()}
    seeds = {name: len(parts) for name, parts in figures.items()}
    first = {name: next(run for run in runs if run.name == name) for name in names}

    training_curves([run for run in runs if run.figures()], output / "training.png")
    compute_curves({name: parts[0] for name, parts in found.items() if parts}, output / "compute.png")
    grids = []
    for name, run in first.items():
        grid = run.path / "samples" / "grid.png"
        if grid.is_file():
            shutil.copyfile(grid, output / f"samples-{name}.png")
            grids.append(name)

    def values(name: str, key: str) -> list[float]:
        return [part["metrics"][f"test/{key}"] for part in found[name] if f"test/{key}" in part["metrics"]]

    def recovered(name: str) -> int:
        counts = [_scalars(run.path, "train/recoveries") for run in runs if run.name == name]
        return sum(int(points[-1][1]) for points in counts if points)

    minutes = {name: [part["fit"]["seconds"] / 60 for part in parts] for name, parts in found.items()}
    threads = sorted({part["fit"]["threads"] for parts in found.values() for part in parts})
    rows = []
    for name in names:
        cells = [interval(values(name, key)) for key in COLUMNS.values()]
        finished = f"{len(found[name])} of {seeds[name]}"
        rows.append([f"`{name}`", *cells, interval(minutes[name], 1), finished, str(recovered(name))])
    some: dict[str, float] = next((parts[0]["metrics"] for parts in found.values() if parts), {})
    real = [some.get(f"test/{key.replace('samples_', 'real_')}", math.nan) for key in COLUMNS.values()]
    rows.append(["real digits, the ceiling", *(f"{value:.3f}" for value in real), "", "", ""])
    rows += [
        ["*prototype, EBT* ¹", "*.100*", "*2520 ¹*", "*.02*", "", "", "", "*4*", "", ""],
        ["*prototype, CD* ¹", "*.100*", "*3040 ¹*", "*.00*", "", "", "", "*4*", "", ""],
    ]
    energy_rows = [[f"`{name}`", *(interval(values(name, key)) for key in ENERGY_COLUMNS.values())] for name in names]
    steps = sorted({int(step) for parts in found.values() for part in parts for step in part["compute"]})
    compute_rows = [
        [f"`{name}`", label, *(_at(found[name], step, key) for step in steps)]
        for name in names
        for key, label in CURVES.items()
    ]
    long_rows = [
        [f"`{name}`", interval(values(name, "long_run_accuracy")), interval(values(name, "long_run_diversity"))]
        for name in names
        if values(name, "long_run_accuracy")
    ]
    pictures = [f"| {' | '.join(f'`{name}`' for name in grids)} |", f"|{'---|' * len(grids)}"]
    pictures.append(f"| {' | '.join(f'![{name}](samples-{name}.png)' for name in grids)} |")
    again = "\n".join(f"    lean-ebm {' '.join(first[names[0]].command(part))}" for part in ("fit", "test"))
    texts = [
        "# Leaderboard",
        f"Written by `{command}`; change nothing by hand. {data} Means over seeds 0 to {max(seeds.values()) - 1} with "
        "95% confidence intervals (Student's t). The figures are defined in `src/lean_ebm/evaluation/`.",
        "## Samples",
        "1,000 samples, 100 of each class, judged by the pinned evaluator. Minutes are of training, on "
        f"{' or '.join(map(str, threads))} CPU thread(s) a run {machine()}. Recoveries are rollbacks of the guard "
        "against divergence, over all seeds.",
        table(["recipe", *COLUMNS, "minutes", "finished", "recoveries"], rows),
        "¹ The project that this one re-implements, as its figures were handed down: four minutes on one CPU core, and "
        "another evaluator, whose Fréchet distances are on a scale of their own (real digits 9).",
        "\n".join(pictures) if grids else "",
        "Ten samples a class of seed 0, the odd ones included." if grids else "",
        "## Energy",
        "The energy as a classifier, and as a detector of what is no digit: the probability that such an image has a "
        "higher energy than a digit (0.5 is chance, less prefers it).",
        table(["recipe", *ENERGY_COLUMNS], energy_rows),
        "## Compute",
        "The same samples after other numbers of Langevin steps (seed 0); `ired` shares them among its landscapes.",
        table(["recipe", "figure", *map(str, steps)], compute_rows) if steps else "",
        "![Quality over Langevin steps](compute.png)" if steps else "",
        "Are the ends of a chain of 2,000 steps still digits (seed 0, 100 chains)?" if long_rows else "",
        table(["recipe", "read as asked", "diversity"], long_rows) if long_rows else "",
        "## Training",
        "![Training](training.png)",
        "## Again",
        again,
        f"and the same for the other recipes and seeds; or all at once: `{command}`, which goes on where it was "
        f"interrupted. Versions: {versions()}.",
        "## Failures\n\n" + "\n".join(f"- {failure}" for failure in failures) if failures else "",
    ]
    path = output / "README.md"
    path.write_text("\n\n".join(text for text in texts if text) + "\n")
    return path


def training_curves(runs: list[Run], path: Path) -> None:
    """Loss and accuracy of the energy on the validation split, a line a seed."""
    panels = {"train/loss": "training loss, averaged", "val/accuracy": "validation accuracy of argmin E"}

    def draw(axes: Any) -> None:
        colors = {name: f"C{i}" for i, name in enumerate(dict.fromkeys(run.name for run in runs))}
        for axis, (tag, title) in zip(axes, panels.items(), strict=True):
            for run in runs:
                points = _scalars(run.path, tag)
                steps, values = [point[0] for point in points], [point[1] for point in points]
                if tag.startswith("train"):
                    values = [mean(values[max(0, i - 9) : i + 1]) for i in range(len(values))]
                label = run.name if run.seed == 0 else None
                axis.plot(steps, values, color=colors[run.name], alpha=0.7, label=label)
            axis.set(xlabel="updates", title=title)
        axes[0].legend()
        low = min((point[1] for run in runs for point in _scalars(run.path, "val/accuracy")), default=0)
        axes[1].set(ylim=(max(low - 0.01, 0), 1))

    draw_picture(path, len(panels), draw)


def compute_curves(figures: dict[str, Figures], path: Path) -> None:
    """Figures of samples over the number of steps, with the ceiling."""

    def draw(axes: Any) -> None:
        for axis, (key, title) in zip(axes, CURVES.items(), strict=True):
            for i, (name, report) in enumerate(figures.items()):
                points = sorted((int(step), part[key]) for step, part in report["compute"].items())
                axis.plot(*zip(*points, strict=True), marker="o", color=f"C{i}", label=name)
                ceiling = report["metrics"][f"test/real_{key}"]
            axis.axhline(ceiling, color="gray", linestyle="--", label="real digits")
            axis.set(xlabel="Langevin steps", xscale="log", title=title)
            if key == "frechet":
                axis.set(yscale="log")
        axes[0].legend()

    if figures and all(report["compute"] for report in figures.values()):
        draw_picture(path, len(CURVES), draw)


def draw_picture(path: Path, panels: int, draw: Callable[[Any], None], columns: int | None = None) -> None:
    """Draw panels side by side, ``columns`` of them in a row if that is given, into a file."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    columns = min(columns or panels, panels)
    rows = -(-panels // columns)
    figure, axes = pyplot.subplots(rows, columns, figsize=(4.2 * columns, 3.4 * rows), layout="constrained")
    draw(axes)
    figure.savefig(path, dpi=100)
    pyplot.close(figure)


def _scalars(folder: Path, tag: str) -> list[tuple[int, float]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    points: dict[int, float] = {}
    for path in sorted(folder.glob("events.out.tfevents.*")):
        events = EventAccumulator(str(path), size_guidance={"scalars": 0})
        events.Reload()
        if tag in events.Tags()["scalars"]:
            points |= {point.step: point.value for point in events.Scalars(tag)}
    return sorted(points.items())


def _at(reports: list[Figures], step: int, key: str) -> str:
    return interval([part["compute"][str(step)][key] for part in reports if str(step) in part["compute"]])


def commit() -> str:
    """The commit of the working tree, where this is one."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=Path(__file__).parent, capture_output=True, text=True
        )
    except OSError:
        return ""
    return f" at commit {done.stdout.strip()}" if done.returncode == 0 else ""


def versions() -> str:
    """Versions of what made a report, with the commit of the working tree where this is one."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("lean-ebm", "torch", "lightning", "torchmetrics"))
    return f"{packages}{commit()}; Python {platform.python_version()}"


def machine() -> str:
    """What the runs of a report are made on."""
    try:
        import torch

        gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    except RuntimeError:
        gpu = "no GPU"
    return f"of a machine with {os.cpu_count()} cores ({platform.machine()}), {gpu}"
