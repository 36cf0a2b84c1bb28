"""What is compared: the tasks, and the models that are trained on each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Task:
    """One family of problems.

    Attributes:
        name: Of its recipe in ``configs/reasoning``.
        title: What the report calls it.
        figure: The figure of the paper, as the data name it.
        higher_is_better: Whether it grows with quality.
        steps: Optimizer steps of IRED.
        paper: Figures of the paper, at its own size: model, same and harder.
    """

    name: str
    title: str
    figure: str
    higher_is_better: bool
    steps: int
    paper: tuple[tuple[str, str, str], ...]

    @property
    def digits(self) -> int:
        """Digits after the point that the report shows."""
        return 3 if self.higher_is_better else 4


@dataclass(frozen=True)
class Model:
    """A way to answer problems.

    Attributes:
        title: What the report calls it.
        flags: What makes it of the recipe of a task, which is that of IRED.
        longer: Optimizer steps for each of IRED, so that training takes about as long.
        thinks: Whether it has an energy, whose chain may be longer or stop by itself.
    """

    title: str
    flags: tuple[str, ...]
    longer: float
    thinks: bool = False


def _matrices(name: str, title: str, ired: tuple[str, str], feed_forward: tuple[str, str]) -> Task:
    return Task(name, title, "error", False, 8000, (("IRED", *ired), ("feed-forward network", *feed_forward)))


TASKS = {
    task.name: task
    for task in (
        _matrices("addition", "matrix addition", (".0002", ".0020"), (".0448", ".7029")),
        _matrices("completion", "low-rank completion", (".0174", ".2054"), (".0203", ".2720")),
        _matrices("inverse", "matrix inverse", (".0095", ".2063"), (".0112", ".2150")),
        Task("sudoku", "Sudoku, boards solved", "solved", True, 4000, (("IRED", ".994", ".621"),)),
        Task("connectivity", "connectivity, pairs told right", "accuracy", True, 5400, (("IRED", ".991", ".938"),)),
        Task("shortest_path", "shortest path, first steps", "first_step", True, 5400, (("IRED", ".926", ".919"),)),
    )
}
MODELS = {
    "ired": Model("IRED", (), 1.0, thinks=True),
    "feed-forward": Model("feed-forward network", ("--model=FeedForward", "--model.energy.landscapes=0"), 3.0),
    "denoiser": Model(
        "iterated denoiser",
        ("--model=Denoiser", "--model.sampler={steps: 5, monotone: false, stop: {energy_change: null}}"),
        3.0,
    ),
}
