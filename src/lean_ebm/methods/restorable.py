"""Models that can be built again from their checkpoints, from the command line and from Python."""

from __future__ import annotations

import copy
import io
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Self

import torch
from lightning.pytorch import LightningModule

from lean_ebm import __version__
from lean_ebm.errors import RunError
from lean_ebm.settings import RecordsSettings, updated


class Restorable(RecordsSettings, LightningModule):
    """Stores its settings in its checkpoints, and explains errors if a checkpoint does not fit.

    Attributes:
        optimizer: Builds the optimizer.
        lr_scheduler: Builds the scheduler; None for none.
    """

    optimizer: Any
    lr_scheduler: Any

    def __init__(self) -> None:
        super().__init__()
        self._written_by = __version__
        self._loaded_settings: dict[str, Any] = {}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the version, and the settings from which :meth:`load_from_checkpoint` builds the model again.

        If the model was built by the command line, Lightning has added its settings already. If it was built in Python,
        its arguments are added here, except an optimizer that was given as a function.
        """
        checkpoint["lean_ebm_version"] = __version__
        if not self.hparams and self.settings is not None:
            checkpoint[self.CHECKPOINT_HYPER_PARAMS_KEY] = self._loaded_settings | {
                "_instantiator": "lightning.pytorch.cli.instantiate_module",
                "_class_path": self.settings["class_path"],
                **self.settings["init_args"],
            }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Remember which version wrote the checkpoint, and its settings."""
        self._written_by = checkpoint.get("lean_ebm_version", "0.1.0")
        self._loaded_settings = checkpoint.get(self.CHECKPOINT_HYPER_PARAMS_KEY, {})

    @classmethod
    def load_from_checkpoint(
        cls,
        checkpoint_path: str | Path | IO[bytes],
        map_location: Any = None,
        hparams_file: str | Path | None = None,
        strict: bool | None = None,
        weights_only: bool | None = True,
        **settings: Any,
    ) -> Self:
        """Build the model of a checkpoint again, with its weights; see ``LightningModule.load_from_checkpoint``.

        Checkpoints of lean-ebm 0.1 load as well, unless they use a setting that was removed. Code in a checkpoint is
        run only if ``weights_only`` is False.

        Args:
            checkpoint_path: The file.
            map_location: Device for the weights, as ``torch.load`` takes it.
            hparams_file: See Lightning.
            strict: Whether the names of the weights must be exactly those of the model.
            weights_only: Whether to read only tensors and plain data.
            settings: Arguments of the class that replace those in the checkpoint.

        Raises:
            SettingError: If the checkpoint uses a setting that was removed; says how to convert it.
        """
        checkpoint = torch.load(checkpoint_path, map_location="cpu", weights_only=weights_only)
        stored = checkpoint.get(cls.CHECKPOINT_HYPER_PARAMS_KEY, {})
        current = updated({"class_path": stored.get("_class_path", cls.__name__), "init_args": stored})["init_args"]
        if current != stored:
            checkpoint_path = io.BytesIO()
            torch.save({**checkpoint, cls.CHECKPOINT_HYPER_PARAMS_KEY: current}, checkpoint_path)
        if isinstance(checkpoint_path, io.IOBase):
            checkpoint_path.seek(0)
        loaded: Self = super().load_from_checkpoint(
            checkpoint_path, map_location, hparams_file, strict, weights_only, **settings
        )
        return loaded

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """Load weights and buffers.

        Raises:
            RunError: If they are not those of this model; says what to do.
        """
        try:
            return super().load_state_dict(state_dict, strict, assign)
        except RuntimeError as error:
            reason = str(error).split(":\n")[-1].splitlines()[0].strip().rstrip(".")
            raise RunError(
                f"{type(self).__name__}: the checkpoint, by lean-ebm {self._written_by}, does not fit: {reason}. Give "
                "the settings that it was trained with, above all those of model.energy; what differs is listed above."
            ) from error

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Copy the model, except the functions that build the optimizer and the scheduler, which the copy shares.

        Those of the command line refer to the whole command line, with its data and other processes, which cannot be
        copied.
        """
        memo.update({id(shared): shared for shared in (self.optimizer, self.lr_scheduler)})
        copied = memo[id(self)] = type(self).__new__(type(self))
        copied.__dict__.update(copy.deepcopy(self.__getstate__(), memo))
        return copied
