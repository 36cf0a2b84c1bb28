"""The training runs of an experiment. Finished runs are not repeated, and interrupted runs are resumed."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import yaml  # type: ignore[import-untyped] # not worth a dependency on its stubs

from lean_ebm.errors import RunError, SettingError
from lean_ebm.experiments.processes import run_module
from lean_ebm.experiments.provenance import commit
from lean_ebm.files import write_whole

SAMPLING = ("sampler", "candidates", "acceptance", "churn", "sample_bound", "jump", "eta", "keep", "judged_by")
"""Settings of a recipe's model that only sampling uses: if they change, the model does not have to be trained again."""


@dataclass(frozen=True)
class Figures:
    """The figures of the finished runs of one name.

    Attributes:
        runs: One entry for each seed. That of a training is the content of ``evaluation.json``, and under ``fit`` the
            record of the training.
    """

    runs: list[dict[str, Any]]

    def metric(self, name: str) -> list[float]:
        """The values of a figure of ``lean-ebm test``, one for each seed that has it."""
        return [run["metrics"][f"test/{name}"] for run in self.runs if f"test/{name}" in run["metrics"]]

    def at(self, steps: int, name: str) -> list[float]:
        """The values of a figure after another number of gradient steps, one for each seed that has it."""
        return [run["compute"][str(steps)][name] for run in self.runs if str(steps) in run["compute"]]

    def values(self, name: str) -> list[list[float]]:
        """The values of a figure for single problems, one list for each seed that has them."""
        return [run["values"][name] for run in self.runs if name in run.get("values", {})]

    @property
    def steps(self) -> list[int]:
        """The numbers of gradient steps for which :meth:`at` has values."""
        return sorted({int(steps) for run in self.runs for steps in run["compute"]})

    @property
    def minutes(self) -> list[float]:
        """Minutes of training, one value for each seed."""
        return [run["fit"]["seconds"] / 60 for run in self.runs]

    @property
    def processor_minutes(self) -> list[float]:
        """Minutes of one processor that training took, one value for each seed whose training was not interrupted."""
        known = [run["fit"].get("processor_seconds") for run in self.runs]
        return [seconds / 60 for seconds in known if seconds is not None]


class Run(Protocol):
    """A part of an experiment, which is not repeated when it is finished."""

    @property
    def name(self) -> str:
        """Name in the report. Runs of several seeds share it."""

    @property
    def stage(self) -> int:
        """Runs of a stage begin when all runs of earlier stages have ended."""

    def check(self) -> None:
        """Check whether the run can be made or resumed; raises a SettingError if not."""

    def finish(self, threads: int) -> None:
        """Do what is missing with this number of CPU threads; raises a RunError if that fails."""

    def figures(self) -> dict[str, Any] | None:
        """An entry of :class:`Figures`, or None if the run did not finish with these settings."""


@dataclass(frozen=True)
class TrainingRun:
    """One training run and its evaluation.

    Attributes:
        name: Name in the report.
        config: The recipe.
        seed: Seed of training and evaluation.
        folder: Folder of all runs of the report.
        flags: Flags of all subcommands, in addition to the recipe.
        fit_flags: Flags of ``fit`` only.
        test_flags: Flags of ``test`` only.
        predict: Whether to draw samples as well.
        curves: Scalars of the training that are kept beside the figures, so that a report can be made without the
            files of TensorBoard.
    """

    name: str
    config: Path
    seed: int
    folder: Path
    flags: tuple[str, ...] = ()
    fit_flags: tuple[str, ...] = ()
    test_flags: tuple[str, ...] = ()
    predict: bool = False
    curves: tuple[str, ...] = ()

    stage: ClassVar[int] = 1

    def __str__(self) -> str:
        return f"{self.name}, seed {self.seed}"

    @property
    def path(self) -> Path:
        """Folder of this run."""
        return self.folder / self.name / f"seed-{self.seed}"

    def arguments(self, subcommand: str, *more: str) -> list[str]:
        """Arguments of ``lean-ebm`` for one of its subcommands."""
        own = {"fit": self.fit_flags, "test": self.test_flags}.get(subcommand, ())
        logger = "--trainer.logger.init_args."
        place = [f"{logger}save_dir={self.folder}", f"{logger}name={self.name}", f"{logger}version=seed-{self.seed}"]
        quiet = "--trainer.enable_progress_bar=false"
        seed = f"--seed_everything={self.seed}"
        return [subcommand, f"--config={self.config}", seed, *place, quiet, *self.flags, *own, *more]

    def commands(self) -> list[str]:
        """The shell commands of this run."""
        return [shlex.join(["lean-ebm", *self.arguments(subcommand)]) for subcommand in ("fit", "test")]

    def fingerprint(self) -> str:
        """A hash of everything that changes the training: the recipe, the settings of ``fit`` and the seed."""
        recipe = self._recipe()
        for setting in SAMPLING:
            recipe["model"]["init_args"].pop(setting, None)
        parts = [json.dumps(recipe, sort_keys=True), *self.flags, *self.fit_flags, str(self.seed)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    def check(self) -> None:
        """Check whether the run can be made or resumed.

        Raises:
            SettingError: If its recipe is missing, or if its folder holds another run.
        """
        if not self.config.is_file():
            raise SettingError(f"There is no recipe {self.config}: name a folder by --configs and a recipe in it.")
        record = self._record()
        if record and record["fingerprint"] != self.fingerprint():
            raise SettingError(
                f"{self.path} holds a run of another recipe or other settings: remove the folder to train again."
            )

    def finish(self, threads: int) -> None:
        """Train and evaluate, unless this was done before.

        Args:
            threads: Number of CPU threads of each command.

        Raises:
            RunError: If a command fails.
        """
        print(f"{self}: training", flush=True)
        self.train(threads)
        print(f"{self}: evaluating", flush=True)
        self.evaluate(threads)
        print(f"{self}: done", flush=True)

    def train(self, threads: int) -> None:
        """Train from the start or from the last checkpoint of an interrupted run; do nothing if the run is finished."""
        if self._trained.is_file():
            return
        record = self._record()
        if record is None:
            record = {"fingerprint": self.fingerprint(), "seconds": 0.0, "threads": threads, "commit": commit()}
        write_whole(self._begun, json.dumps(record))
        checkpoint = self.checkpoint()
        begin, spent = time.monotonic(), None
        try:
            spent = self._run("fit", threads, *([f"--ckpt_path={checkpoint}"] if checkpoint else []))
        finally:
            record["seconds"] += time.monotonic() - begin
            write_whole(self._begun, json.dumps(record))
        if self.curves:
            write_whole(self._curves, json.dumps({tag: self._logged(tag) for tag in self.curves}))
        write_whole(self._trained, json.dumps(record | {"processor_seconds": None if checkpoint else spent}))

    def evaluate(self, threads: int) -> None:
        """Test, and draw samples if ``predict`` is set, unless this was done before with the same settings."""
        if self._evaluated():
            return
        checkpoint = self.checkpoint()
        if checkpoint is None:
            raise RunError(f"{self} has no checkpoint to evaluate: remove {self.path} to train again.")
        self._marker.unlink(missing_ok=True)
        for subcommand in ("test", "predict") if self.predict else ("test",):
            self._run(subcommand, threads, f"--ckpt_path={checkpoint}")
        write_whole(self._marker, self._evaluation_settings())

    def figures(self) -> dict[str, Any] | None:
        """An entry of :class:`Figures`, or None if the run did not finish with these settings."""
        if not (self._trained.is_file() and self._evaluated()):
            return None
        figures: dict[str, Any] = json.loads((self.path / "evaluation.json").read_text())
        return figures | {"fit": self._record()}

    def scalars(self, tag: str) -> list[tuple[int, float]]:
        """Steps and values of one of ``curves``; nothing if the training did not end or did not log it."""
        if not self._curves.is_file():
            return []
        return [(step, value) for step, value in json.loads(self._curves.read_text()).get(tag, ())]

    def _logged(self, tag: str) -> list[tuple[int, float]]:
        """Steps and values of a scalar that was logged to TensorBoard."""
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        points: dict[int, float] = {}
        for path in sorted(self.path.glob("events.out.tfevents.*")):
            events = EventAccumulator(str(path), size_guidance={"scalars": 0})
            events.Reload()
            if tag in events.Tags()["scalars"]:
                points |= {point.step: point.value for point in events.Scalars(tag)}
        return sorted(points.items())

    @property
    def _trained(self) -> Path:
        return self.path / "fit.json"

    @property
    def _begun(self) -> Path:
        return self.path / "begun.json"

    @property
    def _curves(self) -> Path:
        return self.path / "curves.json"

    @property
    def _marker(self) -> Path:
        return self.path / "evaluated.json"

    def _record(self) -> dict[str, Any] | None:
        """The record of a finished or interrupted training; None if it has not begun."""
        path = next((path for path in (self._trained, self._begun) if path.is_file()), None)
        return None if path is None else json.loads(path.read_text())

    def _recipe(self) -> dict[str, Any]:
        recipe: dict[str, Any] = yaml.safe_load(self.config.read_text(encoding="utf-8"))
        return recipe

    def _evaluation_settings(self) -> str:
        return json.dumps([self._recipe(), self.flags, self.test_flags, self.predict], sort_keys=True)

    def _evaluated(self) -> bool:
        written = self._marker.is_file() and (self.path / "evaluation.json").is_file()
        return written and self._marker.read_text() == self._evaluation_settings()

    def checkpoint(self) -> Path | None:
        """The last checkpoint of the training; None if there is none."""
        from lean_ebm.checkpoints import last_checkpoint

        found = last_checkpoint(self.path, "**/checkpoints/*.ckpt")
        return found and found.resolve()

    def _run(self, subcommand: str, threads: int, *more: str) -> float | None:
        """Run a command; returns the processor time that it took in seconds, None where the system does not tell."""
        log = self.path / f"{subcommand}.log"
        return run_module("lean_ebm", self.arguments(subcommand, *more), log, f"{subcommand} of {self}", threads)


def execute(runs: Sequence[Run], jobs: int) -> list[str]:
    """Finish all runs stage by stage, several at once, each with its share of the processors.

    Args:
        runs: The runs. All of them are checked before the first begins.
        jobs: Number of runs at once.

    Returns:
        The error messages of the runs that failed. A run that fails does not stop the others.

    Raises:
        SettingError: If a run cannot be made.
    """
    for run in runs:
        run.check()
    threads = max(1, (os.cpu_count() or 1) // jobs)

    def finish(run: Run) -> str | None:
        try:
            run.finish(threads)
        except RunError as error:
            print(error, flush=True)
            return str(error)
        return None

    failures: list[str | None] = []
    with ThreadPoolExecutor(jobs) as pool:
        for stage in sorted({run.stage for run in runs}):
            failures += pool.map(finish, [run for run in runs if run.stage == stage])
    return [failure for failure in failures if failure is not None]


def finished(runs: Sequence[Run]) -> dict[str, Figures]:
    """The figures of each name, in the order of the runs. A name without a finished run has no entries."""
    found: dict[str, Figures] = {run.name: Figures([]) for run in runs}
    for run in runs:
        if (figures := run.figures()) is not None:
            found[run.name].runs.append(figures)
    return found
