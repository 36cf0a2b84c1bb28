"""The parser of commands with few arguments."""

from __future__ import annotations

import argparse
from typing import NoReturn


class OneSentenceParser(argparse.ArgumentParser):
    """A parser whose errors are one sentence instead of a page of usage."""

    def error(self, message: str) -> NoReturn:
        """Print the error and exit with status 2."""
        self.exit(2, f"lean-ebm: error: {message}\nAll settings: {self.prog} --help\n")
