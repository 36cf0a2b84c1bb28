"""Takes settings of the network from the data: its shape and its number of classes.

jsonargparse's ``link_arguments`` would silently override a value that was given. It would also leave the value out of
the saved settings, so that the model could not be built again from a checkpoint. Here a given value is kept, and a
missing one is added to the command as a flag.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from lightning.pytorch.cli import LightningArgumentParser
from lightning.pytorch.utilities import rank_zero_info


def linked_flags(parser: LightningArgumentParser, args: list[str], settings: Any) -> list[str]:
    """Make the flags that set ``shape`` and ``num_classes`` of the network to the values of the data class.

    Args:
        parser: The parser of all subcommands.
        args: The arguments that were given.
        settings: The settings that the parser made from these arguments.

    Returns:
        A flag for each of these settings that the network has, that was not given, and whose default is another value.
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
