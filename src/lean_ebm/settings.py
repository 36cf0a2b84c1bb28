"""Records the settings that a model was built with as plain data, for checkpoints and files."""

from __future__ import annotations

import dataclasses
import inspect
from functools import partial
from pathlib import Path
from typing import Any, Self

from lean_ebm.errors import SettingError

REMOVED: dict[str, dict[str, Any]] = {
    "EBT": {
        "distance": "mse",
        "step_size_lr_factor": 1.0,
        "step_size_spread": 1.0,
        "min_steps": None,
        "best_of": 1,
        "buffer_size": 0,
        "buffer_fraction": 0.5,
    },
    "ConvEnergy": {"head": "linear"},
    "MLPEnergy": {"head": "linear"},
    "ResidualEnergy": {"head": "linear"},
    "BoardEnergy": {"skip": False},
    "GraphEnergy": {"skip": False},
    "VectorEnergy": {"skip": False},
}
"""Settings of lean-ebm 0.1 that were removed, by class, each with the value at which it had no effect."""

REMOVED_CLASSES = {"VectorConditionalMLPEnergy": "VectorEnergy"}
"""Classes of lean-ebm 0.1 that were removed, each with the class to use instead."""


class NotPlainError(Exception):
    """A value cannot be expressed as plain data."""


class RecordsSettings:
    """Records the arguments that an object was built with.

    Attributes:
        settings: ``{"class_path": ..., "init_args": {...}}``, which the command line takes as well. None if the class
            cannot be imported by its path. An argument that plain data cannot express, such as an optimizer given as a
            function, is left out.
    """

    settings: dict[str, Any] | None

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Create the object and record its arguments."""
        self = super().__new__(cls)
        object.__setattr__(self, "settings", _recorded(cls, args, kwargs))
        return self


def plain(value: Any) -> Any:
    """Convert a value to plain data: numbers, texts, lists and dictionaries.

    Raises:
        NotPlainError: If the value has no such form.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, RecordsSettings) and value.settings is not None:
        return value.settings
    if isinstance(value, type):
        return {"class_path": _path(value)}
    if isinstance(value, partial) and isinstance(value.func, type) and not value.args:
        return {"class_path": _path(value.func), "init_args": plain(value.keywords)}
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    raise NotPlainError(f"{type(value).__name__} has no form as plain data")


def by_flag(settings: Any, name: str) -> dict[str, Any]:
    """Recorded settings by the names of their flags: ``{"data": "Digits", "data.batch_size": 64}``.

    Args:
        settings: Plain data in which classes are ``{"class_path": ..., "init_args": {...}}``, at any depth.
        name: The name of the flag of these settings, such as ``data``.
    """
    if not isinstance(settings, dict):
        return {name: settings}
    if "class_path" in settings:
        kind = str(settings["class_path"]).rpartition(".")[2]
        return {name: kind} | by_flag(settings.get("init_args", {}), name)
    flags: dict[str, Any] = {}
    for key, value in settings.items():
        flags |= by_flag(value, f"{name}.{key}")
    return flags


def updated(settings: Any) -> Any:
    """Convert settings of an older version: drop removed settings that had no effect.

    Args:
        settings: Plain data in which classes are ``{"class_path": ..., "init_args": {...}}``, at any depth.

    Raises:
        SettingError: If a removed setting had an effect, or a class was removed; says how to convert.
    """
    if isinstance(settings, list):
        return [updated(part) for part in settings]
    if not isinstance(settings, dict):
        return settings
    name = str(settings.get("class_path", "")).rpartition(".")[2]
    if name in REMOVED_CLASSES:
        raise SettingError(
            f"{name} is not part of lean-ebm any more: train a {REMOVED_CLASSES[name]} instead, or use lean-ebm 0.1."
        )
    arguments = settings.get("init_args")
    if name in REMOVED and isinstance(arguments, dict):
        settings = {**settings, "init_args": _without_removed(name, arguments)}
    return {key: updated(part) for key, part in settings.items()}


def _without_removed(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    kept = dict(arguments)
    for key, neutral in REMOVED[name].items():
        unused = key == "buffer_fraction" and not arguments.get("buffer_size")
        if kept.pop(key, neutral) != neutral and not unused:
            raise SettingError(
                f"{name}: {key} is {arguments[key]}, a setting that lean-ebm does not have any more: remove it, which "
                f"means {key}={neutral}, or use lean-ebm 0.1."
            )
    return kept


def _recorded(cls: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any] | None:
    try:
        bound = inspect.signature(cls.__init__).bind_partial(None, *args, **kwargs)  # type: ignore[misc] # of any class
        bound.apply_defaults()  # a later version may have other defaults
        path = _path(cls)
    except (TypeError, NotPlainError):  # __init__ refuses wrong arguments
        return None
    given: dict[str, Any] = {}
    for name, value in list(bound.arguments.items())[1:]:
        kind = bound.signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            return None
        try:
            given |= plain(value) if kind is inspect.Parameter.VAR_KEYWORD else {name: plain(value)}
        except NotPlainError:
            continue
    return {"class_path": path, "init_args": given}


def _path(cls: type) -> str:
    """The import path of a class."""
    if "<" in cls.__qualname__ or "." in cls.__qualname__:
        raise NotPlainError(f"{cls.__qualname__} cannot be imported")
    return f"{cls.__module__}.{cls.__qualname__}"
