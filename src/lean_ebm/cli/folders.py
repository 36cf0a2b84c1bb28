"""Where the files of a run are, by its settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple


class Checkpoints(NamedTuple):
    """Where the checkpoints of a run are.

    Attributes:
        folder: A folder that holds them, directly or further below.
        pattern: Where below it, as ``Path.glob`` takes it.
    """

    folder: Path
    pattern: str


def checkpoints_of(settings: Any) -> Checkpoints:
    """Where the checkpoints are of the run that settings name.

    These are, as far as the settings say so: the folder of ``checkpoint.dirpath``, the version of the logger, and
    otherwise all versions below the name of the logger.

    Args:
        settings: Those of a subcommand, a namespace with ``trainer`` and ``checkpoint``.
    """
    dirpath = settings.checkpoint.dirpath
    if dirpath is not None:
        return Checkpoints(Path(dirpath), "*.ckpt")
    root = Path(settings.trainer.default_root_dir or ".")
    logger = settings.trainer.logger
    if logger is False or logger == []:
        return Checkpoints(root, "checkpoints/*.ckpt")
    first = logger[0] if isinstance(logger, list) else logger
    own = getattr(first, "init_args", None)  # Lightning keeps the checkpoints with the first logger
    if own is None:
        return Checkpoints(root / "lightning_logs", "version_*/checkpoints/*.ckpt")
    folder, version = Path(own.get("save_dir") or root, own.get("name") or ""), own.get("version")
    if version is None:
        return Checkpoints(folder, "*/checkpoints/*.ckpt")
    return Checkpoints(folder / (version if isinstance(version, str) else f"version_{version}"), "checkpoints/*.ckpt")
