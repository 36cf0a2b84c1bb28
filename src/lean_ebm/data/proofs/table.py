"""All states of a data set in memory, and their splits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.utils.data import Dataset

from lean_ebm.data.proofs.batches import GoalBatch, LabelledTactics, padded

if TYPE_CHECKING:
    from lean_ebm.proving.steps.columns import Columns, ProvedTheorem

_DTYPES = {"b": torch.int8, "h": torch.int16, "i": torch.int32, "Q": torch.uint64}
_RAGGED = {
    "nodes": ("kind", "part", "other_part", "level"),
    "hypotheses": ("hypothesis",),
    "tactics": ("template", "pointer", "other_pointer", "after", "tied"),
}
"""The columns with several entries a state, by the column that says how many."""


class StateTable:
    """The states of the first theorems of some blocks. No two states differ only in names.

    A theorem belongs to a split by its number. A state that occurs in theorems of several splits belongs to only one of
    them, by its own number, so that no state of the test split is trained on.

    Args:
        blocks: The blocks.
        theorems: Number of theorems.
        found: Further states, such as those of searches. They are only trained on, and only those are taken that occur
            in no split of the blocks.

    Attributes:
        theorems: The theorems of each split.
        rows: The states of each split, int64, in the order of the theorems.
    """

    def __init__(self, blocks: Sequence[Columns], theorems: int, found: Sequence[Columns] = ()) -> None:
        from lean_ebm.proving.steps.columns import SPLITS, home

        self.theorems: dict[str, list[ProvedTheorem]] = {split: [] for split in SPLITS}
        self._columns = {name: _joined([*blocks, *found], name) for name in blocks[0].columns}
        self._starts = {name: starts_of(self._columns[name]) for name in _RAGGED}
        splits = self._choose(blocks, theorems)
        numbers = self._columns.pop("number").tolist()
        homes: dict[int, set[str]] = {}
        for number, split in zip(numbers, splits, strict=False):
            if split:
                homes.setdefault(number, set()).add(split)
        chosen: dict[str, list[int]] = {split: [] for split in SPLITS}
        taken = set(homes)
        for row, (number, split) in enumerate(zip(numbers, splits, strict=False)):
            if split and number in homes and split == home(number, homes[number]):
                del homes[number]  # later states of this number are the same state
                chosen[split].append(row)
        for row in range(len(splits), len(numbers)):
            if numbers[row] not in taken:
                taken.add(numbers[row])
                chosen["train"].append(row)
        self.rows = {split: torch.tensor(rows, dtype=torch.int64) for split, rows in chosen.items()}

    def _choose(self, blocks: Sequence[Columns], theorems: int) -> list[str]:
        """The split of the theorem of each state; empty for a state that is left out."""
        from lean_ebm.proving.steps.columns import split_of

        seen: set[int] = set()
        splits: list[str] = []
        for block in blocks:
            own: list[str] = []
            for theorem in block.theorems:
                new = theorem.number not in seen and len(seen) < theorems
                own.append(split_of(theorem.number) if new else "")
                if new:
                    seen.add(theorem.number)
                    self.theorems[own[-1]].append(theorem)
            splits += [own[index] for index in block.columns["theorem"]]
        return splits

    def lengths(self, rows: Tensor) -> Tensor:
        """The number of nodes plus tactics of some states, int64."""
        return self._columns["nodes"][rows].long() + self._columns["tactics"][rows].long()

    def live(self, rows: Tensor) -> Tensor:
        """Which of some states have a proof, bool."""
        return self._columns["left"][rows] >= 0

    def batch(self, rows: Tensor) -> tuple[LabelledTactics, GoalBatch]:
        """Make a batch of some states."""
        many = {
            name: padded(self._columns[name], self._starts[count][rows], self._columns[count][rows].long())
            for count, names in _RAGGED.items()
            for name in names
        }
        left, after = self._columns["left"][rows].float(), many["after"].float()
        goals = GoalBatch(
            many["kind"], many["part"], many["other_part"], many["level"], many["hypothesis"],
            self._columns["target"][rows].long(),
        )  # fmt: skip
        tactics = LabelledTactics(
            many["template"],
            many["pointer"],
            many["other_pointer"],
            after.masked_fill(after < 0, torch.inf),
            after == _DEAD,
            many["tied"] == 1,
            left.masked_fill(left < 0, torch.inf),
            self._columns["exact"][rows] == 1,
            self._columns["turn"][rows] == 1,
        )
        return tactics, goals


_DEAD = -2


def _joined(blocks: Sequence[Columns], name: str) -> Tensor:
    parts = [block.columns[name] for block in blocks]
    return torch.cat([torch.frombuffer(part, dtype=_DTYPES[part.typecode]) for part in parts if part])


def starts_of(lengths: Tensor) -> Tensor:
    """Where each row of these lengths begins, int64."""
    return torch.tensor([0, *accumulate(lengths.tolist())][:-1])


Batch = tuple[LabelledTactics, GoalBatch]


class StateBatches(Dataset[Batch]):
    """The batches of one split. An index is the list of states of a batch.

    Args:
        batch: Makes a batch of some states ``(B,)``.
        rows: The states of the split, ``(N,)``.
    """

    def __init__(self, batch: Callable[[Tensor], Batch], rows: Tensor) -> None:
        self.batch, self.rows = batch, rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, indices: list[int]) -> Batch:
        return self.batch(self.rows[torch.tensor(indices)])


class SortedGoals(Dataset[GoalBatch]):
    """The goals of some states. Each is a batch of size one, because a loader takes whole batches.

    Args:
        batch: Makes a batch of some states ``(B,)``.
        rows: The states, ``(N,)``.
    """

    def __init__(self, batch: Callable[[Tensor], Batch], rows: Tensor) -> None:
        self.batch, self.rows = batch, rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> GoalBatch:
        return self.__getitems__([index])

    def __getitems__(self, indices: list[int]) -> GoalBatch:
        """A batch of goals."""
        return self.batch(self.rows[torch.tensor(indices)])[1]
