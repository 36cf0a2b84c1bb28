"""Finds the folders of a run from its settings."""

from __future__ import annotations

import os
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple


class Checkpoints(NamedTuple):
    """The place where the checkpoints of a run are.

    Attributes:
        folder: A folder that contains them, directly or in its folders.
        pattern: The checkpoints below this folder, as a pattern for ``Path.glob``.
    """

    folder: Path
    pattern: str


def checkpoints_of(settings: Any) -> Checkpoints:
    """The place where the checkpoints of a run are.

    They are in the folder ``checkpoint.dirpath`` if that is set. Otherwise they are in the folder of the logger's
    version or, if no version is set, in the folders of all versions of the logger's name.

    Args:
        settings: The settings of a subcommand, a namespace with ``trainer`` and ``checkpoint``.
    """
    dirpath = settings.checkpoint.dirpath
    if dirpath is not None:
        return Checkpoints(Path(dirpath), "*.ckpt")
    trainer = settings.trainer
    root = Path(trainer.default_root_dir or ".")
    if not loggers(trainer):
        if trainer.logger is False or trainer.logger == []:
            return Checkpoints(root, "checkpoints/*.ckpt")
        return Checkpoints(root / "lightning_logs", "version_*/checkpoints/*.ckpt")
    first = loggers(trainer)[0].init_args  # Lightning keeps the checkpoints with the first logger
    folder = Path(below(trainer.default_root_dir, first.get("save_dir") or "."), first.get("name") or "")
    version = first.get("version")
    if version is None:
        return Checkpoints(folder, "*/checkpoints/*.ckpt")
    return Checkpoints(folder / (version if isinstance(version, str) else f"version_{version}"), "checkpoints/*.ckpt")


def loggers_below_root(trainer: Any) -> Any:
    """A copy of the settings of the loggers in which each relative ``save_dir`` is put below the ``default_root_dir``.

    Args:
        trainer: The settings of a trainer.
    """
    copy = deepcopy(trainer)
    for logger in loggers(copy):
        if logger.init_args.get("save_dir") is not None:
            logger.init_args.save_dir = below(trainer.default_root_dir, logger.init_args.save_dir)
    return copy.logger


def loggers(trainer: Any) -> list[Any]:
    """The loggers in the settings of a trainer that have settings of their own."""
    named = trainer.logger if isinstance(trainer.logger, list) else [trainer.logger]
    return [logger for logger in named if hasattr(logger, "init_args")]


def below(root: str | os.PathLike[str] | None, folder: str | os.PathLike[str]) -> str:
    """Put a folder below the root. Absolute paths and addresses stay, and everything stays without a root."""
    folder = os.fspath(folder)
    return folder if root is None or "://" in folder else os.path.join(root, folder)
