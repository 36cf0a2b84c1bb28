"""Deadlines: long computations check the clock from time to time, and stop when their time is over.

What may take long calls :func:`tick` at each of its steps. Without a deadline, that does nothing::

    with deadline(2.0):
        proof = prove(formula)  # raises OutOfTimeError after two seconds

Data must not depend on how busy a machine is. What makes data therefore takes :func:`processor_deadline`.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_STEPS = 50  # calls of `tick` between two looks at the clock


class OutOfTimeError(Exception):
    """The time of a computation is over."""


class _Clock(threading.local):
    """The deadlines of each thread, and the number of steps until it looks at its clocks."""

    end = math.inf
    processor_end = math.inf
    left = _STEPS


_CLOCK = _Clock()


def tick() -> None:
    """Count a step.

    Raises:
        OutOfTimeError: If the deadline is over.
    """
    _CLOCK.left -= 1
    if not _CLOCK.left:
        _CLOCK.left = _STEPS
        busy = _CLOCK.processor_end < math.inf and time.thread_time() > _CLOCK.processor_end
        if busy or time.monotonic() > _CLOCK.end:
            raise OutOfTimeError("the time is over")


def begin(seconds: float) -> float:
    """Set a deadline, unless an earlier one is set. Returns the deadline to pass to :func:`finish`."""
    before = _CLOCK.end
    end = time.monotonic() + seconds
    if end < before:
        _CLOCK.end = end
    return before


def finish(before: float) -> None:
    """Restore the deadline from before :func:`begin`."""
    _CLOCK.end = before


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Run a block with a deadline. An earlier outer deadline stays in force.

    Raises:
        OutOfTimeError: From what is inside, at about that time.
    """
    before = begin(seconds)
    try:
        yield
    finally:
        finish(before)


class processor_deadline:  # used like a function; a generator would take longer than many tactics
    """Run a block with a limit of processor time of this thread. An earlier outer limit stays in force.

    The time in which the process waits does not count, so a busy machine does not change what is found.

    Args:
        seconds: The limit.

    Raises:
        OutOfTimeError: From what is inside, at about that time.
    """

    __slots__ = ("before", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        self.before = _CLOCK.processor_end
        _CLOCK.processor_end = min(self.before, time.thread_time() + self.seconds)

    def __exit__(self, *_: object) -> None:
        _CLOCK.processor_end = self.before
