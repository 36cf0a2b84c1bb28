"""Starts a program under limits that its parent cannot set from outside. This file is run as a script.

``python -I -S child.py PARENT MEMORY exec PROGRAM [ARGUMENT ...]``, ``... watch PROGRAM [ARGUMENT ...]`` for a
program that may start others, ``... ask PROGRAM [ARGUMENT ...]`` for one that ends itself when it is asked to, or
``... lean FOLDER [ARGUMENT ...]``: PARENT is the process that starts it, MEMORY is in MiB (0: no limit), and FOLDER
holds Lean's shared libraries. Except for ``ask``, this process must lead a group. When its parent ends, by whatever
signal, it is killed, with all that it started if it watches, or gets SIGTERM if it is asked; on systems other than
Linux that holds only for the signals that the parent handles. This file imports nothing of the package, so that it
starts in milliseconds.
The other way to do all this, ``preexec_fn``, is unsafe in a program with threads.
"""

import ctypes
import os
import signal
import sys
from typing import NoReturn

RESERVED = 16384
"""MiB of address space that a Lean may reserve without touching it: stacks, arenas, mapped library files."""
LIBRARIES = ("libInit_shared.so", "libleanshared_2.so", "libleanshared_1.so", "libleanshared.so")
"""Lean's shared libraries, each after those that it needs."""


_DEATH_OF_PARENT = 1  # PR_SET_PDEATHSIG of prctl on Linux


def end_with(parent: int, number: int) -> None:
    """Ask the system to send this process a signal when its parent ends. Does nothing without system support."""
    if not sys.platform.startswith("linux"):
        return
    # Strictly, when the thread ends that started this process: that one waits for it, or lives as long as its parent.
    ctypes.CDLL(None).prctl(_DEATH_OF_PARENT, number, 0, 0, 0)
    if os.getppid() != parent:  # the parent ended before it was asked for
        os._exit(1)


def run_watched(program: str, arguments: list[str]) -> NoReturn:
    """Run a program that may start others, like ``lake``, and end this process with it."""
    pid = os.posix_spawnp(program, [program, *arguments], os.environ)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os._exit(status if status >= 0 else 128 - status)


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
    """Call the main function of ``lean`` in this process, and end the process."""
    for name in LIBRARIES:
        library = ctypes.CDLL(os.path.join(folder, name), mode=ctypes.RTLD_GLOBAL)
    encoded = [argument.encode() for argument in ["lean", *arguments]]
    argv = (ctypes.c_char_p * (len(encoded) + 1))(*encoded, None)
    status = library.lean_main(len(encoded), argv)
    # Lean's threads still run, and neither the exit of Python nor that of C++ expects them.
    ctypes.CDLL(None).fflush(None)
    os._exit(status)


def main(arguments: list[str]) -> NoReturn:
    """Set the limits, then run the program."""
    parent, memory, way, target, *rest = arguments
    limit(int(memory))
    if way == "watch":
        signal.signal(signal.SIGTERM, lambda *_: os.killpg(0, signal.SIGKILL))
        end_with(int(parent), signal.SIGTERM)
        run_watched(target, rest)
    end_with(int(parent), signal.SIGTERM if way == "ask" else signal.SIGKILL)
    if way == "lean":
        run_lean(target, rest)
    os.execvp(target, [target, *rest])


if __name__ == "__main__":
    main(sys.argv[1:])
