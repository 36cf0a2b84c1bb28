"""The command line of suites: ``lean-ebm suite {list,run,report}``."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from lean_ebm.cli.arguments import OneSentenceParser
from lean_ebm.cli.judges import ended_in_order
from lean_ebm.errors import mistake
from lean_ebm.proving.suites import SUITES, Problem


def main(args: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        args: ``suite`` and its arguments; None takes those of the process.

    Returns:
        The exit status: 0, 2 for an error that the user can mend, 130 after an interrupt.
    """
    settings = _parser().parse_args((sys.argv[1:] if args is None else args)[1:])
    try:
        with ended_in_order():
            status: int = settings.run(settings)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        raise
    except Exception as error:
        told = None if os.environ.get("LEAN_EBM_TRACEBACK") else mistake(error)
        if told is None:
            raise
        print(f"lean-ebm: error: {told}", file=sys.stderr)
        return 2
    return status


def _parser() -> argparse.ArgumentParser:
    names = "\n".join(f"  {suite.name:12} {suite.summary}" for suite in SUITES.values())
    parser = OneSentenceParser(
        prog="lean-ebm suite",
        description="Measure provers on suites of problems.",
        epilog=f"suites:\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="{list,run,report}")
    listed = commands.add_parser("list", help="print what was read of a suite, a line for each problem")
    _add_suite_arguments(listed)
    listed.set_defaults(run=_list)
    return parser


def _add_suite_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", choices=tuple(SUITES), help=f"the suite: {', '.join(SUITES)}")
    command.add_argument("--data", type=Path, help="file or folder of a suite that is read")
    command.add_argument(
        "--problems",
        type=int,
        help="the first so many of each split; of a suite that is made here, how many to make: "
        + ", ".join(f"{suite.name} {suite.number}" for suite in SUITES.values() if suite.make),
    )
    command.add_argument("--split", nargs="+", default=(), help="the splits to take (all)")


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
