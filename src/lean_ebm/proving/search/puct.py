"""Tree search by PUCT, in an AND/OR graph."""

from __future__ import annotations

import math
from collections.abc import Iterator

from lean_ebm.proving.search.graph import GoalNode, SearchGraph, TriedTactic, unadvised
from lean_ebm.proving.search.searches import Search

_INITIAL, _BASE = 1.25, 19652.0  # of MuZero, Schrittwieser et al. 2020, appendix B


class Puct(Search):
    """Follows the tactics with the highest upper confidence bounds from the root to an untried tactic.

    A tactic's score is ``q + p c sqrt(N) / (1 + n)`` with ``c = 1.25 + log((N + 19653) / 19652)``: p is its prior, n
    the number of times that it was followed, N that of its goal, and q its mean return, scaled so that the tactics of
    the goal and the goal's own value lie between 0 and 1 (MuZero, Schrittwieser et al. 2020, appendix B; tactics that
    were not followed have the least q). The return is minus the number of tactics that are needed: one, and those of
    the goals that the tactic leaves, added up. AlphaProof (Hubert et al. 2025, Nature) takes the hardest of them
    instead of the sum. A tactic is followed to its hardest goal. If every way leads back to a goal on the way, the
    nearest tactic that was not tried is next. If the guide does not judge goals, each has the value 1.
    """

    def steps(self, graph: SearchGraph) -> Iterator[list[GoalNode]]:
        """Search; see :meth:`.Search.steps`."""
        run = _Run()
        root = graph.root
        yield [root]
        while graph.searching():
            path, found = run.descend(root)
            node = found or _nearest(root)
            if node is None:
                return
            tried = graph.attempt(node)
            new = unadvised(tried)
            if new:
                yield new
            graph.settled.clear()
            if found is not None and tried is not None and tried in node.live:
                path.append((node, tried))
            run.back_up(path)


def _nearest(root: GoalNode) -> GoalNode | None:
    """The goal with a tactic that was not tried which the fewest tactics lead to; None if everything was tried."""
    found = {root: None}
    waiting = [root]
    for node in waiting:
        if len(node.tried) < len(node.ranking):
            return node
        below = [goal for tried in node.live for goal in tried.goals if goal.proof is None and goal not in found]
        waiting += dict.fromkeys(below)
        found.update(dict.fromkeys(below))
    return None


_Path = list[tuple[GoalNode, TriedTactic]]


class _Run:
    """The counts of one search: how often goals and tactics were visited, and what was needed after them in all."""

    def __init__(self) -> None:
        self.visits: dict[object, int] = {}
        self.totals: dict[object, float] = {}

    def descend(self, node: GoalNode) -> tuple[_Path, GoalNode | None]:
        """Follow the best scores to an untried tactic. Returns the path and the goal of this tactic.

        The goal is None if every way leads back to a goal on the way.
        """
        path: _Path = []
        above = {node}
        while True:
            tried = self._best(node, above)
            if tried is None:
                return path, node if len(node.tried) < len(node.ranking) else None
            path.append((node, tried))
            node = max([goal for goal in tried.goals if goal.proof is None], key=self.needed)
            above.add(node)

    def needed(self, node: GoalNode) -> float:
        """The mean of the numbers of tactics that a goal was estimated to need; 0 if it is proved."""
        if node.proof is not None:
            return 0.0
        visits = self.visits.get(node, 0)
        first = 1.0 if node.value is None else node.value
        return (first + self.totals.get(node, 0.0)) / (1 + visits)

    def _best(self, node: GoalNode, above: set[GoalNode]) -> TriedTactic | None:
        """The tried tactic to follow; None if one that was not tried has a better score, or none can be followed.

        Args:
            node: The goal.
            above: The goals on the way, itself included, below which they must not occur again.
        """
        own = self.needed(node)
        means = [self.totals[tried] / self.visits[tried] if tried in self.visits else own for tried in node.live]
        low, high = min([own, *means]), max([own, *means])
        wide = max(high - low, 1e-8)
        count = 1 + self.visits.get(node, 0)
        bonus = (_INITIAL + math.log((count + _BASE + 1) / _BASE)) * math.sqrt(count)
        best: TriedTactic | None = None
        # What was not followed has the least q, 0.
        score = math.exp(-node.cost(len(node.tried))) * bonus if len(node.tried) < len(node.ranking) else -math.inf
        for tried, mean in zip(node.live, means, strict=True):
            if above.isdisjoint([goal for goal in tried.goals if goal.proof is None]):
                q = (high - mean) / wide if tried in self.visits else 0.0
                its = q + math.exp(-tried.cost) * bonus / (1 + self.visits.get(tried, 0))
                if its > score:
                    best, score = tried, its
        return best

    def back_up(self, path: _Path) -> None:
        """Update the goals of a path, from its end to the root, with their current estimates."""
        for node, tried in reversed(path):
            needed = 1.0 + sum([self.needed(goal) for goal in tried.goals])
            for key in (node, tried):
                self.visits[key] = self.visits.get(key, 0) + 1
                self.totals[key] = self.totals.get(key, 0.0) + needed
