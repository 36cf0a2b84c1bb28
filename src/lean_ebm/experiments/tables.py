"""Intervals, tables in Markdown and pictures for reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from lean_ebm.experiments.runs import Figures
from lean_ebm.files import write_whole
from lean_ebm.markdown import table as table

STUDENT = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23)
"""97.5% points of Student's t for 1 to 10 degrees of freedom."""


def interval(values: Sequence[float], digits: int = 3) -> str:
    """Format a mean with half of its 95% confidence interval (Student's t).

    Args:
        values: One value for each seed. A single value is written without an interval, and no value as a dash.
        digits: Number of digits after the point.
    """
    if not values:
        return "-"
    text = f"{mean(values):.{digits}f}"
    if len(values) == 1:
        return text
    return f"{text} ± {student(len(values) - 1) * stdev(values) / len(values) ** 0.5:.{digits}f}"


def student(degrees: int) -> float:
    """The 97.5% point of Student's t distribution.

    Args:
        degrees: Degrees of freedom, 1 or more. Above 10, the expansion about the normal distribution is taken
            (Abramowitz and Stegun 1964, equation 26.7.5).
    """
    return STUDENT[degrees - 1] if degrees <= len(STUDENT) else 1.96 + 2.372 / degrees + 2.823 / degrees**2


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95% interval.

    Attributes:
        value: The mean.
        low: Lower end of the interval.
        high: Upper end.
    """

    value: float
    low: float
    high: float

    def text(self, digits: int = 3, signed: bool = False) -> str:
        """The mean, and the interval in brackets; also with the sign of numbers above 0."""
        form = f"{'+' if signed else ''}.{digits}f"
        return f"{self.value:{form}} [{self.low:{form}}, {self.high:{form}}]"


def bootstrapped(
    values: Sequence[Sequence[float]], draws: int = 2000, seed: int = 0, groups: Sequence[str] = ()
) -> Estimate:
    """The mean of values over problems and seeds, with an interval for the choice of both (percentile bootstrap).

    Args:
        values: The values of the same problems, one list for each seed. Both are drawn with replacement; with one seed
            the interval is that for the choice of the problems.
        draws: Number of draws.
        seed: Seed of the draws.
        groups: The group of each problem: groups are drawn, each with all its problems. Empty: problems are drawn.
    """
    import torch

    table = torch.tensor(values, dtype=torch.float64)
    seeds, problems = table.shape
    numbers = [list(dict.fromkeys(groups)).index(group) for group in groups] or range(problems)
    members = torch.eye(max(numbers) + 1, dtype=torch.float64)[:, numbers]  # (groups, problems)
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randint(len(members), (draws, len(members)), generator=generator)
    counts = torch.zeros(chosen.shape, dtype=torch.float64).scatter_add_(1, chosen, torch.ones_like(chosen).double())
    by_problem = counts @ members
    by_seed = by_problem @ table.T / by_problem.sum(dim=1, keepdim=True)  # (draws, seeds)
    means = by_seed.gather(1, torch.randint(seeds, (draws, seeds), generator=generator)).mean(dim=1)
    low, high = means.quantile(torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
    return Estimate(float(table.mean()), low, high)


def draw_picture(path: Path, panels: int, draw: Callable[[list[Any]], None], columns: int | None = None) -> None:
    """Draw a picture of several panels into a PNG file.

    Args:
        path: The file.
        panels: Number of panels.
        draw: A function that draws on the axes of the panels.
        columns: Number of panels in a row; None for all of them.
    """
    from matplotlib.figure import Figure

    columns = min(columns or panels, panels)
    rows = -(-panels // columns)
    figure = Figure(figsize=(4.2 * columns, 3.4 * rows), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    draw(axes[:panels])
    for axis in axes[panels:]:
        axis.set_visible(False)
    content = BytesIO()
    figure.savefig(content, format="png", dpi=100)
    write_whole(path, content.getvalue())


def plot_over_steps(axis: Any, figures: Figures, name: str, style: str = "-", **settings: Any) -> None:
    """Plot a figure, averaged over seeds, over the number of gradient steps.

    Args:
        axis: The axes of the panel.
        figures: The figures of the runs.
        name: Name of the figure.
        style: Matplotlib's style of the line.
        settings: Other settings of the line, for example ``color`` and ``label``.
    """
    means = [mean(figures.at(steps, name)) for steps in figures.steps]
    axis.plot(figures.steps, means, style, marker="o", markersize=3, **settings)
