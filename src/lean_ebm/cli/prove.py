"""The command ``lean-ebm prove``."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lean_ebm.cli.classes import class_at
from lean_ebm.cli.guidance import add_search_arguments, cost_of, explanation, guided_prover
from lean_ebm.cli.judges import make_judge, preamble_of, world_of
from lean_ebm.cli.progress import progress_bar
from lean_ebm.errors import SettingError
from lean_ebm.files import written_whole
from lean_ebm.proving.environment import Environment
from lean_ebm.proving.files import read_lines, write_line
from lean_ebm.proving.judge import Judge
from lean_ebm.proving.lexer import is_name
from lean_ebm.proving.search import (
    BestFirst,
    BreadthFirst,
    FoundProof,
    GuidedProver,
    Prover,
    RandomWalk,
    SearchBudget,
    find_proof,
    find_proofs,
    is_read,
)
from lean_ebm.proving.statements import Statement

_PROVERS: dict[str, Callable[[], Prover] | None] = {
    "auto": None,
    "best-first": BestFirst,
    "breadth-first": BreadthFirst,
    "random": RandomWalk,
}


def add_prove_arguments(prove: argparse.ArgumentParser) -> None:
    """Add the arguments of the command, except those of the judge."""
    prove.add_argument(
        "statement",
        help="such as 'p ∧ q → q ∧ p', or with binders: '(p q : Prop) : p ∧ q → q ∧ p'; or a file FILE.jsonl with a "
        "statement in each line, as the command theorems writes it",
    )
    add_prover_arguments(prove, seconds=60)
    prove.add_argument("--name", help="name of the theorem (default: example_1)")
    prove.add_argument("--prefix", action="store_true", help="write And p q and not p ∧ q, for a Lean without library")
    prove.add_argument(
        "--output", type=Path, help="for a file of theorems: the file of results (default: FILE.proofs.jsonl)"
    )
    prove.add_argument("--explain", action="store_true", help="also print the guide's advice at each step of the proof")


def add_prover_arguments(command: argparse.ArgumentParser, seconds: int) -> None:
    """Add the arguments that choose a prover and its limits.

    Args:
        command: The command.
        seconds: The usual number of seconds for a theorem.
    """
    command.add_argument(
        "--prover",
        default="auto",
        help=f"{', '.join(_PROVERS)}, or the import path of a class, such as mine.MyProver; auto: the decision "
        "procedure, and then best-first (default: auto)",
    )
    command.add_argument(
        "--applications", type=int, default=50_000, help="limit of tactic applications for a theorem (default: 50000)"
    )
    command.add_argument(
        "--seconds", type=float, default=seconds, help=f"limit of seconds for a theorem (default: {seconds})"
    )
    add_search_arguments(command)


def named_prover(name: str) -> Prover | None:
    """The prover of ``--prover``; None for the decision procedure and best-first search.

    Args:
        name: The value of the option.

    Raises:
        SettingError: If there is no such prover. A fault in a file of the user's own is raised as it is.
    """
    if name in _PROVERS:
        made = _PROVERS[name]
        return None if made is None else made()
    if "." not in name:
        raise SettingError(
            f"--prover is {name!r}: expected one of {', '.join(_PROVERS)}, or the import path of a class, such as "
            "mine.MyProver."
        )
    found: Prover = class_at("--prover", name, Prover, "derived from lean_ebm.proving.Prover")()
    return found


def prove(settings: argparse.Namespace) -> int:
    """Prove a statement and print the script, or prove each theorem of a file; returns the exit status."""
    budget = SearchBudget(settings.applications, settings.seconds, settings.evaluations)
    prover = guided_prover(settings) or named_prover(settings.prover)
    if settings.statement.endswith(".jsonl"):
        return _prove_file(settings, prover, budget)
    if settings.output is not None:
        raise SettingError("--output is for a file of theorems, FILE.jsonl; the proof of one statement is printed.")
    name = "example_1" if settings.name is None else settings.name
    if not is_name(name):
        raise SettingError(
            f"--name is {name!r}, expected a name that a theorem can have in Lean: no keyword, no blank."
        )
    statement = given_statement(settings.statement, settings)
    started = time.perf_counter()
    with make_judge(settings) as judge, progress_bar(settings.applications) as bar:
        if isinstance(prover, GuidedProver):
            prover.tell = bar.tell
        environment, chosen = search_place(judge, statement, settings, prover)
        found = find_proof(statement, judge, chosen, budget, environment, settings.prefix)
    seconds = time.perf_counter() - started
    if found.verdict is None or not found.verdict.proved:
        print(f"{statement}\n{found.reason} ({seconds:.1f} s)")
        if isinstance(chosen, GuidedProver) and found.search is not None:
            print(f"-- searched with {cost_of(found.search)}")
        return 1
    if found.unwritten:
        print(f"{found.statement}\n-- proved by a term, without a script: {found.unwritten}")
    else:
        print(found.statement.theorem(name, found.script))
    print(f"-- verified by {found.verdict.verifier} in {seconds:.2f} s")
    if isinstance(chosen, GuidedProver) and found.search is not None:
        print(f"-- found with {cost_of(found.search)}")
        if settings.explain:
            print(explanation(found.search.steps))
    return 0


def given_statement(text: str, settings: argparse.Namespace) -> Statement:
    """Read a statement. With Lean as the judge it may be one that the world's own environment cannot read.

    Args:
        text: The statement.
        settings: The arguments of the command.

    Raises:
        SettingError: If it cannot be read.
    """
    try:
        statement = world_of(settings).read(text)
    except SettingError:
        if settings.env == "logic":
            raise
        statement = Statement.of(text)
    return replace(statement, preamble=preamble_of(settings))


def search_place(
    judge: Judge, statement: Statement, settings: argparse.Namespace, prover: Prover | None
) -> tuple[Environment | None, Prover | None]:
    """Choose the environment and the prover: the given prover, or one for statements that only Lean can read.

    Args:
        judge: The judge of ``--env``.
        statement: The statement.
        settings: The arguments of the command.
        prover: The given prover; None for the decision procedure and best-first search.

    Returns:
        The environment, None for the embedded logic; and the prover.
    """
    own = _own(judge, settings)
    if settings.env != "lean":
        return own, prover
    assert isinstance(judge, Environment)
    if settings.world == "logic":
        return None if is_read(statement) else judge, prover
    try:
        world_of(settings).read(str(statement))
    except SettingError:
        if settings.guide is None:
            from lean_ebm.proving.numbers.texts import TextTactics

            return judge, BestFirst(tactics=TextTactics(statement))
    return own, prover


def _own(judge: Judge, settings: argparse.Namespace) -> Environment | None:
    """The environment to search in: the judge, or the world's own if Lean judges; None for logic judged by Lean."""
    if settings.env != "lean":
        assert isinstance(judge, Environment)
        return judge
    return None if settings.world == "logic" else world_of(settings).environment()


def _prove_file(settings: argparse.Namespace, prover: Prover | None, budget: SearchBudget) -> int:
    """Prove each theorem of a file and write the results."""
    for name in ("name", "explain"):
        if getattr(settings, name):
            raise SettingError(f"--{name} is for one statement, and not for a file of theorems.")
    path = Path(settings.statement)
    output = path.with_suffix(".proofs.jsonl") if settings.output is None else settings.output
    if output.exists() and path.exists() and output.samefile(path):
        raise SettingError(f"--output is the file of the theorems, {path}: name another one.")
    records = read_lines(path)
    started = time.perf_counter()
    proved = applications = evaluations = written = 0
    waiting: dict[int, dict[str, object]] = {}  # searches in lock step do not end in order
    with written_whole(output) as file, make_judge(settings) as judge, progress_bar(len(records)) as bar:
        for count, (index, found, seconds) in enumerate(_all_found(records, settings, judge, prover, budget), 1):
            proved += found.proved
            applications += found.applications or 0
            evaluations += found.search.evaluations if found.search is not None else 0
            waiting[index] = _record(found, seconds)
            while written in waiting:
                write_line(file, waiting.pop(written))
                written += 1
            bar.tell(count)
    seconds = time.perf_counter() - started
    by_guide = f"{evaluations} evaluations, " if isinstance(prover, GuidedProver) else ""
    print(f"{output}: {proved} of {len(records)} proved, {applications} tactic applications, {by_guide}{seconds:.1f} s")
    return 0 if proved == len(records) else 1


def _record(found: FoundProof, seconds: float) -> dict[str, object]:
    """A line of the file of results."""
    return {
        "statement": str(found.statement),
        "proved": found.proved,
        "script": found.script if found.proved else None,
        "verifier": found.verdict.verifier if found.verdict is not None else None,
        "reason": found.reason,
        "applications": found.applications or 0,
        "evaluations": found.search.evaluations if found.search is not None else 0,
        "seconds": round(seconds, 4),
    }


def _all_found(
    records: Sequence[dict[str, Any]],
    settings: argparse.Namespace,
    judge: Judge,
    prover: Prover | None,
    budget: SearchBudget,
) -> Iterator[tuple[int, FoundProof, float]]:
    """The number of each theorem of a file, its result and the seconds that it took; with a guide in lock step."""
    read: list[tuple[int, Statement]] = []
    for index, record in enumerate(records):
        try:
            statement = given_statement(record["statement"], settings)
        except SettingError as error:
            yield index, FoundProof(None, Statement.of(record["statement"]), unread=str(error)), 0.0
            continue
        place, chosen = search_place(judge, statement, settings, prover)
        if isinstance(chosen, GuidedProver):
            read.append((index, statement))
            continue
        began = time.perf_counter()
        found = find_proof(statement, judge, chosen, budget, place, settings.prefix)
        yield index, found, time.perf_counter() - began
    if isinstance(prover, GuidedProver):
        environment = _own(judge, settings)
        statements = [statement for _, statement in read]
        for number, found in find_proofs(statements, judge, prover, budget, environment, settings.prefix):
            yield read[number][0], found, found.search.seconds if found.search is not None else 0.0
