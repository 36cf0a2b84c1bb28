"""Runs processes with limits of time and memory. Each has its own process group, which can be killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

_CHILD = Path(__file__).with_name("child.py")
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_RSS, _GROUP = 21, 2  # fields of /proc/PID/stat, counted from the one after the program's name


def limited(memory: int, command: Sequence[str]) -> list[str]:
    """Make a command that starts another with a limit on its address space, and ends it with this process.

    Args:
        memory: MiB above what Lean reserves; 0 for no limit.
        command: ``exec PROGRAM ...``, ``watch PROGRAM ...``, ``ask PROGRAM ...`` or ``lean FOLDER ...``; see
            ``child.py``. Except for ``ask``, the process must lead a group.
    """
    # -I and -S: neither site-packages nor environment variables can disturb the start.
    return [sys.executable, "-I", "-S", str(_CHILD), str(os.getpid()), str(memory), *command]


class MemoryWatch:
    """Measures the resident memory of a process group. It rarely looks for new members, which is slow.

    Args:
        group: The number of the group, that of the process that leads it.
    """

    _LOOKS = 10

    def __init__(self, group: int) -> None:
        self._group = group
        self._members = [group]
        self._looks = 0

    def used(self) -> int:
        """Measure the memory in use in MiB; 0 if the system has no ``/proc``."""
        self._looks += 1
        if self._looks % self._LOOKS == 0:
            self._members = [
                pid for pid in _processes() if (fields := _stat(pid)) and int(fields[_GROUP]) == self._group
            ]
        return sum(int(fields[_RSS]) for pid in self._members if (fields := _stat(pid))) * _PAGE >> 20


def _processes() -> list[int]:
    try:
        return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]
    except OSError:
        return []


def _stat(pid: int) -> list[bytes]:
    """Read the fields of ``/proc/PID/stat`` after the program's name; none if the process has ended."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()
    except OSError:
        return []


def kill_group(pid: int) -> None:
    """Kill a process that leads its group, and all processes that it started. Its parent must reap it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # all of them have ended
        os.killpg(pid, signal.SIGKILL)


class ProcessFailedError(Exception):
    """A process was killed or died.

    Attributes:
        timeout: Whether it was killed because its time was over.
        output: What it had printed until then.
    """

    def __init__(self, reason: str, *, timeout: bool = False) -> None:
        super().__init__(reason)
        self.timeout = timeout
        self.output = ""


def run(
    command: Sequence[str],
    text: str,
    *,
    timeout: float,
    memory: int,
    cwd: Path | None = None,
    environment: dict[str, str] | None = None,
) -> tuple[int, str, str]:
    """Run a process to its end; returns its exit status, standard output and standard error.

    Args:
        command: What to run, as for :func:`limited`.
        text: Its standard input.
        timeout: Seconds after which it is killed.
        memory: MiB of resident memory at which it is killed; 0 for no limit.
        cwd: Its folder.
        environment: Its environment variables; None for this process's.

    Raises:
        ProcessFailedError: If it was killed.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as source:
        # A file, since `communicate` forgets the rest of its input if it is called again after a timeout.
        source.write(text)
        source.seek(0)
        process = subprocess.Popen(
            limited(memory, command),
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env=environment,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    waited, tick = 0.0, 0.2
    watch = MemoryWatch(process.pid)
    try:
        while True:
            try:
                output, errors = process.communicate(timeout=min(tick, max(timeout - waited, 0.001)))
                return process.returncode, output, errors
            except subprocess.TimeoutExpired:
                waited += tick
            if waited >= timeout:
                raise ProcessFailedError(f"it ran for more than {timeout:.3g} seconds", timeout=True)
            if memory and (used := watch.used()) > memory:
                raise ProcessFailedError(f"it used {used} MiB of memory, more than the {memory} MiB it may")
    except ProcessFailedError as failure:
        kill_group(process.pid)
        with contextlib.suppress(subprocess.TimeoutExpired):  # a process that left the group may still hold the pipe
            failure.output = process.communicate(timeout=1.0)[0]
        raise
    finally:
        kill_group(process.pid)
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
