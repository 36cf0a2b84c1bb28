"""Writes files completely or not at all, and finds the cache folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

from lean_ebm.errors import RunError, SettingError


@contextmanager
def written_whole(path: Path, mode: Literal["w", "wb"] = "w") -> Iterator[IO[Any]]:
    """Open a file that replaces ``path`` when the block ends without an error.

    Until then, and if the block raises, an old file at ``path`` stays as it is. The new file is written beside it.

    Args:
        path: The file.
        mode: ``w`` for text, which is encoded as UTF-8, ``wb`` for bytes.

    Raises:
        SettingError: If the path is a folder, or lies in a folder that does not exist.
        RunError: If the file cannot be written.
    """
    if path.is_dir():
        raise SettingError(f"{path} is a folder: name a file in it.")
    if not path.parent.is_dir():
        raise SettingError(f"There is no folder {path.parent}: make it, or name a file elsewhere.")
    encoding = "utf-8" if mode == "w" else None
    target = Path(os.path.realpath(path))  # a link stays: the file that it points to is replaced
    if target.exists() and not target.is_file():  # such as /dev/stdout, which cannot be replaced
        with target.open(mode, encoding=encoding) as file:
            yield file
        return
    beside = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        file = beside.open(mode, encoding=encoding)
    except OSError as error:
        raise RunError(
            f"Cannot write {path}: {error.strerror}. Name a file in a folder that can be written to."
        ) from error
    try:
        with file:
            yield file
        os.replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file completely. If this fails, the file keeps its old content.

    Args:
        path: The file. Its folder is made if it is missing.
        content: Its bytes, or its text, which is encoded as UTF-8.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)


def cache_folder() -> Path:
    """Find the cache folder. Its content may be deleted at any time, and it may not exist yet.

    It is the one that the environment variable ``LEAN_EBM_CACHE`` names, or else ``lean-ebm`` in the user's folder of
    caches (``XDG_CACHE_HOME``, by default ``~/.cache``).

    Raises:
        SettingError: If there is neither such a variable nor a home folder.
    """
    if named := os.environ.get("LEAN_EBM_CACHE"):
        return Path(named)
    if caches := os.environ.get("XDG_CACHE_HOME"):
        return Path(caches) / "lean-ebm"
    try:
        return Path.home() / ".cache" / "lean-ebm"
    except RuntimeError as error:
        raise SettingError("There is no home folder: set LEAN_EBM_CACHE to a folder for caches.") from error
