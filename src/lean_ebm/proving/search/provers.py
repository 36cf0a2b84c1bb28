"""Provers that need no learning: the baselines of those that learn.

A prover works on the main goal of a state of any :class:`~lean_ebm.proving.environment.Environment`, within a budget,
and says "proved" only where the environment's ``verify`` does::

    with Logic() as environment:
        result = BreadthFirst().prove(environment, statement, SearchBudget(applications=1000))
        if result.proved:
            print(result.script)
"""

from __future__ import annotations

import heapq
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from lean_ebm.proving.environment import Environment
from lean_ebm.proving.search.tactics import legal_tactics
from lean_ebm.proving.statements import Outcome, Request, State, Statement, Verdict


@dataclass(frozen=True)
class SearchBudget:
    """What a search may cost; it ends with whichever is spent first.

    Args:
        applications: Tactic applications.
        seconds: Seconds.
    """

    applications: int = 10_000
    seconds: float = 60.0


@dataclass(frozen=True)
class SearchResult:
    """What came of a search.

    Args:
        verdict: The judge's word on the script; None where the search found none.
        tactics: The tactics found, each applied to the main goal.
        applications: Tactic applications spent.
        exhausted: Whether everything was tried, within the tactics that the prover knows.
    """

    verdict: Verdict | None
    tactics: tuple[str, ...] = ()
    applications: int = 0
    exhausted: bool = False

    @property
    def proved(self) -> bool:
        """Whether the statement is proved."""
        return self.verdict is not None and self.verdict.proved

    @property
    def script(self) -> str:
        """The tactics, one a line."""
        return "\n".join(self.tactics)


class SearchNode(NamedTuple):
    """A state of the search and the tactics that led there."""

    state: State
    tactics: tuple[str, ...]


class Prover(ABC):
    """Searches for a script.

    Args:
        tactics: The tactics to try in a state.
    """

    def __init__(self, tactics: Callable[[State], Iterable[str]] = legal_tactics) -> None:
        self.tactics = tactics

    def prove(self, environment: Environment, statement: Statement, budget: SearchBudget | None = None) -> SearchResult:
        """Search for a script and have the environment verify it."""
        spent = Meter(environment, budget or SearchBudget())
        start = environment.start(statement)
        if start.state is None:
            return SearchResult(Verdict(False, "", start.message, start.outcome))
        verdict: Verdict | None = None
        for script in self.search(spent, start.state):
            verdict = environment.verify(statement, "\n".join(script))
            if verdict.proved:
                return SearchResult(verdict, script, spent.applications)
        return SearchResult(verdict, (), spent.applications, not spent.out())

    @abstractmethod
    def search(self, spent: Meter, start: State) -> Iterator[tuple[str, ...]]:
        """Scripts that end with no goals, until the budget is spent or everything was tried."""


class Meter:
    """An environment of which a search may use no more than its budget.

    Args:
        environment: The environment.
        budget: What may be spent.
    """

    def __init__(self, environment: Environment, budget: SearchBudget) -> None:
        self.environment, self.budget = environment, budget
        self.applications = 0
        self._out = False
        self._end = time.monotonic() + budget.seconds

    def out(self) -> bool:
        """Whether the search has had to leave something untried."""
        return self._out

    def expand(self, node: SearchNode, tactics: Iterable[str]) -> tuple[list[SearchNode], list[tuple[str, ...]]]:
        """Apply tactics to a state: the nodes that come, and the scripts that end it."""
        left = self.budget.applications - self.applications
        requests = [Request(node.state, tactic) for tactic in tactics]
        if len(requests) > left or time.monotonic() > self._end:
            self._out = True
            requests = requests[:left] if time.monotonic() <= self._end else []
        self.applications += len(requests)
        nodes, scripts = [], []
        for request, step in zip(requests, self.environment.apply_many(requests), strict=True):
            if step.outcome is Outcome.SOLVED:
                scripts.append((*node.tactics, request.tactic))
            elif step.state is not None:
                nodes.append(SearchNode(step.state, (*node.tactics, request.tactic)))
        return nodes, scripts


class BreadthFirst(Prover):
    """Tries all scripts of one length before those of the next, each state once: finds a shortest one."""

    def search(self, spent: Meter, start: State) -> Iterator[tuple[str, ...]]:
        """All scripts, shorter ones first."""
        layer = [SearchNode(start, ())]
        seen = {spent.environment.key(start)}
        while layer and not spent.out():
            following = []
            for node in layer:
                nodes, scripts = spent.expand(node, self.tactics(node.state))
                yield from scripts
                for found in nodes:
                    key = spent.environment.key(found.state)
                    if key not in seen:
                        seen.add(key)
                        following.append(found)
                if spent.out():
                    return
            spent.environment.release(node.state for node in layer)
            layer = following


class BestFirst(Prover):
    """Goes on where the cost is lowest, each state once.

    Args:
        cost: Cost of a state reached by so many tactics; the default is the length of what is left to prove plus twice
            the number of tactics.
        tactics: The tactics to try in a state.
    """

    def __init__(
        self,
        cost: Callable[[State, int], float] | None = None,
        tactics: Callable[[State], Iterable[str]] = legal_tactics,
    ) -> None:
        super().__init__(tactics)
        self.cost = cost or size_and_length

    def search(self, spent: Meter, start: State) -> Iterator[tuple[str, ...]]:
        """All scripts, cheap states first."""
        counter = 0  # makes ties first come, first served
        queue = [(0.0, counter, SearchNode(start, ()))]
        seen = {spent.environment.key(start)}
        while queue and not spent.out():
            _, _, node = heapq.heappop(queue)
            nodes, scripts = spent.expand(node, self.tactics(node.state))
            yield from scripts
            for found in nodes:
                key = spent.environment.key(found.state)
                if key not in seen:
                    seen.add(key)
                    counter += 1
                    heapq.heappush(queue, (self.cost(found.state, len(found.tactics)), counter, found))
            spent.environment.release((node.state,))


class RandomWalk(Prover):
    """Applies random tactics, and starts again after so many or where none works.

    Args:
        seed: Seed.
        length: Tactics in one walk.
        tactics: The tactics to draw from.
    """

    def __init__(
        self, seed: int = 0, length: int = 30, tactics: Callable[[State], Iterable[str]] = legal_tactics
    ) -> None:
        super().__init__(tactics)
        self.seed, self.length = seed, length

    def search(self, spent: Meter, start: State) -> Iterator[tuple[str, ...]]:
        """Scripts of random walks, forever."""
        random = Random(self.seed)
        while not spent.out():
            node = SearchNode(start, ())
            for _ in range(self.length):
                tactics = list(self.tactics(node.state))
                random.shuffle(tactics)
                nodes: list[SearchNode] = []
                for tactic in tactics:
                    nodes, scripts = spent.expand(node, (tactic,))
                    yield from scripts
                    if scripts or nodes or spent.out():
                        break
                if not nodes or spent.out():
                    break
                node = nodes[0]
            if not node.tactics and not spent.out():
                return  # no tactic works at the start


def size_and_length(state: State, length: int) -> float:
    """Add up the sizes of all targets, a tenth of the sizes of all hypotheses, and twice the number of tactics.

    Args:
        state: A state.
        length: Number of tactics that led to it.
    """
    total = 2.0 * length
    for target, hypotheses in state.sizes():
        total += target
        total += 0.1 * hypotheses
    return total
