"""The parser of the command line, whose errors say what is wrong in one line."""

from __future__ import annotations

import re
from typing import NoReturn

from lightning.pytorch.cli import LightningArgumentParser

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
"""What jsonargparse says, as a regular expression, and what a user needs of it."""


class Parser(LightningArgumentParser):
    """A parser whose errors say what is wrong, without the types that it tried and three screens of usage."""

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Print the message and exit with status 2."""
        if not self.exit_on_error:  # the parser of one class, whose errors another parser reports
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
