"""The command line of guides: choosing guide and search, and printing a guide's advice and a search's costs."""

from __future__ import annotations

import argparse
import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lean_ebm.cli.classes import class_at
from lean_ebm.cli.judges import world_of
from lean_ebm.errors import SettingError
from lean_ebm.proving.logic import Logic
from lean_ebm.proving.search import (
    GUIDES,
    LOGIC,
    SEARCHES,
    Advice,
    Guide,
    GuidedProver,
    ProofStep,
    SearchBudget,
    SearchResult,
    first_goal,
)
from lean_ebm.proving.search.scripts import WritableGoal
from lean_ebm.proving.statements import Statement

if TYPE_CHECKING:
    from lean_ebm.proving.theorems.writing import Line

DEFAULT = "default"
"""The name of the trained guide that comes with the package."""

_OF_NUMBERS = "sizes"  # the guide in the world of numbers if none is named
_CHAINS = ("steps", "chains", "start")
_SHOWN = 5  # tactics of a step that --explain shows


def add_guide_arguments(command: argparse.ArgumentParser, required: bool = False) -> None:
    """Add the arguments that choose a guide and its set of tactics."""
    command.add_argument(
        "--guide",
        required=required,
        help=f"{', '.join(GUIDES)}, {DEFAULT} (a trained one), a checkpoint FILE.ckpt, or the import path of a class, "
        "such as mine.MyGuide",
    )
    command.add_argument(
        "--langevin.steps", type=int, metavar="N", help="for a checkpoint: find tactics by chains of N steps"
    )
    command.add_argument(
        "--langevin.chains", type=int, metavar="N", help="for a checkpoint: number of chains for each goal (default: 8)"
    )
    command.add_argument(
        "--langevin.start",
        choices=("noise", "listed"),
        help="where chains start: from noise, or from a random listed tactic (default: noise)",
    )
    command.add_argument(
        "--policy",
        type=Path,
        metavar="FILE.ckpt",
        help="checkpoint of a policy; the energy of the guide then corrects this policy",
    )
    command.add_argument(
        "--proposals",
        type=int,
        metavar="N",
        help="for a language policy: number of tactics to write for each goal (default: 8)",
    )
    command.add_argument(
        "--sampled", action="store_true", help="for a language policy: sample tactics, without a search for likely ones"
    )
    command.add_argument(
        "--tactics",
        choices=("wide", "narrow", "written"),
        default="wide",
        help="the set from which a guide chooses: wide, about forty tactics a goal; narrow, two or three; or written: "
        "texts of a language policy, which the environment of --env tries unchanged (default: wide)",
    )


def add_search_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments that choose a search with a guide."""
    add_guide_arguments(command)
    command.add_argument(
        "--search", choices=tuple(SEARCHES), help="the search with a guide (default: and-or-best-first)"
    )
    command.add_argument(
        "--evaluations", type=int, help="limit of the guide's evaluations for a theorem (default: no limit)"
    )


def guided_prover(settings: argparse.Namespace) -> GuidedProver | None:
    """Make the prover of ``--guide`` and ``--search``. Without a guide: None, except in the world of numbers.

    Raises:
        SettingError: If an argument needs a guide, or there is no such guide.
    """
    world = world_of(settings)
    name = settings.guide or (None if world is LOGIC else _OF_NUMBERS)
    if name is None:
        chains = [f"langevin.{name}" for name in _CHAINS]
        for name in ("search", "evaluations", "explain", "policy", "proposals", "sampled", *chains):
            if getattr(settings, name, None) not in (None, False):
                raise SettingError(f"--{name} is for a search with a guide: add --guide, such as --guide sizes.")
        return None
    if settings.prover != "auto":
        raise SettingError(f"--guide chooses the prover itself: leave out --prover {settings.prover}.")
    search = SEARCHES[settings.search or next(iter(SEARCHES))]()
    if world is not LOGIC and settings.tactics != "wide":
        raise SettingError(f"--tactics {settings.tactics} is for the world of logic.")
    return GuidedProver(guide_of(settings, name), search, settings.tactics != "wide", world=world)


def guide_of(settings: argparse.Namespace, name: str | None = None) -> Guide:
    """The guide of ``--guide`` and its settings.

    Args:
        settings: The arguments of the command.
        name: A guide in place of that of ``--guide``.

    Raises:
        SettingError: If there is no such guide, or a setting is not one of it.
    """
    chosen = {name: getattr(settings, f"langevin.{name}") for name in _CHAINS}
    chains = {name: value for name, value in chosen.items() if value is not None}
    writing = {} if settings.proposals is None else {"proposals": settings.proposals}
    writing |= {"sampled": True} if settings.sampled else {}
    guide = find_guide(name or settings.guide, chains or None, settings.policy, writing or None)
    writes = getattr(guide, "writes", False)
    if settings.tactics == "written" and not writes:
        raise SettingError("--tactics written is for a language policy, which writes tactics: give its checkpoint.")
    if settings.tactics == "narrow" and writes:
        raise SettingError("A language policy writes its own tactics: take --tactics written, or wide.")
    return guide


def find_guide(
    name: str,
    langevin: Mapping[str, object] | None = None,
    policy: Path | None = None,
    writing: Mapping[str, object] | None = None,
) -> Guide:
    """The guide of this name.

    Args:
        name: As ``--guide`` has it.
        langevin: Settings of the chains that find tactics; None if a guide scores all of them.
        policy: The checkpoint of a policy that the guide corrects; None for none.
        writing: Settings of a language policy that writes tactics; None for its defaults.

    Raises:
        SettingError: If there is no such guide, if a checkpoint is of something else, or if settings of trained guides
            come with another one.
    """
    if name == DEFAULT or Path(name).suffix in (".ckpt", ".safetensors") or Path(name).is_file():
        path = None if name == DEFAULT else Path(name)
        for file in (path, policy):
            if file is not None and not file.is_file():
                raise SettingError(f"--{'guide' if file is path else 'policy'} {file}: there is no such checkpoint.")
        guides = importlib.import_module("lean_ebm.guides")  # imports torch, which other guides do not need
        trained: Guide = guides.load(path, langevin, policy, writing)
        return trained
    if langevin is not None or policy is not None or writing is not None:
        given = "--policy" if langevin is None else f"--langevin.{next(iter(langevin))}"
        given = given if writing is None else f"--{next(iter(writing))}"
        raise SettingError(f"{given} is for a trained guide: give a checkpoint to --guide, and not {name}.")
    if name in GUIDES:
        return GUIDES[name]()
    if "." not in name:
        raise SettingError(
            f"--guide is {name!r}: expected one of {', '.join(GUIDES)}, {DEFAULT}, a checkpoint such as last.ckpt, or "
            "the import path of a class, such as mine.MyGuide."
        )
    made: Guide = class_at("--guide", name, Guide, "with a method advise, as lean_ebm.proving.Guide has it")()
    return made


def cost_of(result: SearchResult) -> str:
    """Describe the costs of a search."""
    return (
        f"{result.applications} applications, {result.evaluations} evaluations, "
        f"{0 if result.graph is None else len(result.graph.nodes)} goals, {result.seconds:.2f} s"
    )


def explanation(steps: tuple[ProofStep, ...]) -> str:
    """Write the guide's advice at each step of a found proof, as comments of Lean."""
    lines = []
    for number, step in enumerate(steps, 1):
        assert step.node.advice is not None and step.node.proof is not None
        target = str(step.goal).rpartition("⊢")[2].strip()
        lines.append(f"-- step {number}: ⊢ {target}{_value(step.node.advice)}")
        chosen = step.node.advice.tactics.index(step.node.proof.tactic)
        ranks = step.node.ranking[:_SHOWN]
        for index in ranks if chosen in ranks else [*ranks, chosen]:
            mark = ">" if index == chosen else " "
            lines.append(f"--  {mark} {_line(step.node.advice, index, step.goal)}")
    return "\n".join(lines)


def suggest(settings: argparse.Namespace) -> int:
    """Print a guide's advice about a goal: the value, and the best tactics."""
    if settings.number < 1:
        raise SettingError(f"--number is {settings.number}: expected at least 1.")
    guide = guide_of(settings)
    world = world_of(settings)
    statement = world.read(settings.goal)
    with world.environment() as environment:
        start = environment.start(statement).state
        assert start is not None  # the statement was read
        goal, named = first_goal(environment, start, settings.tactics != "wide", world)
        (advice,) = guide.advise([goal])
        print(f"{named}{_value(advice)}")
        best = sorted(range(len(advice.tactics)), key=advice.log_priors.__getitem__, reverse=True)
        for index in best[: settings.number]:
            print(_line(advice, index, named))
        print(f"-- {len(advice.tactics)} tactics, {advice.cost} evaluations")
    return 0


def applications_of(name: str, bound: int) -> Callable[[Sequence[Line]], list[dict[str, object]]]:
    """For ``theorems --solve-with``: the number of applications with which a guide proves each theorem.

    Args:
        name: The guide.
        bound: Most applications for a theorem.
    """
    prover, budget, logic = GuidedProver(find_guide(name)), SearchBudget(bound), Logic()

    def graded(theorems: Sequence[Line]) -> list[dict[str, object]]:
        statements = [Statement.of(theorem.statement) for theorem in theorems]
        results = dict(prover.prove_many(logic, statements, budget))
        return [
            {"guide": name, "guide_applications": result.applications if result.proved else None}
            for _, result in sorted(results.items())
        ]

    return graded


def _value(advice: Advice) -> str:
    return "" if advice.value is None else f"   V = {advice.value:.2f}"


def _line(advice: Advice, index: int, goal: WritableGoal) -> str:
    energy = ""
    if advice.energies is not None:
        computed = not math.isnan(advice.energies[index])
        energy = f"E {advice.energies[index]:8.3f}  " if computed else f"E {'-':>8}  "
    return f"{energy}p {math.exp(advice.log_priors[index]):.3f}  {goal.write(advice.tactics[index])}"
