"""Trains every recipe for digits with several seeds, evaluates it and writes the tables: ``make leaderboard``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from statistics import mean
from typing import Any

from lean_ebm.experiments.experiment import Choice, Experiment, Options
from lean_ebm.experiments.runs import Figures, TrainingRun, finished
from lean_ebm.experiments.tables import draw_picture, interval, plot_over_steps, table
from lean_ebm.files import write_whole

RECIPES = Choice(("contrastive", "ebt", "ired"), "names of files in the folder of the recipes", others=True)
FAST = (
    "--data=Digits",
    "--data.batch_size=8",
    "--data.samples_per_class=2",
    "--model.sampler.steps=2",
    "--trainer.accelerator=cpu",
    "--trainer.limit_val_batches=2",
    "--trainer.limit_test_batches=2",
)
FAST_FIT = ("--trainer.max_steps=3", "--trainer.log_every_n_steps=1", "--samples.samples_per_class=0")
FAST_TEST = (
    "--evaluation.num_samples=20",
    "--evaluation.long_run_samples=20",
    "--evaluation.num_images=20",
)
SAMPLES = {
    "read as asked": "accuracy",
    "Fréchet": "frechet",
    "coverage": "coverage",
    "density": "density",
    "diversity": "diversity",
    "novelty": "novelty",
}
"""Columns of the table of samples, and the names of their figures."""
ENERGY = {
    "accuracy of argmin E": "accuracy",
    "calibration error": "energy_calibration_error",
    "AUROC noise": "energy_auroc_noise",
    "constant": "energy_auroc_constant",
    "rotated": "energy_auroc_rotated",
    "inverted": "energy_auroc_inverted",
    "other digits": "energy_auroc_other_digits",
}
LONG = {"read as asked": "long_run_accuracy", "diversity": "long_run_diversity"}
COMPUTE = ("read as asked", "Fréchet", "coverage", "diversity")
"""Columns of the table of samples that are shown by steps."""
TRAINING = {"train/loss": "training loss, averaged", "val/accuracy": "validation accuracy of argmin E"}
RECOVERIES = "train/recoveries"
DETECTED = 0.9
"""Smallest AUROC of a kind of strange images that counts as detected."""
SAMPLED = {"read as asked": 0.995, "Fréchet": -6.0, "coverage": 0.92}
"""Targets of samples: the smallest figure, or with a minus the largest."""


def plan(options: Options) -> list[TrainingRun]:
    """The runs of each recipe and seed. Other numbers of steps, long chains and the grid are only for seed 0."""
    steps, long_run = ([2, 3], 5) if options.fast else ([10, 25, 50, 100, 200], 2000)
    more = (f"--evaluation.steps={steps}", f"--evaluation.long_run={long_run}")
    return [
        TrainingRun(
            name=recipe,
            config=options.configs / f"{recipe}.yaml",
            seed=seed,
            folder=options.folder,
            flags=FAST if options.fast else (),
            fit_flags=FAST_FIT if options.fast else (),
            test_flags=(*(more if seed == 0 else ()), *(FAST_TEST if options.fast else ())),
            predict=seed == 0,
            curves=(*TRAINING, RECOVERIES),
        )
        for seed in options.seeds
        for recipe in options.chosen["recipes"]
    ]


def body(options: Options, runs: list[TrainingRun]) -> list[str]:
    """Write the tables, and draw the pictures in the folder of the report."""
    folder, found = options.output.parent, finished(runs)
    _draw_training(runs, folder / "training.png")
    compute = {name: figures for name, figures in found.items() if figures.steps}
    if compute:
        _draw_compute(compute, folder / "compute.png")
    grids = []
    for run in runs:
        grid = run.path / "samples" / "grid.png"
        if run.predict and grid.is_file():
            write_whole(folder / f"samples-{run.name}.png", grid.read_bytes())
            grids.append(run.name)

    samples = []
    for name, figures in found.items():
        cells = [interval(figures.metric(f"samples_{key}")) for key in SAMPLES.values()]
        ended = f"{len(figures.runs)} of {len(options.seeds)}"
        counts = [points for run in runs if run.name == name and (points := run.scalars(RECOVERIES))]
        recoveries = sum(int(points[-1][1]) for points in counts)
        samples.append([f"`{name}`", *cells, interval(figures.minutes, 1), ended, str(recoveries)])
    real = [_real(found, key) for key in SAMPLES.values()]
    steps = sorted({step for figures in found.values() for step in figures.steps})
    curves = [
        [f"`{name}`", label, *(interval(figures.at(step, SAMPLES[label])) for step in steps)]
        for name, figures in found.items()
        for label in COMPUTE
    ]
    long = {name: figures for name, figures in found.items() if figures.metric("long_run_accuracy")}
    return [
        *_summary(found),
        "## Samples",
        "1,000 samples, 100 of each class, judged by the pinned evaluator. Minutes are of training. Recoveries are "
        "rollbacks of the guard against divergence, over all seeds.",
        table(
            ["recipe", *SAMPLES, "minutes", "finished", "recoveries"],
            [
                *samples,
                ["real digits, the ceiling", *(f"{value:.3f}" for value in real), "", "", ""],
                ["*prototype, EBT* ¹", "*.100*", "*2520 ¹*", "*.02*", "", "", "", "*4*", "", ""],
                ["*prototype, CD* ¹", "*.100*", "*3040 ¹*", "*.00*", "", "", "", "*4*", "", ""],
            ],
        ),
        "¹ The project that this one re-implements, as its figures were handed down: four minutes on one CPU core, and "
        "another evaluator, whose Fréchet distances are on a scale of their own (real digits 9).",
        table([f"`{name}`" for name in grids], [[f"![{name}](samples-{name}.png)" for name in grids]]) if grids else "",
        "Ten samples a class of seed 0, the odd ones included." if grids else "",
        "## Energy",
        "The energy as a classifier, and as a detector of images that are not digits: the probability that such an "
        "image has a higher energy than a digit (0.5 is chance, less prefers the image).",
        _table_of("recipe", ENERGY, found),
        "## Compute",
        "The same samples after other numbers of Langevin steps (seed 0); `ired` shares them among its landscapes.",
        table(["recipe", "figure", *map(str, steps)], curves) if compute else "",
        "![Quality over Langevin steps](compute.png)" if compute else "",
        "Are the ends of a chain of 2,000 steps still digits (seed 0, 100 chains)?" if long else "",
        _table_of("recipe", LONG, long) if long else "",
        "## Training",
        "![Training](training.png)",
    ]


def _summary(found: Mapping[str, Figures]) -> list[str]:
    """The targets, and in how many cells the means over seeds hold them; nothing without a finished run."""

    def counted(names: list[str], bound: float) -> str:
        means = [mean(values) for name in names for figures in found.values() if (values := figures.metric(name))]
        held = [value >= bound if bound > 0 else value <= -bound for value in means]
        return f"{sum(held)} of {len(held)}"

    if not any(figures.runs for figures in found.values()):
        return []
    strange = [name for name in ENERGY.values() if "auroc" in name]
    rows = [
        [f"strange images: AUROC at least {DETECTED}; recipes and kinds of images", counted(strange, DETECTED)],
        *(
            [
                f"samples: {label} at {'least' if bound > 0 else 'most'} {abs(bound)}; recipes",
                counted([f"samples_{SAMPLES[label]}"], bound),
            ]
            for label, bound in SAMPLED.items()
        ),
    ]
    return ["## Targets", "Counted by the means over seeds.", table(["", "holds"], rows)]


def _table_of(first: str, columns: Mapping[str, str], found: Mapping[str, Figures]) -> str:
    rows = [[f"`{name}`", *(interval(part.metric(key)) for key in columns.values())] for name, part in found.items()]
    return table([first, *columns], rows)


def _real(found: Mapping[str, Figures], key: str) -> float:
    """The figure of real digits, which is the same for all recipes."""
    return next((values[0] for figures in found.values() if (values := figures.metric(f"real_{key}"))), math.nan)


def _draw_training(runs: list[TrainingRun], path: Path) -> None:
    """Draw the training loss and the validation accuracy of the energy over updates, a line for each run."""
    colors = {name: f"C{i}" for i, name in enumerate(dict.fromkeys(run.name for run in runs))}
    ended = [run for run in runs if run.figures() is not None]
    first = {run.name: run for run in reversed(ended)}

    def draw(axes: list[Any]) -> None:
        for axis, (tag, title) in zip(axes, TRAINING.items(), strict=True):
            for run in ended:
                points = run.scalars(tag)
                steps, values = [point[0] for point in points], [point[1] for point in points]
                if tag == "train/loss":
                    values = [mean(values[max(0, i - 9) : i + 1]) for i in range(len(values))]
                label = run.name if run is first[run.name] else None
                axis.plot(steps, values, color=colors[run.name], alpha=0.7, label=label)
            axis.set(xlabel="updates", title=title)
        if ended:
            axes[0].legend()
        low = min((value for line in axes[1].lines for value in line.get_ydata()), default=0)
        axes[1].set(ylim=(max(low - 0.01, 0), 1))

    draw_picture(path, len(TRAINING), draw)


def _draw_compute(found: Mapping[str, Figures], path: Path) -> None:
    """Draw figures of samples over the number of steps, together with those of real digits."""

    def draw(axes: list[Any]) -> None:
        for axis, label in zip(axes, COMPUTE, strict=True):
            for i, (name, figures) in enumerate(found.items()):
                plot_over_steps(axis, figures, SAMPLES[label], color=f"C{i}", label=name)
            axis.axhline(_real(found, SAMPLES[label]), color="gray", linestyle="--", label="real digits")
            axis.set(xlabel="Langevin steps", xscale="log", title=label)
            if label == "Fréchet":
                axis.set(yscale="log")
        axes[0].legend()

    draw_picture(path, len(COMPUTE), draw)


LEADERBOARD = Experiment(
    name="leaderboard",
    title="Leaderboard",
    description="Train every recipe with several seeds, evaluate it and write the tables and pictures.",
    introduction="MNIST, test split. The figures are defined in `src/lean_ebm/evaluation/`.",
    output="README.md",
    choices={"recipes": RECIPES},
    plan=plan,
    body=body,
    seeds=3,
)

if __name__ == "__main__":
    LEADERBOARD.main()
