"""MNIST, in the files of torchvision."""

from __future__ import annotations

import os
import zlib
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from lightning.pytorch.utilities import rank_zero_info
from torch import Tensor

from lean_ebm.data.tensors import TensorDataModule, to_signed_unit
from lean_ebm.errors import RunError


class MNIST(TensorDataModule):
    """The MNIST digits (LeCun et al. 1998): 55,000 images to train on, 5,000 to validate and 10,000 to test.

    Args:
        root: Folder that holds ``MNIST/raw``, torchvision's layout; ``~`` is the home folder. None: the environment
            variable ``LEAN_EBM_DATA``, or ``data`` if that is not set.
        download: Whether files that are missing may be downloaded.
        split_seed: Seed of the split between training and validation images.
        batch_size: Batch size on each device.
        samples_per_class: Number of samples that ``predict`` makes of each class.
        predict_batch_size: Number of chains that ``predict`` runs at once.
        on_device: Hold the training set on the accelerator, which spares copying every batch.
        held_out: A class left out of training and validation, to see whether the energy notices it; null for none.
    """

    num_classes = 10
    shape = (1, 28, 28)

    def __init__(
        self,
        root: str | None = None,
        download: bool = True,
        split_seed: int = 0,
        batch_size: int = 128,
        samples_per_class: int = 100,
        predict_batch_size: int = 250,
        on_device: bool = False,
        held_out: int | None = None,
    ) -> None:
        super().__init__(batch_size, samples_per_class, predict_batch_size, on_device, held_out)
        self.root = Path(root or os.environ.get("LEAN_EBM_DATA") or "data").expanduser()
        self.download = download
        self.split_seed = split_seed

    def prepare_data(self) -> None:
        """Download missing files, once on each machine.

        Raises:
            RunError: If files are missing and cannot be downloaded; says what to do.
        """
        from torchvision.datasets import MNIST as Files

        trainer = self.trainer
        if trainer is not None and trainer.predicting:
            return
        if _has_all_files(self.root):
            return
        raw = self.root / "MNIST" / "raw"
        missing = [raw / name for name in _file_names() if not (raw / name).is_file()]
        if all(path.with_name(f"{path.name}.gz").is_file() for path in missing):
            raise RunError(f"MNIST in {raw} is still compressed: unpack its files, for example with gunzip {raw}/*.gz.")
        if not self.download:
            raise RunError(_advice(f"MNIST is not in {raw}, and download is off."))
        rank_zero_info(f"Downloading MNIST to {self.root}")
        new_folders = [folder for folder in (raw, *raw.parents) if not folder.exists()]
        try:
            raw.mkdir(parents=True, exist_ok=True)
            # Files are moved to their place only when they are whole, so that an interrupted download leaves no parts.
            with TemporaryDirectory(dir=self.root, prefix=".download-") as temporary:
                for train in (True, False):
                    Files(temporary, train=train, download=True)
                for name in _file_names():
                    (Path(temporary) / "MNIST" / "raw" / name).replace(raw / name)
        # A server can also send something else, or only half of a file.
        except (OSError, RuntimeError, EOFError, HTTPException, zlib.error) as error:
            raise RunError(_advice(f"MNIST could not be downloaded to {self.root}: {error}.")) from error
        finally:
            for folder in new_folders:  # a failed download leaves no empty folders
                with suppress(OSError):
                    folder.rmdir()

    def load(self) -> dict[str, tuple[Tensor, Tensor]]:
        """The three splits.

        Raises:
            RunError: If files are missing, truncated or corrupt; says what to do.
        """
        train_images, train_labels = self._read(train=True, expected=60_000)
        test = self._read(train=False, expected=10_000)
        order = torch.randperm(60_000, generator=torch.Generator().manual_seed(self.split_seed))
        train, val = order[:55_000], order[55_000:]
        return {
            "train": (train_images[train], train_labels[train]),
            "val": (train_images[val], train_labels[val]),
            "test": test,
        }

    def _read(self, train: bool, expected: int) -> tuple[Tensor, Tensor]:
        from torchvision.datasets import MNIST as Files

        try:
            files = Files(str(self.root), train=train)
        # Which error torchvision raises for a damaged file depends on where the damage is.
        except (OSError, RuntimeError, ValueError, AssertionError, TypeError, LookupError) as error:
            reason = str(error) or type(error).__name__
            raise RunError(_advice(f"MNIST in {self.root} is damaged: {reason}.")) from error
        shapes = tuple(files.data.shape), tuple(files.targets.shape)
        if shapes != ((expected, 28, 28), (expected,)) or int(files.targets.max()) > 9:
            raise RunError(
                _advice(
                    f"MNIST in {self.root} is damaged: images {shapes[0]}, labels {shapes[1]} up to "
                    f"{int(files.targets.max())}, expected {(expected, 28, 28)} and {(expected,)} up to 9."
                )
            )
        return to_signed_unit(files.data[:, None], 255.0), files.targets.long()


def _file_names() -> list[str]:
    return [f"{part}-{what}" for part in ("train", "t10k") for what in ("images-idx3-ubyte", "labels-idx1-ubyte")]


def _has_all_files(root: Path) -> bool:
    return all((root / "MNIST" / "raw" / name).is_file() for name in _file_names())


def _advice(problem: str) -> str:
    return (
        f"{problem} Remove what is left in MNIST/raw and run again with network access and a folder you may write to, "
        "or put the four files train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and "
        "t10k-labels-idx1-ubyte into MNIST/raw of a folder named by --data.root or the environment variable "
        "LEAN_EBM_DATA. Without network, --data Digits needs no files."
    )
