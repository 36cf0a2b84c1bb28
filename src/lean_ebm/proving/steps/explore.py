"""Searches for shortest proofs within the wide set of tactics. Countermodels show which goals have none.

The search is AO* (Nilsson 1980, "Principles of Artificial Intelligence", section 3.2; cyclic graphs as in LAO*, Hansen
and Zilberstein 2001) over a graph of goals. A goal needs as many tactics as its best tactic: one, and as many as
the goals need that the tactic leaves, added up. The search goes on at the goal that the best tactics lead to, until
the lower bound of what the theorem needs is the length of a proof that was found. Goals that are refuted by a model are
not searched. Nothing here is measured in seconds, so what is found depends on nothing but the theorem.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from lean_ebm.proving.candidates.templates import Candidate
from lean_ebm.proving.logic.clock import tick
from lean_ebm.proving.steps.theory import Bounds, LogicTheory, Theory

_MOST = 250  # tactics; two goals that lead only to each other would else have bounds that grow forever


class Node:
    """A goal in the graph of a search.

    Attributes:
        goal: The goal.
        refuted: Whether it is certain that it has no proof.
        low: A lower bound of the number of tactics that it needs; infinite if it has none, or seems to.
        guess: The same by a rule of thumb, which may be too large.
        found: Number of tactics of the shortest proof that was found; infinite if none was.
        candidates: The tactics that are listed for it; None until it is expanded.
        goals: The goals that each of them leaves; only one of them if that one was refuted, or if the tactic fails.
        parents: The nodes of which a tactic leads here.
    """

    __slots__ = ("candidates", "found", "goal", "goals", "guess", "low", "parents", "refuted")

    def __init__(self, goal: Any, bounds: Bounds | None) -> None:
        self.goal, self.refuted = goal, bounds is None
        self.candidates: Sequence[Candidate] | None = None
        self.goals: list[tuple[Node, ...]] = []
        self.parents: dict[Node, None] = {}
        self.low, self.guess, self.found = bounds or Bounds(math.inf, math.inf)

    @property
    def solved(self) -> bool:
        """Whether a shortest proof was found."""
        return self.found <= self.low < math.inf


class Exploration:
    """The graph of one theorem.

    Args:
        theory: Answers questions about its goals. None: the embedded logic, whose goals are sequents.

    Attributes:
        expansions: Number of goals whose tactics were all applied.
    """

    def __init__(self, theory: Theory | None = None) -> None:
        self.expansions = 0
        self.theory = theory or LogicTheory()
        self._nodes: dict[Hashable, Node] = {}
        self._failed = Node(None, None)

    def node(self, goal: Any) -> Node:
        """The node of a goal."""
        key = self.theory.key(goal)
        node = self._nodes.get(key)
        if node is None:
            bounds = None if self.theory.refutes(goal) else self.theory.bounds(goal)
            node = self._nodes[key] = Node(goal, bounds)
        return node

    def expand(self, node: Node) -> None:
        """Apply all tactics that are listed for a node, once."""
        if node.candidates is not None:
            return
        tick()
        self.expansions += 1
        theory = self.theory
        node.candidates = theory.tactics(node.goal)
        for candidate in node.candidates:
            goals: list[Node] = []
            left = theory.after(node.goal, candidate)
            if left is None:
                node.goals.append((self._failed,))
                continue
            # The last goal first: it is the one that a cut or a premise leaves, which often has no proof.
            for made in reversed(left):
                goal = self.node(made)
                if goal.refuted:
                    goals = [goal]
                    break
                goals.append(goal)
                goal.parents[node] = None
            node.goals.append(tuple(goals))
        if not node.refuted:
            _update(node)

    def solve(self, node: Node, expansions: int) -> bool:
        """Look for a shortest proof, and then for any proof.

        Args:
            node: The node to prove.
            expansions: Number of expansions for each of both.

        Returns:
            Whether a proof was found.
        """
        end = self.expansions + expansions if self.theory.exact else self.expansions
        while node.found > node.low and node.low < math.inf and self.expansions < end:
            self.expand(_leaf(node, _low))
        end = self.expansions + expansions
        while node.found == math.inf and node.guess < math.inf and self.expansions < end:
            self.expand(_leaf(node, _guess))
        return node.found < math.inf

    def follow(self, node: Node, path: Sequence[Candidate], expansions: int) -> None:
        """Apply the tactics of a known proof (each leaves at most one goal), then apply them in other orders.

        Args:
            node: The node that it proves.
            path: Its tactics.
            expansions: Number of expansions for other orders.
        """
        waiting = [(node, tuple(path))]
        seen = {id(node)}
        at: Node | None = node
        for tactic in path:
            at = self._child(at, tactic) if at is not None else None
        end = self.expansions + expansions
        while waiting and self.expansions < end:
            at, rest = waiting.pop(0)
            for index, tactic in enumerate(rest):
                child = self._child(at, tactic)
                if child is not None and id(child) not in seen:
                    seen.add(id(child))
                    waiting.append((child, rest[:index] + rest[index + 1 :]))

    def _child(self, node: Node, tactic: Candidate) -> Node | None:
        """The only goal that a tactic leaves; None if it is not listed, or leaves none or several."""
        self.expand(node)
        assert node.candidates is not None
        if tactic not in node.candidates:
            return None
        goals = node.goals[node.candidates.index(tactic)]
        return goals[0] if len(goals) == 1 and not goals[0].refuted else None

    def proof(self, node: Node) -> list[Node]:
        """The nodes of the shortest proof that was found, each once; all of them are expanded.

        Raises:
            ValueError: If none was found.
        """
        if node.found == math.inf:
            raise ValueError("no proof was found")
        left, seen = [node], {id(node): node}
        while left:
            at = left.pop()
            self.expand(at)
            for goal in min(at.goals, key=lambda goals: sum([goal.found for goal in goals])):
                if id(goal) not in seen:
                    seen[id(goal)] = goal
                    left.append(goal)
        return list(seen.values())


def _low(node: Node) -> float:
    return node.low


def _guess(node: Node) -> float:
    return node.guess


def _leaf(node: Node, value: Callable[[Node], float]) -> Node:
    """Follow the best tactics by a value, and the worst goal that each leaves, to a node that is not expanded."""
    exact = value is _low
    while node.candidates is not None:
        goals = min(node.goals, key=lambda goals: sum([value(goal) for goal in goals]))
        open_goals = [goal for goal in goals if (goal.found > goal.low if exact else goal.found == math.inf)]
        node = max(open_goals, key=value)
    return node


def _update(node: Node) -> None:
    """Compute the values of a node from those of its goals, then those of all nodes that depend on it."""
    changed = {node: None}
    while changed:
        node, _ = changed.popitem()
        if node.candidates is None or node.refuted:
            continue
        low = guess = found = math.inf
        for goals in node.goals:
            a = b = c = 1.0
            for goal in goals:
                a += goal.low
                b += goal.guess
                c += goal.found
            if a < low:
                low = a
            if b < guess:
                guess = b
            if c < found:
                found = c
        low = math.inf if low > _MOST else low
        guess = math.inf if guess > _MOST else guess
        if low != node.low or found != node.found or guess != node.guess:
            node.low, node.guess, node.found = low, guess, found
            changed.update(node.parents)
