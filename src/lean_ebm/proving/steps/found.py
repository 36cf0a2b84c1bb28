"""Training states from guided searches: states of their proofs, and of their wrong turns.

A search knows less of its goals than is learned from them. So the goals are explored once more, around the proof that
was found: shorter proofs are looked for, and small models tell which goals have none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from random import Random

from lean_ebm.errors import SettingError
from lean_ebm.files import write_whole
from lean_ebm.proving.candidates import Sequent, listing_of
from lean_ebm.proving.candidates.invariants import invariant
from lean_ebm.proving.search import GoalNode, SearchGraph, SequentGoal
from lean_ebm.proving.statements import Statement
from lean_ebm.proving.steps.blocks import add_states
from lean_ebm.proving.steps.columns import Columns, ProvedTheorem, from_bytes
from lean_ebm.proving.steps.explore import Exploration
from lean_ebm.proving.steps.sampling import UNKNOWN, ProofState, Thoroughness, state_of
from lean_ebm.proving.steps.theory import LogicTheory

_UNPROVED = 20  # goals of a theorem without a proof that are looked at


def found_states(graph: SearchGraph, random: Random, effort: Thoroughness) -> tuple[int, list[ProofState]]:
    """Explore the states that a search has found.

    Args:
        graph: All that the search has found, with the wide set of tactics.
        random: Chooses among the wrong turns.
        effort: How many wrong turns there are for each state of the proof, and how thoroughly each is searched.

    Returns:
        Number of tactics of the shortest proof that is known then, ``UNKNOWN`` if there is none; and the states.
    """
    search = Exploration()
    visited = [goal for goal in graph.nodes.values() if goal.advice is not None]
    proof = _proof(graph.root)
    for goal in proof:
        search.expand(search.node(_sequent(goal)))
    root = search.node(_sequent(graph.root))
    chosen = {id(node): node for node in search.proof(root)} if proof and root.found < math.inf else {}
    straight = set(chosen)
    others = [goal for goal in visited if id(search.node(_sequent(goal))) not in straight]
    most = math.ceil(effort.turns * len(straight)) if straight else _UNPROVED
    for other in random.sample(others, min(most, len(others))):
        node = search.node(_sequent(other))
        if node.refuted or search.solve(node, effort.turn_expansions):
            chosen[id(node)] = node
    nodes = list(chosen.values())
    if len(nodes) > effort.states:
        nodes = random.sample(nodes, effort.states)
    states = [state_of(search, node, id(node) not in straight, effort.tie_expansions) for node in nodes]
    return int(root.found) if straight else UNKNOWN, [state for state in states if state.tactics]


def add_search(columns: Columns, statement: Statement, graph: SearchGraph, seed: int, effort: Thoroughness) -> None:
    """Add the states that a search has found to columns.

    Args:
        columns: The columns.
        statement: The theorem.
        graph: All that its search has found.
        seed: Seed of the choice among wrong turns.
        effort: How thoroughly the theorem is explored.
    """
    sequent = _sequent(graph.root)
    number = invariant(listing_of(sequent, []).graph)
    steps, states = found_states(graph, Random(f"lean-ebm found steps {seed} {number}"), effort)
    theory = LogicTheory()
    columns.theorems.append(ProvedTheorem(str(statement), "found", number, theory.size(sequent), steps))
    add_states(columns, states, theory)


def write_columns(path: Path, columns: Columns) -> None:
    """Write states to a file, which the setting ``found`` of the data module takes."""
    write_whole(path, columns.to_bytes())


def read_columns(paths: Sequence[Path]) -> list[Columns]:
    """Read files of states.

    Raises:
        SettingError: If one is not such a file.
    """
    blocks = []
    for path in paths:
        try:
            block = from_bytes(path.read_bytes())
        except OSError as error:
            raise SettingError(f"Cannot read {path}: {error.strerror}. Name a file of lean-ebm improve.") from error
        if block is None:
            raise SettingError(f"{path} is not a file of proof steps, or it is damaged: lean-ebm improve writes such.")
        blocks.append(block)
    return blocks


def _proof(root: GoalNode) -> list[GoalNode]:
    """The goals of the proof that a search has found, each once; none if it found no proof."""
    left, seen = [root] if root.proof is not None else [], {root.number: root}
    while left:
        node = left.pop()
        assert node.proof is not None  # so are all goals that a proof leaves
        for goal in node.proof.goals:
            if goal.number not in seen:
                seen[goal.number] = goal
                left.append(goal)
    return list(seen.values()) if root.proof is not None else []


def _sequent(node: GoalNode) -> Sequent:
    """The goal of a node as a sequent."""
    if not isinstance(node.goal, SequentGoal):
        raise ValueError("the search is one of the narrow set of tactics: expected the wide set")
    return node.goal.sequent
