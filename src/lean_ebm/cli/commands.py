"""The table of all commands, and the page that lists them. This module has no slow imports."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple

from lean_ebm import __version__


class Command(NamedTuple):
    """One command of ``lean-ebm``.

    Attributes:
        summary: What the command does, in one line for :func:`overview`.
        module: The module whose ``main`` runs the command. It is imported only for this command.
    """

    summary: str
    module: str


GROUPS: dict[str, dict[str, Command]] = {
    "Energies": {
        "fit": Command("train a model: lean-ebm fit --config ebt; --ckpt_path last resumes", "lean_ebm.cli.training"),
        "validate": Command("measure a model on the validation split", "lean_ebm.cli.training"),
        "test": Command("measure a model on the test split: a table and evaluation.json", "lean_ebm.cli.training"),
        "predict": Command("draw samples, or answer problems, and write them to a file", "lean_ebm.cli.training"),
        "export": Command("write a trained energy to a file that loads without Lightning", "lean_ebm.cli.export"),
        "show": Command("write a page that shows the steps of a chain, or a search for a proof", "lean_ebm.cli.show"),
        "recipes": Command("list the recipes that --config takes by name", "lean_ebm.cli.recipes"),
    },
    "Proofs": {
        "prove": Command("find a proof of a statement and verify it", "lean_ebm.cli.proving"),
        "suggest": Command("print the tactics that a guide would try first in a goal", "lean_ebm.cli.proving"),
        "improve": Command("let a trained prover learn from its own proofs and dead ends", "lean_ebm.cli.improve"),
        "theorems": Command("write a data set of theorems with their proofs", "lean_ebm.cli.proving"),
        "check": Command("check the proofs in a file of theorems", "lean_ebm.cli.proving"),
        "suite": Command("measure a prover on a suite of problems, such as miniF2F", "lean_ebm.cli.suite"),
    },
}
"""Every command by its name, in the groups of :func:`overview`.

The ``main`` of a command reads the arguments of the process, which include the name of the command. It returns the exit
status, or None for 0.
"""

COMMANDS: dict[str, Command] = {name: command for group in GROUPS.values() for name, command in group.items()}
"""All commands by name."""


def overview() -> str:
    """Return the page that ``lean-ebm --help`` prints: a line for each command."""
    width = max(map(len, COMMANDS))
    lines = [
        "Usage: lean-ebm COMMAND [SETTINGS]",
        "",
        "Energy-based models that learn, sample and answer; Lean proofs.",
    ]
    for title, group in GROUPS.items():
        lines += ["", f"{title}:", *(f"  {name:{width}}  {command.summary}" for name, command in group.items())]
    lines += [
        "",
        "lean-ebm COMMAND --help lists the settings of a command.",
        "lean-ebm --version prints the version.",
    ]
    return "\n".join(lines)


def run(arguments: list[str]) -> int | None:
    """Run the command that the first argument names.

    Args:
        arguments: The arguments without the name of the program.

    Returns:
        The exit status; None for 0.
    """
    first = arguments[0] if arguments else "--help"
    if first in ("-h", "--help", "--version"):
        print(f"lean-ebm {__version__}" if first == "--version" else overview())
        return 0
    # LightningCLI also takes settings before the command: --config FILE fit.
    command = COMMANDS["fit"] if first.startswith("-") else COMMANDS.get(first)
    if command is None:
        known = ", ".join(COMMANDS)
        print(f"lean-ebm: error: there is no command {first!r}: use one of {known}", file=sys.stderr)
        return 2
    main: Callable[[], int | None] = import_module(command.module).main
    return main()
