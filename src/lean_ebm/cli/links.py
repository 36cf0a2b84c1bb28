"""Settings of the network that follow from the data: its shape and its number of classes.

``link_arguments`` of jsonargparse would override a value that was given, without a word, and would leave the value out
of the settings that are saved, so that a checkpoint could not build its model again. Here a value that was given stays,
and a value that was not given becomes one more flag of the command.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from lightning.pytorch.cli import LightningArgumentParser
from lightning.pytorch.utilities import rank_zero_info


def linked_flags(parser: LightningArgumentParser, args: list[str], settings: Any) -> list[str]:
    """Flags that give the network the ``shape`` and ``num_classes`` that the class of its data declares.

    Args:
        parser: The parser of all subcommands.
        args: The arguments that were given.
        settings: What the parser made of them.

    Returns:
        A flag for each setting that the network has, that was not given, and whose default differs from the data's.
    """
    run = settings[settings.subcommand]
    network = run.get("model.init_args.energy")
    if network is None or "init_args" not in network or not run.get("data.class_path"):
        return []
    module, _, name = run.data.class_path.rpartition(".")
    data = getattr(import_module(module), name)
    flags: dict[str, str] = {}
    for setting in ("shape", "num_classes"):
        declared, used = getattr(data, setting, None), network.init_args.get(setting)
        if isinstance(declared, tuple | list):
            declared, used = list(declared), list(used or ())
        if used is not None and isinstance(declared, list | int) and declared and declared != used:
            flags[setting] = str(declared).replace(" ", "")
    if not flags:
        return []
    given = parser.parse_args(args, defaults=False)[settings.subcommand].get("model.init_args.energy.init_args") or {}
    flags = {setting: value for setting, value in flags.items() if setting not in given}
    for setting, value in flags.items():
        rank_zero_info(f"Setting: model.energy.{setting} is {value}, as {name} has it")
    return [f"--model.energy.{setting}={value}" for setting, value in flags.items()]
