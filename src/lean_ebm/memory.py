"""A setting of the memory allocator that makes chains faster on a CPU."""

from __future__ import annotations

import ctypes
import os
import platform

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
_SIZES = 1 << 30, 32 << 20  # the second is the largest that older versions accept


def keep_freed_memory() -> bool:
    """Make glibc keep freed memory and reuse it.

    By default glibc gives large blocks back to the kernel. For a chain these are the activations of each step: the
    kernel clears and maps the same memory again, page by page, for the next step. ``benchmarks/README.md`` says what
    that costs. The price is that the process keeps the most memory that it ever used. If a variable
    ``MALLOC_*_THRESHOLD_`` of the environment is set, nothing is changed.

    Returns:
        Whether the setting was made; False without glibc.
    """
    if platform.libc_ver()[0] != "glibc" or {"MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"} & set(os.environ):
        return False
    mallopt = ctypes.CDLL(None).mallopt
    # Setting only one threshold is worse than setting neither: as soon as one is set, glibc stops adapting both.
    return any(mallopt(_MMAP_THRESHOLD, size) for size in _SIZES) and bool(mallopt(_TRIM_THRESHOLD, _SIZES[0]))
