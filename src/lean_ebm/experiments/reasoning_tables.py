"""The tables of the report on reasoning, and how many of the targets hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite, isnan, nan
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from lean_ebm.experiments.reasoning_tasks import Model, Task
from lean_ebm.experiments.runs import Figures
from lean_ebm.experiments.tables import draw_picture, interval, plot_over_steps, student, table

SPLITS = ("same", "harder")
LEAST = 50
"""Wrong answers, and right ones, of all seeds together, below which the report has no AUROC."""
TOLERANCE = 1e-9
"""Differences of errors below this are none."""

ByTask = Mapping[Task, Mapping[str, Figures]]


@dataclass(frozen=True)
class Difference:
    """The advantage of one model over another on the same problems, with a 95% interval.

    Attributes:
        value: The mean difference, positive if the first is better.
        half: Half of the interval. Its square is the sum of two parts: for the choice of problems (normal), and if
            there are several seeds for the choice of the seed (Student's t).
    """

    value: float
    half: float

    @property
    def ahead(self) -> bool:
        """Whether the whole interval is above 0."""
        return self.value - self.half > TOLERANCE

    @property
    def behind(self) -> bool:
        """Whether the whole interval is below 0."""
        return self.value + self.half < -TOLERANCE

    def text(self, digits: int) -> str:
        """Value and interval, in bold if the interval excludes 0."""
        text = f"{self.value:+.{digits}f} ± {self.half:.{digits}f}"
        return f"**{text}**" if self.ahead or self.behind else text


def difference(first: Figures, first_name: str, second: Figures, second_name: str, higher: bool) -> Difference | None:
    """Compare the values of single problems of two models, seed by seed; None if one of them has none.

    Args:
        first: Figures of the model.
        first_name: Name of its values.
        second: Figures of the model that it is compared with.
        second_name: Name of its values.
        higher: Whether higher values are better.
    """
    pairs = [
        [(a - b) if higher else (b - a) for a, b in zip(*both, strict=True)]
        for both in zip(first.values(first_name), second.values(second_name), strict=False)
    ]
    if not pairs:
        return None
    problems = [mean(column) for column in zip(*pairs, strict=True)]
    if not all(map(isfinite, problems)):  # answers of a network that is hardly trained
        return Difference(nan, nan)
    square = (1.96 * stdev(problems)) ** 2 / len(problems)
    if len(pairs) > 1:
        square += (student(len(pairs) - 1) * stdev([mean(seed) for seed in pairs])) ** 2 / len(pairs)
    return Difference(mean(problems), square**0.5)


def tables(by_task: ByTask, models: Mapping[str, Model], picture: Path) -> list[str]:
    """Write the paragraphs of the report, and draw the picture.

    Args:
        by_task: The figures of each model on each task.
        models: The models by their keys.
        picture: File of the picture.
    """
    steps = sorted({number for found in by_task.values() for figures in found.values() for number in figures.steps})
    if steps:
        _draw(by_task, models, picture)
    return [
        *_summary(by_task),
        "## Answers",
        "Mean squared error where lower is better (↓), a share where higher is better (↑), on problems as hard as "
        "those trained on and on harder ones. All models of a task have the same network and about the same time to "
        "train (minutes of one processor, with the start of the program). *Without thinking* is what needs no "
        "learning: the mean answer, what is shown, naked and hidden "
        "singles, neighbours. `denoiser and judge` is the recipe of the task; the others follow from it by flags. "
        "*Best of 8*: the answer with the lowest of eight energies.",
        table(
            ["task", "model", *SPLITS, "best of 8, same", "harder", "steps", "minutes", "seeds"],
            _answers(by_task, models),
        ),
        "At the paper's size on a GPU: not measured.",
        "## Does the energy know?",
        "*Wrong found*: AUROC of the final energy for wrong answers against right ones to other problems, in each "
        f"seed; n/a with fewer than {LEAST} of either in all seeds. *Rank*: rank correlation of energy and error over "
        "problems, beside that of the problem's own residual. *Surest*: the figure on the 25%, 50% and 75% of the "
        "answers with the lowest energies, and on all. *Share*: how far the lowest of eight energies leads from the "
        "first draw to the best of the eight; n/a if they do not differ.",
        table(
            ["task", "model", "split", "wrong found", "rank", "residual's rank", "surest 25 / 50 / 75 / 100%", "share"],
            _judgements(by_task, models),
        ),
        "## Harder problems, with more computation",
        "Differences on the same harder problems; positive is better, bold if the 95% interval excludes 0. *Judge, 8 "
        "against 1*: best of eight draws against one. *Against denoiser*: best of eight against the plain denoiser "
        "with chains eight times as long, and one draw against its usual chain. *Against feed-forward*: best of eight, "
        "and one draw.",
        table(
            [
                "task",
                "judge, 8 against 1",
                "against denoiser, 8",
                "1",
                "against feed-forward, 8",
                "1",
                "IRED, 8 against 1",
            ],
            [_compared(task, found) for task, found in by_task.items()],
        ),
        "## Longer chains",
        "The same figures after other numbers of gradient steps." if steps else "",
        table(["task", "model", "split", *map(str, steps)], _curves(by_task, models, steps)) if steps else "",
        f"![By steps]({picture.name})" if steps else "",
        "## Does it think longer where it is harder?",
        "Rank correlation of the steps taken and the difficulty, over all problems of both splits, for chains that can "
        "stop early.",
        table(["task", "model", "rank", "steps, same", "harder"], _thinking(by_task, models)),
    ]


def _answers(by_task: ByTask, models: Mapping[str, Model]) -> list[list[str]]:
    rows = []
    for task, found in by_task.items():
        arrow = "↑" if task.higher_is_better else "↓"
        for model, figures in found.items():
            cells = [interval(figures.metric(f"{split}_{task.figure}"), task.digits) for split in SPLITS]
            best = [interval(figures.metric(f"{split}_best_of_draws_{task.figure}"), task.digits) for split in SPLITS]
            spent = " / ".join(interval(figures.metric(f"{split}_evaluations"), 1) for split in SPLITS)
            minutes, seeds = interval(figures.processor_minutes, 1), str(len(figures.runs))
            rows.append([f"{task.title} {arrow}", models[model].title, *cells, *best, spent, minutes, seeds])
        first = next((figures for figures in found.values() if figures.runs), Figures([]))
        simple = [first.metric(f"{split}_{task.figure}_without_thinking")[:1] for split in SPLITS]
        cells = [interval(values, task.digits) for values in simple]
        rows.append([task.title, "*without thinking*", *cells, "", "", "", "", ""])
        rows += [[task.title, f"*paper, at its size: {name}*", *pair, "", "", "", "", ""] for name, *pair in task.paper]
    return rows


def _judgements(by_task: ByTask, models: Mapping[str, Model]) -> list[list[str]]:
    rows = []
    for task, found in by_task.items():
        for model, figures in found.items():
            if models[model].draws == 1:
                continue
            for split in SPLITS:
                shares = [
                    interval(figures.metric(f"{split}_surest_{p}_{task.figure}"), task.digits) for p in (25, 50, 75)
                ]
                shares.append(interval(figures.metric(f"{split}_{task.figure}"), task.digits))
                known = [figures.metric(f"{split}_{name}") for name in ("energy_rank", "residual_rank")]
                cells = [_or_not(values) for values in (wrong_found(figures, split), *known)]
                share = _or_not(figures.metric(f"{split}_best_of_draws_share"))
                rows.append([task.title, models[model].title, split, *cells, " / ".join(shares), share])
    return rows


def wrong_found(figures: Figures, split: str) -> list[float]:
    """The AUROC of wrong answers in each seed; nothing but NaN if too few answers of all seeds are wrong, or right."""
    found = figures.metric(f"{split}_wrong_auroc")
    solved = [value for seed in figures.values(f"{split}_solved") for value in seed]
    wrong = sum(value < 1 for value in solved)
    return found if min(wrong, len(solved) - wrong) >= LEAST else [nan] * len(found)


def _or_not(values: list[float], digits: int = 2) -> str:
    """An interval over the seeds in which the figure exists; n/a if it exists in none."""
    known = [value for value in values if not isnan(value)]
    return interval(known, digits) if known or not values else "n/a"


def _compared(task: Task, found: Mapping[str, Figures]) -> list[str]:
    pairs = ("judge", "denoiser-8", "denoiser-1", "feed-forward-8", "feed-forward-1", "ired")
    results = [comparison(task, found, pair) for pair in pairs]
    return [task.title, *("-" if result is None else result.text(task.digits) for result in results)]


def comparison(task: Task, found: Mapping[str, Figures], pair: str, split: str = "harder") -> Difference | None:
    """One of the comparisons of the table on harder problems, by its key; None without the runs."""
    one, best, longest = (f"{split}_{part}{task.figure}" for part in ("", "best_of_draws_", ""))
    longest += "_at_most_steps"
    first, first_name, second, second_name = {
        "judge": ("verified", best, "verified", one),
        "denoiser-8": ("verified", best, "denoiser", longest),
        "denoiser-1": ("verified", one, "denoiser", one),
        "feed-forward-8": ("verified", best, "feed-forward", one),
        "feed-forward-1": ("verified", one, "feed-forward", one),
        "ired": ("ired", best, "ired", one),
    }[pair]
    if first not in found or second not in found:
        return None
    return difference(found[first], first_name, found[second], second_name, task.higher_is_better)


def _curves(by_task: ByTask, models: Mapping[str, Model], steps: list[int]) -> list[list[str]]:
    rows = []
    for task, found in by_task.items():
        for model, figures in found.items():
            if not models[model].steps:
                continue
            for split in SPLITS if figures.steps else ():
                cells = [interval(figures.at(number, f"{split}_{task.figure}"), task.digits) for number in steps]
                rows.append([task.title, models[model].title, split, *cells])
    return rows


def _thinking(by_task: ByTask, models: Mapping[str, Model]) -> list[list[str]]:
    rows = []
    for task, found in by_task.items():
        for model, figures in found.items():
            low, high = (figures.metric(f"difficulty_rank_{end}") for end in ("low", "high"))
            if low:
                rank = f"{interval(figures.metric('difficulty_rank'), 2)} [{mean(low):.2f}, {mean(high):.2f}]"
                spent = [interval(figures.metric(f"{split}_evaluations"), 1) for split in SPLITS]
                rows.append([task.title, models[model].title, rank, *spent])
    return rows


def _summary(by_task: ByTask) -> list[str]:
    """The targets, and in how many cells they hold; nothing if the recipe itself was not trained."""
    known = {task: found for task, found in by_task.items() if found.get("verified", Figures([])).runs}
    if not known:
        return []
    discrete = [task for task in known if task.higher_is_better]
    continuous = [task for task in known if not task.higher_is_better]

    def average(values: list[float]) -> float:
        values = [value for value in values if not isnan(value)]
        return mean(values) if values else nan

    def value(task: Task, name: str) -> float:
        return average(known[task]["verified"].metric(name))

    def auroc(task: Task, split: str) -> float:
        return average(wrong_found(known[task]["verified"], split))

    def at_least(least: float, number: float) -> bool | None:
        return None if isnan(number) else number >= least

    def ranked(task: Task, split: str) -> bool:
        least = min(0.6, 0.9 * value(task, f"{split}_residual_rank"))
        return value(task, f"{split}_energy_rank") >= least

    def halved(task: Task, split: str) -> bool:
        half, whole = (value(task, f"{split}_{part}{task.figure}") for part in ("surest_50_", ""))
        return (1 - half <= (1 - whole) / 2) if task.higher_is_better else half <= whole / 2

    def compared(pair: str, holds: Callable[[Difference], bool]) -> list[bool | None]:
        results = [comparison(task, found, pair) for task, found in known.items()]
        return [None if result is None else holds(result) for result in results]

    least = {"same": 0.95, "harder": 0.9}
    cells = [(task, split) for task in known for split in SPLITS]
    rows: list[tuple[str, list[bool | None]]] = [
        (
            "wrong answers found: AUROC at least .95, harder .9; discrete tasks",
            [at_least(least[split], auroc(task, split)) for task, split in cells if task in discrete],
        ),
        (
            "rank of energy and error at least .6, or .9 of the residual's; matrices",
            [ranked(task, split) for task, split in cells if task in continuous],
        ),
        (
            "best of 8: at least half of the way from one draw to the best",
            [at_least(0.5, value(task, f"{split}_best_of_draws_share")) for task, split in cells],
        ),
        (
            "surest half: at most half of the risk; Sudoku and inverse",
            [halved(task, split) for task, split in cells if task.name in ("sudoku", "inverse")],
        ),
        ("harder: level with the denoiser or ahead, 8 times the steps", compared("denoiser-8", lambda d: not d.behind)),
        ("harder: ahead of the denoiser, 8 times the steps", compared("denoiser-8", lambda d: d.ahead)),
        ("harder: level with feed-forward or ahead", compared("feed-forward-8", lambda d: not d.behind)),
        ("harder: ahead of feed-forward", compared("feed-forward-8", lambda d: d.ahead)),
        ("harder: best of 8 no worse than one draw", compared("judge", lambda d: not d.behind)),
        ("harder: best of 8 better than one draw", compared("judge", lambda d: d.ahead)),
    ]
    lines = []
    for text, held in rows:
        asked = [part for part in held if part is not None]
        apart = f"; not applicable: {len(held) - len(asked)}" if len(asked) < len(held) else ""
        lines.append([text, f"{sum(asked)} of {len(asked)}{apart}"])
    return [
        "## Targets",
        "Of `denoiser and judge`; the cells are tasks, or tasks and splits.",
        table(["", "holds"], lines),
    ]


def _draw(by_task: ByTask, models: Mapping[str, Model], path: Path) -> None:
    """Draw a panel for each task: its figure over the steps, on ``same`` problems and, dashed, on ``harder`` ones."""

    def draw(axes: list[Any]) -> None:
        for axis, (task, found) in zip(axes, by_task.items(), strict=True):
            for i, (model, figures) in enumerate(found.items()):
                for split, style in zip(SPLITS, ("-", "--"), strict=True):
                    label, name = f"{models[model].title}, {split}", f"{split}_{task.figure}"
                    plot_over_steps(axis, figures, name, style, color=f"C{i}", label=label)
            axis.set(title=task.title, xlabel="gradient steps", xscale="log")
            if not task.higher_is_better:
                axis.set(yscale="log")
        axes[0].legend(fontsize=6, handlelength=4)

    draw_picture(path, len(by_task), draw, columns=3)
