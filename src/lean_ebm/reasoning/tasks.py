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
        paper: The figures of the paper, at its own size: same and harder, of IRED and of a feed-forward network.
    """

    name: str
    title: str
    figure: str
    higher_is_better: bool
    steps: int
    paper: str

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


CONTINUOUS = {
    "addition": ("matrix addition", 8000, ".0002 / .0020; feed-forward .0448 / .7029"),
    "completion": ("low-rank completion", 8000, ".0174 / .2054; feed-forward .0203 / .2720"),
    "inverse": ("matrix inverse", 8000, ".0095 / .2063; feed-forward .0112 / .2150"),
}
TASKS = {
    **{name: Task(name, title, "error", False, steps, paper) for name, (title, steps, paper) in CONTINUOUS.items()},
    "sudoku": Task("sudoku", "Sudoku, boards solved", "solved", True, 3000, ".994 / .621"),
    "connectivity": Task("connectivity", "connectivity, pairs told right", "accuracy", True, 3000, ".991 / .938"),
    "shortest_path": Task("shortest_path", "shortest path, first steps right", "first_step", True, 3000, ".926 / .919"),
}
MODELS = {
    "ired": Model("IRED", (), 1.0, thinks=True),
    "feed-forward": Model("feed-forward network", ("--model=FeedForward", "--model.energy.landscapes=0"), 4.0),
    "denoiser": Model(
        "iterated denoiser",
        ("--model=Denoiser", "--model.sampler={steps: 5, monotone: false, stop: {energy_change: null}}"),
        4.0,
    ),
}
