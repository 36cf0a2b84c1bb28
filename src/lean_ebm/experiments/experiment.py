"""The class of all experiments: settings from the command line, runs, and a report."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NoReturn, TypeVar

from lean_ebm.errors import UserError, mistake
from lean_ebm.experiments.provenance import machine, versions
from lean_ebm.experiments.runs import Run, TrainingRun, execute, finished
from lean_ebm.files import write_whole

AnyRun = TypeVar("AnyRun", bound=Run)


@dataclass(frozen=True)
class Choice:
    """An option that chooses parts of an experiment, such as tasks.

    Attributes:
        values: All parts.
        help: The text in ``--help``.
        others: Whether the option takes other values as well.
        default: The values if the option is not given; empty for all parts.
    """

    values: Sequence[str]
    help: str
    others: bool = False
    default: Sequence[str] = ()

    @property
    def usual(self) -> Sequence[str]:
        """The values if the option is not given."""
        return self.default or self.values


@dataclass(frozen=True)
class Options:
    """The settings of an experiment.

    Attributes:
        seeds: The seeds of each run.
        jobs: Number of runs at once.
        configs: Folder of the recipes.
        folder: Folder of the runs.
        output: File of the report; its pictures are in the same folder.
        fast: Whether this is a dry run, whose figures mean nothing.
        command: The command that repeats the experiment.
        chosen: The values of each :class:`Choice`.
    """

    seeds: range
    jobs: int
    configs: Path
    folder: Path
    output: Path
    fast: bool
    command: str
    chosen: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Experiment(Generic[AnyRun]):
    """An experiment; :meth:`main` is its command.

    Attributes:
        name: Name of the target of make, and with ``_`` for ``-`` of the module.
        title: Title of the report.
        description: What the experiment does, for ``--help``.
        introduction: First sentences of the report.
        output: Name of the report in ``results/``.
        choices: Options besides those that all experiments have.
        plan: Returns the runs.
        body: Returns the paragraphs of the report, and draws its pictures. Empty paragraphs are left out.
        configs: Folder of the recipes.
        seeds: Number of seeds.
        jobs: Number of runs at once.
        intervals: What intervals the report has, in words.
    """

    name: str
    title: str
    description: str
    introduction: str
    output: str
    choices: Mapping[str, Choice]
    plan: Callable[[Options], list[AnyRun]]
    body: Callable[[Options, list[AnyRun]], list[str]]
    configs: Path = Path("configs")
    seeds: int = 1
    jobs: int = 1
    intervals: str = "95% confidence intervals (Student's t)"

    @property
    def program(self) -> str:
        """The command that runs the experiment."""
        return f"python -m lean_ebm.experiments.{self.name.replace('-', '_')}"

    def main(self, arguments: Sequence[str] | None = None) -> None:
        """Make the runs that are missing, then write the report.

        Args:
            arguments: Arguments; None takes those of the process.

        Raises:
            SystemExit: If a setting is wrong, or if a run failed.
        """
        options = self.options(arguments)
        try:
            runs = self.plan(options)
            failures = execute(runs, options.jobs)
            write_whole(options.output, self.report(options, runs, failures))
        except (UserError, OSError) as error:
            raise SystemExit(f"{self.program}: error: {mistake(error) or error}") from error
        print(f"Report: {options.output}")
        if failures:
            raise SystemExit(1)

    def options(self, arguments: Sequence[str] | None = None) -> Options:
        """Read the settings from arguments; None takes those of the process."""
        parser = _OneSentenceParser(prog=self.program, description=self.description)
        for name, choice in self.choices.items():
            parser.add_argument(
                f"--{name}",
                nargs="+",
                default=choice.usual,
                choices=None if choice.others else choice.values,
                metavar=name.upper(),
                help=f"{choice.help} ({' '.join(choice.usual)})",
            )
        parser.add_argument(
            "--seeds", type=_positive, help=f"seeds 0 to SEEDS-1 (default: {self.seeds}, or 1 with --fast)"
        )
        parser.add_argument(
            "--jobs",
            type=_positive,
            default=self.jobs,
            help=f"number of runs at the same time, which share the processors (default: {self.jobs})",
        )
        parser.add_argument(
            "--configs", type=Path, default=self.configs, help=f"folder of the recipes (default: {self.configs})"
        )
        parser.add_argument("--folder", type=Path, help=f"folder of the runs (default: lightning_logs/{self.name})")
        parser.add_argument(
            "--output", type=Path, help=f"file of the report (default: results/{self.output}, or with --fast in FOLDER)"
        )
        parser.add_argument(
            "--fast", action="store_true", help="make only a few steps of each run, to check that it works"
        )
        given = parser.parse_args(arguments)
        chosen = {name: getattr(given, name) for name in self.choices}
        everything = all(list(chosen[name]) == list(choice.usual) for name, choice in self.choices.items())
        if everything and given.seeds is None and given.configs == self.configs:
            command = f"make {self.name}{' FAST=1' if given.fast else ''}"
        else:
            command = f"{self.program} {shlex.join(sys.argv[1:] if arguments is None else arguments)}"
        folder = given.folder or Path("lightning_logs") / (f"{self.name}-fast" if given.fast else self.name)
        return Options(
            seeds=range(given.seeds or (1 if given.fast else self.seeds)),
            jobs=given.jobs,
            configs=given.configs,
            folder=folder,
            output=given.output or (folder if given.fast else Path("results")) / self.output,
            fast=given.fast,
            command=command,
            chosen=chosen,
        )

    def report(self, options: Options, runs: list[AnyRun], failures: Sequence[str]) -> str:
        """The text of the report: what was run, the body, how to repeat it, and what failed."""
        figures = finished(runs).values()
        fits = [run["fit"] for part in figures for run in part.runs if "fit" in run]
        threads = sorted({str(fit["threads"]) for fit in fits})
        commits = sorted({fit["commit"] for fit in fits if fit.get("commit")})
        about = "**A dry run: the figures mean nothing.**" if options.fast else self.introduction
        last = options.seeds[-1]
        seeds = f"Means over seeds 0 to {last} with {self.intervals}." if last else "Seed 0 only."
        first = next((run for run in runs if isinstance(run, TrainingRun)), None)
        again = f"`{options.command}` makes all runs and resumes them where they were interrupted."
        texts = [
            f"# {self.title}",
            f"Written by `{options.command}`; change nothing by hand. {about} {seeds}",
            *self.body(options, runs),
            "## Again",
            "" if first is None else "\n".join(f"    {command}" for command in first.commands()),
            again if first is None else f"make the first run. {again}",
            f"Each run had {' or '.join(threads)} CPU thread(s) of {machine()}." if threads else f"On {machine()}.",
            f"Trained at commit {' and '.join(commits)}." if commits else "",
            f"Versions: {versions()}.",
            "## Failures\n\n" + "\n".join(f"- {failure}" for failure in failures) if failures else "",
        ]
        return "\n\n".join(text for text in texts if text) + "\n"


class _OneSentenceParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message}\nAll settings: {self.prog} --help\n")


def _positive(text: str) -> int:
    """Convert a text to a whole number of 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of 1 or more.")
    return int(text)
