"""Starts the processes of experiments."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lean_ebm.errors import RunError
from lean_ebm.proving.processes import limited


def run_module(
    module: str,
    arguments: Sequence[str],
    log: Path,
    told: str,
    threads: int = 1,
    accepted: Sequence[int] = (0,),
) -> float | None:
    """Run a module as a separate process, which gets SIGTERM when this process ends (on Linux).

    Args:
        module: The module.
        arguments: Its arguments.
        log: The file to which its output is added.
        told: What runs, for the error message.
        threads: Number of CPU threads.
        accepted: Exit statuses that are no failure.

    Returns:
        The processor time that it took in seconds; None where the system does not tell.

    Raises:
        RunError: If it fails.
    """
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    with log.open("a") as file:
        command = [sys.executable, "-m", module, *arguments]
        if os.name == "posix":
            command = limited(0, ["ask", *command])
        process = subprocess.Popen(command, env=environment, stdout=file, stderr=subprocess.STDOUT)
        spent = None
        if hasattr(os, "wait4"):
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            spent = usage.ru_utime + usage.ru_stime
    if process.wait() not in accepted:
        raise RunError(f"{told} failed: see {log}.")
    return spent
