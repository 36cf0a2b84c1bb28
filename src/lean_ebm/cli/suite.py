"""The command line of suites: ``lean-ebm suite {list,run,report}``."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from lean_ebm.cli.arguments import OneSentenceParser
from lean_ebm.cli.equipment import ArgumentEquipment
from lean_ebm.cli.judges import add_lean_arguments, ended_in_order
from lean_ebm.cli.progress import progress_bar
from lean_ebm.cli.prove import add_prover_arguments
from lean_ebm.cli.status import exit_status
from lean_ebm.errors import SettingError
from lean_ebm.experiments.suite_tables import comparison, same_budget, summary
from lean_ebm.proving.suites import SUITES, Problem
from lean_ebm.proving.suites.attempts import AttemptRecord, takes_seed
from lean_ebm.proving.suites.executor import Executor, LocalExecutor
from lean_ebm.proving.suites.results import ResultsWriter, read_results
from lean_ebm.proving.suites.runs import Attempts, fingerprint, finish, make_attempts


def main(args: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        args: ``suite`` and its arguments; None takes those of the process.

    Returns:
        The exit status: 0 if all attempts were made, whatever was proved; 2 for an error that the user can mend; 130
        after an interrupt.
    """
    settings = suite_parser().parse_args((sys.argv[1:] if args is None else args)[1:])

    def action() -> int:
        with ended_in_order():
            status: int = settings.run(settings)
        return status

    return exit_status(action)


def suite_parser() -> argparse.ArgumentParser:
    """Make the parser of the arguments after ``suite``."""
    names = "\n".join(f"  {suite.name:12} {suite.summary}" for suite in SUITES.values())
    parser = OneSentenceParser(
        prog="lean-ebm suite",
        description="Measure provers on suites of problems.",
        epilog=f"suites:\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="{list,run,report}")
    listed = commands.add_parser("list", help="list the problems of a suite, a line for each")
    _add_suite_arguments(listed)
    listed.set_defaults(run=_list)

    run = commands.add_parser("run", help="make attempts at all problems, and write a file of results")
    _add_suite_arguments(run)
    add_prover_arguments(run, seconds=300)
    add_lean_arguments(run)
    run.add_argument(
        "--attempts",
        type=int,
        default=1,
        help="number of attempts at each problem, each with its own seed (default: 1)",
    )
    run.add_argument(
        "--stop-early", action="store_true", help="make no further attempts at a problem once it is proved"
    )
    run.add_argument("--seed", type=int, default=0, help="seed of the attempts (default: 0)")
    run.add_argument(
        "--workers",
        type=int,
        default=1,
        help="number of attempts at the same time, each with its own judge (default: 1)",
    )
    run.add_argument(
        "--executor",
        choices=("local", "ray"),
        default="local",
        help="where workers run: as processes on this machine, or on a cluster with Ray (default: local)",
    )
    run.add_argument(
        "--output",
        type=Path,
        help="file of results (JSON lines); an existing file of the same run is continued (default: NAME.jsonl)",
    )
    run.set_defaults(run=_run)

    report = commands.add_parser("report", help="print the table of each file of results, and compare them")
    report.add_argument("files", type=Path, nargs="+", metavar="FILE", help="a file of results that suite run wrote")
    report.set_defaults(run=_report)
    return parser


def _add_suite_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", choices=tuple(SUITES), help=f"the suite: {', '.join(SUITES)}")
    command.add_argument("--data", type=Path, help="file or folder of a suite that is read")
    command.add_argument(
        "--problems",
        type=int,
        help="number of problems of each split, the first ones; for a generated suite the number to make: "
        + ", ".join(f"{suite.name} {suite.number}" for suite in SUITES.values() if suite.make),
    )
    command.add_argument("--split", nargs="+", default=(), help="the splits to take (default: all)")


def _problems(settings: argparse.Namespace) -> list[Problem]:
    return SUITES[settings.name].problems(settings.data, settings.problems, settings.split)


# list


def _list(settings: argparse.Namespace) -> int:
    problems = _problems(settings)
    for problem in problems:
        print(f"{problem.split}\t{problem.name}\t{', '.join(problem.imports)}".rstrip())
    print(_counted(problems))
    return 0


def _counted(problems: Sequence[Problem]) -> str:
    """How many problems there are, in one line."""
    splits = Counter(problem.split for problem in problems)
    text = f"{len(problems)} problems: {', '.join(f'{count} {split}' for split, count in splits.items())}"
    if library := sum(problem.needs_mathlib for problem in problems):
        text += f"; {library} import Mathlib"
    if reference := sum(bool(problem.reference) for problem in problems):
        text += f"; {reference} have a reference proof"
    return text


# run


def _run(settings: argparse.Namespace) -> int:
    suite = SUITES[settings.name]
    settings.world = suite.world
    problems = _problems(settings)
    attempts = Attempts(settings.attempts, settings.seed, settings.stop_early)
    equipment = ArgumentEquipment(settings)
    prover = equipment.prover()
    if attempts.number > 1 and not takes_seed(prover):
        raise SettingError(
            f"--attempts is {attempts.number}, but this prover finds the same in each attempt: expected one with a "
            "seed, such as --prover random, --guide random or --langevin.steps."
        )
    run = {
        "suite": suite.name,
        "problems": len(problems),
        "fingerprint": fingerprint(problems),
        **asdict(attempts),
        **equipment.described(prover),
    }
    run["attempts"] = run.pop("number")
    output = settings.output or Path(f"{suite.name}.jsonl")
    with ResultsWriter(output, run) as results, _executor(settings, equipment) as executor:
        _make(problems, attempts, executor, results)
        finish(problems, results, equipment.sampling_judge)
    print(f"{output}:\n{summary(read_results(output))}")
    return 0


def _executor(settings: argparse.Namespace, equipment: ArgumentEquipment) -> Executor:
    """The executor of ``--executor``."""
    if settings.executor == "local":
        return LocalExecutor(equipment, settings.workers)
    from lean_ebm.proving.suites.ray_executor import RayExecutor

    return RayExecutor(equipment, settings.workers, memory=settings.memory)


def _make(problems: Sequence[Problem], attempts: Attempts, executor: Executor, results: ResultsWriter) -> None:
    """Make the attempts that are missing, with a progress bar."""
    solved = {record.problem for record in results.records if record.proved}
    count = len(results.records)
    with progress_bar(len(problems) * attempts.number, count) as bar:

        def tell(record: AttemptRecord) -> None:
            nonlocal count
            count += 1
            if record.proved:
                solved.add(record.problem)
            bar.note(f"{len(solved)} solved")
            bar.tell(count)

        make_attempts(problems, attempts, executor, results, tell)


# report


def _report(settings: argparse.Namespace) -> int:
    found = [read_results(path) for path in settings.files]
    print("\n\n".join(f"{results.path}: {summary(results)}" for results in found))
    if len(found) > 1:
        print(f"\n{comparison(found)}")
        if not same_budget(found):
            print("\nThe runs have different budgets, so a difference between them can come from the budget.")
    return 0
