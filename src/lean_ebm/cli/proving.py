"""The command line of proving: ``lean-ebm {prove,theorems,check}``. Nothing here imports torch or Lightning."""

from __future__ import annotations

import argparse
import importlib
import inspect
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from lean_ebm.cli.arguments import OneSentenceParser
from lean_ebm.cli.judges import add_judge_arguments, ended_in_order, make_judge, preamble_of
from lean_ebm.cli.progress import progress_bar
from lean_ebm.errors import SettingError, mistake
from lean_ebm.files import written_whole
from lean_ebm.proving.environment import Environment
from lean_ebm.proving.files import read_lines, read_text, write_line
from lean_ebm.proving.judge import Judge
from lean_ebm.proving.lexer import SyntaxProblem, is_name
from lean_ebm.proving.search import (
    BestFirst,
    BreadthFirst,
    FoundProof,
    Prover,
    RandomWalk,
    SearchBudget,
    find_proof,
    is_read,
    read_statement,
)
from lean_ebm.proving.source.checking import check_file
from lean_ebm.proving.source.files import read_file
from lean_ebm.proving.statements import Attempt, Statement

COMMANDS = ("prove", "theorems", "check")
"""The commands of :func:`main`."""

_PROVERS: dict[str, Callable[[], Prover] | None] = {
    "auto": None,
    "best-first": BestFirst,
    "breadth-first": BreadthFirst,
    "random": RandomWalk,
}
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
    parser = OneSentenceParser(prog="lean-ebm", description="Prove theorems in Lean 4's language.")
    commands = parser.add_subparsers(required=True, metavar="{prove,theorems,check}")

    prove = commands.add_parser("prove", help="find a proof of a theorem, or of each theorem of a file")
    prove.add_argument(
        "statement",
        help="such as 'p ∧ q → q ∧ p', or with binders: '(p q : Prop) : p ∧ q → q ∧ p'; or a file FILE.jsonl with a "
        "statement in each line, as the command theorems writes it",
    )
    prove.add_argument(
        "--prover",
        default="auto",
        help=f"{', '.join(_PROVERS)}, or the import path of a class, such as mine.MyProver; auto: the decision "
        "procedure, and then best-first (auto)",
    )
    prove.add_argument("--applications", type=int, default=50_000, help="tactic applications for a theorem (50000)")
    prove.add_argument("--seconds", type=float, default=60.0, help="seconds for a theorem (60)")
    prove.add_argument("--name", help="name of the theorem (example_1)")
    prove.add_argument("--prefix", action="store_true", help="And p q in place of p ∧ q, for a Lean without library")
    prove.add_argument("--output", type=Path, help="of a file of theorems: the file of results (FILE.proofs.jsonl)")
    prove.set_defaults(run=_prove)

    theorems = commands.add_parser("theorems", help="write a data set of theorems with proofs, as JSON lines")
    theorems.add_argument("file", type=Path, help="the file to write; an old one is replaced when the new one is whole")
    theorems.add_argument("--number", type=int, default=1000, help="number of theorems (1000)")
    theorems.add_argument("--seed", type=int, default=0, help="seed (0)")
    theorems.add_argument("--workers", type=int, default=1, help="processes; the theorems do not depend on it (1)")
    theorems.add_argument("--maximum-size", type=int, default=24, help="connectives and atoms of a formula (24)")
    theorems.add_argument(
        "--first-order", type=float, default=0.5, help="fraction of proof terms with quantifiers (0.5)"
    )
    theorems.add_argument("--bound", type=int, default=100, help="applications to grade a theorem with (100)")
    theorems.set_defaults(run=_theorems)

    check = commands.add_parser("check", help="check the scripts of a file")
    check.add_argument(
        "file",
        type=Path,
        help="a Lean file: its theorems, lemmas and examples are checked, what else it has is read or named; or a file "
        "FILE.jsonl that the command theorems or prove wrote",
    )
    check.set_defaults(run=_check)

    for command in (prove, check):
        add_judge_arguments(command)
    return parser


def _prover(name: str) -> Prover | None:
    """The prover of ``--prover``; None for the decision procedure and best-first search.

    Raises:
        SettingError: If there is no such prover. A fault in a file of the user's own is raised as it is.
    """
    if name in _PROVERS:
        made = _PROVERS[name]
        return None if made is None else made()
    home, _, attribute = name.rpartition(".")
    if not home:
        raise SettingError(
            f"--prover is {name!r}: expected one of {', '.join(_PROVERS)}, or the import path of a class, such as "
            "mine.MyProver."
        )
    try:
        module = importlib.import_module(home)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{home}.".startswith(f"{error.name}."):
            raise  # a module that the user's own module imports
        raise SettingError(f"--prover {name}: there is no module {error.name}. Is its folder in PYTHONPATH?") from None
    found = getattr(module, attribute, None)
    if not (isinstance(found, type) and issubclass(found, Prover)):
        raise SettingError(f"--prover {name}: {home} has no class {attribute} derived from lean_ebm.proving.Prover.")
    if inspect.isabstract(found):
        raise SettingError(f"--prover {name}: {attribute} does not define {', '.join(found.__abstractmethods__)}.")
    try:
        inspect.signature(found).bind()
    except TypeError as error:
        raise SettingError(
            f"--prover {name}: {attribute} is made without arguments, but there is a {error}; give it a default."
        ) from None
    return found()


# prove


def _prove(settings: argparse.Namespace) -> int:
    budget = SearchBudget(settings.applications, settings.seconds)
    prover = _prover(settings.prover)
    if settings.statement.endswith(".jsonl"):
        return _prove_file(settings, prover, budget)
    if settings.output is not None:
        raise SettingError("--output is for a file of theorems, FILE.jsonl; the proof of one statement is printed.")
    name = "example_1" if settings.name is None else settings.name
    if not is_name(name):
        raise SettingError(
            f"--name is {name!r}, expected a name that a theorem can have in Lean: no keyword, no blank."
        )
    statement = _statement(settings.statement, settings)
    started = time.perf_counter()
    with make_judge(settings) as judge:
        found = find_proof(statement, judge, prover, budget, _searched(judge, statement), settings.prefix)
    seconds = time.perf_counter() - started
    if found.verdict is None or not found.verdict.proved:
        print(f"{statement}\n{found.reason} ({seconds:.1f} s)")
        return 1
    if found.unwritten:
        print(f"{found.statement}\n-- proved by a term, without a script: {found.unwritten}")
    else:
        print(found.statement.theorem(name, found.script))
    print(f"-- verified by {found.verdict.verifier} in {seconds:.2f} s")
    return 0


def _statement(text: str, settings: argparse.Namespace) -> Statement:
    """Read a statement; a Lean as the judge may read one that the embedded logic does not know."""
    try:
        statement = read_statement(text)
    except SettingError:
        if settings.env == "logic":
            raise
        statement = Statement.of(text)
    return replace(statement, preamble=preamble_of(settings))


def _searched(judge: Judge, statement: Statement) -> Environment | None:
    """Choose where to search: in the judge if tactics can be tried in it, else in the embedded logic (None).

    A statement that the embedded logic does not read is searched in Lean, if Lean is the judge.
    """
    if isinstance(judge, Environment):
        return judge
    if is_read(statement):
        return None
    from lean_ebm.proving.lean import Lean, LeanEnvironment

    assert isinstance(judge, Lean)
    return LeanEnvironment(judge)


def _prove_file(settings: argparse.Namespace, prover: Prover | None, budget: SearchBudget) -> int:
    """Prove each theorem of a file and write the results."""
    if settings.name is not None:
        raise SettingError("--name is for one statement; the theorems of a file have no names.")
    path = Path(settings.statement)
    output = path.with_suffix(".proofs.jsonl") if settings.output is None else settings.output
    if output.exists() and path.exists() and output.samefile(path):
        raise SettingError(f"--output is the file of the theorems, {path}: name another one.")
    records = read_lines(path)
    started = time.perf_counter()
    proved = applications = 0
    with written_whole(output) as file, make_judge(settings) as judge, progress_bar(len(records)) as bar:
        for count, record in enumerate(records, 1):
            began = time.perf_counter()
            found = _found(record["statement"], settings, judge, prover, budget)
            proved += found.proved
            applications += found.applications or 0
            write_line(
                file,
                {
                    "statement": str(found.statement),
                    "proved": found.proved,
                    "script": found.script if found.proved else None,
                    "verifier": found.verdict.verifier if found.verdict is not None else None,
                    "reason": found.reason,
                    "applications": found.applications or 0,
                    "seconds": round(time.perf_counter() - began, 4),
                },
            )
            bar.tell(count)
    seconds = time.perf_counter() - started
    print(f"{output}: {proved} of {len(records)} proved, {applications} tactic applications, {seconds:.1f} s")
    return 0 if proved == len(records) else 1


def _found(
    text: str, settings: argparse.Namespace, judge: Judge, prover: Prover | None, budget: SearchBudget
) -> FoundProof:
    """The result for one theorem of a file; a statement that cannot be read is not proved."""
    try:
        statement = _statement(text, settings)
    except SettingError as error:
        return FoundProof(None, Statement.of(text), unread=str(error))
    return find_proof(statement, judge, prover, budget, _searched(judge, statement), settings.prefix)


# theorems


def _theorems(settings: argparse.Namespace) -> int:
    from lean_ebm.proving.theorems import TheoremSettings, write_theorems

    started = time.perf_counter()
    generator = TheoremSettings(
        seed=settings.seed,
        maximum_size=settings.maximum_size,
        first_order=settings.first_order,
        bound=settings.bound,
    )
    with progress_bar(settings.number) as bar:
        write_theorems(settings.file, generator, settings.number, settings.workers, bar.tell)
    print(f"{settings.file}: {settings.number} theorems in {time.perf_counter() - started:.1f} s")
    return 0


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
    with make_judge(settings, file.imports) as judge, progress_bar(len(file.entries)) as bar:
        results = check_file(file, judge, preamble_of(settings), bar.tell)
    if settings.env == "logic":
        for module in file.imports:
            print(f"import {module}: not read: the embedded logic cannot import modules. Use --env lean or pantograph.")
    for result in results:
        print(result)
    proved = all(result.verdict is not None and result.verdict.proved for result in results)
    return 0 if proved and not (file.imports and settings.env == "logic") else 1


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
