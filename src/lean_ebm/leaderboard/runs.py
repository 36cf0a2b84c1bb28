"""Runs of the command line that a report is made of; finished ones are not repeated."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped] # not worth a dependency on its stubs

from lean_ebm.errors import RunError

SAMPLING = ("sampler", "candidates", "acceptance", "churn")
"""Settings of a recipe's model that training never uses: to sample in another way, nothing has to be trained anew."""


@dataclass(frozen=True)
class Run:
    """One training run and its evaluation.

    Attributes:
        name: What the report calls it.
        config: The recipe.
        seed: Seed of everything.
        folder: Where all runs of the report lie.
        flags: Settings of all subcommands besides the recipe's.
        fit_flags: Settings of ``fit`` alone.
        test_flags: Settings of ``test`` alone.
        predict: Whether to draw samples as well.
    """

    name: str
    config: Path
    seed: int
    folder: Path
    flags: tuple[str, ...] = ()
    fit_flags: tuple[str, ...] = ()
    test_flags: tuple[str, ...] = ()
    predict: bool = False

    @property
    def path(self) -> Path:
        """Folder of this run."""
        return self.folder / self.name / f"seed-{self.seed}"

    def command(self, subcommand: str, *more: str) -> list[str]:
        """Arguments of ``lean-ebm`` for one of the subcommands."""
        own = {"fit": self.fit_flags, "test": self.test_flags}.get(subcommand, ())
        logger = "--trainer.logger.init_args."
        place = [f"{logger}save_dir={self.folder}", f"{logger}name={self.name}", f"{logger}version=seed-{self.seed}"]
        quiet = "--trainer.enable_progress_bar=false"
        seed = f"--seed_everything={self.seed}"
        return [subcommand, f"--config={self.config}", seed, *place, quiet, *self.flags, *own, *more]

    def fingerprint(self) -> str:
        """Changes with anything that changes the training: the recipe and the settings of ``fit``."""
        recipe = yaml.safe_load(self.config.read_text())
        for setting in SAMPLING:
            recipe["model"]["init_args"].pop(setting, None)
        parts = [json.dumps(recipe, sort_keys=True), *self.flags, *self.fit_flags, str(self.seed)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    def train(self, threads: int) -> None:
        """Fit, going on from the last checkpoint of an interrupted run; nothing if it is finished."""
        done, begun = self.path / "fit.json", self.path / "begun.json"
        record: dict[str, Any] = {"fingerprint": self.fingerprint(), "seconds": 0.0, "threads": threads}
        for path in (done, begun):
            if path.is_file():
                record = json.loads(path.read_text())
                if record["fingerprint"] != self.fingerprint():
                    raise SystemExit(
                        f"{self.path} holds a run of another recipe or other settings: remove the folder to train anew."
                    )
        if done.is_file():
            return
        self.path.mkdir(parents=True, exist_ok=True)
        begun.write_text(json.dumps(record))
        checkpoints = sorted(self.path.glob("checkpoints/*.ckpt"), key=lambda path: path.stat().st_mtime)
        start = time.monotonic()
        try:
            self._execute("fit", threads, *([f"--ckpt_path={checkpoints[-1]}"] if checkpoints else []))
        finally:
            record["seconds"] += time.monotonic() - start
            begun.write_text(json.dumps(record))
        done.write_text(json.dumps(record))

    def evaluate(self, threads: int) -> None:
        """Test, and draw samples if asked to; nothing where that was done with the same settings."""
        checkpoint = max(self.path.glob("checkpoints/*.ckpt"), key=lambda path: path.stat().st_mtime).resolve()
        marker = self.path / "evaluated.json"
        recipe = yaml.safe_load(self.config.read_text())
        settings = json.dumps([recipe, self.flags, self.test_flags, self.predict], sort_keys=True)
        if marker.is_file() and marker.read_text() == settings and (self.path / "evaluation.json").is_file():
            return
        self._execute("test", threads, f"--ckpt_path={checkpoint}")
        if self.predict:
            self._execute("predict", threads, f"--ckpt_path={checkpoint}")
        marker.write_text(settings)

    def figures(self) -> dict[str, Any] | None:
        """What the evaluation found, or None where the run did not finish."""
        path = self.path / "evaluation.json"
        if not path.is_file():
            return None
        report: dict[str, Any] = json.loads(path.read_text())
        return report | {"fit": json.loads((self.path / "fit.json").read_text())}

    def _execute(self, subcommand: str, threads: int, *more: str) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        with (self.path / f"{subcommand}.log").open("a") as log:
            done = subprocess.run(
                [sys.executable, "-m", "lean_ebm", *self.command(subcommand, *more)],
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        if done.returncode != 0:
            raise RunError(f"{subcommand} of {self.name}, seed {self.seed}, failed: see {log.name}.")


def execute(runs: list[Run], jobs: int) -> list[str]:
    """Train and evaluate all runs, several at once, each with its share of the processors.

    Returns:
        What failed, a line each; a run that fails does not stop the others.
    """
    threads = max(1, (os.cpu_count() or 1) // jobs)
    failures = []

    def one(run: Run) -> str | None:
        try:
            print(f"{run.name}, seed {run.seed}: training", flush=True)
            run.train(threads)
            print(f"{run.name}, seed {run.seed}: evaluating", flush=True)
            run.evaluate(threads)
        except RuntimeError as error:
            return str(error)
        print(f"{run.name}, seed {run.seed}: done", flush=True)
        return None

    with ThreadPoolExecutor(jobs) as pool:
        for failure in pool.map(one, runs):
            if failure is not None:
                print(failure, flush=True)
                failures.append(failure)
    return failures
