"""The command ``lean-ebm improve``: a trained prover learns from its own proofs and dead ends."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from lean_ebm.cli.arguments import OneSentenceParser
from lean_ebm.cli.status import exit_status
from lean_ebm.errors import SettingError

DEFAULT = "default"
"""The name of the trained guide that comes with the package."""


def main(args: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        args: The name of the command and its arguments; None takes those of the process.

    Returns:
        The exit status: 0, 2 for an error that the user can mend, 130 after an interrupt.
    """
    given = _parser().parse_args((sys.argv[1:] if args is None else args)[1:])
    logger = logging.getLogger("lightning.pytorch")
    level = logger.level

    def action() -> int:
        # Imported here, since torch and Lightning take seconds and --help does not need them.
        from lean_ebm.cli.training import ignore_known_warnings
        from lean_ebm.experiments.improving import Improvement, improve

        ignore_known_warnings()
        logger.setLevel(logging.WARNING)
        settings = vars(given)
        guide = settings.pop("guide")
        if guide != DEFAULT and not Path(guide).is_file():
            raise SettingError(f"--guide {guide}: there is no such checkpoint.")
        improve(
            Improvement(None if guide == DEFAULT else Path(guide), **settings), lambda line: print(line, flush=True)
        )
        return 0

    try:
        return exit_status(action)
    finally:
        logger.setLevel(level)


def _parser() -> OneSentenceParser:
    parser = OneSentenceParser(
        prog="lean-ebm improve",
        description="Improve a trained prover by expert iteration: it searches for proofs of theorems, learns from its "
        "proofs and from its wrong turns, and is measured on theorems on which it does not practise.",
    )
    parser.add_argument("--guide", required=True, help=f"a checkpoint of a recipe in configs/proving, or {DEFAULT}")
    parser.add_argument("--output", type=Path, required=True, help="new folder for checkpoints and figures")
    parser.add_argument(
        "--theorems",
        type=Path,
        metavar="FILE.jsonl",
        help="your own theorems; up to a third of them measures the gain; without it, random theorems of which the "
        "hardest fifth is kept",
    )
    for name, default, help_text in (
        ("connectives", 64, "number of connectives of random theorems"),
        ("rounds", 2, "number of rounds of searching and learning"),
        ("practice", 300, "number of practice theorems in a round"),
        ("held-out", 200, "number of theorems that measure the gain"),
        ("applications", 31, "limit of tactic applications for a theorem"),
        ("remembered", 2000, "number of theorems of the recipes' data that are learned again"),
        ("epochs", 2, "number of passes over all states in a round"),
        ("seed", 0, "seed"),
    ):
        parser.add_argument(f"--{name}", type=int, default=default, help=f"{help_text} (default: {default})")
    return parser
