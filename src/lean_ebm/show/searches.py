"""The trace of a search as plain data: goals, tactics, energies, and the proof that was found."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from lean_ebm.errors import SettingError
from lean_ebm.proving.search import FoundProof, GoalNode, GuidedProver, SearchGraph, TracesChains, TriedTactic
from lean_ebm.proving.search.scripts import WritableGoal
from lean_ebm.proving.statements import State

EDITOR = "https://live.lean-lang.org/#code="
"""The address of Lean's web editor, to which the code is added, percent-encoded."""

GOALS = 200
"""Number of goals in a trace, at most."""

TACTICS = 40
"""Number of tactics of a goal in a trace, at most, beside those that were tried."""

CHAINS = 40
"""Number of goals in a trace whose chains are run again, at most."""


@dataclass(frozen=True)
class TacticTrace:
    """A tactic in a goal.

    Args:
        text: The tactic as Lean reads it.
        probability: By the guide.
        energy: Low is good; None if the guide has none.
        outcome: ``proof`` if the proof that was found uses it, ``tried``, ``same`` if it left the same goals as another
            one, ``failed``, or ``untried``.
        goals: The numbers of the goals that it left, as far as the trace has them.
        left: How many goals it left.
    """

    text: str
    probability: float
    energy: float | None
    outcome: str
    goals: tuple[int, ...] = ()
    left: int = 0


@dataclass(frozen=True)
class TracedChains:
    """The chains of a guide in a goal. A step is a column; column 0 is the start.

    Args:
        energies: Of each chain, the energy of its candidate at each step.
        decoded: Of each chain, the energy of the tactic that is nearest to it.
        nearest: Of each chain, the text of this tactic.
    """

    energies: tuple[tuple[float, ...], ...]
    decoded: tuple[tuple[float, ...], ...]
    nearest: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class GoalTrace:
    """A goal of a search.

    Args:
        number: Its number, in the order in which the search found goals; 0 is the root.
        text: The goal as Lean prints it.
        value: V, the number of tactics that it needs by the guide; None if the guide does not judge goals.
        visits: Number of tactics that were tried in it.
        state: ``proved``, ``dead`` if no tactic can lead to a proof, or ``open``.
        on_path: Whether the proof that was found goes through it.
        tactics: The tactics that were tried, and the most probable others.
        listed: Number of tactics that the guide chose from.
        chains: The chains of the guide; None if it has none, or they were not traced.
    """

    number: int
    text: str
    value: float | None
    visits: int
    state: str
    on_path: bool
    tactics: tuple[TacticTrace, ...]
    listed: int
    chains: TracedChains | None = None


@dataclass(frozen=True)
class SearchTrace:
    """A search for a proof.

    Args:
        statement: The statement.
        proved: Whether the judge says that it is proved.
        verdict: The judge, or why there is no proof, in words.
        costs: What the search cost, in words.
        goals: The goals, the root first; each is found in a goal before it.
        found: Number of goals that the search found, which may be more.
        script: The theorem with its script; empty without a proof.
        link: Opens the script in Lean's web editor; empty if there is none, or the editor does not know its terms.
    """

    statement: str
    proved: bool
    verdict: str
    costs: str
    goals: tuple[GoalTrace, ...]
    found: int
    script: str = ""
    link: str = ""


def editor_link(code: str) -> str:
    """Make an address that opens Lean code in Lean's web editor.

    The code is in the fragment, which browsers do not send to the server.

    Args:
        code: The code.
    """
    return EDITOR + quote(code, safe="")


def trace_search(
    found: FoundProof,
    prover: GuidedProver,
    start: State,
    name: str = "example_1",
    imports: Sequence[str] = (),
    most: int = GOALS,
) -> SearchTrace:
    """Trace a search that has ended.

    Args:
        found: What came of it.
        prover: The prover that searched.
        start: The state with which the search began.
        name: The name of the theorem.
        imports: Modules that the theorem needs.
        most: Number of goals in the trace, at most: those of the proof, and the others nearest to the root.

    Raises:
        SettingError: If there was no search with a guide.
    """
    result = found.search
    if result is None or result.graph is None:
        raise SettingError(f"There is no search to show: {found.reason or 'the statement was proved without one'}.")
    graph = result.graph
    path = _path(graph) if graph.root.proof is not None else {}
    named = _chosen(prover.named_goals(start, graph), path, most)
    known = {node.number for node, _ in named}
    goals: list[GoalTrace] = []
    for node, goal in named:
        chains = _chains(prover, node, goal) if node in path or len(goals) < CHAINS else None
        goals.append(_goal(node, goal, known, path, chains))
    proved = found.proved and not found.unwritten
    code = found.statement.theorem(name, found.script) if proved else ""
    verifier = "" if found.verdict is None else found.verdict.verifier
    return SearchTrace(
        str(found.statement),
        found.proved,
        f"verified by {verifier}" if found.proved else found.reason,
        f"{result.applications} tactics tried, {result.evaluations} energies or priors computed, "
        f"{len(graph.nodes)} goals, {result.seconds:.2f} s",
        tuple(goals),
        len(graph.nodes),
        code,
        editor_link(_source(found.statement.preamble, code, imports)) if code and prover.world.name == "logic" else "",
    )


def _source(preamble: str, theorem: str, imports: Sequence[str]) -> str:
    """A Lean file with the theorem."""
    above = "".join(f"import {module}\n" for module in imports)
    parts = [part.strip("\n") for part in (above, preamble, theorem) if part.strip()]
    return "\n\n".join(parts) + "\n"


def _path(graph: SearchGraph) -> dict[GoalNode, TriedTactic]:
    """The goals of the proof, the root first, with the tactic that proves each."""
    path: dict[GoalNode, TriedTactic] = {}
    waiting = [graph.root]
    while waiting:
        node = waiting.pop()
        if node not in path and node.proof is not None:
            path[node] = node.proof
            waiting += reversed(node.proof.goals)
    return path


def _chosen(
    named: Iterable[tuple[GoalNode, WritableGoal]], path: dict[GoalNode, TriedTactic], most: int
) -> list[tuple[GoalNode, WritableGoal]]:
    """The goals of the proof, and the first others, so that there are at most so many, in their order."""
    others = max(most - len(path), 0)
    chosen = []
    for node, goal in named:
        if node in path:
            chosen.append((node, goal))
        elif others:
            others -= 1
            chosen.append((node, goal))
    return chosen


def _goal(
    node: GoalNode,
    goal: WritableGoal,
    known: set[int],
    path: dict[GoalNode, TriedTactic],
    chains: TracedChains | None,
) -> GoalTrace:
    return GoalTrace(
        node.number,
        str(goal),
        node.value,
        len(node.tried),
        "proved" if node.proof is not None else "dead" if node.dead else "open",
        node in path,
        tuple(_tactics(node, goal, known, path.get(node))),
        0 if node.advice is None else len(node.advice.tactics),
        chains,
    )


def _tactics(node: GoalNode, goal: WritableGoal, known: set[int], proof: TriedTactic | None) -> Iterable[TacticTrace]:
    """The tactics that were tried, and the best of the others, in the order of their ranks."""
    advice = node.advice
    if advice is None:
        return
    seen: list[TriedTactic] = []
    for rank, index in enumerate(node.ranking[: max(len(node.tried), TACTICS)]):
        tried = node.tried[rank] if rank < len(node.tried) else None
        outcome = "untried"
        if rank < len(node.tried):
            outcome = "failed" if tried is None else "same" if tried in seen else "proof" if tried is proof else "tried"
        energy = None if advice.energies is None or math.isnan(advice.energies[index]) else advice.energies[index]
        left = () if tried is None else tried.goals
        goals = tuple(dict.fromkeys(below.number for below in left if below.number in known))
        text = _written(goal, advice.tactics[index])
        yield TacticTrace(text, math.exp(advice.log_priors[index]), energy, outcome, goals, len(left))
        seen += [] if tried is None else [tried]


def _written(goal: WritableGoal, tactic: object) -> str:
    """A tactic as Lean reads it; its structure if it cannot be written with the names of the goal."""
    try:
        return goal.write(tactic)  # type: ignore[arg-type] # of the goal's own world
    except (KeyError, ValueError):
        return str(tactic)


def _chains(prover: GuidedProver, node: GoalNode, goal: WritableGoal) -> TracedChains | None:
    """The chains of the guide in a goal; None if it has none."""
    if node.advice is None or not node.advice.tactics or not isinstance(prover.guide, TracesChains):
        return None
    traced = prover.guide.trace(node.goal)
    texts = [_written(goal, tactic) for tactic in node.advice.tactics]
    return TracedChains(
        tuple(_rounded(chain) for chain in traced.energies),
        tuple(_rounded(chain) for chain in traced.decoded),
        tuple(tuple(texts[tactic] for tactic in chain) for chain in traced.nearest),
    )


def _rounded(energies: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(energy, 4) for energy in energies)
