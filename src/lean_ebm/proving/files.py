"""Files that are written whole or not at all, and files of JSON lines."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from lean_ebm.errors import RunError, SettingError


@contextmanager
def written_whole(path: Path) -> Iterator[TextIO]:
    """Open a text file that takes the place of ``path`` when the block ends without an error.

    Until then, and if the block raises, a file that is there stays as it is. The new file is written beside it.

    Raises:
        SettingError: If the path is a folder, or lies in a folder that does not exist.
        RunError: If the file cannot be written.
    """
    if path.is_dir():
        raise SettingError(f"{path} is a folder: name a file in it.")
    if not path.parent.is_dir():
        raise SettingError(f"There is no folder {path.parent}: make it, or name a file elsewhere.")
    target = Path(os.path.realpath(path))  # of a link, the file that it points to is replaced
    if target.exists() and not target.is_file():  # such as /dev/stdout, which cannot be replaced
        with target.open("w", encoding="utf-8") as file:
            yield file
        return
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        file = beside.open("w", encoding="utf-8")
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


def write_line(file: TextIO, record: dict[str, Any]) -> None:
    """Write one line of a file of JSON lines."""
    file.write(json.dumps(record, ensure_ascii=False) + "\n")


def read_text(path: Path) -> str:
    """Read a text file.

    Raises:
        SettingError: If there is no such file, or it is not text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise SettingError(f"Cannot read {path}: {reason}. Name a text file.") from error


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read a file of JSON lines, each an object whose ``statement`` is a text.

    Raises:
        SettingError: If it cannot be read, has another line, or has none.
    """
    records = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict) or not isinstance(record.get("statement"), str):
            raise SettingError(
                f"{path}, line {number}: expected a JSON object with a statement, as lean-ebm theorems writes it, "
                f"found {line:.60}"
            )
        records.append(record)
    if not records:
        raise SettingError(f"{path} has no theorems: expected one JSON object a line.")
    return records
