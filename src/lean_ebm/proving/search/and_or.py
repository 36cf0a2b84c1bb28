"""Best-first search in an AND/OR graph. The estimates of the goals that a tactic leaves are added."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush

from lean_ebm.errors import SettingError
from lean_ebm.proving.search.graph import GoalNode, SearchGraph, TriedTactic, unadvised
from lean_ebm.proving.search.searches import LEAST, STEP, SURPRISE, Search


class AndOrBestFirst(Search):
    """Tries the tactic that the best estimate of the whole proof leads to, one tactic at a time.

    The estimate of a goal is the least over its tactics of

    - ``V(s) + surprise (-log p)`` for the best one that was not tried;
    - ``step`` and the sum of the estimates of the goals that it left, for one that was tried; proved goals count 0.

    If the guide does not judge goals, it is the least sum of ``-log p`` over all tactics of a proof. The search follows
    the best tactics, and the highest estimate among the goals that each left, to a tactic that was not tried. The
    estimates are exact in graphs with cycles too: none rests on itself (Knuth 1977, "A generalization of Dijkstra's
    algorithm"). It is AO* (Nilsson 1980, "Principles of Artificial Intelligence", section 3.2) with estimates that are
    no bounds, so the proof that it finds need not be a shortest one.

    Args:
        step: What a tactic that was tried adds, in tactics; above 0.
        surprise: What a tactic that was not tried adds for each unit of ``-log p``, in tactics; 0 or more.

    Raises:
        SettingError: If one of them is out of its range.
    """

    def __init__(self, step: float = STEP, surprise: float = SURPRISE) -> None:
        if not step > 0 or not surprise >= 0:
            raise SettingError(
                f"and-or-best-first: step is {step:g} and surprise {surprise:g}, expected a step above 0 and a "
                "surprise of 0 or more."
            )
        self.step, self.surprise = step, surprise

    def steps(self, graph: SearchGraph) -> Iterator[list[GoalNode]]:
        """Search; see :meth:`.Search.steps`."""
        root = graph.root
        yield [root]
        self.update((root,))
        while graph.searching() and root.estimate < math.inf:
            node = leaf(root)
            new = unadvised(graph.attempt(node))
            if new:
                yield new
            changed = (node, *new, *graph.settled)
            graph.settled.clear()
            self.update(changed)

    def estimated(self, node: GoalNode) -> tuple[float, TriedTactic | None]:
        """Compute the estimate of a goal from other estimates, and the tactic that it is based on."""
        judged = node.value is not None
        best, choice = self._untried(node), None
        for tried in node.live:
            cost = self.step if judged else max(tried.cost, LEAST)
            for goal in tried.goals:
                cost += goal.estimate
            if cost < best:
                best, choice = cost, tried
        return best, choice

    def _untried(self, node: GoalNode) -> float:
        """The estimate of a goal by the best tactic that was not tried; infinite if there is none."""
        value, cost = node.value, node.cost(len(node.tried))
        if math.isinf(cost):
            return math.inf
        return max(cost, LEAST) if value is None else value + self.surprise * cost

    def update(self, changed: Iterable[GoalNode]) -> None:
        """Update the estimates after some goals have new tactics, were proved, or were found to be dead."""
        rising: dict[GoalNode, None] = {}  # the goals whose estimate may rest on one that is not valid any more
        queue: list[tuple[float, int, GoalNode]] = []
        waiting = []
        for node in changed:
            if node.proof is None:
                waiting.append(node)
            else:
                queue.append((0.0, node.number, node))
        while waiting:
            node = waiting.pop()
            if node not in rising:
                rising[node] = None
                node.estimate, node.choice = math.inf, None
                for parent in node.parents:
                    if parent.choice is not None and node in parent.choice.goals and parent.proof is None:
                        waiting.append(parent)
        queue.sort()
        for node in rising:
            self._improve(node, queue)
        while queue:
            estimate, _, node = heappop(queue)
            if estimate == node.estimate:
                for parent in node.parents:
                    if parent.proof is None:
                        self._improve(parent, queue)

    def _improve(self, node: GoalNode, queue: list[tuple[float, int, GoalNode]]) -> None:
        best, choice = self.estimated(node)
        if best < node.estimate:
            node.estimate, node.choice = best, choice
            heappush(queue, (best, node.number, node))


def leaf(node: GoalNode) -> GoalNode:
    """Follow the best tactics, and the worst goal that each left, to a goal whose best tactic is untried."""
    while (choice := node.choice) is not None:
        node = max([goal for goal in choice.goals if goal.proof is None], key=lambda goal: goal.estimate)
    return node
