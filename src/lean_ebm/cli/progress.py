"""A progress bar, drawn by tqdm like Lightning's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class ProgressBar:
    """A progress bar on standard error. It is hidden if standard error is not a terminal.

    Args:
        total: Number of things to do.
        done: Number of them that were done before.
    """

    def __init__(self, total: int, done: int = 0) -> None:
        self._bar: Any = None
        if total > 0 and sys.stderr.isatty():
            from tqdm import tqdm  # imported here, since commands that show no bar start sooner without it

            tqdm.monitor_interval = 0  # no thread that watches the bar: this process may fork others
            self._bar = tqdm(total=total, initial=done, file=sys.stderr, dynamic_ncols=True)

    def tell(self, count: int) -> None:
        """Show that ``count`` items are done."""
        if self._bar is not None:
            self._bar.update(count - self._bar.n)

    def note(self, text: str) -> None:
        """Show a text behind the bar."""
        if self._bar is not None:
            self._bar.set_postfix_str(text, refresh=False)

    def end(self) -> None:
        """Begin a new line if the bar was shown."""
        if self._bar is not None:
            self._bar.close()


@contextmanager
def progress_bar(total: int, done: int = 0) -> Iterator[ProgressBar]:
    """Show a progress bar until the block ends.

    Args:
        total: Number of things to do.
        done: Number of them that were done before.
    """
    bar = ProgressBar(total, done)
    try:
        yield bar
    finally:
        bar.end()
