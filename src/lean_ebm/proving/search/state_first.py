"""Best-first search over whole states: all goals that are left to prove."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import NamedTuple

from lean_ebm.proving.search.graph import GoalNode, SearchGraph, unadvised
from lean_ebm.proving.search.searches import STEP, SURPRISE, Search


class _Open(NamedTuple):
    """A state of a search: what it has cost so far, and its goals, of which the first is worked on."""

    cost: float
    goals: tuple[GoalNode, ...]


class StateBestFirst(Search):
    """Tries the tactic with the lowest cost, over all states, in the first goal of its state.

    By cumulative ``-log p`` (the search of ReProver, Yang et al. 2023, "LeanDojo", section 5), or by g + V: half the
    number of tactics so far, the values of the goals of the state added up, and ``3 (-log p)`` of the tactic, which are
    the weights of :class:`.AndOrBestFirst`. Goals that were proved in any state are left out of all later states. Each
    state counts its own tactics, also those that were tried in another state with the same first goal.

    Args:
        by_value: Whether to go by g + V. A guide that does not judge goals has the value 0 for all of them.
    """

    def __init__(self, by_value: bool = False) -> None:
        self.by_value = by_value

    def steps(self, graph: SearchGraph) -> Iterator[list[GoalNode]]:
        """Search; see :meth:`.Search.steps`."""
        queue: list[tuple[float, int, int, _Open]] = []  # of equal costs, what came first is tried first
        count = 0
        seen: set[tuple[int, ...]] = set()

        def add(state: _Open, rank: int) -> None:
            nonlocal count
            if rank < len(state.goals[0].ranking):
                count += 1
                heappush(queue, (self._priority(state, rank), count, rank, state))

        def reach(state: _Open) -> None:
            left = tuple([goal for goal in state.goals if goal.proof is None])
            key = tuple(sorted([goal.number for goal in left]))  # with repetitions, as in what they cost
            if left and key not in seen and not any(goal.dead for goal in left):
                seen.add(key)
                add(_Open(state.cost, left), 0)

        yield [graph.root]
        reach(_Open(0.0, (graph.root,)))
        while queue and graph.searching():
            _, _, rank, state = heappop(queue)
            if any(goal.dead for goal in state.goals):
                continue
            if any(goal.proof for goal in state.goals):  # meanwhile, in another state
                reach(state)
                continue
            node = state.goals[0]
            tried = graph.attempt(node, rank)
            add(state, rank + 1)
            if tried is not None:
                new = unadvised(tried)
                if new:
                    yield new
                cost = STEP if self.by_value else tried.cost
                reach(_Open(state.cost + cost, (*tried.goals, *state.goals[1:])))

    def _priority(self, state: _Open, rank: int) -> float:
        cost = state.goals[0].cost(rank)
        if not self.by_value:
            return state.cost + cost
        return state.cost + SURPRISE * cost + sum([goal.value or 0.0 for goal in state.goals])
