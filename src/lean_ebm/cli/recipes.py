"""The recipes that come with the package, and ``lean-ebm recipes``, which lists them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from lean_ebm.cli.arguments import OneSentenceParser

PACKAGE = Path(__file__).resolve().parents[1]


def folder() -> Path:
    """The folder of the recipes: ``recipes/`` in an installed package, ``configs/`` in a checkout."""
    installed = PACKAGE / "recipes"
    return installed if installed.is_dir() else PACKAGE.parents[1] / "configs"


def recipes() -> dict[str, Path]:
    """The recipes by name, such as ``ebt`` or ``reasoning/inverse``; those of the top folder come first."""
    files = {path.relative_to(folder()).with_suffix("").as_posix(): path for path in folder().rglob("*.yaml")}
    return dict(sorted(files.items(), key=lambda entry: (entry[0].count("/"), entry[0])))


def find(name: str) -> Path | None:
    """Find the recipe of this name, which may end in ``.yaml``. None if it does not exist."""
    return recipes().get(name.removesuffix(".yaml"))


def summary(recipe: Path) -> str:
    """The description of a recipe, from the comment in its first line."""
    with recipe.open(encoding="utf-8") as file:
        return file.readline().removeprefix("#").strip()


def main(args: Sequence[str] | None = None) -> int:
    """List the recipes; returns the exit status 0.

    Args:
        args: The command and its arguments; None takes those of the process.
    """
    parser = OneSentenceParser(
        prog="lean-ebm recipes", description="List the recipes that --config takes by their names, with a line each."
    )
    parser.parse_args((sys.argv[1:] if args is None else args)[1:])
    found = recipes()
    width = max(map(len, found), default=0)
    for name, path in found.items():
        print(f"{name:{width}}  {summary(path)}")
    print(f"\nlean-ebm fit --config NAME trains one of them. They are files below {folder()}")
    return 0
