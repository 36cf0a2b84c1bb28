"""Data sets that fit into memory as tensors."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, RandomSampler, TensorDataset

from lean_ebm.data.base import DataModule, ResumableLoader
from lean_ebm.data.pictures import grid, is_image
from lean_ebm.errors import SettingError
from lean_ebm.randomness import derived_seed


class IndexedTensors(TensorDataset):
    """A ``TensorDataset`` that reads a whole batch by one indexing operation for each tensor."""

    def __getitems__(self, indices: list[int]) -> tuple[Tensor, ...]:
        """The samples at ``indices``, already a batch."""
        device = self.tensors[0].device
        index = torch.tensor(indices, pin_memory=device.type == "cuda")  # so that the host does not wait for the GPU
        index = index.to(device, non_blocking=True)
        return tuple(tensor[index] for tensor in self.tensors)


class EpochShuffle(RandomSampler):
    """A ``RandomSampler`` whose order depends only on its seed and the epoch, which Lightning sets.

    Args:
        data: The data set.
        seed: The seed.
    """

    epoch = 0

    def __init__(self, data: Dataset[Any], seed: int) -> None:
        super().__init__(data)  # type: ignore[arg-type] # it has a length, which torch's type does not promise
        self.seed = seed

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, which determines the order of the next iteration."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        """The indices of one epoch."""
        self.generator = torch.Generator().manual_seed(derived_seed(self.seed, "shuffle", self.epoch))
        return super().__iter__()


class TensorDataModule(DataModule):
    """Images and labels held as tensors. A new data set implements only :meth:`load`.

    Batches are ``(images float32 (B, C, H, W) in [-1, 1], labels int64 (B,))``. For ``predict`` the batches are only
    labels, the conditions to sample for: all classes in turn, ``samples_per_class`` times.

    Args:
        batch_size: Batch size on each device.
        samples_per_class: Number of samples that ``predict`` makes of each class.
        predict_batch_size: Number of chains that ``predict`` runs at once.
        on_device: Hold the training set on the accelerator, which spares copying every batch.
        held_out: A class left out of training and validation, to see whether the energy notices it; null for none.

    Raises:
        SettingError: If a number is out of its range.
    """

    def __init__(
        self,
        batch_size: int = 128,
        samples_per_class: int = 100,
        predict_batch_size: int = 250,
        on_device: bool = False,
        held_out: int | None = None,
    ) -> None:
        super().__init__()
        for name, value in (
            ("batch_size", batch_size),
            ("samples_per_class", samples_per_class),
            ("predict_batch_size", predict_batch_size),
        ):
            if value < 1:
                raise SettingError(f"{type(self).__name__}: {name} is {value}, expected 1 or more.")
        last = self.num_classes - 1
        if held_out is not None and not 0 <= held_out <= last:
            raise SettingError(
                f"{type(self).__name__}: held_out is {held_out}, expected a class, 0 to {last}, or null for none."
            )
        self.batch_size = batch_size
        self.samples_per_class = samples_per_class
        self.predict_batch_size = predict_batch_size
        self.on_device = on_device
        self.held_out = held_out
        self.splits: dict[str, tuple[Tensor, Tensor]] = {}

    @abstractmethod
    def load(self) -> dict[str, tuple[Tensor, Tensor]]:
        """Images float32 ``(N, C, H, W)`` in [-1, 1] and labels int64 ``(N,)`` of the splits train, val and test."""

    def setup(self, stage: str) -> None:
        """Load the splits once; ``predict`` needs none."""
        if stage != "predict" and not self.splits:
            self.splits = self.load()
            for name, (images, labels) in self.splits.items():
                self._check(name, images, labels)
            for name in ("train", "val") if self.held_out is not None else ():
                images, labels = self.splits[name]
                self.splits[name] = (images[labels != self.held_out], labels[labels != self.held_out])
        if self.on_device and self.trainer is not None and "train" in self.splits:
            device = self.trainer.strategy.root_device
            images, labels = self.splits["train"]
            self.splits["train"] = (images.to(device), labels.to(device))

    def train_dataloader(self) -> DataLoader[Any]:
        """Shuffled batches; a last incomplete one is dropped."""
        dataset = IndexedTensors(*self.splits["train"])
        sampler = EpochShuffle(dataset, torch.initial_seed())
        size = min(self.batch_size, len(dataset))
        return ResumableLoader(dataset, batch_size=size, sampler=sampler, drop_last=True, collate_fn=_as_is)

    def val_dataloader(self) -> DataLoader[Any]:
        """Validation batches in order."""
        return self._loader("val")

    def test_dataloader(self) -> DataLoader[Any]:
        """Test batches in order."""
        return self._loader("test")

    def predict_dataloader(self) -> DataLoader[Any]:
        """Labels to sample for."""
        labels = torch.arange(self.num_classes).repeat(self.samples_per_class)
        return DataLoader(_Conditions(labels), batch_size=self.predict_batch_size, collate_fn=_as_is)

    def noun(self, candidates: Tensor) -> str:
        """``images`` if the candidates have the shape of images, else ``candidates``."""
        return "images" if is_image(tuple(candidates.shape[1:])) else super().noun(candidates)

    def picture(self, candidates: Tensor, columns: int) -> Tensor | None:
        """A grid of images; None if the candidates do not have the shape of images."""
        return grid(candidates, columns) if is_image(tuple(candidates.shape[1:])) else None

    def _check(self, split: str, images: Tensor, labels: Tensor) -> None:
        """Refuse data on which training would silently give nonsense."""
        name = f"{type(self).__name__}: the {split} split"
        if len(images) != len(labels) or len(images) == 0:
            raise SettingError(
                f"{name} has {len(images)} images and {len(labels)} labels, expected equal numbers above 0."
            )
        if self.shape is not None and tuple(images.shape[1:]) != tuple(self.shape):
            found = tuple(images.shape[1:])
            raise SettingError(f"{name} has images of shape {found}, but {type(self).__name__}.shape is {self.shape}.")
        if not bool(images.isfinite().all()):
            raise SettingError(f"{name} has images with pixels that are not finite: leave them out.")
        low, high = float(images.min()), float(images.max())
        if images.dim() == 4 and (low < -1 or high > 1):  # candidates that are not images have a scale of their own
            raise SettingError(
                f"{name} has pixels from {low:g} to {high:g}, expected -1 to 1: scale them, as to_signed_unit does."
            )
        low, high = int(labels.min()), int(labels.max())
        if low < 0 or high >= self.num_classes:
            raise SettingError(f"{name} has labels from {low} to {high}, expected 0 to {self.num_classes - 1}.")

    def _loader(self, split: str) -> DataLoader[Any]:
        return DataLoader(IndexedTensors(*self.splits[split]), batch_size=self.batch_size, collate_fn=_as_is)


class _Conditions(Dataset[Tensor]):
    def __init__(self, labels: Tensor) -> None:
        self.labels = labels

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> Tensor:
        return self.labels[index]

    def __getitems__(self, indices: list[int]) -> Tensor:
        return self.labels[torch.tensor(indices)]


def _as_is(batch: Any) -> Any:
    return batch


def to_signed_unit(pixels: Tensor, maximum: float) -> Tensor:
    """Pixels in [0, maximum] as float32 in [-1, 1]."""
    return pixels.float() * (2.0 / maximum) - 1.0
