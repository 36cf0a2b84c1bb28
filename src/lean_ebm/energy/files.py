"""Files of energy networks, which load without Lightning.

Such a file is in the safetensors format: it holds tensors and text about them. The text is the import path of the
network's class and the arguments that it was built with. Reading a file does not run code from the file. It imports
only modules of ``lean_ebm.energy``: the caller must have imported the module of any other class before.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Mapping
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from lean_ebm import __version__
from lean_ebm.energy.base import EnergyNetwork
from lean_ebm.errors import SettingError
from lean_ebm.files import write_whole
from lean_ebm.settings import updated

_KEY = "lean_ebm"  # of the text in a file; one key, since the format writes several in random order
_METHOD = "method:"  # before the names of weights of the method that are not the network's


def save_energy(energy: EnergyNetwork, path: str | PathLike[str]) -> None:
    """Write a network to a file that :func:`load_energy` reads. The file is written whole or not at all.

    Args:
        energy: The network.
        path: The file, usually called ``*.safetensors``.

    Raises:
        SettingError: If the network's class cannot be imported by its path, for example because it is defined within a
            function.
    """
    if energy.settings is None:
        raise SettingError(
            f"{type(energy).__qualname__} cannot be imported by that name, so a file could not say how to build it: "
            "define the class at the top of a module."
        )
    write_energy(path, energy.settings, energy.state_dict())


class WrittenMethod(NamedTuple):
    """The method that trained the network of a file, as the file records it.

    Attributes:
        settings: ``{"class_path": ..., "init_args": {...}}``, plain data, without the network.
        weights: Its weights that are not the network's, such as those of a value head.
    """

    settings: dict[str, Any]
    weights: Mapping[str, Tensor]


def write_energy(
    path: str | PathLike[str],
    settings: dict[str, Any],
    weights: Mapping[str, Tensor],
    method: WrittenMethod | None = None,
) -> None:
    """Write the settings and the weights of a network to a file; the network does not have to be built.

    Args:
        path: The file.
        settings: ``{"class_path": ..., "init_args": {...}}``, plain data.
        weights: The network's ``state_dict``.
        method: The method that trained it, for :func:`read_method`; None to leave it out.
    """
    text = json.dumps({"version": __version__, **settings, **({"method": method.settings} if method else {})})
    more = {f"{_METHOD}{name}": weight for name, weight in method.weights.items()} if method else {}
    # The format stores neither views nor one tensor under two names.
    copies = {name: weight.detach().cpu().clone().contiguous() for name, weight in {**weights, **more}.items()}
    write_whole(Path(path), save(copies, metadata={_KEY: text}))


def load_energy(path: str | PathLike[str]) -> EnergyNetwork:
    """Build a network from a file that :func:`save_energy` or ``lean-ebm export`` wrote.

    Args:
        path: The file.

    Returns:
        The network in evaluation mode, on the CPU.

    Raises:
        SettingError: If this is not a file of an energy network, or if its class is not an :class:`EnergyNetwork` that
            can be built here; says what to do.
    """
    path = Path(path)
    settings, weights = _read(path)
    energy = _built(updated({name: value for name, value in settings.items() if name != "method"}), path)
    try:
        energy.load_state_dict({name: weight for name, weight in weights.items() if not name.startswith(_METHOD)})
    except RuntimeError as error:
        raise SettingError(
            f"The weights in {path} are not those of {type(energy).__name__} as it is defined now: {error}"
        ) from error
    return energy.eval()


def read_method(path: str | PathLike[str]) -> WrittenMethod | None:
    """Read which method trained the network of a file. None if the file does not say.

    Raises:
        SettingError: If this is not a file of an energy network.
    """
    settings, weights = _read(Path(path))
    if "method" not in settings:
        return None
    own = {name.removeprefix(_METHOD): weight for name, weight in weights.items() if name.startswith(_METHOD)}
    return WrittenMethod(settings["method"], own)


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The text and the tensors of a file."""
    if not path.is_file():
        raise SettingError(f"There is no file {path}: give one that save_energy or lean-ebm export wrote.")
    try:
        with safe_open(path, framework="pt") as file:
            settings: dict[str, Any] = dict(json.loads((file.metadata() or {})[_KEY]))
            return settings, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - the file is not iterable
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise SettingError(
            f"{path} is not the file of an energy network: give one that save_energy or lean-ebm export wrote."
        ) from error


def _built(settings: Any, path: Path) -> EnergyNetwork:
    """Build the network of these settings; networks among its arguments are built by the same rules."""
    try:
        class_path, arguments = str(settings["class_path"]), dict(settings["init_args"])
    except (TypeError, KeyError, ValueError) as error:
        raise SettingError(f"{path} does not say which network it holds: write it with lean-ebm export.") from error
    kind = _energy_class(class_path, path)
    for name, value in arguments.items():
        if isinstance(value, dict) and "class_path" in value:
            arguments[name] = _built(value, path)
    try:
        return kind(**arguments)
    except TypeError as error:
        raise SettingError(f"{path} has other arguments than {class_path} takes now: {error}") from error


def _energy_class(class_path: str, path: Path) -> type[EnergyNetwork]:
    home, _, name = class_path.rpartition(".")
    if f"{home}.".startswith("lean_ebm.energy."):
        try:
            import_module(home)
        except ImportError as error:
            raise SettingError(f"{path} holds a {class_path}, which this version of lean-ebm does not have.") from error
    if home not in sys.modules:
        raise SettingError(
            f"{path} holds a {class_path}: import {home or 'its module'} first, if you trust it. A file does not "
            "choose what is imported."
        )
    kind = getattr(sys.modules[home], name, None)
    if not (isinstance(kind, type) and issubclass(kind, EnergyNetwork)) or inspect.isabstract(kind):
        raise SettingError(f"{path} holds a {class_path}, which is not an energy network that can be built.")
    return kind
