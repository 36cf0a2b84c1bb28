"""Data of chunks: goals are conditions, and triples of tactics from known proofs are candidates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from lean_ebm.data.proofs.batches import NONE, GoalBatch, batch_of, padded
from lean_ebm.data.proofs.steps import ProofSteps
from lean_ebm.data.proofs.table import StateTable, starts_of
from lean_ebm.errors import SettingError

if TYPE_CHECKING:
    from lean_ebm.proving.candidates import ChunkSpace
    from lean_ebm.proving.steps.blocks import StepSettings
    from lean_ebm.proving.steps.columns import Columns

_SLOTS = 3
_PROPOSITIONAL = {"uniform": 0.6, "formula": 0.2, "term": 0.2}


class SlotBatch(NamedTuple):
    """The spaces of chunks of ``B`` goals: ``K`` tactics; each slot takes some of them.

    Args:
        template: ``(B, K)`` int64, their forms; the last of each goal is what fills up a chunk,
            :data:`lean_ebm.proving.candidates.DONE`.
        first: ``(B, K)`` int64, the nodes to which their first pointers point.
        second: ``(B, K)`` int64, the same of the second pointers.
        listed: ``(B,)`` int64, how many of them, the first ones, are listed for the goal.
    """

    template: Tensor
    first: Tensor
    second: Tensor
    listed: Tensor

    @property
    def mask(self) -> Tensor:
        """Which entries are tactics, ``(B, K)`` bool; the others are padding."""
        return self.template != NONE

    @property
    def choices(self) -> Tensor:
        """Which tactics each slot takes, ``(B, 3, K)`` bool. The first takes the listed ones, the others all."""
        return choices_of(self.template, self.listed)


class LabelledChunks(NamedTuple):
    """Spaces of chunks with some good chunks.

    Args:
        template: As in :class:`SlotBatch`.
        first: As in :class:`SlotBatch`.
        second: As in :class:`SlotBatch`.
        listed: As in :class:`SlotBatch`.
        chunks: ``(B, G, 3)`` int64, the numbers of the tactics of chunks that begin shortest proofs; filled up with -1.
        tied: ``(B, K)`` bool, tactics for the first slot that may be as good, although no such proof was found.
        left: ``(B,)`` float32, number of tactics that the goal needs; infinite if it has no proof.
        exact: ``(B,)`` bool, whether it was shown that no shorter proof exists.
        turn: ``(B,)`` bool, whether a wrong turn led to the goal.
    """

    template: Tensor
    first: Tensor
    second: Tensor
    listed: Tensor
    chunks: Tensor
    tied: Tensor
    left: Tensor
    exact: Tensor
    turn: Tensor

    @property
    def slots(self) -> SlotBatch:
        """The spaces of chunks without the labels."""
        return SlotBatch(self.template, self.first, self.second, self.listed)

    @property
    def mask(self) -> Tensor:
        """Which entries are tactics, ``(B, K)`` bool; the others are padding."""
        return self.template != NONE

    @property
    def choices(self) -> Tensor:
        """Which tactics each slot takes, ``(B, 3, K)`` bool."""
        return choices_of(self.template, self.listed)

    @property
    def good(self) -> Tensor:
        """Which entries of ``chunks`` are chunks, ``(B, G)`` bool."""
        return self.chunks[:, :, 0] >= 0

    @property
    def dead(self) -> Tensor:
        """Which goals have no proof, ``(B,)`` bool."""
        return self.left.isinf()


def choices_of(template: Tensor, listed: Tensor) -> Tensor:
    """Which tactics each slot takes, ``(B, 3, K)`` bool."""
    mask = template != NONE
    first = torch.arange(template.shape[1], device=template.device) < listed[:, None]
    return torch.stack([first, *[mask] * (_SLOTS - 1)], dim=1)


def slots_of(spaces: Sequence[ChunkSpace]) -> tuple[GoalBatch, SlotBatch]:
    """Make tensors of goals with their spaces of chunks, such as those of a search.

    Args:
        spaces: The spaces, at least one.
    """
    goals, tactics = batch_of([space.listing for space in spaces])
    return goals, SlotBatch(*tactics[:3], torch.tensor([space.listed for space in spaces]))


class ChunkTable(StateTable):
    """The states of some theorems with chunks; see :class:`.StateTable`.

    Args:
        blocks: The blocks, which come with chunks.
        theorems: Number of theorems.
    """

    def __init__(self, blocks: Sequence[Columns], theorems: int) -> None:
        super().__init__(blocks, theorems)
        self._starts |= {name: starts_of(self._columns[name]) for name in ("slots", "chunks")}

    def lengths(self, rows: Tensor) -> Tensor:
        """The number of nodes and of tactics for all slots together of some states, int64."""
        return super().lengths(rows) + self._columns["slots"][rows].long()

    def batch(self, rows: Tensor) -> tuple[LabelledChunks, GoalBatch]:  # type: ignore[override] # has chunks
        """Make a batch of some states."""
        tactics, goals = super().batch(rows)
        listed = tactics.mask.sum(dim=1)
        template, *pointers = [
            self._ragged(name, "slots", rows) for name in ("slot_template", "slot_pointer", "slot_other_pointer")
        ]
        later = template != NONE
        labelled = LabelledChunks(
            joined(tactics.template, template, listed, later),
            joined(tactics.first, pointers[0], listed, later),
            joined(tactics.second, pointers[1], listed, later),
            listed,
            self._chunks(rows),
            joined(tactics.tied.long(), torch.zeros_like(template), listed, later) == 1,
            tactics.left,
            tactics.exact,
            tactics.turn,
        )
        return labelled, goals

    def _chunks(self, rows: Tensor) -> Tensor:
        flat = self._ragged("chunk", "chunks", rows)
        return flat.reshape(len(rows), flat.shape[1] // _SLOTS, _SLOTS)

    def _ragged(self, name: str, count: str, rows: Tensor) -> Tensor:
        return padded(self._columns[name], self._starts[count][rows], self._columns[count][rows].long())


def joined(rows: Tensor, others: Tensor, lengths: Tensor, there: Tensor) -> Tensor:
    """Append rows ``(B, L)`` to rows ``(B, K)`` of the given lengths ``(B,)``.

    Args:
        rows: The rows.
        others: What comes behind them.
        lengths: How long each row is.
        there: Which entries of the others there are, ``(B, L)`` bool.

    Returns:
        ``(B, longest)``, filled up with -1.
    """
    place = lengths[:, None] + torch.arange(others.shape[1])
    longest = int((lengths + there.sum(dim=1)).max()) if len(rows) else 0
    whole = torch.full((len(rows), max(longest, rows.shape[1])), NONE)
    whole[:, : rows.shape[1]] = rows
    index = torch.arange(len(rows))[:, None].expand_as(place)
    whole[index[there], place[there]] = others[there]
    return whole


class ProofChunks(ProofSteps):
    """States of proofs with the slots of chunks of three tactics, and some chunks that begin shortest proofs.

    Batches are ``(LabelledChunks, GoalBatch)``. The theorems, their splits and the states are made as those of
    :class:`.ProofSteps` are, with the same keys. Tactics on what other tactics make of quantifiers are not in the
    slots, so theorems are propositional by default.

    Args:
        theorems: Number of theorems, each with some fifteen states. Of a file, as many as there are at most.
        file: A file of JSON lines with theorems of your own; None for random ones.
        kinds: The share of each kind of random theorems. None: the propositional kinds ``uniform``, ``formula`` and
            ``term``.
        connectives: Smallest and largest number of connectives of ``uniform`` theorems.
        chunks: Largest number of good chunks for each state, at least 1.
        batch_size: Number of states in a batch on each device.
        data_seed: Seed of the theorems.
        workers: Number of processes that make data; 0 for one a core.

    Raises:
        SettingError: If a setting is out of its range.
    """

    def __init__(
        self,
        theorems: int = 4000,
        file: str | None = None,
        kinds: dict[str, float] | None = None,
        connectives: tuple[int, int] = (16, 40),
        chunks: int = 8,
        batch_size: int = 64,
        data_seed: int = 0,
        workers: int = 0,
    ) -> None:
        super().__init__(theorems, file, kinds or _PROPOSITIONAL, connectives, batch_size, data_seed, workers)
        if chunks < 1:
            raise SettingError(f"ProofChunks: chunks is {chunks}, expected 1 or more.")
        self.chunks = chunks

    @property
    def made_of(self) -> StepSettings:
        """The settings that identify these proof steps."""
        from lean_ebm.proving.steps.sampling import Thoroughness

        return replace(super().made_of, thoroughness=Thoroughness(chunks=self.chunks))

    def tabled(self, blocks: Sequence[Columns], found: Sequence[Columns] = ()) -> ChunkTable:
        """The states of these blocks with their chunks."""
        return ChunkTable(blocks, self.number)

    def sample(  # type: ignore[override] # has chunks
        self, split: str, number: int, seed: int, batch_size: int
    ) -> Iterator[tuple[LabelledChunks, GoalBatch]]:
        """Batches of random states of a split, the smallest states first; call :meth:`setup` before."""
        yield from super().sample(split, number, seed, batch_size)  # type: ignore[misc] # see `ChunkTable.batch`

    def noun(self, candidates: object) -> str:
        """``chunks``."""
        return "chunks"
