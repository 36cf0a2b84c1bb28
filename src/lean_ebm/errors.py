"""Errors that a user can correct, and the messages that users see.

The command line reports a user's mistake in one sentence; a traceback is for mistakes of the program.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class UserError(Exception):
    """An error that the user can correct. The message says what was wrong, what was expected and what to do."""


class SettingError(UserError, ValueError):
    """A setting or an argument has a value that cannot be used."""


class RunError(UserError, RuntimeError):
    """A run cannot start or continue: data are missing, a file cannot be written, training diverged."""


def mistake(error: BaseException) -> str | None:
    """The message for an error that the user can correct. None for any other error.

    The causes of the error are searched too, since libraries wrap errors that are raised while they build a setting. An
    error of the operating system that names a file counts as the user's. Any other error, in torch or in a user's own
    method, needs its traceback.
    """
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        if isinstance(found, UserError):
            return str(found)
        if isinstance(found, OSError) and found.errno is not None:
            return f"{found.filename or 'a file'}: {found.strerror}. Is the path right, and may it be written to?"
        found = found.__cause__ or found.__context__
    return None


def place_of(thing: Callable[..., Any] | type) -> str:
    """The file and line that define a class or function, as the beginning of a message about it; may be empty."""
    import inspect  # imported here because only an error needs it

    try:
        return f"{inspect.getsourcefile(thing)}, line {inspect.getsourcelines(thing)[1]}: "
    except (OSError, TypeError):  # it does not come from a file
        return ""
