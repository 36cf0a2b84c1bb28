"""Problems on graphs: which nodes are connected, and the shortest paths between two nodes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lean_ebm.data.reasoning.base import ReasoningDataModule
from lean_ebm.errors import SettingError


class GraphProblems(ReasoningDataModule):
    """The base class of both families. Problems and answers are relations of nodes, with entries -1 or 1.

    Nodes are points in the unit square. Each has edges to its nearest nodes, from 1 up to ``density`` times the number
    of nodes (Graves et al. 2016, as in IRED's experiments, section 4.2).

    Args:
        nodes: Number of nodes.
        harder_nodes: Number of nodes of harder problems.
        density: Largest out-degree, as a fraction of the number of nodes.
        harder_density: The same for harder problems; null: ``density``.
        kwargs: Settings of every family, :class:`ReasoningDataModule`.
    """

    grade = "accuracy"
    higher_is_better = True

    def __init__(
        self,
        nodes: int = 12,
        harder_nodes: int = 18,
        density: float = 0.2,
        harder_density: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        harder_density = density if harder_density is None else harder_density
        for name, value in (("nodes", nodes), ("harder_nodes", harder_nodes)):
            self._require(value >= 3, f"{name} is {value}, expected 3 or more")
        for name, share in (("density", density), ("harder_density", harder_density)):
            self._require(0 < share < 1, f"{name} is {share}, expected more than 0 and less than 1")
        self.nodes = nodes
        self.harder_nodes = harder_nodes
        self.density = density
        self.harder_density = harder_density

    def graphs(self, split: str, numbers: Tensor, directed: bool, attempt: int = 0) -> Tensor:
        """Adjacency matrices ``(B, n, n)``, bool."""
        harder = split == "harder"
        n, density = (self.harder_nodes, self.harder_density) if harder else (self.nodes, self.density)
        uniforms = self.uniforms(split, numbers, 3 * n, attempt)
        points = uniforms[:, : 2 * n].reshape(-1, n, 2)
        degrees = 1 + (uniforms[:, 2 * n :] * max(int(n * density), 1)).long()
        distances = torch.cdist(points, points) + 9 * torch.eye(n)
        nearness = distances.argsort(dim=2).argsort(dim=2)
        edges = nearness < degrees[:, :, None]
        return edges if directed else edges | edges.mT


class Connectivity(GraphProblems):
    """Which nodes of an undirected graph are connected.

    Problems ``(B, n, n)`` are edges, and answers ``(B, n, n)`` say which nodes are connected. Each node is connected to
    itself.

    Args:
        nodes: Number of nodes.
        harder_nodes: Number of nodes of harder problems.
        density: Largest out-degree, as a fraction of the number of nodes.
        harder_density: The same for harder problems; null: ``density``.
        harder_length: In each harder problem, the longest of the shortest paths has at least this number of edges.
        kwargs: Settings of every family, :class:`ReasoningDataModule`.
    """

    figure = "solved"
    ATTEMPTS = 1000
    """Number of graphs to look through for one with a path that is long enough."""

    def __init__(
        self,
        nodes: int = 12,
        harder_nodes: int = 18,
        density: float = 0.2,
        harder_density: float | None = None,
        harder_length: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(nodes, harder_nodes, density, harder_density, **kwargs)
        self._require(
            1 <= harder_length < harder_nodes,
            f"harder_length is {harder_length}, expected 1 or more and less than harder_nodes, {harder_nodes}",
        )
        self.harder_length = harder_length

    def make(self, split: str, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Make connections, the answers, and edges, the problems.

        Raises:
            SettingError: If no graph has a path of ``harder_length`` edges.
        """
        edges = self.graphs(split, numbers, directed=False)
        lengths = path_lengths(edges)
        least = self.harder_length if split == "harder" else 0
        for attempt in range(1, self.ATTEMPTS):
            short = (_longest(lengths) < least).nonzero()[:, 0] if least else numbers[:0]
            if len(short) == 0:
                break
            edges[short] = self.graphs(split, numbers[short], directed=False, attempt=attempt)
            lengths[short] = path_lengths(edges[short])
        else:
            raise SettingError(
                f"Connectivity: {self.ATTEMPTS} graphs of {self.harder_nodes} nodes and density {self.harder_density} "
                f"have no shortest path of {self.harder_length} edges: ask for a smaller harder_length."
            )
        return signs(lengths.isfinite()), signs(edges)

    def measure(self, candidates: Tensor, condition: Tensor, target: Tensor) -> dict[str, Tensor]:
        """How many pairs of nodes are right.

        ``accuracy``: the share of right pairs. ``balanced``: the mean of the shares among connected and among other
        pairs. ``solved``: whether all pairs are right.
        """
        right = ((candidates > 0) == (target > 0)).flatten(1).float()
        connected = (target > 0).flatten(1).float()
        shares = [(right * kind).sum(dim=1) / kind.sum(dim=1) for kind in (connected, 1 - connected)]
        balanced = torch.stack(shares).nanmean(dim=0)
        return {"accuracy": right.mean(dim=1), "balanced": balanced, "solved": right.amin(dim=1)}

    def errors(self, candidates: Tensor, condition: Tensor, target: Tensor) -> Tensor:
        """Number of wrong pairs."""
        return ((candidates > 0) != (target > 0)).flatten(1).sum(dim=1).float()

    def difficulty(self, condition: Tensor, target: Tensor) -> Tensor:
        """Length of the longest of the shortest paths."""
        return _longest(path_lengths(condition > 0))

    def without_thinking(self, condition: Tensor) -> Tensor:
        """Only neighbours are connected."""
        eye = torch.eye(condition.shape[1], device=condition.device)
        return signs((condition > 0) | (eye > 0))


class ShortestPath(GraphProblems):
    """The shortest paths from one node of a directed graph to another.

    Problems are ``(B, 3, n, n)``: edges, the start (its row) and the goal (its column). The answers ``(B, n, n)`` are
    the edges of all shortest paths. The answers of IRED are one of these paths, drawn at random, so that nothing could
    tell which one is right.

    Args:
        nodes: Number of nodes.
        harder_nodes: Number of nodes of harder problems.
        density: Largest out-degree, as a fraction of the number of nodes.
        distances: Smallest and largest distance from the start to the goal.
        harder_density: The density of harder problems; null: ``density``.
        harder_distances: The distances of harder problems; null: ``distances``.
        kwargs: Settings of every family, :class:`ReasoningDataModule`.
    """

    figure = "solved"
    ATTEMPTS = 200
    """Number of graphs to look through for one with two nodes at the wanted distance."""

    def __init__(
        self,
        nodes: int = 20,
        harder_nodes: int = 25,
        density: float = 0.5,
        distances: tuple[int, int] = (4, 5),
        harder_density: float | None = None,
        harder_distances: tuple[int, int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(nodes, harder_nodes, density, harder_density, **kwargs)
        harder_distances = distances if harder_distances is None else harder_distances
        for name, (low, high), most in (
            ("distances", distances, nodes),
            ("harder_distances", harder_distances, harder_nodes),
        ):
            self._require(
                1 <= low <= high < most, f"{name} is {low} to {high}, expected 1 or more, in order, and below the nodes"
            )
        self.distances = distances
        self.harder_distances = harder_distances

    def make(self, split: str, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Make edges of the shortest paths, the answers, and graphs with a start and a goal, the problems.

        Raises:
            SettingError: If no graph of these settings has nodes at the wanted distance.
        """
        harder = split == "harder"
        n, density = (self.harder_nodes, self.harder_density) if harder else (self.nodes, self.density)
        low, high = self.harder_distances if harder else self.distances
        wanted = low + (self.uniforms(split, numbers, 1, -1)[:, 0] * (high - low + 1)).long()
        edges = torch.zeros(len(numbers), n, n, dtype=torch.bool)
        pair = torch.zeros(len(numbers), dtype=torch.int64)
        left = torch.arange(len(numbers))
        for attempt in range(self.ATTEMPTS):
            graphs = self.graphs(split, numbers[left], directed=True, attempt=attempt)
            far = (path_lengths(graphs) == wanted[left, None, None]).flatten(1)
            draws = self.uniforms(split, numbers[left], n * n, -2 - attempt)
            found = far.any(dim=1)
            edges[left[found]] = graphs[found]
            pair[left[found]] = (draws * far).argmax(dim=1)[found]
            left = left[~found]
            if len(left) == 0:
                break
        else:
            raise SettingError(
                f"ShortestPath: of {self.ATTEMPTS} graphs of {n} nodes and density {density}, none has nodes at a "
                f"distance of {wanted[left].tolist()[0]}: ask for shorter distances or a lower density."
            )
        start, goal = pair // n, pair % n
        each = torch.arange(len(numbers))
        lengths = path_lengths(edges)
        there, back = lengths[each, start], lengths[each, :, goal]
        onward = there[:, :, None] + 1 + back[:, None, :] == wanted[:, None, None]
        place = torch.zeros(len(numbers), 2, n, dtype=torch.bool)
        place[each, 0, start] = True
        place[each, 1, goal] = True
        rows, columns = place[:, 0, :, None].expand_as(edges), place[:, 1, None].expand_as(edges)
        return signs(edges & onward), signs(torch.stack([edges, rows, columns], dim=1))

    def measure(self, candidates: Tensor, condition: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Whether the walk that a candidate suggests is right; each step goes to the largest entry of the node's row.

        ``first_step``: whether the first step goes along an edge and nearer to the goal. ``solved``: whether all steps
        do, up to the goal. ``accuracy``: share of the edges of the graph for which the candidate says rightly whether
        they lie on a shortest path.
        """
        edges, start, goal = condition[:, 0] > 0, condition[:, 1, :, 0].argmax(dim=1), condition[:, 2, 0].argmax(dim=1)
        each = torch.arange(len(edges), device=edges.device)
        left = path_lengths(edges)[each, :, goal]  # (B, n), steps to the goal
        here, right = start, torch.ones(len(edges), dtype=torch.bool, device=edges.device)
        first = right
        longest = int(left[each, start].max())
        for step in range(longest):
            arrived = here == goal
            onward = candidates[each, here].argmax(dim=1)
            right = right & (arrived | (edges[each, here, onward] & (left[each, onward] < left[each, here])))
            here = torch.where(arrived, here, onward)
            first = right if step == 0 else first
        told = (((candidates > 0) == (target > 0)) & edges).flatten(1).sum(dim=1) / edges.flatten(1).sum(dim=1)
        return {"first_step": first.float(), "solved": (right & (here == goal)).float(), "accuracy": told}

    def errors(self, candidates: Tensor, condition: Tensor, target: Tensor) -> Tensor:
        """Number of edges about which the candidate is wrong, and one more if its walk does not arrive."""
        figures = self.measure(candidates, condition, target)
        edges = (condition[:, 0] > 0).flatten(1).sum(dim=1)
        return (1 - figures["accuracy"]) * edges + 1 - figures["solved"]

    def difficulty(self, condition: Tensor, target: Tensor) -> Tensor:
        """Length of the shortest path from the start to the goal."""
        start, goal = condition[:, 1, :, 0].argmax(dim=1), condition[:, 2, 0].argmax(dim=1)
        return path_lengths(condition[:, 0] > 0)[torch.arange(len(condition)), start, goal]

    def without_thinking(self, condition: Tensor) -> Tensor:
        """Any edge of the graph; edges to the goal have larger entries."""
        return condition[:, 0] + (condition[:, 2] + 1) * (condition[:, 0] > 0)


def path_lengths(edges: Tensor) -> Tensor:
    """Lengths ``(B, n, n)`` of the shortest paths of graphs ``(B, n, n)``; infinite if there is no path."""
    n = edges.shape[1]
    steps = edges.float()
    reached = torch.eye(n, device=edges.device).expand(edges.shape)
    lengths = torch.where(reached > 0, 0.0, torch.inf)
    for length in range(1, n):
        wider = ((reached @ steps + reached) > 0).float()
        if torch.equal(wider, reached):
            break
        lengths = lengths.where((wider == reached) | lengths.isfinite(), float(length))
        reached = wider
    return lengths


def _longest(lengths: Tensor) -> Tensor:
    """The largest ``(B,)`` of the finite lengths ``(B, n, n)``."""
    return lengths.where(lengths.isfinite(), 0).flatten(1).amax(dim=1)


def signs(relation: Tensor) -> Tensor:
    """True as 1 and False as -1, float32."""
    return 2 * relation.float() - 1
