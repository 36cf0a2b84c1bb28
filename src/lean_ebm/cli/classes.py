"""Finds a user's own classes by their import path, for the command line."""

from __future__ import annotations

import importlib
import inspect

from lean_ebm.errors import SettingError


def class_at(option: str, path: str, base: type, described: str) -> type:
    """Find a class by its import path; it must take no arguments.

    Args:
        option: The option that names it, such as ``--prover``.
        path: Its import path, such as ``mine.MyProver``.
        base: What it must be a subclass of.
        described: The same in words, such as ``derived from lean_ebm.proving.Prover``.

    Raises:
        SettingError: If there is no such class. A fault in a file of the user's own is raised as it is.
    """
    home, _, attribute = path.rpartition(".")
    try:
        module = importlib.import_module(home)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{home}.".startswith(f"{error.name}."):
            raise  # a module that the user's own module imports
        raise SettingError(f"{option} {path}: there is no module {error.name}. Is its folder in PYTHONPATH?") from None
    found = getattr(module, attribute, None)
    if not (isinstance(found, type) and issubclass(found, base)):
        raise SettingError(f"{option} {path}: {home} has no class {attribute} {described}.")
    if inspect.isabstract(found):
        missing = ", ".join(sorted(vars(found)["__abstractmethods__"]))
        raise SettingError(f"{option} {path}: {attribute} does not define {missing}.")
    try:
        inspect.signature(found).bind()
    except TypeError as error:
        raise SettingError(
            f"{option} {path}: {attribute} must work without arguments, but there is a {error}; give it a default."
        ) from None
    return found
