"""The parser of the training commands. Its error messages have one line."""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from jsonargparse import ActionConfigFile, Namespace  # type: ignore[attr-defined] # it does not declare the first
from lightning.pytorch.cli import LightningArgumentParser

from lean_ebm.cli.faults import causes, located, users_line
from lean_ebm.cli.recipes import find
from lean_ebm.settings import updated

KEY = re.compile(r"Parser key \"?([^\":\s]+)\"?:")
"""The part of jsonargparse's messages that names a setting."""

PHRASES = (
    (r"Parser key \"?[^\":\s]+\"?:\s*", ""),
    (r"^(Does not validate against|Subtypes:|Errors:|Given value type:|Given value: .{60}).*", ""),
    (r"^Given value: ", "Got value: "),
    (r"[Ee]xpected an? <class 'NoneType'>(\. Got value: \S+)?", ""),
    (r"Got value: NestedArg\(key='[^']*', val=(.*)\)$", r"Got value: \1"),
    (r"Got value: None$", "Got value: null"),
    (r"Got value: '([^']*)'$", r"Got value: \1"),
    (r"No module named '([^']+)'", r"there is no module \1. Is its folder on PYTHONPATH?"),
    (r"module '([^']+)' has no attribute '([^']+)'", r"there is no \2 in \1."),
    (r"[Ee]xpected an? <class '(?:[\w.]*\.)?(\w+)'>", r"expected \1"),
    (r"[Ee]xpected an? typing.Literal\[([^\]]*)\]", r"expected one of \1"),
    (r"Problem with given class_path '(?:[\w.]*\.)?(\w+)':", r"\1:"),
    (r"Option '([^']+)' is not accepted", r"there is no setting \1"),
    (r"Expected a path but .* either not accessible or invalid", ""),
    (r"Expected a dot import path string: ", "there is no class "),
)
"""Phrases in jsonargparse's messages, as regular expressions, with the text that users see instead."""


class ConfigFile(ActionConfigFile):
    """The setting ``--config``: a file, or the name of a recipe if there is no file of that name."""

    def __call__(self, parser: Any, cfg: Any, values: Any, option_string: str | None = None) -> None:
        """Read the file or the recipe."""
        if isinstance(values, str) and re.fullmatch(r"[\w./~ -]+", values) and not Path(values).expanduser().is_file():
            recipe = find(values)
            if recipe is None:
                raise TypeError(
                    f'Parser key "{self.dest}": There is neither a file {values} nor a recipe of that name: '
                    "lean-ebm recipes lists them."
                )
            values = str(recipe)
        super().__call__(parser, cfg, values, option_string)  # type: ignore[no-untyped-call] # jsonargparse does not annotate it


class Parser(LightningArgumentParser):
    """A parser with short error messages, whose flags accept every YAML value.

    jsonargparse also makes a parser of this class for each class or dataclass within the settings. Such a parser has
    ``exit_on_error=False``.
    """

    def parse_args(  # type: ignore[override] # the arguments after the first differ between versions of jsonargparse
        self, args: Sequence[str] | None = None, *more: Any, **kwargs: Any
    ) -> Any:
        """Parse arguments; see jsonargparse.

        jsonargparse 4.53 reads the value of a flag such as ``--model.chain.grad_clamp=null`` as YAML. It then passes
        the value to the parser of the class in Python's notation, ``--chain.grad_clamp=None``. That parser, which is
        also of this class, converts it back to YAML here.
        """
        if args is not None and not self.exit_on_error:
            args = [self._as_yaml(argument) for argument in args]
        return super().parse_args(args, *more, **kwargs)

    def parse_object(self, obj: Any, *more: Any, **kwargs: Any) -> Any:
        """Parse the content of a file or the value of a flag; see jsonargparse. Null is as in :meth:`parse_args`."""
        if not self.exit_on_error:
            obj = self._without_null_groups(obj)
        return super().parse_object(obj, *more, **kwargs)

    def _apply_actions(self, cfg: Any, *more: Any, **kwargs: Any) -> Any:
        """Convert the content of a file, also of lean-ebm 0.1, to settings; see jsonargparse."""
        return super()._apply_actions(updated(cfg), *more, **kwargs)

    def _as_yaml(self, argument: str) -> str:
        """Convert the value of ``--name=value`` to YAML if it is ``None``, a list or a dictionary in Python's notation.

        If the name is that of a group of settings (of a dataclass), null stands for the group's defaults. Other
        arguments are returned unchanged.
        """
        name, equals, text = argument.partition("=")
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return argument
        if not equals or not (value is None or isinstance(value, list | dict)):
            return argument
        if value is None:
            value = self._group_defaults(name.removeprefix("--"))
        return f"{name}={json.dumps(value)}"  # JSON is also YAML, and fits on one line

    def _without_null_groups(self, settings: Any, prefix: str = "") -> Any:
        """A copy of the settings in which each group that is null is replaced by its defaults."""
        if not isinstance(settings, Namespace | dict):
            return settings
        copy = type(settings)()
        for name, value in vars(settings).items() if isinstance(settings, Namespace) else settings.items():
            key = f"{prefix}{name}"
            value = self._group_defaults(key) if value is None else self._without_null_groups(value, f"{key}.")
            copy[name] = value
        return copy

    def _group_defaults(self, key: str) -> dict[str, Any] | None:
        """The defaults of the group of settings with that name; None if there is no such group."""
        if not self.groups or key not in self.groups:
            return None
        defaults: Namespace = self.get_defaults()[key]
        return defaults.as_dict()

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Print the message and exit with status 2."""
        if not self.exit_on_error:  # the parser of one class, whose errors another parser reports
            super().error(message, ex)
        parser = getattr(ex, "subcommand_parser", None) or self
        subcommand = [word for word in parser.prog.split()[1:] if not word.startswith("[")]
        users = next((cause for cause in reversed(causes(ex)) if users_line(cause)), None) if ex else None
        if users is not None:  # parsing runs a user's file only to import a class from it
            if os.environ.get("LEAN_EBM_TRACEBACK"):
                raise users
            setting = ".".join(KEY.findall(message))
            self.exit(2, f"lean-ebm: error: {located(users)} It was imported for --{setting}.\n")
        self.exit(2, f"lean-ebm: error: {tidy(message)}\nAll settings: {' '.join(['lean-ebm', *subcommand])} --help\n")


def tidy(message: str) -> str:
    """A message of jsonargparse, shortened to one line."""
    named = KEY.findall(message)
    lines: list[str] = []
    for line in message.splitlines():
        text = re.sub(r"^-\s+", "", line.strip())
        for pattern, instead in PHRASES:
            text = re.sub(pattern, instead, text)
        if text and text not in lines:
            lines.append(text)
    where = ".".join(named)
    return f"--{where}: {' '.join(lines)}" if where else " ".join(lines)
