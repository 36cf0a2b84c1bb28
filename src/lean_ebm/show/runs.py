"""Finds the model and the data of a finished run."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped] # not worth a dependency on its stubs

from lean_ebm.checkpoints import last_checkpoint, read_settings
from lean_ebm.data import DataModule
from lean_ebm.errors import SettingError
from lean_ebm.methods import Method

CONFIG = "config_fit.yaml"
"""The file in the folder of a run from which its data are known."""


@dataclass(frozen=True)
class FinishedRun:
    """A finished training run.

    Args:
        checkpoint: The checkpoint.
        method: The trained method, in evaluation mode, on the CPU.
        data: The data module, not set up.
    """

    checkpoint: Path
    method: Method
    data: DataModule


def load_run(path: Path) -> FinishedRun:
    """Load a run from its folder or from one of its checkpoints.

    Args:
        path: A checkpoint, or a folder with checkpoints in it or in its folders; the newest one is taken.

    Raises:
        SettingError: If there is no checkpoint, or it is not known which data it belongs to; says what was expected.
    """
    checkpoint = path
    if path.is_dir():
        newest = last_checkpoint(path) or last_checkpoint(path, "*.ckpt")
        if newest is None:
            raise SettingError(f"{path} has no checkpoint: expected the folder of a run, as lean-ebm fit makes it.")
        checkpoint = newest
    kind = _class(read_settings(checkpoint).get("_class_path"), Method, checkpoint)
    method = kind.load_from_checkpoint(checkpoint, map_location="cpu").eval()
    if method.energy.lists:
        raise SettingError(
            f"{checkpoint} is a model that chooses tactics: give a statement, such as '(p q : Prop) : p ∧ q → q ∧ p', "
            f"and --guide {checkpoint}."
        )
    return FinishedRun(checkpoint, method, data_of(checkpoint))


def data_of(checkpoint: Path) -> DataModule:
    """Build the data module of a run from the settings in the folder of the run.

    Args:
        checkpoint: A checkpoint in that folder, or in a folder in it.

    Raises:
        SettingError: If the settings are not there.
    """
    folders = (checkpoint.parent.parent, checkpoint.parent)
    config = next((file for folder in folders if (file := folder / CONFIG).is_file()), None)
    if config is None:
        raise SettingError(
            f"There is no {CONFIG} in {folders[0]}, so the data of {checkpoint} are not known: leave the checkpoint in "
            "the folder of its run."
        )
    settings = (yaml.safe_load(config.read_text(encoding="utf-8")) or {}).get("data") or {}
    data: DataModule = _class(settings.get("class_path"), DataModule, config)(**(settings.get("init_args") or {}))
    return data


def _class(path: Any, base: type, source: Path) -> Any:
    """The class of this import path.

    Raises:
        SettingError: If there is no such class.
    """
    home, _, name = str(path or "").rpartition(".")
    try:
        found = getattr(importlib.import_module(home), name, None) if home else None
    except ModuleNotFoundError:
        found = None
    if not (isinstance(found, type) and issubclass(found, base)):
        raise SettingError(
            f"{source} names {path or 'no class'}, and a {base.__name__} of that name cannot be imported: if it is a "
            "class of your own, put its folder on PYTHONPATH."
        )
    return found
