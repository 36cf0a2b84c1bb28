"""Freed memory stays with the process."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

CLEARED = """
import ctypes, resource
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
size = 40 * 2**20  # above what glibc by itself ever keeps
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    block = ctypes.c_void_p(libc.malloc(ctypes.c_size_t(size)))
    libc.memset(block, 1, ctypes.c_size_t(size))
    libc.free(block)
faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(faults * resource.getpagesize() / size)
"""


def cleared(before: str, **environment: str) -> float:
    """How many of ten large blocks, which come and go one after the other, got their memory from the kernel."""
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
import sys
from lean_ebm.__main__ import main
sys.argv = ["lean-ebm", "fit", "--help"]
try:
    main()
except SystemExit:
    pass
"""
    assert cleared(command_line) < 4
    assert cleared("") > 5  # so this libc gives memory back
    setting = "from lean_ebm.memory import keep_freed_memory\nkeep_freed_memory()\n"
    assert cleared(setting) < 4
    assert cleared(setting, MALLOC_TRIM_THRESHOLD_="131072") > 5  # the user's own setting is respected


def test_where_there_is_no_glibc_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    from lean_ebm.memory import keep_freed_memory

    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr("ctypes.CDLL", None)
    assert not keep_freed_memory()
