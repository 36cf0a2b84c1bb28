"""Checkpoints that a crash cannot spoil and that cannot run code."""

from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.utilities.types import _PATH
from lightning.pytorch.plugins.io import TorchCheckpointIO

from lean_ebm.errors import RunError, SettingError


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes a checkpoint beside its place and moves it there once it is whole; reads tensors and plain data alone."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: _PATH, storage_options: Any | None = None) -> None:
        """Write a checkpoint; whatever happens meanwhile, the file holds all of it or what it held before.

        Raises:
            RuntimeError: If it cannot be written; says what to do.
        """
        if "://" in str(path):
            return super().save_checkpoint(checkpoint, path, storage_options)
        path = Path(path)
        partial = path.with_name(f".{path.name}.partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                torch.save(checkpoint, file)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except (OSError, RuntimeError) as error:
            raise RunError(
                f"The checkpoint {path} could not be written: {error}. Earlier ones are intact: see that the folder "
                "can be written to and has room, and go on with --ckpt_path last."
            ) from error
        finally:
            partial.unlink(missing_ok=True)

    def load_checkpoint(
        self, path: _PATH, map_location: Any = "cpu", weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Read a checkpoint; code in it is never run, whatever ``weights_only`` says."""
        return super().load_checkpoint(path, map_location, weights_only=True)


def read_settings(path: Path) -> dict[str, Any]:
    """The model's settings in a checkpoint.

    Raises:
        ValueError: If the file is no whole checkpoint, or would run code.
    """
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        settings: dict[str, Any] = checkpoint.get("hyper_parameters", {})
        checkpoint["state_dict"]
    except pickle.UnpicklingError as error:
        raise SettingError(
            f"{path} holds more than tensors and plain data, and reading that could run code: it is not loaded."
        ) from error
    except (OSError, RuntimeError, EOFError, KeyError, AttributeError, TypeError) as error:
        raise SettingError(f"{path} is no whole checkpoint: {str(error).splitlines()[0]}.") from error
    return settings


def last_checkpoint(folder: Path, pattern: str = "**/checkpoints/*.ckpt") -> Path | None:
    """The checkpoint that was written last; says which ones it skips because they cannot be read.

    Args:
        folder: Where to look.
        pattern: Which files below the folder are checkpoints, as ``Path.glob`` takes it.

    Returns:
        Its path; None if there is no checkpoint.
    """

    def time_of(path: Path) -> tuple[int, bool]:
        # A link comes before a file of the same time: resuming from the link moves it and leaves none behind.
        return path.lstat().st_mtime_ns, path.is_symlink()

    for path in sorted(folder.glob(pattern), key=time_of, reverse=True):
        if not path.exists():  # a link to a checkpoint that was removed
            continue
        try:
            read_settings(path)
        except ValueError as error:
            print(f"Skipped: {error}", file=sys.stderr)
        else:
            return path
    return None
