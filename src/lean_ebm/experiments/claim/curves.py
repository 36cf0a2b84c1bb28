"""The picture of the report: solve rates over applications and over evaluations."""

from __future__ import annotations

from pathlib import Path
from statistics import mean
from typing import Any

from lean_ebm.experiments.claim.arms import CHUNKS, LISTED
from lean_ebm.experiments.claim.results import ClaimResults
from lean_ebm.experiments.tables import draw_picture

_APPLICATIONS = (2, 4, 8, 12, 18, 24, 31, 45, 64, 91, 128, 181, 256)
_EVALUATIONS = tuple(round(100 * 2 ** (step / 2)) for step in range(20))
_COLOURS = {"A": "black", "B": "grey", "C": "C1", "D": "C4", "E": "C0", "F": "C3", "H": "C5", "P": "C2"}
_STYLES = ("-", "--", ":", "-.", (0, (1, 3)), (0, (5, 5)))
_LEFT_OUT = ("C-puct", "E-puct", "shuffled", "random", "uniform", "A2-narrow")


def draw_curves(results: ClaimResults, path: Path) -> None:
    """Draw solve rates of primary theorems; arms of the same letter have the same colour.

    Args:
        results: What came out.
        path: File of the picture.
    """
    spaces = (("listed tactics", LISTED), ("chunks of three tactics", CHUNKS))

    def draw(axes: list[Any]) -> None:
        for row, (title, arms) in enumerate(spaces):
            shown = [arm for arm in arms if arm not in _LEFT_OUT and results.solved(arm, "primary")]
            for axis, unit, budgets in zip(
                axes[2 * row :], ("applications", "evaluations"), (_APPLICATIONS, _EVALUATIONS), strict=False
            ):
                used: dict[str, int] = {}
                for arm in shown:
                    if unit == "evaluations" and arm.startswith("A"):
                        continue  # searches without learning evaluate nothing
                    style = _STYLES[used.setdefault(arm[0], 0) % len(_STYLES)]
                    used[arm[0]] += 1
                    rates = [
                        mean(map(mean, results.solved(arm, "primary", **{"applications": 10**9, unit: budget})))
                        for budget in budgets
                    ]
                    axis.plot(budgets, rates, linestyle=style, color=_COLOURS[arm[0]], label=arm, linewidth=1.2)
                axis.set(title=title, xlabel=f"{unit} for a theorem", xscale="log", ylabel="proved", ylim=(0, 1))
                if unit == "evaluations" and axis.get_lines():  # one legend a row, beside it
                    axis.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))

    draw_picture(path, 4, draw, columns=2)
