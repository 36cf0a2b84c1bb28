"""A progress bar that needs no library."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class TerminalBar:
    """A progress bar on standard error; shows nothing if that is not a terminal."""

    def __init__(self, total: int) -> None:
        self._total, self._shown = total, sys.stderr.isatty()
        self._started = time.perf_counter()
        self._last = 0.0

    def tell(self, count: int) -> None:
        """Show that ``count`` of the things are done."""
        now = time.perf_counter()
        if not self._shown or (now - self._last < 0.1 and count < self._total):
            return
        self._last = now
        bar = "█" * (30 * count // self._total)
        rate = count / max(now - self._started, 1e-9)
        print(f"\r{bar:30s} {count}/{self._total} {rate:.0f}/s", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Begin a new line if the bar was shown."""
        if self._last:
            print(file=sys.stderr)


@contextmanager
def progress_bar(total: int) -> Iterator[TerminalBar]:
    """Show a progress bar until the block ends.

    Args:
        total: Number of things to do.
    """
    bar = TerminalBar(total)
    try:
        yield bar
    finally:
        bar.end()
