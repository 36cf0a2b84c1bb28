"""Reads and writes Lightning's checkpoints: a crash cannot damage one, and reading one cannot run code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.utilities.types import _PATH
from lightning.pytorch.plugins.io import TorchCheckpointIO

from lean_ebm.errors import RunError


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes checkpoints to a temporary file and renames it when complete; reads only tensors and plain data."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: _PATH, storage_options: Any | None = None) -> None:
        """Write a checkpoint. If that fails or is interrupted, the file keeps its old content.

        Raises:
            RunError: If it cannot be written; says what to do.
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
                f"The checkpoint {path} could not be written: {error}. Earlier checkpoints are intact: make sure that "
                "the folder can be written to and has room, and resume with --ckpt_path last."
            ) from error
        finally:
            partial.unlink(missing_ok=True)

    def load_checkpoint(
        self, path: _PATH, map_location: Any = "cpu", weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Read a checkpoint. It never runs code from the file, whatever the value of ``weights_only``."""
        return super().load_checkpoint(path, map_location, weights_only=True)
