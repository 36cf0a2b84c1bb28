"""Deadlines: long computations check the clock from time to time, and stop when their time is over.

What may take long calls :func:`tick` at each of its steps. Without a deadline, that does nothing::

    with deadline(2.0):
        proof = prove(formula)  # raises OutOfTimeError after two seconds
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
    """The deadline of each thread, and the number of steps until it looks at the clock."""

    end = math.inf
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
        if time.monotonic() > _CLOCK.end:
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
