"""Shortest proofs within the wide set of tactics, found by a search that knows which goals have none.

The search is AO* (Nilsson 1980, "Principles of Artificial Intelligence", section 3.2; cyclic graphs as in LAO*, Hansen
and Zilberstein 2001) over a graph of sequents. A sequent needs as many tactics as its best tactic: one, and as many as
the goals need that the tactic leaves, added up. The search goes on at the sequent that the best tactics lead to, until
the lower bound of what the theorem needs is the length of a proof that was found. Goals that are refuted by a model are
not searched. Nothing here is measured in seconds, so what is found depends on nothing but the theorem.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from lean_ebm.proving.candidates.listing import candidates
from lean_ebm.proving.candidates.moves import goals_after
from lean_ebm.proving.candidates.sequents import Sequent, SequentKey
from lean_ebm.proving.candidates.templates import Candidate
from lean_ebm.proving.logic.clock import tick
from lean_ebm.proving.logic.formulas import FALSE, TRUE, Kind
from lean_ebm.proving.steps.countermodels import Countermodels

_MOST = 250  # tactics; two sequents that lead only to each other would else have bounds that grow forever


class Node:
    """A sequent in the graph of a search.

    Attributes:
        sequent: The sequent.
        refuted: Whether a model shows that it has no proof.
        low: A lower bound of the number of tactics that it needs; infinite if it has none, or seems to.
        guess: The same by a rule of thumb, which may be too large.
        found: Number of tactics of the shortest proof that was found; infinite if none was.
        candidates: The tactics that are listed for it; None until it is expanded.
        goals: The goals that each of them leaves; only one of them if that one was refuted.
        parents: The nodes of which a tactic leads here.
    """

    __slots__ = ("candidates", "found", "goals", "guess", "low", "parents", "refuted", "sequent")

    def __init__(self, sequent: Sequent, refuted: bool) -> None:
        self.sequent, self.refuted = sequent, refuted
        self.candidates: list[Candidate] | None = None
        self.goals: list[tuple[Node, ...]] = []
        self.parents: dict[Node, None] = {}
        self.found = math.inf
        if refuted:
            self.low = self.guess = math.inf
        elif _closes(sequent):
            self.low = self.guess = self.found = 1.0
        else:
            # With a ∀ among the hypotheses one tactic may do, which is not looked into here.
            kinds = [formula.kind for formula in sequent.hypotheses]
            self.low = 1.0 if Kind.ALL in kinds else 2.0
            self.guess = 2.0 + 0.25 * (sequent.target.size - 1) + 0.05 * sum([part.size for part in sequent.hypotheses])

    @property
    def solved(self) -> bool:
        """Whether a shortest proof was found."""
        return self.found <= self.low < math.inf


class Exploration:
    """The graph of one theorem.

    Attributes:
        expansions: Number of sequents whose tactics were all applied.
    """

    def __init__(self) -> None:
        self.expansions = 0
        self._nodes: dict[SequentKey, Node] = {}
        self._models = Countermodels()

    def node(self, sequent: Sequent) -> Node:
        """The node of a sequent."""
        node = self._nodes.get(sequent.key)
        if node is None:
            node = self._nodes[sequent.key] = Node(sequent, self._models.refutes(sequent))
        return node

    def expand(self, node: Node) -> None:
        """Apply all tactics that are listed for a node, once."""
        if node.candidates is not None:
            return
        tick()
        self.expansions += 1
        sequent = node.sequent
        node.candidates = candidates(sequent)
        for candidate in node.candidates:
            goals: list[Node] = []
            # The last goal first: it is the one that a cut or a premise leaves, which often has no proof.
            for made in reversed(goals_after(sequent, candidate)):
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
        end = self.expansions + expansions
        while node.found > node.low and node.low < math.inf and self.expansions < end:
            self.expand(_leaf(node, _low))
        end = self.expansions + expansions
        while node.found == math.inf and node.guess < math.inf and self.expansions < end:
            self.expand(_leaf(node, _guess))
        return node.found < math.inf

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


def _closes(sequent: Sequent) -> bool:
    """Whether a single tactic proves a sequent: ``exact``, ``constructor``, ``cases`` or a contradiction."""
    target, known = sequent.target, sequent.known
    if target is TRUE or target in known or FALSE in known:
        return True
    implication = Kind.IMPLIES
    for formula in sequent.hypotheses:
        if formula.kind is implication and formula.b is FALSE and formula.a in known:
            return True
    return False
