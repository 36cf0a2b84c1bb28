"""Training states of a theorem: states of a shortest proof, and states after wrong turns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from random import Random
from typing import Any

from lean_ebm.proving.candidates.chunks import LENGTH, Chunk
from lean_ebm.proving.candidates.templates import Candidate
from lean_ebm.proving.steps.explore import Exploration, Node
from lean_ebm.proving.steps.theory import Theory

UNKNOWN = -1
"""Stands for steps that are not known."""
DEAD = -2
"""Stands for the steps of what has no proof."""

_ORDERS = 2  # goals for each step of a known proof that are expanded to try its steps in other orders


@dataclass(frozen=True)
class Thoroughness:
    """How thoroughly a theorem is searched.

    Args:
        expansions: Number of goals that may be expanded for the theorem's own proof.
        turns: Number of wrong turns for each state of the proof.
        turn_expansions: Number of goals that may be expanded for the proof of a state that a wrong turn leads to.
        tie_expansions: Number of goals that may be expanded to find out whether a tactic is as good as the best one.
        states: Largest number of states of a theorem.
        chunks: Largest number of good chunks of three tactics for each state that has a proof; 0 for none.
    """

    expansions: int = 100
    turns: float = 2.0
    turn_expansions: int = 30
    tie_expansions: int = 3
    states: int = 40
    chunks: int = 0


@dataclass(frozen=True)
class ProofState:
    """A training state, with the labels of its listed tactics.

    Args:
        goal: The state.
        turn: Whether a wrong turn led to it, and not the theorem's own shortest proof.
        tactics: The tactics that are listed for it, at least one.
        left: Number of tactics of the shortest proof that was found, ``DEAD`` if there is none.
        exact: Whether it was shown that there is no shorter one.
        after: For each tactic, the number of tactics that are needed after it, all its goals together; ``UNKNOWN``, or
            ``DEAD`` if one of its goals has no proof.
        tied: For each tactic, whether it may be as good as the best one although no such proof through it was found.
        chunks: Chunks that begin shortest proofs that were found, see :func:`good_chunks`.
    """

    goal: Any
    turn: bool
    tactics: tuple[Candidate, ...]
    left: int
    exact: bool
    after: tuple[int, ...]
    tied: tuple[bool, ...]
    chunks: tuple[Chunk, ...] = ()


def sample_states(
    theorem: Any,
    random: Random,
    effort: Thoroughness,
    theory: Theory | None = None,
    path: Sequence[Candidate] = (),
) -> tuple[int, list[ProofState]]:
    """Search for a proof of a theorem, then take wrong turns.

    Args:
        theorem: The theorem, a goal.
        random: The random generator.
        effort: How thoroughly to search.
        theory: Answers questions about goals. None: the embedded logic, whose goals are sequents.
        path: The tactics of a proof that is known, none of which leaves several goals; empty if none is known.

    Returns:
        Number of tactics of the shortest proof that was found, ``DEAD`` if there is none and ``UNKNOWN`` if none was
        found; and the states, the first one the theorem itself.
    """
    search = Exploration(theory)
    root = search.node(theorem)
    if path:
        search.follow(root, path, _ORDERS * len(path))
    if root.refuted or not search.solve(root, effort.expansions):
        return DEAD if root.refuted else UNKNOWN, []
    chosen = {id(node): node for node in search.proof(root)}
    straight = set(chosen)
    turns = math.ceil(effort.turns * len(chosen))
    for _ in range(turns):
        node = _turn(random, search, list(chosen.values()))
        if node is not None and (node.refuted or search.solve(node, effort.turn_expansions)):
            chosen[id(node)] = node
    nodes = list(chosen.values())
    if len(nodes) > effort.states:
        nodes = [root, *random.sample(nodes[1:], effort.states - 1)]
    found = [state_of(search, node, id(node) not in straight, effort.tie_expansions) for node in nodes]
    steps = int(root.found)
    if effort.chunks:  # after all else, which is then the same as without chunks
        walked = [() if node.refuted else good_chunks(search, node, effort.chunks) for node in nodes]
        found = [replace(state, chunks=chunks) for state, chunks in zip(found, walked, strict=True)]
    return steps, [state for state in found if state.tactics]


def good_chunks(search: Exploration, node: Node, most: int) -> tuple[Chunk, ...]:
    """Collect chunks that stay on shortest known proofs, at most a given number.

    Each tactic begins a shortest proof of the first goal that those before it leave. Chunks with other first tactics
    come in turn, and so do those with other second tactics.
    """
    return tuple([Chunk(walk) for walk in islice(_walks(search, (node,), LENGTH), most)])


_Walk = tuple[Candidate, ...]


def _walks(search: Exploration, goals: Sequence[Node], left: int) -> Iterator[_Walk]:
    """The best tactics for some goals, of which the first is worked on, as far as the number of tactics allows."""
    if not goals or not left:
        yield ()
        return
    node, *others = goals
    search.expand(node)
    waiting = [
        _continued(search, candidate, [*made[::-1], *others], left - 1)  # the node has its last goal first
        for candidate, made in zip(node.candidates or (), node.goals, strict=True)
        if 1 + sum([goal.found for goal in made]) <= node.found
    ]
    while waiting:
        following = []
        for walks in waiting:
            walk = next(walks, None)
            if walk is not None:
                yield walk
                following.append(walks)
        waiting = following


def _continued(search: Exploration, candidate: Candidate, goals: Sequence[Node], left: int) -> Iterator[_Walk]:
    for walk in _walks(search, goals, left):
        yield (candidate, *walk)


def _turn(random: Random, search: Exploration, nodes: list[Node]) -> Node | None:
    """One of the goals that a random tactic of all these nodes leaves; None if it leaves none."""
    for node in nodes:
        search.expand(node)
    tactics = [len(node.goals) for node in nodes]
    goals = random.choice(random.choices(nodes, tactics)[0].goals)
    left = [goal for goal in goals if goal.goal is not None]  # those of a tactic that fails have none
    return random.choice(left) if left else None


def state_of(search: Exploration, node: Node, turn: bool, expansions: int) -> ProofState:
    """Label each tactic of a node. Tactics that may be as good as the best one are tried.

    Args:
        search: The exploration of the node's theorem.
        node: The node, refuted or with a proof that was found.
        turn: Whether a wrong turn led to it.
        expansions: Number of sequents that may be expanded to find out whether a tactic is as good as the best one.
    """
    search.expand(node)
    tactics = tuple(node.candidates or ())
    if node.refuted:
        every = len(tactics)
        return ProofState(node.goal, turn, tactics, DEAD, True, (DEAD,) * every, (False,) * every)
    for goals in node.goals:
        if _is_tied(node, goals, search.theory.exact):
            for goal in goals:
                search.solve(goal, expansions)
    after, tied = [], []
    for goals in node.goals:
        found = sum([goal.found for goal in goals])
        dead = any(goal.refuted for goal in goals)
        after.append(DEAD if dead else UNKNOWN if found == math.inf else int(found))
        tied.append(_is_tied(node, goals, search.theory.exact))
    return ProofState(node.goal, turn, tactics, int(node.found), node.solved, tuple(after), tuple(tied))


def _is_tied(node: Node, goals: tuple[Node, ...], exact: bool) -> bool:
    """Whether a tactic with these goals may be as good as the best one, and no such proof was found."""
    if not exact:
        return False
    low, found = 1 + sum([goal.low for goal in goals]), 1 + sum([goal.found for goal in goals])
    return low <= node.found < found
