"""Provers without learning: the baselines.

A prover works on the main goal of a state of any :class:`~lean_ebm.proving.environment.Environment`, within a budget.
Its result is "proved" only if the environment's ``verify`` accepts the script::

    with Logic() as environment:
        result = BreadthFirst().prove(environment, statement, SearchBudget(applications=1000))
        if result.proved:
            print(result.script)
"""

from __future__ import annotations

import gc
import heapq
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from lean_ebm.proving.environment import Environment
from lean_ebm.proving.search.budget import Costs, SearchBudget
from lean_ebm.proving.search.graph import SearchGraph
from lean_ebm.proving.search.scripts import ProofStep
from lean_ebm.proving.search.tactics import legal_tactics
from lean_ebm.proving.statements import Outcome, Request, State, Statement, Verdict

_OBJECTS = 20_000  # new objects between two looks for cycles


@dataclass(frozen=True)
class SearchResult:
    """The result of a search.

    Args:
        verdict: The judge's verdict on the last script that the search found; None if it found none.
        tactics: The tactics of the proof, each applied to the main goal; empty if there is none.
        applications: Number of tactic applications that were used.
        exhausted: Whether the search ended because it had tried all scripts made of the prover's tactics.
        evaluations: Number of evaluations of (goal, tactic) pairs by a guide.
        seconds: Seconds of the search, without those of the judge.
        steps: The tactics of the proof with the goals to which they are applied, of a search with a guide.
        graph: All that such a search has found; None of other searches.
    """

    verdict: Verdict | None
    tactics: tuple[str, ...] = ()
    applications: int = 0
    exhausted: bool = False
    evaluations: int = 0
    seconds: float = 0.0
    steps: tuple[ProofStep, ...] = field(default=(), repr=False)
    graph: SearchGraph | None = field(default=None, repr=False)

    @property
    def proved(self) -> bool:
        """Whether the statement is proved."""
        return self.verdict is not None and self.verdict.proved

    @property
    def script(self) -> str:
        """The tactics, one a line."""
        return "\n".join(self.tactics)


class SearchNode(NamedTuple):
    """A state that a search has reached.

    Args:
        state: The state.
        tactics: The tactics that lead to it.
    """

    state: State
    tactics: tuple[str, ...]


class Prover(ABC):
    """A search for a script that proves a statement.

    A prover of your own overrides :meth:`search`; ``lean-ebm prove --prover mine.MyProver`` makes it without arguments.

    Args:
        tactics: Gives the tactics to try in a state.
    """

    def __init__(self, tactics: Callable[[State], Iterable[str]] = legal_tactics) -> None:
        self.tactics = tactics

    def prove(self, environment: Environment, statement: Statement, budget: SearchBudget | None = None) -> SearchResult:
        """Search for a script and let the environment verify it."""
        spent = Meter(environment, budget or SearchBudget())
        spent.resume()
        start = environment.start(statement)
        if start.state is None:
            return SearchResult(Verdict(False, "", start.message, start.outcome))
        verdict: Verdict | None = None
        with rare_collections():
            for script in self.search(spent, start.state):
                spent.pause()
                verdict = environment.verify(statement, "\n".join(script))
                if verdict.proved:
                    return SearchResult(verdict, script, spent.applications, seconds=spent.seconds)
                spent.resume()
        return SearchResult(verdict, (), spent.applications, not spent.out(), seconds=spent.seconds)

    @abstractmethod
    def search(self, spent: Meter, start: State) -> Iterator[tuple[str, ...]]:
        """Find scripts that leave no goals, until the budget is spent or everything was tried.

        Args:
            spent: Applies tactics and counts them.
            start: The state of the statement.

        Yields:
            The tactics of a script, each applied to the main goal. The search is resumed if the judge refuses it.
        """


@contextmanager
def rare_collections() -> Iterator[None]:
    """Let Python's garbage collector run less often: a search makes many objects and hardly any cycles."""
    before = gc.get_threshold()
    if before[0]:  # 0 means never
        gc.set_threshold(max(before[0], _OBJECTS), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


class Meter(Costs):
    """Applies tactics for a search, within its budget.

    Args:
        environment: The environment in which they are applied.
        budget: The limits.
    """

    def __init__(self, environment: Environment, budget: SearchBudget) -> None:
        super().__init__(budget)
        self.environment = environment

    def expand(self, node: SearchNode, tactics: Iterable[str]) -> tuple[list[SearchNode], list[tuple[str, ...]]]:
        """Apply tactics to the main goal of a state, as many of them as the budget allows.

        Returns:
            The nodes of the new states that have goals, and the scripts that leave no goals.
        """
        left = self.left()
        requests = [Request(node.state, tactic) for tactic in tactics]
        if len(requests) > left:
            self.refuse()
            requests = requests[:left]
        self.applications += len(requests)
        nodes, scripts = [], []
        for request, step in zip(requests, self.environment.apply_many(requests), strict=True):
            if step.outcome is Outcome.SOLVED:
                scripts.append((*node.tactics, request.tactic))
            elif step.state is not None:
                nodes.append(SearchNode(step.state, (*node.tactics, request.tactic)))
        return nodes, scripts


class BreadthFirst(Prover):
    """Tries all scripts of one length before longer ones, each state once. It finds a shortest script."""

    def search(self, spent: Meter, start: State) -> Iterator[tuple[str, ...]]:
        """Find scripts, shorter ones first."""
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
    """Continues at the state with the lowest cost, each state once.

    Args:
        cost: Gives the cost of a state and the number of tactics that led to it. None: :func:`size_and_length`.
        tactics: Gives the tactics to try in a state.
    """

    def __init__(
        self,
        cost: Callable[[State, int], float] | None = None,
        tactics: Callable[[State], Iterable[str]] = legal_tactics,
    ) -> None:
        super().__init__(tactics)
        self.cost = cost or size_and_length

    def search(self, spent: Meter, start: State) -> Iterator[tuple[str, ...]]:
        """Find scripts, those through states of low cost first."""
        counter = 0  # of two states with equal cost, the older one comes first
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
    """Applies random tactics. It starts again after ``length`` tactics, or if no tactic works.

    Args:
        seed: Seed.
        length: Number of tactics in one walk.
        tactics: Gives the tactics to draw from in a state.
    """

    def __init__(
        self, seed: int = 0, length: int = 30, tactics: Callable[[State], Iterable[str]] = legal_tactics
    ) -> None:
        super().__init__(tactics)
        self.seed, self.length = seed, length

    def search(self, spent: Meter, start: State) -> Iterator[tuple[str, ...]]:
        """Find scripts by random walks, until the budget is spent."""
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
