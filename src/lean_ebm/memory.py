"""How the process holds its memory."""

from __future__ import annotations

import ctypes
import os
import platform

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
_SIZES = 1 << 30, 32 << 20  # the second is the most that older versions take


def keep_freed_memory() -> bool:
    """Let glibc keep what is freed for what is allocated next.

    By itself it gives large blocks back to the kernel: the activations of each step of a chain, which are then cleared
    and mapped anew, page by page, for the next one. ``benchmarks/README.md`` says what that costs. The process
    holds on to the most that it ever had. Variables ``MALLOC_*_THRESHOLD_`` of the environment are left their say.

    Returns:
        Whether that was done; not where there is no glibc.
    """
    if platform.libc_ver()[0] != "glibc" or {"MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"} & set(os.environ):
        return False
    mallopt = ctypes.CDLL(None).mallopt
    # One without the other is worse than neither: the first that is set stops glibc from adapting both.
    return any(mallopt(_MMAP_THRESHOLD, size) for size in _SIZES) and bool(mallopt(_TRIM_THRESHOLD, _SIZES[0]))
