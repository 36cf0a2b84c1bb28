"""Reads and writes text files and files of JSON lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO, Any

from lean_ebm.errors import SettingError


def write_line(file: IO[Any], record: dict[str, Any]) -> None:
    """Write one line of a file of JSON lines."""
    file.write(json_line(record))


def json_line(record: dict[str, Any]) -> str:
    """Format an object as one line of a file of JSON lines, with its line end."""
    return json.dumps(record, ensure_ascii=False) + "\n"


def read_text(path: Path) -> str:
    """Read a text file. As in Lean, a line ends with LF or CRLF; a single CR does not end a line.

    Raises:
        SettingError: If there is no such file, or it is not text.
    """
    try:
        return path.read_bytes().decode("utf-8").replace("\r\n", "\n")
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
