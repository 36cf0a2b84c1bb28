"""Freed memory stays with the process."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

CLEARED = """
import resource, torch
size = 40 * 2**20  # above what glibc by itself ever keeps
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    torch.empty(size, dtype=torch.uint8).fill_(1)
faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(faults * resource.getpagesize() / size)
"""


def cleared(before: str, **environment: str) -> float:
    """How many of ten large tensors that come and go, one after the other, got their memory from the kernel."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", before + CLEARED],
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.splitlines()[-1])


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="no glibc")
def test_the_command_line_keeps_what_is_freed() -> None:
    command_line = """
from lean_ebm.cli.training import main
try:
    main(["--help"])
except SystemExit:
    pass
"""
    assert cleared(command_line) < 4
    assert cleared("") > 5  # so this libc gives memory back
    assert cleared(command_line, MALLOC_TRIM_THRESHOLD_="131072") > 5  # the user's own setting is respected


def test_where_there_is_no_glibc_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    from lean_ebm.memory import keep_freed_memory

    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr("ctypes.CDLL", None)
    assert not keep_freed_memory()
