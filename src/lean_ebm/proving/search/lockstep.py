"""Runs many searches in parallel, so that they share the guide's batches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from lean_ebm.proving.search.graph import GoalNode, SearchGraph
from lean_ebm.proving.search.guide import Guide
from lean_ebm.proving.search.searches import Search

COMPANY = 64
"""Number of searches that run in lock step, for batches in which a network is fast."""


class _Running(NamedTuple):
    """A search that waits for advice."""

    graph: SearchGraph
    steps: Iterator[list[GoalNode]]
    wanted: list[GoalNode]


def run_searches(
    search: Search,
    guide: Guide,
    graphs: Iterable[SearchGraph],
    company: int = COMPANY,
    tell: Callable[[int], None] = lambda _: None,
) -> Iterator[SearchGraph]:
    """Run searches in parallel. Each round asks the guide once about all goals that they need advice for.

    What a search finds does not depend on the others. The time that the guide takes is shared by the goals of a round.

    Args:
        search: How to search.
        guide: The guide.
        graphs: The graph of each search, with its root; taken one by one when there is room.
        company: Number of searches at a time, at least 1.
        tell: Called in each round with the number of applications of all searches that run.

    Yields:
        The graphs, each when its search has ended.

    Raises:
        ValueError: If the guide does not give advice about each goal.
    """
    waiting = iter(graphs)
    running: list[_Running] = []
    while True:
        for graph in islice(waiting, company - len(running)):
            begun = _resumed(graph, search.steps(graph))
            if begun is None:
                yield graph
            else:
                running.append(begun)
        if not running:
            return
        tell(sum([one.graph.costs.applications for one in running]))
        goals = [node.goal for one in running for node in one.wanted]
        started = time.monotonic()
        advices = guide.advise(goals)
        each = (time.monotonic() - started) / len(goals)
        if len(advices) != len(goals):
            raise ValueError(f"{type(guide).__name__} gave {len(advices)} pieces of advice about {len(goals)} goals")
        at = 0
        following: list[_Running] = []
        for graph, steps, wanted in running:
            theirs = advices[at : at + len(wanted)]
            at += len(wanted)
            resumed = _resumed(graph, steps) if graph.take(wanted, theirs, each * len(wanted)) else None
            if resumed is None:
                yield graph
            else:
                following.append(resumed)
        running = following


def _resumed(graph: SearchGraph, steps: Iterator[list[GoalNode]]) -> _Running | None:
    """Run a search until it wants advice; None if it has ended."""
    graph.costs.resume()
    wanted = next(steps, None)
    graph.costs.pause()
    return None if wanted is None else _Running(graph, steps, wanted)
