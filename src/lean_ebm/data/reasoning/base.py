"""The base class of all families of problems."""

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
    """Problems of one family, each generated from its number. A new family implements four methods.

    Batches are ``(answers (B, ...), problems (B, ...))``, both float32. Problem n of a split depends only on
    ``data_seed``, the split and n, not on the worker that makes it or on the rest of its batch. Each epoch of training
    has new problems. Besides train, val and test there is the split ``harder``, whose problems are harder than those
    trained on.

    Args:
        train_size: Number of problems in an epoch.
        val_size: Number of problems to validate on.
        test_size: Number of problems to test on.
        predict_size: Number of problems of the test split that ``predict`` answers.
        batch_size: Batch size on each device.
        data_seed: Seed of the problems.
        num_workers: Number of processes that make problems; with 0 the main process makes them.

    Attributes:
        figure: The figure of :meth:`measure` that is reported first.
        grade: The figure of :meth:`measure` that also distinguishes bad answers from worse ones.
        higher_is_better: Whether both grow with quality.

    Raises:
        SettingError: If a number is out of its range.
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
        """Make the problems with these numbers ``(B,)``; returns answers and problems.

        Args:
            split: ``train``, ``val``, ``test`` or ``harder``.
            numbers: Numbers of the problems within the split.
        """

    @abstractmethod
    def measure(self, candidates: Tensor, condition: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Measure candidates ``(B, ...)`` as answers to problems: figures ``(B,)`` by name.

        Args:
            candidates: The answers of a method.
            condition: The problems.
            target: The true answers.
        """

    def errors(self, candidates: Tensor, condition: Tensor, target: Tensor) -> Tensor:
        """How wrong candidates ``(B, ...)`` are: ``(B,)``, 0 for a right answer and never negative.

        This is the verifier from which energies learn to judge (:class:`~lean_ebm.methods.Verification`). By default it
        is :attr:`grade`, or 1 minus it if higher is better.
        """
        grade = self.measure(candidates, condition, target)[self.grade]
        return 1 - grade if self.higher_is_better else grade

    def residual(self, candidates: Tensor, condition: Tensor) -> Tensor | None:
        """How far candidates ``(B, ...)`` are from fulfilling the problem, ``(B,)``; None without such a measure.

        It needs no true answer. Only evaluations use it, to compare an energy with it.
        """
        return None

    @abstractmethod
    def difficulty(self, condition: Tensor, target: Tensor) -> Tensor:
        """How hard problems ``(B, ...)`` are: numbers ``(B,)`` on a scale that the family defines."""

    @abstractmethod
    def without_thinking(self, condition: Tensor) -> Tensor:
        """A baseline without learning: answers ``(B, ...)`` that can be read off the problem."""

    def setup(self, stage: str) -> None:
        """Check, before anything is trained, that :attr:`figure` and :attr:`grade` are figures of :meth:`measure`.

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
        """Random numbers ``(B, count)`` in (0, 1), float64: a row for each problem, different for each ``attempt``."""
        return counted_uniforms(
            derived_seed(self.data_seed, type(self).__name__, split, attempt), numbers.to(torch.int64), count
        )

    def batch(self, split: str, start: int, size: int) -> tuple[Tensor, Tensor]:
        """Answers and problems with the numbers from ``start`` to ``start + size - 1``."""
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
    """The problems of one split. In epoch e they have the numbers from ``e * size`` on.

    Args:
        family: The family, which makes the problems.
        split: The split.
        size: Number of problems; None for the number that the family has.
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
    """A loader that sets the epoch of its :class:`Problems`."""

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override] # torch names its own private iterator
        """The batches of one epoch that the run has not seen yet."""
        assert isinstance(self.dataset, Problems)
        self.dataset.epoch = self._epoch  # not before the first batch is asked for: then Lightning has set the epoch
        yield from super().__iter__()


def _as_is(batch: Any) -> Any:
    return batch


def _problem_alone(batch: Any) -> Any:
    return batch[1]
