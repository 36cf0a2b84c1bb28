"""The command ``lean-ebm export``: writes the energy network of a checkpoint to a file that loads without Lightning."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lean_ebm.cli.arguments import OneSentenceParser
from lean_ebm.errors import SettingError

if TYPE_CHECKING:
    from lean_ebm.energy.files import WrittenMethod


def main(args: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        args: The name of the command and its arguments; None takes those of the process.

    Returns:
        The exit status.

    Raises:
        SettingError: If the checkpoint cannot be read, or does not say which network it holds.
    """
    parser = OneSentenceParser(
        prog="lean-ebm export",
        description="Write the energy network of a checkpoint to a safetensors file, with the averaged weights if the "
        "run averaged them. lean_ebm.energy.load_energy builds the network from it, without Lightning. If it chooses "
        "tactics, the file is also a guide, with the value head if it has one.",
    )
    parser.add_argument("--ckpt_path", type=Path, required=True, help="the checkpoint, a .ckpt file of lean-ebm fit")
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        help="the file to write, such as energy.safetensors",
    )
    given = parser.parse_args((sys.argv[1:] if args is None else args)[1:])
    export(given.ckpt_path, given.output)
    return 0


def export(checkpoint: Path, output: Path) -> None:
    """Write the energy network of a checkpoint to a file, and print its path.

    Args:
        checkpoint: The checkpoint, of this version or of lean-ebm 0.1.
        output: The file to write.

    Raises:
        SettingError: If the checkpoint cannot be read, does not say which network it holds, or uses a setting that was
            removed.
    """
    from lean_ebm.checkpoints import read_checkpoint  # here, since torch takes seconds and --help does not need it
    from lean_ebm.energy.files import write_energy
    from lean_ebm.settings import updated

    if not checkpoint.is_file():
        raise SettingError(f"There is no checkpoint {checkpoint}: --ckpt_path takes a .ckpt file.")
    content = read_checkpoint(checkpoint)
    settings = updated(content.get("hyper_parameters", {}).get("energy"))
    if not isinstance(settings, dict) or "class_path" not in settings:
        raise SettingError(
            f"{checkpoint} does not say how its energy network was built: load the model in Python, and write "
            "model.energy by lean_ebm.energy.save_energy."
        )
    settings = {"class_path": settings["class_path"], "init_args": settings.get("init_args") or {}}
    start = "energy."
    weights = {
        name.removeprefix(start): weight for name, weight in content["state_dict"].items() if name.startswith(start)
    }
    method = _method(content)
    write_energy(output, settings, weights, method)
    name = settings["class_path"].rpartition(".")[2]
    own = sum(weight.numel() for weight in method.weights.values()) if method else 0
    more = f", and {own:,} of {method.settings['class_path'].rpartition('.')[2]}" if method and own else ""
    print(f"{output}: {name}, {sum(weight.numel() for weight in weights.values()):,} numbers{more}")


def _method(content: dict[str, Any]) -> WrittenMethod | None:
    """The method of a checkpoint with what it has learned beside the energy; None if it does not choose tactics.

    A guide needs it: the temperature of a softmax, the head that computes values. Nothing else reads it.
    """
    import lean_ebm.energy
    from lean_ebm.energy.files import WrittenMethod

    given = content["hyper_parameters"]
    energy = getattr(lean_ebm.energy, given["energy"]["class_path"].rpartition(".")[2], None)
    if not (given.get("_class_path") and isinstance(energy, type) and getattr(energy, "lists", False)):
        return None
    plain = {
        name: value
        for name, value in given.items()
        if not name.startswith("_") and isinstance(value, (int, float, str, bool))
    }
    own = {
        name: weight
        for name, weight in content["state_dict"].items()
        if not name.startswith("energy.") and name.split(".")[0] in ("encoder", "head")
    }
    return WrittenMethod({"class_path": given["_class_path"], "init_args": plain}, own)
