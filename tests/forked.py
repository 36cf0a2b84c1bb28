"""Python programs in processes of their own that start at once: they are forked from one that has imported Lightning.

A new Python needs seconds for these imports, and tests start many commands.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import resource
import runpy
import subprocess
import sys
import tempfile
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["preloaded"])


class Program:
    """A program that runs, with what tests use of ``subprocess.Popen``.

    Args:
        command: What would follow ``python`` on a command line: a file or ``-m module``, and arguments.
        env: Its environment; None for that of the test.
        file_size: A limit on the size of the files that it writes, in bytes; None for none.
    """

    def __init__(self, *command: str, env: dict[str, str] | None = None, file_size: int | None = None) -> None:
        self._said = tempfile.TemporaryDirectory(prefix="forked-")
        variables = dict(os.environ if env is None else env)
        _ensure_running()
        self._process = _SERVER.Process(target=_run, args=(command, variables, file_size, self._said.name))
        self._process.start()
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """The exit status; None while the program runs."""
        return self._process.exitcode

    def kill(self) -> None:
        """End the program at once."""
        self._process.kill()

    def wait(self, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """Wait for the end: status, output and errors of the program."""
        self._process.join(timeout)
        status = self._process.exitcode
        if status is None:
            self.kill()
            raise TimeoutError(f"The program runs for more than {timeout} s")
        said = [(Path(self._said.name) / name).read_text() for name in ("output", "errors")]
        self._said.cleanup()
        return subprocess.CompletedProcess([], status, *said)


def run(*command: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, see :class:`Program`."""
    return Program(*command, **settings).wait()


def _ensure_running() -> None:
    """Start the process that others are forked from. It has to find ``preloaded.py``."""
    paths = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), *([paths] if paths else [])])
    try:
        forkserver.ensure_running()
    finally:
        del os.environ["PYTHONPATH"]
        if paths is not None:
            os.environ["PYTHONPATH"] = paths


def _run(command: tuple[str, ...], variables: dict[str, str], file_size: int | None, said: str) -> None:
    for descriptor, name in ((1, "output"), (2, "errors")):
        file = os.open(Path(said) / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, descriptor)
        os.close(file)
    os.environ.clear()
    os.environ.update(variables)
    if file_size is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
    try:
        if command[0] == "-m":
            sys.argv = [command[1], *command[2:]]
            runpy.run_module(command[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv = list(command)
            runpy.run_path(command[0], run_name="__main__")
    finally:
        atexit._run_exitfuncs()
