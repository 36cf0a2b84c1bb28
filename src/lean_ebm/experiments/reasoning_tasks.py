"""The tasks and the models of ``make reasoning``."""

from __future__ import annotations

from dataclasses import dataclass, field

WITHOUT_JUDGE = ("--model.verification=null", "--model.energy.judge=0")
DESCENT = ("--model.sampler.monotone=true", "--model.sampler.stop.energy_change=1.0e-3")
MINED = ("--model.contrast=0.5",)
FLIPPED = ("--model.contrast=0.05", "--model.flips.fraction=0.05")


@dataclass(frozen=True)
class Task:
    """One family of problems.

    Attributes:
        name: Name of its recipe in ``configs/reasoning``.
        title: Name in the report.
        figure: The main figure, by its name in the data module.
        higher_is_better: Whether a better answer has a higher figure.
        steps: Number of optimizer steps of each model, by its key in :data:`MODELS`. All take about the same time.
        ired: The flags of IRED that only this task needs.
        paper: Figures of the paper, at its own size: model, on ``same`` and on ``harder`` problems.
        chain: Number of gradient steps of the recipe's chain.
        problems: Number of problems of each split on which a model is evaluated.
    """

    name: str
    title: str
    figure: str
    higher_is_better: bool
    steps: dict[str, int] = field(hash=False)
    ired: tuple[str, ...]
    paper: tuple[tuple[str, str, str], ...]
    chain: int = 60
    problems: int = 400

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
        longest: How many times as long as the recipe's another chain is; 0 for none.
        draws: Number of draws from which the energy chooses.
        seeds: Largest number of seeds; None for all of the experiment.
    """

    title: str
    flags: tuple[str, ...]
    steps: tuple[int, ...] = ()
    longest: int = 0
    draws: int = 1
    seeds: int | None = None

    def test_flags(self, task: Task) -> tuple[str, ...]:
        """The flags of its evaluation on a task."""
        steps = [*(self.steps or (1,)), *([self.longest * task.chain] if self.longest else [])]
        number = f"--evaluation.num_samples={task.problems}"
        return (number, f"--evaluation.steps={steps}", f"--evaluation.draws={self.draws}")


def _steps(verified: int, denoiser: int, feed_forward: int, ired: int) -> dict[str, int]:
    return {"verified": verified, "denoiser": denoiser, "feed-forward": feed_forward, "ired": ired}


def _matrices(
    name: str,
    title: str,
    steps: dict[str, int],
    ired: tuple[str, str],
    feed_forward: tuple[str, str],
    chain: int = 60,
) -> Task:
    paper = (("IRED", *ired), ("feed-forward network", *feed_forward))
    return Task(name, title, "error", False, steps, MINED, paper, chain)


TASKS = {
    task.name: task
    for task in (
        _matrices(
            "addition", "matrix addition", _steps(8000, 9100, 10500, 3400), (".0002", ".0020"), (".0448", ".7029")
        ),
        _matrices(
            "completion", "low-rank completion", _steps(6200, 8700, 9900, 3270), (".0174", ".2054"), (".0203", ".2720")
        ),
        _matrices(
            "inverse",
            "matrix inverse",
            _steps(5900, 7300, 8200, 1880),
            (".0095", ".2063"),
            (".0112", ".2150"),
            chain=40,
        ),
        Task(
            "sudoku",
            "Sudoku, boards solved",
            "solved",
            True,
            _steps(5800, 7150, 7400, 2400),
            (*FLIPPED, "--model.flips.dim=0"),
            (("IRED", ".994", ".621"),),
            problems=200,  # its network is the slowest
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
    "denoiser": Model("iterated denoiser", WITHOUT_JUDGE, steps=(1, 5, 20), longest=8),
    "feed-forward": Model(
        "feed-forward network",
        ("--model=FeedForward", "--model.energy.landscapes=0", *WITHOUT_JUDGE),
    ),
    "ired": Model("IRED", ("--model=IRED", *WITHOUT_JUDGE, *DESCENT), steps=(1, 5, 20), draws=8, seeds=1),
}
