"""Reports errors in one sentence, with the flag of the wrong setting or the line in the user's file."""

from __future__ import annotations

import re
import sysconfig
import textwrap
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lean_ebm.errors import SettingError, mistake

PACKAGE = str(Path(__file__).resolve().parents[1])
INSTALLED = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
LIBRARIES = ("jsonargparse", "lightning", "lightning_utilities", "torch")
"""Packages that errors pass through. They may lie in any folder of ``PYTHONPATH``."""

Flags = Callable[[], tuple[dict[str, Any], dict[str, Any]]]


@contextmanager
def building(flags: Flags) -> Iterator[None]:
    """Turn errors in a block that builds objects from settings into a ``SettingError`` of one sentence.

    The sentence names the settings that a library refuses, or else the file and line that raised the error.
    jsonargparse itself would print all settings of the object, on three screens.

    Args:
        flags: Returns all settings by the names of their flags, and their defaults.
    """
    try:
        yield
    except Exception as error:
        if mistake(error) is not None:
            raise
        told = objection(error, *flags())
        told = told or f"{located(causes(error)[-1])} LEAN_EBM_TRACEBACK=1 shows the traceback."
        raise SettingError(told) from error


@contextmanager
def running(flags: Flags) -> Iterator[None]:
    """Turn a library's refusal of a setting in a block into a ``SettingError``; other errors are not changed.

    Args:
        flags: Returns all settings by the names of their flags, and their defaults.
    """
    try:
        yield
    except Exception as error:
        told = None if mistake(error) is not None else objection(error, *flags())
        if told is None:
            raise
        raise SettingError(told) from error


def objection(error: BaseException, settings: dict[str, Any], defaults: dict[str, Any]) -> str | None:
    """A message if Lightning or an optimizer of torch refuses a setting. None for other errors.

    They refuse a setting by a ``MisconfigurationException`` or by a common error that they raise themselves. If the
    error passed through a file of the user's, or through a method or a callback, that code may be at fault, and None is
    returned.

    Args:
        error: The error; its causes are searched too.
        settings: All settings by the names of their flags.
        defaults: Their defaults.
    """
    chain = causes(error)
    for cause in reversed(chain):
        modules = [str(frame.f_globals.get("__name__")) for frame, _ in traceback.walk_tb(cause.__traceback__)]
        lightning = [module.startswith("lightning.") for module in modules]
        ours = any(re.match(r"lean_ebm\.(?!cli\b)", module) for module in modules)
        refused = type(cause).__name__ == "MisconfigurationException"
        if isinstance(cause, ValueError | TypeError | OSError) and modules:
            refused = modules[-1].startswith("torch.optim") or (lightning[-1] and not ours)
        elif isinstance(cause, ImportError):  # a library that Lightning needs for a setting is missing
            refused = any(lightning) and not ours
        if refused and users_line(cause) is None:
            text = textwrap.shorten(str(cause), 400, placeholder=" ...").rstrip(".!")
            return _sentence(text, flags_of(text, settings) or _class_flags(chain, settings), settings, defaults)
    return None


def _sentence(text: str, named: list[str], settings: dict[str, Any], defaults: dict[str, Any]) -> str:
    given = " and ".join(f"--{name} {_shown(settings[name])}" for name in named)
    usual = [_shown(defaults[name]) for name in named if name in defaults]
    remedy = f" The default is {' and '.join(usual)}." if usual else ""
    return f"{given}: {text}.{remedy}".removeprefix(": ").replace(".class_path ", " ")


def _class_flags(chain: list[BaseException], settings: dict[str, Any]) -> list[str]:
    """The flag of the class that jsonargparse could not build, from its error message; a list of at most one."""
    classes = {path for error in chain for path in re.findall(r"given class_path '([^']+)'", str(error))}
    return [flag for flag, value in settings.items() if flag.endswith(".class_path") and value in classes][-1:]


def flags_of(text: str, settings: dict[str, Any]) -> list[str]:
    """The flags that a library's message is about: the flags that it names, or a flag whose value it contains.

    Args:
        text: The message.
        settings: All settings by the names of their flags.
    """
    named: list[tuple[bool, int, str]] = []
    by_value = []
    for flag, value in settings.items():
        name = re.escape(flag.rsplit(".", 1)[-1])
        # A word without an underscore counts as a name only if it is marked as one.
        said = re.search(rf"\b{name}=|`{name}`" + (rf"|\b{name}\b" if "_" in name else ""), text)
        says_value = (
            value is not None and re.search(rf"(?<![\w.-]){re.escape(str(value))}(?!\w|\.\d)", text) is not None
        )
        if said:
            named.append((not says_value, said.start(), flag))
        elif says_value and not isinstance(value, bool) and len(str(value)) > 1:
            by_value.append(flag)
    first = min(named, default=None)
    return [flag for *place, flag in named if first and place == list(first[:2])] or by_value[:1]


def by_flag(settings: Any) -> dict[str, Any]:
    """Settings by the names of their flags, such as ``model.optimizer.lr``.

    Args:
        settings: The settings of a subcommand, as the parser gives them.
    """
    return {name.replace(".init_args", ""): value for name, value in settings.items() if not name.endswith("__path__")}


def located(error: BaseException) -> str:
    """Describe an error with its last line in the user's files, or else with its last line in this package."""
    lines = [(Path(entry.filename), entry.lineno) for entry in traceback.extract_tb(error.__traceback__)]
    ours = [line for line in lines if str(line[0]).startswith(PACKAGE)]
    file, line = users_line(error) or (ours or lines or [(Path("unknown"), 0)])[-1]
    text = error.msg if isinstance(error, SyntaxError) else " ".join(str(error).split())
    return f"{_near(file)}, line {line}: {type(error).__name__}: {text}".rstrip(": ").removesuffix(".") + "."


def users_line(error: BaseException) -> tuple[Path, int] | None:
    """The last file and line of the user's own code that an error passed through; None if there is none.

    Files of Python, of installed packages and of this package are not the user's.
    """
    places = [(entry.filename, entry.lineno or 0) for entry in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        places.append((error.filename, error.lineno or 0))
    others = (PACKAGE, *INSTALLED, *_folders(LIBRARIES))
    for name, line in reversed(places):
        if Path(name).is_file() and not name.startswith(others) and "site-packages" not in name:
            return Path(name), line
    return None


def _folders(packages: tuple[str, ...]) -> list[str]:
    """The folders of packages, which are not imported; each ends with a separator."""
    specs = [find_spec(package) for package in packages]
    return [str(Path(folder) / "_")[:-1] for spec in specs if spec for folder in spec.submodule_search_locations or ()]


def causes(error: BaseException) -> list[BaseException]:
    """Yield the error, its cause, the cause of the cause, and so on."""
    found: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in found:
        found.append(cause)
        cause = cause.__cause__ or cause.__context__
    return found


def _near(file: Path) -> Path:
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "null" if value is None else str(value)
