"""The base of all data modules, and a data loader that resumes within an epoch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lightning.pytorch import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader


class DataModule(LightningDataModule):
    """Batches ``(candidates, conditions)`` to train, validate and test on; for ``predict``, conditions alone.

    Only the data module knows what a candidate is, how it is shown and how its quality is measured. Methods, chains and
    callbacks ask it.

    A class that sets ``shape`` and ``num_classes`` gives them to the network on the command line, if the network takes
    them and no setting names them.

    Attributes:
        num_classes: Number of classes that conditions name; 0 if they are not labels.
        shape: Shape of one candidate; None if the class does not fix it.
    """

    num_classes: int = 0
    shape: tuple[int, ...] | None = None

    def noun(self, candidates: Tensor) -> str:
        """What candidates ``(N, ...)`` are called in files."""
        return "candidates"

    def picture(self, candidates: Tensor, columns: int) -> Tensor | None:
        """Candidates ``(N, ...)``, so many a row, as one picture ``(3, H, W)`` in [0, 1]; None if there is no such.

        Where all of a candidate is NaN, nothing is to be shown.
        """
        return None

    def measure(self, candidates: Tensor, condition: Any, target: Tensor) -> dict[str, Tensor]:
        """How good candidates ``(N, ...)`` are, each figure ``(N,)``, where one can tell at once.

        Args:
            candidates: What a method made.
            condition: What it made them for.
            target: The candidates that the data have there.
        """
        return {}


class ResumableLoader(DataLoader[Any]):
    """A ``DataLoader`` that goes on in the middle of an epoch, by Lightning's protocol for that.

    Its sampler has an ``epoch``, as :class:`~lean_ebm.data.tensors.EpochShuffle` and torch's ``DistributedSampler``
    do. Batches that an interrupted run has seen are read again and dropped.
    """

    _position = 0
    _resume: Mapping[str, int] = {"epoch": -1, "position": 0}

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override] # torch names its own private iterator
        """The batches of one epoch that are not done yet."""
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
        """The epoch, and the number of its batches that were given out."""
        return {"epoch": self._epoch, "position": self._position}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go on there, if the next iteration is of that epoch."""
        self._resume = dict(state)
