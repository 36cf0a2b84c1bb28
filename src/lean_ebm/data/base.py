"""The base of all data modules, and a data loader that resumes within an epoch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lightning.pytorch import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader

from lean_ebm.settings import RecordsSettings


class DataModule(RecordsSettings, LightningDataModule):
    """Batches ``(candidates, conditions)`` for training, validation and testing; for ``predict`` only conditions.

    Only the data module knows what a candidate is, how it is shown and how its quality is measured. Methods, chains and
    callbacks ask it.

    If a class sets ``shape`` and ``num_classes``, the command line uses them for the network, unless the network has no
    such setting or the setting is given.

    Attributes:
        num_classes: Number of classes that conditions name; 0 if conditions are not labels.
        shape: Shape of one candidate; None if the class does not fix it.
    """

    num_classes: int = 0
    shape: tuple[int, ...] | None = None

    def noun(self, candidates: Tensor) -> str:
        """The name of candidates ``(N, ...)`` in files."""
        return "candidates"

    def picture(self, candidates: Tensor, columns: int) -> Tensor | None:
        """Draw candidates ``(N, ...)`` as one picture ``(3, H, W)`` in [0, 1]; None if they cannot be drawn.

        Args:
            candidates: The candidates. One that is NaN throughout leaves its place empty.
            columns: Number of candidates in a row.
        """
        return None

    def measure(self, candidates: Tensor, condition: Any, target: Tensor) -> dict[str, Tensor]:
        """Measure how good candidates ``(N, ...)`` are: figures ``(N,)`` by name. Empty without a quick measure.

        Args:
            candidates: The candidates that a method made.
            condition: The conditions that it made them for.
            target: The candidates of the data for these conditions.
        """
        return {}


class ResumableLoader(DataLoader[Any]):
    """A ``DataLoader`` that can resume in the middle of an epoch, by Lightning's protocol.

    Its sampler has an attribute ``epoch``, as :class:`~lean_ebm.data.tensors.EpochShuffle` and torch's
    ``DistributedSampler`` have. Batches that an interrupted run has seen are read again and dropped.
    """

    _position = 0
    _resume: Mapping[str, int] = {"epoch": -1, "position": 0}

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override] # torch names its own private iterator
        """The batches of one epoch that the run has not seen yet."""
        done = self._resume["position"] if self._epoch == self._resume["epoch"] else 0
        self._resume = {"epoch": -1, "position": 0}
        self._position = 0
        for batch in super().__iter__():
            self._position += 1
            if self._position > done:
                yield batch

    @property
    def _epoch(self) -> int:
        return int(getattr(self.sampler, "epoch", 0))

    def state_dict(self) -> dict[str, int]:
        """The epoch, and how many of its batches were read."""
        return {"epoch": self._epoch, "position": self._position}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Continue at that position if the next iteration is of that epoch."""
        self._resume = dict(state)
