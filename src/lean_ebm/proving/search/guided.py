"""Provers that follow a guide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lean_ebm.proving.environment import Environment
from lean_ebm.proving.search.and_or import AndOrBestFirst
from lean_ebm.proving.search.budget import Costs, SearchBudget
from lean_ebm.proving.search.goals import OpenGoal
from lean_ebm.proving.search.graph import GoalNode, SearchGraph
from lean_ebm.proving.search.guide import Guide
from lean_ebm.proving.search.lockstep import COMPANY, run_searches
from lean_ebm.proving.search.provers import Meter, Prover, SearchResult, rare_collections
from lean_ebm.proving.search.puct import Puct
from lean_ebm.proving.search.scripts import (
    PrintedGoal,
    ProofStep,
    UnwrittenError,
    WritableGoal,
    named_goals_of_texts,
    steps_of_texts,
)
from lean_ebm.proving.search.searches import Search
from lean_ebm.proving.search.state_first import StateBestFirst
from lean_ebm.proving.search.states import ListTactics, StateGoal
from lean_ebm.proving.search.tactics import legal_tactics
from lean_ebm.proving.search.worlds import LOGIC, World
from lean_ebm.proving.statements import State, Statement, Verdict

SEARCHES: dict[str, Callable[[], Search]] = {
    "and-or-best-first": AndOrBestFirst,
    "best-first": StateBestFirst,
    "best-first-value": lambda: StateBestFirst(by_value=True),
    "puct": Puct,
}
"""The searches by the names that ``--search`` takes; the first one is the default."""


class GuidedProver(Prover):
    """A prover that asks a guide which tactics to try and where to continue.

    It searches in a world with its wide set, where equal goals are shared, or in the environment itself with tactics
    that are texts. The script that it found is run again and judged, as that of any prover.

    Args:
        guide: The guide.
        search: The search. None: :class:`.AndOrBestFirst`.
        narrow: Whether to search in the environment itself, with the texts that ``listed`` lists.
        tell: Called now and then with the number of applications of all searches that run.
        world: The world whose wide set it takes.
        listed: Lists the texts for a goal of a state; by default the narrow set.
    """

    def __init__(
        self,
        guide: Guide,
        search: Search | None = None,
        narrow: bool = False,
        tell: Callable[[int], None] = lambda _: None,
        world: World = LOGIC,
        listed: ListTactics = legal_tactics,
    ) -> None:
        super().__init__()
        self.listed = listed
        self.guide, self.narrow, self.tell, self.world = guide, narrow, tell, world
        self.algorithm = search or AndOrBestFirst()

    def prove(self, environment: Environment, statement: Statement, budget: SearchBudget | None = None) -> SearchResult:
        """Search for a script and let the environment verify it."""
        ((_, result),) = self.prove_many(environment, [statement], budget)
        return result

    def prove_many(
        self,
        environment: Environment,
        statements: Iterable[Statement],
        budget: SearchBudget | None = None,
        company: int = COMPANY,
    ) -> Iterator[tuple[int, SearchResult]]:
        """Search for scripts of many statements in parallel, and let the environment verify them.

        The result for a statement does not depend on the others, as long as the seconds are not what ends a search.

        Args:
            environment: The environment.
            statements: The statements.
            budget: The limits for each of them.
            company: Number of searches at a time, at least 1.

        Yields:
            The index of a statement and its result, each when its search has ended.

        Raises:
            SettingError: If a statement is outside of the world, and the prover takes the wide set.
        """
        limits = budget or SearchBudget()
        begun: dict[SearchGraph, tuple[int, Statement, State]] = {}
        refused: list[tuple[int, SearchResult]] = []

        def graphs() -> Iterator[SearchGraph]:
            for index, statement in enumerate(statements):
                costs = Costs(limits)
                costs.resume()
                start = environment.start(statement)
                if start.state is None:
                    refused.append((index, SearchResult(Verdict(False, "", start.message, start.outcome))))
                    continue
                graph = SearchGraph(self._first(environment, start.state), costs)
                costs.pause()
                begun[graph] = index, statement, start.state
                yield graph

        with rare_collections():
            for graph in run_searches(self.algorithm, self.guide, graphs(), company, self.tell):
                index, statement, start = begun.pop(graph)
                yield index, self._judged(environment, statement, start, graph)
        yield from refused

    def search(self, spent: Meter, start: State) -> Iterator[tuple[str, ...]]:
        """Find a script."""
        graph = SearchGraph(self._first(spent.environment, start), spent)
        for _ in run_searches(self.algorithm, self.guide, [graph], tell=self.tell):
            if graph.root.proof is not None:
                yield _tactics(self._steps(start, graph.root))

    def _first(self, environment: Environment, start: State) -> OpenGoal:
        if self.narrow:
            return StateGoal(environment, start, listed=self.listed)
        return self.world.first_goal(start)[0]

    def _steps(self, start: State, root: GoalNode) -> list[ProofStep]:
        return list(steps_of_texts(root) if isinstance(root.goal, StateGoal) else self.world.steps(start, root))

    def named_goals(self, start: State, graph: SearchGraph) -> Iterator[tuple[GoalNode, WritableGoal]]:
        """The goals that a search of this prover has found, with names, those nearest to the root first.

        Args:
            start: The state with which the search began.
            graph: What it found.
        """
        if isinstance(graph.root.goal, StateGoal):
            return named_goals_of_texts(graph.root)
        return self.world.named_goals(start, graph.root)

    def _judged(self, environment: Environment, statement: Statement, start: State, graph: SearchGraph) -> SearchResult:
        """The result of a search, of whose script the environment says whether it is a proof."""
        costs = graph.costs
        verdict: Verdict | None = None
        steps = []
        if graph.root.proof is not None:
            try:
                steps = self._steps(start, graph.root)
                verdict = environment.verify(statement, "\n".join(_tactics(steps)))
            except UnwrittenError as error:
                verdict = Verdict(False, "", f"the proof that the search found cannot be written: {error}")
        environment.release({id(state): state for state in _states(graph)}.values())
        proved = verdict is not None and verdict.proved
        return SearchResult(
            verdict,
            _tactics(steps) if proved else (),
            costs.applications,
            graph.root.proof is None and not costs.out(),
            costs.evaluations,
            costs.seconds,
            tuple(steps) if proved else (),
            graph,
        )


def first_goal(
    environment: Environment, start: State, narrow: bool = False, world: World = LOGIC
) -> tuple[OpenGoal, WritableGoal]:
    """The goal with which a search begins, and the same goal with names.

    Args:
        environment: The environment.
        start: The state of a statement.
        narrow: Whether to take the narrow set of tactics, and else the wide set.
        world: The world whose wide set it is.

    Raises:
        SettingError: If the world does not read the goal, and the wide set is taken.
    """
    if narrow:
        return StateGoal(environment, start), PrintedGoal(start.goals[0])
    return world.first_goal(start)


def _tactics(steps: Iterable[ProofStep]) -> tuple[str, ...]:
    return tuple([text for step in steps for text in step.tactics])


def _states(graph: SearchGraph) -> Iterator[State]:
    """The states of the environment that a search has made."""
    for node in graph.nodes.values():
        if isinstance(node.goal, StateGoal):
            yield node.goal.state
