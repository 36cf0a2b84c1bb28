"""The graph of a search: goals, and the tactics that were tried in them.

It is an AND/OR graph: a goal is proved if one of its tactics leaves goals that are all proved. Equal goals are one
node, so what is proved of a goal is proved wherever it occurs. A goal may occur below itself; it is proved only by
tactics whose goals were proved before it, so a proof never goes in a circle.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

from lean_ebm.proving.search.budget import Costs
from lean_ebm.proving.search.goals import OpenGoal, Tactic
from lean_ebm.proving.search.guide import Advice


class TriedTactic:
    """A tactic that was applied to a goal.

    Attributes:
        tactic: The tactic, or the chunk of tactics, as the guide advised it.
        applied: What was applied of it: of a chunk that broke, the tactics before that.
        cost: ``-log p`` of it.
        goals: The goals that it left; a goal may be there twice.
    """

    __slots__ = ("applied", "cost", "goals", "tactic")

    def __init__(self, tactic: Tactic, applied: Tactic, cost: float, goals: tuple[GoalNode, ...]) -> None:
        self.tactic, self.applied, self.cost, self.goals = tactic, applied, cost, goals


class GoalNode:
    """A goal in the graph of a search.

    Attributes:
        goal: The goal.
        number: Its number, in the order in which the goals of the search were found.
        advice: What the guide says of it; None until it was asked.
        ranking: The tactics that may be tried, as indices of the advice, best first.
        tried: What came of the first of them; None for one that failed.
        spent: Number of applications that each of these took.
        live: Those of them that may still lead to a proof.
        parents: The goals of which a tactic leaves this one.
        proof: The tactic that proves it, whose goals are all proved; None while it is not proved.
        dead: Whether all tactics were tried, and none of them leads to a proof.
        estimate: What the search expects a proof to cost; 0 for a goal that is proved, infinite for a dead one.
        choice: The tactic of ``live`` on which the estimate rests; None if it rests on one that was not tried.
    """

    __slots__ = (
        "advice", "choice", "dead", "estimate", "goal", "live", "number", "parents", "proof", "ranking", "spent",
        "tried",
    )  # fmt: skip

    def __init__(self, goal: OpenGoal, number: int) -> None:
        self.goal, self.number = goal, number
        self.advice: Advice | None = None
        self.ranking: list[int] = []
        self.tried: list[TriedTactic | None] = []
        self.spent: list[int] = []
        self.live: list[TriedTactic] = []
        self.parents: dict[GoalNode, None] = {}
        self.proof: TriedTactic | None = None
        self.dead = False
        self.estimate = math.inf
        self.choice: TriedTactic | None = None

    @property
    def value(self) -> float | None:
        """The guide's estimate of the number of tactics needed. None if the guide does not judge goals."""
        return None if self.advice is None else self.advice.value

    def cost(self, rank: int) -> float:
        """``-log p`` of the tactic of this rank, 0 for the best; infinite if there is none."""
        return -self.advice.log_priors[self.ranking[rank]] if self.advice and rank < len(self.ranking) else math.inf


class SearchGraph:
    """The goals that a search has found, starting at the goal to prove.

    Args:
        root: The goal to prove.
        costs: Counts what the search costs.

    Attributes:
        root: The node of the goal to prove.
        nodes: All nodes by the key of their goal.
        settled: The nodes that were proved or found to be dead since a search last emptied this list.
    """

    def __init__(self, root: OpenGoal, costs: Costs) -> None:
        self.costs = costs
        self.nodes: dict[Hashable, GoalNode] = {}
        self.settled: list[GoalNode] = []
        self.root = self._node(root)

    def searching(self) -> bool:
        """Whether the search should continue: the goal is open, and the budget allows another application."""
        return self.root.proof is None and not self.root.dead and self.costs.may_apply()

    def take(self, nodes: Sequence[GoalNode], advices: Sequence[Advice], seconds: float) -> bool:
        """Store the guide's advice about goals, if the budget allows it.

        Args:
            nodes: The goals.
            advices: The advice about each.
            seconds: Seconds that the guide took for these goals.

        Returns:
            Whether the budget allows it.
        """
        if not self.costs.advised(sum([advice.cost for advice in advices]), seconds):
            return False
        for node, advice in zip(nodes, advices, strict=True):
            priors = advice.log_priors
            ranking = sorted(range(len(priors)), key=priors.__getitem__, reverse=True)
            while ranking and priors[ranking[-1]] == -math.inf:
                ranking.pop()
            node.advice, node.ranking = advice, ranking
            if not ranking:
                self._bury(node)
        return True

    def attempt(self, node: GoalNode, rank: int | None = None) -> TriedTactic | None:
        """Apply a tactic to a goal. This counts as an application even if the tactic was tried there before.

        A chunk of tactics is cut where the budget ends. One that leaves the same goals as another is the same edge.

        Args:
            node: The goal.
            rank: The rank of the tactic, 0 for the best, all better ones of which were tried; None: the next one.

        Returns:
            What came of it; None if it failed.
        """
        most = max(self.costs.budget.applications - self.costs.applications, 1)
        if rank is not None and rank < len(node.tried):
            self.costs.applications += min(node.spent[rank], most)
            if node.spent[rank] <= most:
                return node.tried[rank]
            self.costs.refuse()
            return None
        assert node.advice is not None
        rank = len(node.tried)
        tactic = node.advice.tactics[node.ranking[rank]]
        attempt = node.goal.attempt(tactic, most)
        self.costs.applications += attempt.applications
        node.spent.append(attempt.applications)
        tried: TriedTactic | None = None
        if attempt.goals is not None:
            goals = tuple([self._node(goal) for goal in attempt.goals])
            tried = next((other for other in node.live if other.goals == goals), None)
            tried = tried or TriedTactic(tactic, attempt.tactic, node.cost(rank), goals)
            if tried not in node.live and not any(goal.dead for goal in goals):
                node.live.append(tried)
                for goal in goals:
                    goal.parents[node] = None
                if _proved(tried):
                    self._prove(node, tried)
        node.tried.append(tried)
        if not node.live and len(node.tried) == len(node.ranking):
            self._bury(node)
        return tried

    def _node(self, goal: OpenGoal) -> GoalNode:
        node = self.nodes.get(goal.key)
        if node is None:
            node = self.nodes[goal.key] = GoalNode(goal, len(self.nodes))
        return node

    def _prove(self, node: GoalNode, proof: TriedTactic) -> None:
        """Note that a tactic proves a goal, and what else is proved by that."""
        waiting = [(node, proof)]
        while waiting:
            node, proof = waiting.pop()
            if node.proof is None:
                node.proof, node.estimate = proof, 0.0
                self.settled.append(node)
                for parent in node.parents:
                    waiting += [(parent, tried) for tried in parent.live if node in tried.goals and _proved(tried)]

    def _bury(self, node: GoalNode) -> None:
        """Note that a goal is dead, and all goals that have no other tactic than those that lead to dead ones."""
        waiting = [node]
        while waiting:
            node = waiting.pop()
            if node.dead or node.proof is not None:
                continue
            node.dead, node.estimate, node.choice = True, math.inf, None
            self.settled.append(node)
            for parent in node.parents:
                parent.live = [tried for tried in parent.live if node not in tried.goals]
                if not parent.live and parent.advice is not None and len(parent.tried) == len(parent.ranking):
                    waiting.append(parent)


def _proved(tried: TriedTactic) -> bool:
    """Whether all goals that a tactic left are proved."""
    return all(goal.proof is not None for goal in tried.goals)


def unadvised(tried: TriedTactic | None) -> list[GoalNode]:
    """The goals left by a tactic for which the guide was not asked yet, each once."""
    if tried is None:
        return []
    return [goal for goal in dict.fromkeys(tried.goals) if goal.advice is None]
