"""Starts a program under limits that its parent cannot set from outside; this file is run by its path.

``python -I -S child.py MEMORY exec PROGRAM [ARGUMENT ...]`` or ``... MEMORY lean FOLDER [ARGUMENT ...]``, where MEMORY
is in MiB (0: no limit) and FOLDER holds Lean's shared libraries. This file imports nothing of the package, so that it
starts in milliseconds. The other way to do this, ``preexec_fn``, is unsafe in a program with threads.
"""

import ctypes
import os
import sys
from typing import NoReturn

RESERVED = 16384
"""MiB of address space that a Lean may reserve without touching it: stacks, arenas, mapped library files."""
LIBRARIES = ("libInit_shared.so", "libleanshared_2.so", "libleanshared_1.so", "libleanshared.so")
"""Lean's shared libraries, each after those that it needs."""


def limit(memory: int) -> None:
    """Limit the address space of this process and of each that it starts, and write no core files."""
    try:
        import resource
    except ImportError:  # no such limits on Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory:
        try:
            resource.setrlimit(resource.RLIMIT_AS, (RESERVED + memory << 20, RESERVED + memory << 20))
        except (ValueError, OSError) as error:  # macOS refuses; the watch on the resident size remains
            print(f"no limit on the address space: {error}", file=sys.stderr)


def run_lean(folder: str, arguments: list[str]) -> NoReturn:
    """Call ``lean``'s own main function in this process, and end it."""
    for name in LIBRARIES:
        library = ctypes.CDLL(os.path.join(folder, name), mode=ctypes.RTLD_GLOBAL)
    encoded = [argument.encode() for argument in ["lean", *arguments]]
    argv = (ctypes.c_char_p * (len(encoded) + 1))(*encoded, None)
    status = library.lean_main(len(encoded), argv)
    # Lean's threads still run, and neither the exit of Python nor that of C++ expects them.
    ctypes.CDLL(None).fflush(None)
    os._exit(status)


def main(arguments: list[str]) -> NoReturn:
    """Set the limits, then become the program."""
    memory, way, target, *rest = arguments
    limit(int(memory))
    if way == "lean":
        run_lean(target, rest)
    os.execvp(target, [target, *rest])


if __name__ == "__main__":
    main(sys.argv[1:])
