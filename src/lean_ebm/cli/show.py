"""The command ``lean-ebm show``: a page that shows the chains of a trained model, or the search for a proof."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lean_ebm.cli.arguments import OneSentenceParser
from lean_ebm.cli.guidance import DEFAULT, add_search_arguments, guided_prover
from lean_ebm.cli.judges import add_judge_arguments, ended_in_order, make_judge, world_of
from lean_ebm.cli.progress import progress_bar
from lean_ebm.cli.prove import given_statement, search_place
from lean_ebm.cli.status import exit_status
from lean_ebm.errors import SettingError
from lean_ebm.files import written_whole
from lean_ebm.proving.lexer import is_name
from lean_ebm.proving.search import LOGIC, GuidedProver, SearchBudget, find_proof

_OF_RUNS = ("samples", "candidates", "steps", "seed")
_OF_STATEMENTS = ("guide", "search", "evaluations", "applications", "seconds", "name")
_APPLICATIONS, _SECONDS = 1000, 60.0


def main(args: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        args: The name of the command and its arguments; None takes those of the process.

    Returns:
        The exit status: 0 if the page was written, 2 for an error that the user can mend, 130 after an interrupt.
    """
    settings = _parser().parse_args((sys.argv[1:] if args is None else args)[1:])

    def action() -> int:
        with ended_in_order():
            if _is_run(settings.what):
                _show_run(settings)
            else:
                _show_search(settings)
        return 0

    return exit_status(action)


def _parser() -> argparse.ArgumentParser:
    parser = OneSentenceParser(
        prog="lean-ebm show",
        description="Write a page that opens in a browser without a network. Of a run of images or problems it shows "
        "the chains of a few samples, step by step. Of a statement it shows the search for a proof: the tree of goals, "
        "the energies of tactics, and the proof.",
    )
    parser.add_argument(
        "what",
        metavar="RUN_OR_STATEMENT",
        help="the folder of a run or one of its checkpoints; or a statement, such as '(p q : Prop) : p ∧ q → q ∧ p'",
    )
    parser.add_argument("--output", type=Path, default=Path("page.html"), help="the file to write (default: page.html)")
    run = parser.add_argument_group("of a run")
    run.add_argument("--samples", type=int, help="number of classes or problems (default: 4)")
    run.add_argument(
        "--candidates", type=int, help="number of chains for each (default: as many as the model draws, at least 2)"
    )
    run.add_argument("--steps", type=int, help="gradient steps of a chain (default: as the model says)")
    run.add_argument("--seed", type=int, help="seed of the chains (default: 0)")
    statement = parser.add_argument_group("of a statement")
    statement.add_argument("--name", help="name of the theorem (default: example_1)")
    statement.add_argument("--applications", type=int, help=f"limit of tactic applications (default: {_APPLICATIONS})")
    statement.add_argument("--seconds", type=float, help=f"limit of seconds (default: {_SECONDS:g})")
    add_search_arguments(statement)  # type: ignore[arg-type] # a group takes arguments as a parser does
    add_judge_arguments(statement)  # type: ignore[arg-type] # as above
    parser.set_defaults(prover="auto")
    return parser


def _is_run(what: str) -> bool:
    """Whether an argument names a run, and not a statement."""
    try:
        there = Path(what).exists()
    except (OSError, ValueError):  # a long statement is too long for a name
        return False
    if not there and what.endswith(".ckpt"):
        raise SettingError(f"There is no checkpoint {what}.")
    return there


def _show_run(settings: argparse.Namespace) -> None:
    """Write the page of a run."""
    _refuse(settings, _OF_STATEMENTS, "a statement, and this is a run")
    from lean_ebm.show.chains import ShowSettings, trace_chains  # needs torch
    from lean_ebm.show.runs import load_run

    samples = ShowSettings.samples if settings.samples is None else settings.samples
    wanted = ShowSettings(samples, settings.candidates, settings.steps, settings.seed or 0)
    run = load_run(Path(settings.what))
    trace = trace_chains(run.method, run.data, wanted, str(run.checkpoint))
    from lean_ebm.show import chain_page

    _write(settings.output, chain_page(trace), f"{len(trace.samples)} samples of {trace.method}")


def _show_search(settings: argparse.Namespace) -> None:
    """Search for a proof of a statement and write the page."""
    _refuse(settings, _OF_RUNS, "a run, and there is no such file or folder, so this is a statement")
    from lean_ebm.show import search_page, trace_search

    name = settings.name or "example_1"
    if not is_name(name):
        raise SettingError(f"--name is {name!r}, expected a name that a theorem can have in Lean.")
    if settings.guide is None and world_of(settings) is LOGIC and settings.tactics == "wide":
        settings.guide = DEFAULT
    prover = guided_prover(settings)
    if prover is None:
        raise SettingError(f"--tactics {settings.tactics} needs a guide: add --guide, such as --guide sizes.")
    applications = _APPLICATIONS if settings.applications is None else settings.applications
    seconds = _SECONDS if settings.seconds is None else settings.seconds
    budget = SearchBudget(applications, seconds, settings.evaluations)
    statement = given_statement(settings.what, settings)
    with make_judge(settings) as judge, progress_bar(applications) as bar:
        prover.tell = bar.tell
        environment, chosen = search_place(judge, statement, settings, prover)
        assert isinstance(chosen, GuidedProver)
        place = environment or LOGIC.environment()
        found = find_proof(statement, judge, chosen, budget, place)
        start = place.start(statement)
        if start.state is None:
            raise SettingError(f"{statement} cannot be read: {start.message}.")
        trace = trace_search(found, chosen, start.state, name, settings.imports)
    if settings.project is not None:
        trace = replace(trace, link="")  # the editor does not have the user's project
    result = "proved" if trace.proved else "not proved"
    _write(settings.output, search_page(trace), f"{result}, {trace.costs}")


def _refuse(settings: argparse.Namespace, names: Sequence[str], what: str) -> None:
    """Refuse arguments that are for something else."""
    for name in names:
        if getattr(settings, name) is not None:
            raise SettingError(f"--{name} is for {what}: leave it out.")


def _write(output: Path, page: str, summary: str) -> None:
    with written_whole(output) as file:
        file.write(page)
    print(f"{output}: {summary}. Open it in a browser.")
