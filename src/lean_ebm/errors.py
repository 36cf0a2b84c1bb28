"""A user's mistake is told in a sentence; a traceback is for the program's."""

from __future__ import annotations

import linecache
import re
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from lightning.pytorch.cli import LightningArgumentParser

PACKAGE = Path(__file__).parent

PHRASES = (
    (r"Parser key \"?[^\":\s]+\"?:\s*", ""),
    (r"^(Does not validate against|Subtypes:|Errors:|Given value type:|Given value: .{60}).*", ""),
    (r"^Given value: ", "Got value: "),
    (r"[Ee]xpected an? <class 'NoneType'>(\. Got value: \S+)?", ""),
    (r"[Ee]xpected an? <class '(?:[\w.]*\.)?(\w+)'>", r"expected \1"),
    (r"[Ee]xpected an? typing.Literal\[([^\]]*)\]", r"expected one of \1"),
    (r"Problem with given class_path '(?:[\w.]*\.)?(\w+)':", r"\1:"),
    (r"Option '([^']+)' is not accepted", r"there is no setting \1"),
    (r"Expected a path but .* either not accessible or invalid", ""),
    (r"Expected a dot import path string: ", "there is no class "),
)
"""What jsonargparse says, and what of it a user needs."""


class Parser(LightningArgumentParser):
    """A parser whose errors say what is wrong, without the types that it tried and three screens of usage."""

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Print the message and exit with status 2."""
        if not self.exit_on_error:  # the parser of one class, whose errors another one tells
            super().error(message, ex)
        parser = getattr(ex, "subcommand_parser", None) or self
        subcommand = [word for word in parser.prog.split()[1:] if not word.startswith("[")]
        self.exit(2, f"lean-ebm: error: {tidy(message)}\nAll settings: {' '.join(['lean-ebm', *subcommand])} --help\n")


def tidy(message: str) -> str:
    """What jsonargparse found wrong, in one line."""
    named = re.findall(r"Parser key \"?([^\":\s]+)\"?:", message)
    lines: list[str] = []
    for line in message.splitlines():
        text = re.sub(r"^-\s+", "", line.strip())
        for pattern, instead in PHRASES:
            text = re.sub(pattern, instead, text)
        if text and text not in lines:
            lines.append(text)
    where = ".".join(named)
    return f"--{where}: {' '.join(lines)}" if where else " ".join(lines)


def mistake(error: BaseException) -> str | None:
    """What a user did wrong, if that is what an error is about.

    So is what this package raises in so many words, whoever wrapped it, and what the operating system refuses. What
    goes wrong anywhere else, in torch or in a user's own method, is not: it needs its traceback.
    """
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        if isinstance(found, ValueError | RuntimeError | SystemExit) and _raised_here(found.__traceback__):
            return str(found)
        if isinstance(found, OSError) and found.errno is not None:
            return f"{found.filename or 'a file'}: {found.strerror}. Is the path right, and may it be written to?"
        found = found.__cause__ or found.__context__
    return None


def _raised_here(traceback: TracebackType | None) -> bool:
    """Whether the last frame is a ``raise`` statement of this package."""
    if traceback is None:
        return False
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    path = traceback.tb_frame.f_code.co_filename
    statement: Any = linecache.getline(path, traceback.tb_lineno).strip()
    return Path(path).is_relative_to(PACKAGE) and statement.startswith("raise ")
