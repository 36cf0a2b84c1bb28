"""Files of results: JSON lines. The first describes the run; each further line is an attempt.

Each line is appended by one call of the system, so that a process that is killed leaves whole lines, and at most one
that is cut short at the end, which is removed when the file is opened again. What a file has is not done again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock, Timeout

from lean_ebm.errors import RunError, SettingError
from lean_ebm.files import write_whole
from lean_ebm.proving.suites.attempts import OUTCOMES, AttemptRecord


@dataclass(frozen=True)
class Results:
    """The content of a file of results.

    Args:
        path: The file.
        run: How the results came about: suite, prover, budget, judge, versions.
        records: The records.
    """

    path: Path
    run: Mapping[str, Any]
    records: tuple[AttemptRecord, ...]

    @property
    def complete(self) -> bool:
        """Whether all attempts were made."""
        return len({record.problem for record in self.records}) == self.run["problems"] and all(
            len(attempts) == self.run["attempts"] or (self.run["stop_early"] and attempts[-1].proved)
            for attempts in by_problem(self.records).values()
        )


def by_problem(records: Iterable[AttemptRecord]) -> dict[str, list[AttemptRecord]]:
    """Group attempts by problem, in the order of their numbers; problems in the order of their occurrence."""
    found: dict[str, list[AttemptRecord]] = {}
    for record in records:
        found.setdefault(record.problem, []).append(record)
    return {problem: sorted(attempts, key=lambda record: record.attempt) for problem, attempts in found.items()}


def read_results(path: Path) -> Results:
    """Read a file of results. An incomplete last line is left out.

    Raises:
        SettingError: If it cannot be read, or is another file.
    """
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except OSError as error:
        raise SettingError(f"Cannot read {path}: {error.strerror}. Name a file that suite run wrote.") from error
    try:
        run = json.loads(lines[0])["run"]
        records = [AttemptRecord(**json.loads(line)) for line in lines[1:]]
        if not isinstance(run, dict) or any(record.outcome not in OUTCOMES for record in records):
            raise ValueError
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise SettingError(f"{path} is not a file of results: expected one that lean-ebm suite run wrote.") from error
    return Results(path, run, tuple(records))


class ResultsWriter:
    """Appends to a file of results. Only one process at a time may do this. It is a context manager.

    Args:
        path: The file. One of the same run is continued.
        run: How the results come about, as plain data.

    Raises:
        SettingError: If the file has results of another run, or is another file.
        RunError: If another process writes to it, or it cannot be written.
    """

    def __init__(self, path: Path, run: Mapping[str, Any]) -> None:
        self._path, self._run = path, json.loads(json.dumps(run))
        self._lock = FileLock(path.with_name(f".{path.name}.lock"))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout:
            raise RunError(f"Another process writes to {path}: wait for it, or name another --output.") from None
        try:
            self.records = self._continued() if path.exists() else []
            if not self.records and not path.exists():
                write_whole(path, _line({"run": self._run}))
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND)
        except BaseException:
            self._lock.release()
            raise

    def append(self, record: AttemptRecord) -> None:
        """Append a record."""
        os.write(self._file, _line(record.line()).encode())
        self.records.append(record)

    def finish(self, records: Sequence[AttemptRecord]) -> None:
        """Write the file again with all records in their final order.

        Args:
            records: The records.
        """
        os.close(self._file)
        self._file = -1
        write_whole(self._path, "".join(map(_line, [{"run": self._run}, *(record.line() for record in records)])))
        self.records = list(records)

    def close(self) -> None:
        """Close the file and let others write to it."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _continued(self) -> list[AttemptRecord]:
        """The records of a file that is continued; what was cut short at its end is removed."""
        found = read_results(self._path)
        different = [name for name in self._run.keys() | found.run.keys() if self._run.get(name) != found.run.get(name)]
        if different:
            name = min(different)
            raise SettingError(
                f"{self._path} has results of another run ({name} was {found.run.get(name)!r} and is now "
                f"{self._run.get(name)!r}): name another --output, or remove it."
            )
        with self._path.open("rb+") as file:
            whole = file.read().rpartition(b"\n")[0]
            file.truncate(len(whole) + 1)
        return list(found.records)


def _line(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, ensure_ascii=False) + "\n"
