"""The interface of searches with a guide, and the names of the searches.

A search is a generator that yields goals when it wants advice about them and is resumed when it has it. So one search
runs the same whether it is alone or one of many that share the guide's batches.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

from lean_ebm.proving.search.graph import GoalNode, SearchGraph

STEP = 0.5
"""What a tactic that was tried adds to the estimate of a goal, in tactics. With 1, a search is almost breadth-first."""

SURPRISE = 3.0
"""What a tactic that was not tried adds for each unit of ``-log p``, in tactics."""

LEAST = 1e-3
"""The least that a tactic adds, so that the goals that it leaves have lower estimates than its own."""


class Search(ABC):
    """A search for a proof of the root of a graph.

    It uses the goals, what the guide says of them and nothing else. It draws no random numbers, so the same advice
    leads to the same result.
    """

    @abstractmethod
    def steps(self, graph: SearchGraph) -> Iterator[list[GoalNode]]:
        """Search until the root is proved, everything was tried, or the budget is spent.

        Args:
            graph: The graph, which has the root only.

        Yields:
            Goals about which the guide was not asked yet. The search is resumed when their ``advice`` is there.
        """
