"""Reads checkpoint files without Lightning."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import torch

from lean_ebm.errors import SettingError


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read the content of a Lightning checkpoint. Tensors are loaded from the file when they are used.

    Raises:
        SettingError: If the file is not a complete checkpoint, or would run code.
    """
    try:
        checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        checkpoint.get("hyper_parameters")
        checkpoint["state_dict"]
    except pickle.UnpicklingError as error:
        raise SettingError(
            f"{path} holds more than tensors and plain data, and reading that could run code: it is not loaded."
        ) from error
    except (OSError, RuntimeError, EOFError, KeyError, AttributeError, TypeError) as error:
        raise SettingError(f"{path} is not a complete checkpoint: {str(error).splitlines()[0]}.") from error
    return checkpoint


def read_settings(path: Path) -> dict[str, Any]:
    """Read the model's settings from a checkpoint.

    Raises:
        SettingError: If the file is not a complete checkpoint, or would run code.
    """
    settings: dict[str, Any] = read_checkpoint(path).get("hyper_parameters", {})
    return settings


def last_checkpoint(folder: Path, pattern: str = "**/checkpoints/*.ckpt") -> Path | None:
    """Find the checkpoint that was written last. Unreadable checkpoints are skipped with a message.

    Args:
        folder: Where to look.
        pattern: Which files below the folder are checkpoints, as ``Path.glob`` takes it.

    Returns:
        Its path; None if there is no checkpoint.
    """

    def time_of(path: Path) -> tuple[int, bool]:
        # Of a link and a file of the same time the link is taken: a resumed run then moves the link, and leaves no
        # outdated one behind.
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
