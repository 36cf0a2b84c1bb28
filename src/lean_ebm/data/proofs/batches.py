"""Batches of goals and of the tactics listed for them: tensors of node numbers, padded with -1."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from lean_ebm.randomness import counted_uniforms, derived_seed

if TYPE_CHECKING:
    from lean_ebm.proving.candidates import Listing

NONE = -1
"""Stands for a part or a pointer that is not there, and fills what is shorter than the longest of a batch."""


class GoalBatch(NamedTuple):
    """Conditions: ``B`` goals as graphs, see :class:`lean_ebm.proving.candidates.GoalGraph`. All are int64.

    Args:
        kinds: ``(B, N)``, what each node is, as :class:`lean_ebm.proving.candidates.NodeKind` has it.
        first: ``(B, N)``, the first part of each node.
        second: ``(B, N)``, the second part of each node.
        levels: ``(B, N)``, 0 for nodes without parts, else one more than the largest level of the parts.
        hypotheses: ``(B, H)``, the nodes of the hypotheses.
        target: ``(B,)``, the node of the target.
        text: ``(B, T)`` int32, the goals as Lean prints them, see :func:`~lean_ebm.characters.characters`; None unless
            the data come with texts.
    """

    kinds: Tensor
    first: Tensor
    second: Tensor
    levels: Tensor
    hypotheses: Tensor
    target: Tensor
    text: Tensor | None = None


class TacticBatch(NamedTuple):
    """Candidates: ``K`` tactics for each goal of a :class:`GoalBatch`.

    Args:
        template: ``(B, K)`` int64, their forms, as :class:`lean_ebm.proving.candidates.Template` has them.
        first: ``(B, K)`` int64, the nodes to which their first pointers point.
        second: ``(B, K)`` int64, the same of the second pointers.
        text: ``(B, K, T)`` int32, the tactics as Lean reads them; None unless the data come with texts.
    """

    template: Tensor
    first: Tensor
    second: Tensor
    text: Tensor | None = None

    @property
    def mask(self) -> Tensor:
        """Which entries are tactics, ``(B, K)`` bool; the others are padding."""
        return self.template != NONE


class LabelledTactics(NamedTuple):
    """Candidates with their labels.

    Args:
        template: As in :class:`TacticBatch`.
        first: As in :class:`TacticBatch`.
        second: As in :class:`TacticBatch`.
        after: ``(B, K)`` float32, number of tactics that are needed after each, all its goals together, in the shortest
            proof that was found; infinite if that is not known, or if there is none.
        hopeless: ``(B, K)`` bool, whether one of its goals has no proof.
        tied: ``(B, K)`` bool, whether it may be as good as the best one, although no such proof through it was found.
        left: ``(B,)`` float32, number of tactics that the goal needs; infinite if it has no proof.
        exact: ``(B,)`` bool, whether it was shown that no shorter proof exists.
        turn: ``(B,)`` bool, whether a wrong turn led to the goal, and not the shortest proof of a theorem.
        text: As in :class:`TacticBatch`.
    """

    template: Tensor
    first: Tensor
    second: Tensor
    after: Tensor
    hopeless: Tensor
    tied: Tensor
    left: Tensor
    exact: Tensor
    turn: Tensor
    text: Tensor | None = None

    @property
    def tactics(self) -> TacticBatch:
        """The tactics without their labels."""
        return TacticBatch(self.template, self.first, self.second, self.text)

    @property
    def mask(self) -> Tensor:
        """Which entries are tactics, ``(B, K)`` bool; the others are padding."""
        return self.template != NONE

    @property
    def right(self) -> Tensor:
        """Which tactics begin a shortest known proof, ``(B, K)`` bool; none if no proof is known."""
        return self.after.isfinite() & (self.after + 1 <= self.left[:, None])

    @property
    def wrong(self) -> Tensor:
        """Which tactics are known not to begin a shortest proof, ``(B, K)`` bool."""
        return self.mask & ~self.right & ~self.tied

    @property
    def dead(self) -> Tensor:
        """Which goals have no proof, ``(B,)`` bool."""
        return self.left.isinf()


def padded(values: Tensor, starts: Tensor, lengths: Tensor) -> Tensor:
    """Take rows of different lengths from a flat tensor, as one int64 tensor ``(B, longest)`` padded with -1.

    Args:
        values: ``(M,)``, all rows one after the other.
        starts: ``(B,)`` int64, where each row begins.
        lengths: ``(B,)`` int64, how long each row is.
    """
    places = torch.arange(int(lengths.max()) if len(lengths) else 0)
    there = places < lengths[:, None]
    index = (starts[:, None] + places)[there]
    rows = torch.full(there.shape, NONE)
    rows[there] = values[index].long()
    return rows


def batch_of(listings: Sequence[Listing]) -> tuple[GoalBatch, TacticBatch]:
    """Make tensors of goals with their tactics, such as those of a search.

    Args:
        listings: The goals, at least one.
    """
    graphs = [listing.graph for listing in listings]
    nodes = _Rows([len(graph.kinds) for graph in graphs])
    hypotheses = _Rows([len(graph.hypotheses) for graph in graphs])
    tactics = _Rows([len(listing.templates) for listing in listings])
    goals = GoalBatch(
        nodes.padded([graph.kinds for graph in graphs]),
        nodes.padded([graph.first for graph in graphs]),
        nodes.padded([graph.second for graph in graphs]),
        nodes.padded([graph.levels for graph in graphs]),
        hypotheses.padded([graph.hypotheses for graph in graphs]),
        torch.tensor([graph.target for graph in graphs]),
    )
    return goals, TacticBatch(
        tactics.padded([listing.templates for listing in listings]),
        tactics.padded([listing.first for listing in listings]),
        tactics.padded([listing.second for listing in listings]),
    )


def some_of(tactics: LabelledTactics, rows: Tensor, most: int) -> LabelledTactics:
    """Keep at most a given number of tactics of each state: a right one if one exists, and random others.

    Args:
        tactics: Tactics of ``B`` states.
        rows: The number ``(B,)`` of each state, on which alone the choice depends.
        most: The number of tactics, at least 1.
    """
    size = tactics.mask.shape[1]
    if size <= most:
        return tactics
    order = counted_uniforms(derived_seed("tactics"), rows, size).masked_fill(~tactics.mask, 2.0)
    first = order.masked_fill(~tactics.right, 2.0).argmin(dim=1, keepdim=True)
    order.scatter_(1, first, order.gather(1, first) - tactics.right.any(dim=1, keepdim=True).double())
    chosen = order.topk(most, dim=1, largest=False).indices.sort(dim=1).values
    # What fills up comes last in a row, so the smallest numbers leave it there.
    columns = ("template", "first", "second", "after", "hopeless", "tied")
    return tactics._replace(**{name: getattr(tactics, name).gather(1, chosen) for name in columns})


class _Rows:
    """Rows of these lengths, which several lists have."""

    def __init__(self, lengths: list[int]) -> None:
        self._there = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]

    def padded(self, rows: list[list[int]]) -> Tensor:
        """One int64 tensor ``(B, longest)`` of rows, padded with -1."""
        flat = array("q", chain.from_iterable(rows))
        whole = torch.full(self._there.shape, NONE)
        if flat:
            whole[self._there] = torch.frombuffer(flat, dtype=torch.int64)
        return whole
