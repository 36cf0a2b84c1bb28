"""The proving commands ``lean-ebm {prove,suggest,theorems,check}``. They do not import torch or Lightning."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lean_ebm.cli.arguments import OneSentenceParser
from lean_ebm.cli.guidance import add_guide_arguments, suggest
from lean_ebm.cli.judges import Needs, add_judge_arguments, add_world_argument, ended_in_order, make_judge, preamble_of
from lean_ebm.cli.progress import progress_bar
from lean_ebm.cli.prove import add_prove_arguments
from lean_ebm.cli.prove import prove as run_prove
from lean_ebm.cli.status import exit_status
from lean_ebm.cli.theorems import add_theorems_arguments, theorems
from lean_ebm.errors import SettingError
from lean_ebm.proving.files import read_lines, read_text
from lean_ebm.proving.lexer import SyntaxProblem
from lean_ebm.proving.source.checking import check_file
from lean_ebm.proving.source.files import read_file
from lean_ebm.proving.statements import Attempt, Statement

COMMANDS = ("prove", "suggest", "theorems", "check")
"""The commands of :func:`main`."""

_CHUNK = 200  # scripts that the judge checks between two looks at the progress bar


def main(args: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        args: The command and its arguments; None takes those of the process.

    Returns:
        The exit status: 0 if all was proved or written, 1 if something was not proved, 2 for an error that the user can
        mend, 130 after an interrupt.
    """
    settings = _parser().parse_args(args)

    def action() -> int:
        with ended_in_order():
            status: int = settings.run(settings)
        return status

    return exit_status(action)


def _parser() -> argparse.ArgumentParser:
    parser = OneSentenceParser(prog="lean-ebm", description="Prove theorems in Lean 4's language.")
    commands = parser.add_subparsers(required=True, metavar="{prove,suggest,theorems,check}")

    prove = commands.add_parser("prove", help="find a proof of a theorem, or of each theorem of a file")
    add_prove_arguments(prove)
    prove.set_defaults(run=run_prove)

    suggested = commands.add_parser("suggest", help="print the tactics that a guide would try first in a goal")
    suggested.add_argument("goal", help="such as '(p q : Prop) (h : p ∧ q) : q': what is before the colon is given")
    suggested.add_argument("--number", type=int, default=10, help="number of tactics (default: 10)")
    add_guide_arguments(suggested, required=True)
    add_world_argument(suggested)
    suggested.set_defaults(run=suggest)

    made = commands.add_parser("theorems", help="write a data set of theorems with proofs, as JSON lines")
    add_theorems_arguments(made)
    made.set_defaults(run=theorems)

    check = commands.add_parser("check", help="check the scripts of a file")
    check.add_argument(
        "file",
        type=Path,
        help="a Lean file, whose theorems, lemmas and examples are checked; or a file "
        "FILE.jsonl that the command theorems or prove wrote",
    )
    check.set_defaults(run=_check)

    for command in (prove, check):
        add_judge_arguments(command)
    return parser


# check


def _check(settings: argparse.Namespace) -> int:
    if settings.file.suffix == ".jsonl":
        return _check_lines(settings)
    try:
        file = read_file(read_text(settings.file))
    except SyntaxProblem as error:
        raise SettingError(f"{settings.file}: {error}.") from error
    if not file.entries:
        raise SettingError(f"{settings.file} has no theorem: expected lines such as 'theorem name : p := by ...'.")
    with make_judge(settings, Needs(file.imports)) as judge, progress_bar(len(file.entries)) as bar:
        results = check_file(file, judge, preamble_of(settings), bar.tell, _known(settings))
    if settings.env == "logic":
        for module in file.imports:
            print(f"import {module}: not read: the embedded logic cannot import modules. Use --env lean or pantograph.")
    for result in results:
        print(result)
    proved = all(result.verdict is not None and result.verdict.proved for result in results)
    return 0 if proved and not (file.imports and settings.env == "logic") else 1


def _known(settings: argparse.Namespace) -> frozenset[str]:
    """The theorems that the judge has itself: in the world of numbers the levels, in their namespace or without it."""
    if settings.world != "numbers":
        return frozenset()
    from lean_ebm.proving.numbers.levels import NUMBERS, levels

    return frozenset(name for level in levels() for name in (level.name, f"{NUMBERS}.{level.name}"))


def _check_lines(settings: argparse.Namespace) -> int:
    """Check the scripts of a file of JSON lines; prints those that are not proofs, and a summary."""
    records, preamble = read_lines(settings.file), preamble_of(settings)
    attempts = [
        (number, Attempt(replace(Statement.of(record["statement"]), preamble=preamble), record["script"]))
        for number, record in enumerate(records, 1)
        if isinstance(record.get("script"), str)
    ]
    failed = dict.fromkeys(range(1, len(records) + 1), "it has no script")
    verifier = ""
    with make_judge(settings) as judge, progress_bar(len(records)) as bar:
        for start in range(0, len(attempts), _CHUNK):
            chunk = attempts[start : start + _CHUNK]
            verdicts = judge.verify_many([attempt for _, attempt in chunk])
            for (number, _), verdict in zip(chunk, verdicts, strict=True):
                verifier = verdict.verifier
                if verdict.proved:
                    del failed[number]
                else:
                    failed[number] = verdict.message
            bar.tell(start + len(chunk))
    for number, reason in failed.items():
        print(f"theorem {number}: not proved: {reason}")
    by = f" ({verifier})" if verifier else ""
    print(f"{settings.file}: {len(records) - len(failed)} of {len(records)} proved{by}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
