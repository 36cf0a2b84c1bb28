"""The data module of proof steps."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from lightning.pytorch.utilities import rank_zero_info
from torch import Tensor
from torch.utils.data import DataLoader, Sampler

from lean_ebm.data.base import DataModule, ResumableLoader
from lean_ebm.data.proofs.batches import some_of
from lean_ebm.data.proofs.table import SortedGoals, StateBatches, StateTable
from lean_ebm.errors import SettingError
from lean_ebm.randomness import derived_seed

if TYPE_CHECKING:
    from lean_ebm.data.proofs.batches import GoalBatch, LabelledTactics
    from lean_ebm.proving.search import World
    from lean_ebm.proving.steps.blocks import StepSettings
    from lean_ebm.proving.steps.columns import Columns, ProvedTheorem
    from lean_ebm.proving.steps.sources import Benchmark

_POOL = 50  # batches that are sorted by length together
_SECONDS = 10  # between two messages while data are made


class ProofSteps(DataModule):
    """States of proofs, the tactics that may be tried in them, and the number of tactics left after each.

    Batches are ``(LabelledTactics, GoalBatch)``: candidates are the tactics that are listed for a goal, the condition
    is the goal. The data are made once, from random theorems or from a file, and kept in the folder of caches
    (``LEAN_EBM_CACHE``). States of a theorem's shortest proof and states that wrong turns lead to are mixed; a third
    has no proof. No theorem or state of the test split is in training, not even with other names.

    Args:
        theorems: Number of theorems, each with some twelve states. Of a file, as many as there are at most.
        file: A file of JSON lines with theorems of your own, as ``lean-ebm theorems`` writes it; None for random ones.
        kinds: The share of each kind of random theorems. Logic: ``uniform``, ``formula``, ``term``, ``first_order`` and
            ``families``; None: all but families. Numbers: ``walk`` and ``theory``; None: both.
        connectives: Smallest and largest number of connectives of ``uniform`` theorems.
        batch_size: Number of states in a batch on each device.
        data_seed: Seed of the theorems.
        found: Files with states that searches have found, which ``lean-ebm improve`` writes. They are only trained on.
        workers: Number of processes that make data; 0 for one a core.
        world: The world of the theorems, ``logic`` or ``numbers``.
        steps: Smallest and largest number of steps of the walks that make equations between numbers.
        held_out: Names of levels of the world of numbers that are no lemmas in these data.
        texts: Whether batches also have goals and tactics as texts, for language models; of logic only.
        listed: Largest number of tactics of a state in training batches: a right one, and others at random. Batches to
            validate and test on have all tactics. None: all.

    Raises:
        SettingError: If a setting is out of its range.
    """

    def __init__(
        self,
        theorems: int = 10_000,
        file: str | None = None,
        kinds: dict[str, float] | None = None,
        connectives: tuple[int, int] = (8, 28),
        batch_size: int = 128,
        data_seed: int = 0,
        workers: int = 0,
        found: list[str] | None = None,
        world: str = "logic",
        steps: tuple[int, int] = (1, 12),
        held_out: list[str] | None = None,
        texts: bool = False,
        listed: int | None = None,
    ) -> None:
        super().__init__()
        for name, value, least in (
            ("theorems", theorems, 1),
            ("batch_size", batch_size, 1),
            ("workers", workers, 0),
            ("listed", 1 if listed is None else listed, 1),
        ):
            if value < least:
                raise SettingError(f"ProofSteps: {name} is {value}, expected {least} or more.")
        if texts and world != "logic":
            raise SettingError(f"ProofSteps: texts are written of the world of logic, and world is {world}.")
        self.texts, self.listed = texts, listed
        self.number = theorems
        self.batch_size = batch_size
        self.workers = workers or _cores()
        self._made: StepSettings | None = None
        self._given: Mapping[str, Any] = {
            "seed": data_seed, "connectives": tuple(connectives), "file": file or "",
            "world": world, "steps": tuple(steps), "held_out": tuple(held_out or ()),
            **({} if kinds is None else {"kinds": kinds}),
        }  # fmt: skip
        self.found = [Path(path).expanduser() for path in found or ()]
        self.table: StateTable | None = None

    def prepare_data(self) -> None:
        """Make the missing data, once on each machine.

        Raises:
            SettingError: If a setting is out of its range, or the file cannot be read.
            RunError: If there are too few theorems, or the folder of caches cannot be written.
        """
        from lean_ebm.proving.steps.blocks import provide_steps

        last = time.monotonic()

        def tell(count: int) -> None:
            nonlocal last
            if time.monotonic() > last + _SECONDS:
                last = time.monotonic()
                rank_zero_info(f"Making proof steps: {count} of {self.number} theorems")

        provide_steps(self.made_of, self.number, self.workers, tell)

    @property
    def made_of(self) -> StepSettings:
        """The settings that identify these proof steps."""
        from lean_ebm.proving.steps.blocks import StepSettings

        if self._made is None:
            self._made = StepSettings(**self._given)
        return self._made

    def setup(self, stage: str) -> None:
        """Read the data once."""
        from lean_ebm.proving.steps.blocks import provide_steps
        from lean_ebm.proving.steps.found import read_columns

        if self.table is None:
            self.table = self.tabled(provide_steps(self.made_of, self.number), read_columns(self.found))
            for split in ("train", "val") if stage == "fit" else ():
                if not len(self.table.rows[split]):
                    raise SettingError(f"ProofSteps: there are too few theorems for a {split} split: ask for more.")

    def tabled(self, blocks: Sequence[Columns], found: Sequence[Columns]) -> StateTable:
        """The states of these blocks, and the states that searches have found."""
        return StateTable(blocks, self.number, found)

    def theorems(self, split: str) -> list[ProvedTheorem]:
        """The theorems of a split, for a search to prove; call :meth:`setup` before."""
        return self._table.theorems[split]

    def world(self) -> World:
        """The world of the theorems, with the lemmas that the data were made with."""
        theorems = [theorem for some in self._table.theorems.values() for theorem in some]
        return self.made_of.source.world({theorem.statement: theorem.lemmas for theorem in theorems})

    def benchmarks(self, number: int) -> dict[str, Benchmark]:
        """Benchmarks of this world: statements by the name of the benchmark.

        Args:
            number: Number of statements of each benchmark, at most.
        """
        return self.made_of.source.benchmarks(number)

    def sample(
        self, split: str, number: int, seed: int, batch_size: int
    ) -> Iterator[tuple[LabelledTactics, GoalBatch]]:
        """Batches of random states of a split, the smallest states first; call :meth:`setup` before.

        Args:
            split: ``train``, ``val`` or ``test``.
            number: Number of states; all of them if there are not as many.
            seed: Seed of the choice.
            batch_size: Number of states in a batch.
        """
        rows = self._table.rows[split]
        generator = torch.Generator().manual_seed(derived_seed(seed, "sample", split))
        rows = rows[torch.randperm(len(rows), generator=generator)[:number]]
        for batch in BatchesByLength(self._table.lengths(rows), batch_size):
            yield self._batch(rows[torch.tensor(batch)])

    def train_dataloader(self) -> DataLoader[Any]:
        """Shuffled batches of states of similar size; a last incomplete one is dropped."""
        return self._loader("train", torch.initial_seed())

    def val_dataloader(self) -> DataLoader[Any]:
        """Validation batches, the smallest states first."""
        return self._loader("val")

    def test_dataloader(self) -> DataLoader[Any]:
        """Test batches, the smallest states first."""
        return self._loader("test")

    def predict_dataloader(self) -> DataLoader[Any]:
        """The goals of the test split, the smallest first."""
        rows = self._table.rows["test"]
        rows = rows[self._table.lengths(rows).argsort(stable=True)]
        # By the usual samplers, of which Lightning knows which goals are in a batch.
        return ResumableLoader(SortedGoals(self._batch, rows), batch_size=self.batch_size, collate_fn=_as_is)

    def noun(self, candidates: Any) -> str:
        """``tactics``."""
        return "tactics"

    def _loader(self, split: str, seed: int | None = None) -> ResumableLoader:
        rows = self._table.rows[split]
        batches = BatchesByLength(self._table.lengths(rows), self.batch_size, seed)
        make = partial(self._batch, most=self.listed if split == "train" else None)
        # The sampler gives whole batches, so the loader makes none. Lightning tells the sampler the epoch.
        return ResumableLoader(StateBatches(make, rows), batch_size=None, sampler=batches, collate_fn=_as_is)

    def _batch(self, rows: Tensor, most: int | None = None) -> tuple[LabelledTactics, GoalBatch]:
        """A batch of some states, each with at most a number of tactics; with texts if they are asked for."""
        tactics, goals = self._table.batch(rows)
        if most is not None:
            tactics = some_of(tactics, rows, most)
        if not self.texts:
            return tactics, goals
        from lean_ebm.data.proofs.texts import with_texts  # needs what proves

        goals, tactics = with_texts(goals, tactics)
        return tactics, goals

    @property
    def _table(self) -> StateTable:
        if self.table is None:
            raise RuntimeError("call prepare_data() and setup() first")
        return self.table


class BatchesByLength(Sampler[list[int]]):
    """Batches of states of similar size, so that they need little padding.

    Args:
        lengths: The sizes ``(N,)``.
        batch_size: Number of states in a batch.
        seed: Seed of the order, which also depends on the epoch; a last incomplete batch is dropped. None: all states,
            in the order of their sizes.
    """

    epoch = 0

    def __init__(self, lengths: Tensor, batch_size: int, seed: int | None = None) -> None:
        self.lengths, self.seed = lengths, seed
        self.batch_size = min(batch_size, max(len(lengths), 1))

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, which determines the order of the next iteration."""
        self.epoch = epoch

    def __len__(self) -> int:
        whole, rest = divmod(len(self.lengths), self.batch_size)
        return whole + (rest > 0 and self.seed is None)

    def __iter__(self) -> Iterator[list[int]]:
        if self.seed is None:
            ordered = self.lengths.argsort(stable=True)
            yield from (ordered[at : at + self.batch_size].tolist() for at in range(0, len(ordered), self.batch_size))
            return
        generator = torch.Generator().manual_seed(derived_seed(self.seed, "batches", self.epoch))
        shuffled = torch.randperm(len(self.lengths), generator=generator)[: len(self) * self.batch_size]
        batches: list[Tensor] = []
        for pool in shuffled.split(_POOL * self.batch_size):
            batches += pool[self.lengths[pool].argsort(stable=True)].split(self.batch_size)
        for index in torch.randperm(len(batches), generator=generator).tolist():
            yield batches[index].tolist()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _as_is(batch: Any) -> Any:
    return batch
