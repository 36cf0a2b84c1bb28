"""What families of problems share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from lean_ebm.data.base import DataModule, ResumableLoader
from lean_ebm.data.tensors import EpochShuffle
from lean_ebm.errors import SettingError, place_of
from lean_ebm.randomness import counted_uniforms, derived_seed


class ReasoningDataModule(DataModule, ABC):
    """Problems of one family, numbered, each made on the fly from its number: a new family implements four methods.

    Batches are ``(answers (B, ...), problems (B, ...))``, both float32. Problem n of a split follows from
    ``data_seed``, the split and n alone, whatever worker makes it in whatever batch. An epoch of training has problems
    of its own. Besides train, val and test there is the split ``harder``, of problems beyond those trained on.

    Args:
        train_size: Number of problems that count as an epoch.
        val_size: Number of problems to validate on.
        test_size: Number of problems to test on.
        predict_size: Number of problems of the test split that ``predict`` answers.
        batch_size: Batch size on each device.
        data_seed: Seed of the problems.
        num_workers: Processes that make problems; 0 makes them in the main one.

    Attributes:
        figure: Which of the figures of :meth:`measure` is reported first, as the paper does.
        grade: Which of them tells bad answers from worse ones.
        higher_is_better: Whether both grow with quality.

    Raises:
        ValueError: If a number is out of its range.
    """

    figure: str = "error"
    grade: str = "error"
    higher_is_better: bool = False

    def __init__(
        self,
        train_size: int = 50_000,
        val_size: int = 500,
        test_size: int = 1000,
        predict_size: int = 100,
        batch_size: int = 128,
        data_seed: int = 0,
        num_workers: int = 0,
    ) -> None:
        super().__init__()
        self.sizes = {"train": train_size, "val": val_size, "test": test_size, "harder": test_size}
        for name, value in (*self.sizes.items(), ("predict", predict_size)):
            self._require(value >= 1, f"{name}_size is {value}, expected 1 or more")
        self._require(batch_size >= 1, f"batch_size is {batch_size}, expected 1 or more")
        self._require(num_workers >= 0, f"num_workers is {num_workers}, expected 0 or more")
        self.predict_size = predict_size
        self.batch_size = batch_size
        self.data_seed = data_seed
        self.num_workers = num_workers

    @abstractmethod
    def make(self, split: str, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Answers and problems with the numbers ``(B,)`` of the split ``train``, ``val``, ``test`` or ``harder``."""

    @abstractmethod
    def measure(self, candidates: Tensor, condition: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Figures ``(B,)`` by name of candidates ``(B, ...)`` as answers to problems whose true ones are known."""

    @abstractmethod
    def difficulty(self, condition: Tensor, target: Tensor) -> Tensor:
        """How hard problems ``(B, ...)`` are, ``(B,)``, on a scale of the family's own."""

    @abstractmethod
    def without_thinking(self, condition: Tensor) -> Tensor:
        """The best answers ``(B, ...)`` to problems that need no learning, to hold others against."""

    def setup(self, stage: str) -> None:
        """See that :attr:`figure` and :attr:`grade` are figures of :meth:`measure`, before anything is trained.

        Raises:
            SettingError: If they are not.
        """
        answers, problems = self.batch("val", 0, 1)
        known = self.measure(answers, problems, answers)
        for name, figure in (("figure", self.figure), ("grade", self.grade)):
            if figure not in known:
                raise SettingError(
                    f"{place_of(type(self))}{type(self).__name__}.{name} is {figure!r}, which measure does not return: "
                    f"set it to one of {', '.join(known)}."
                )

    def uniforms(self, split: str, numbers: Tensor, count: int, attempt: int = 0) -> Tensor:
        """Random numbers ``(B, count)`` in (0, 1), float64, of each problem."""
        return counted_uniforms(
            derived_seed(self.data_seed, type(self).__name__, split, attempt), numbers.to(torch.int64), count
        )

    def batch(self, split: str, start: int, size: int) -> tuple[Tensor, Tensor]:
        """Answers and problems of consecutive numbers."""
        return self.make(split, torch.arange(start, start + size))

    def train_dataloader(self) -> DataLoader[Any]:
        """Problems of the epoch; a last incomplete batch is dropped."""
        problems = Problems(self, "train")
        return FreshLoader(
            problems,
            batch_size=min(self.batch_size, len(problems)),
            sampler=EpochShuffle(problems, 0),
            drop_last=True,
            num_workers=self.num_workers,
            collate_fn=_as_is,
        )

    def val_dataloader(self) -> DataLoader[Any]:
        """Validation problems in order."""
        return DataLoader(Problems(self, "val"), batch_size=self.batch_size, collate_fn=_as_is)

    def test_dataloader(self) -> DataLoader[Any]:
        """Test problems in order."""
        return DataLoader(Problems(self, "test"), batch_size=self.batch_size, collate_fn=_as_is)

    def predict_dataloader(self) -> DataLoader[Any]:
        """The first problems of the test split, without their answers."""
        problems = Problems(self, "test", self.predict_size)
        return DataLoader(problems, batch_size=self.batch_size, collate_fn=_problem_alone)

    def _require(self, condition: bool, message: str) -> None:
        if not condition:
            raise SettingError(f"{type(self).__name__}: {message}.")


class Problems(Dataset[Any]):
    """The problems of one split; in epoch e, those with the numbers from e times their size on.

    Args:
        family: What makes them.
        split: The split.
        size: Number of problems; None for what the family says.
    """

    epoch = 0

    def __init__(self, family: ReasoningDataModule, split: str, size: int | None = None) -> None:
        self.family = family
        self.split = split
        self.size = size or family.sizes[split]

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        answers, problems = self.__getitems__([index])
        return answers[0], problems[0]

    def __getitems__(self, indices: list[int]) -> tuple[Tensor, Tensor]:
        """The problems at ``indices``, already a batch."""
        return self.family.make(self.split, self.epoch * self.size + torch.tensor(indices))


class FreshLoader(ResumableLoader):
    """Tells its :class:`Problems` which epoch it is."""

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override] # torch names its own private iterator
        """The batches of one epoch that are not done yet."""
        assert isinstance(self.dataset, Problems)
        self.dataset.epoch = self._epoch  # once the first batch is asked for, when Lightning has said which one it is
        yield from super().__iter__()


def _as_is(batch: Any) -> Any:
    return batch


def _problem_alone(batch: Any) -> Any:
    return batch[1]
