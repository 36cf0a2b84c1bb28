"""Each room of the package imports only rooms that it may import, and there are no circular imports."""

import ast
from pathlib import Path

import pytest

import lean_ebm

PACKAGE = Path(lean_ebm.__file__).parent
TOP = "lean_ebm"
"""The package itself, whose lazy names may come from any room. Other modules import only its version."""

ROOMS = (
    TOP, "cli", "experiments", "show", "callbacks", "evaluation", "guides", "methods", "data", "energy", "proving",
    "ground",
)  # fmt: skip
"""From the top of the house to its bottom: a room imports itself and the rooms below it."""

FORBIDDEN = {
    "energy": {"proving"},
    "data": {"energy"},
    "methods": {"data", "proving"},
}
"""Rooms that a room may not import although they are below it."""

GROUND_OF_PROVING = {"lean_ebm.errors", "lean_ebm.files"}
"""The only modules of the ground that proving imports, so that a proof needs no torch."""

HEAVY = {"torch", "lightning", "torchmetrics", "torchvision", "jsonargparse", "sklearn", "numpy"}


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def room_of(module: str) -> str:
    if module == TOP:
        return TOP
    room = module.split(".")[1]
    if room == "__main__":
        return "cli"
    return room if room in ROOMS else "ground"


def imports_of(name: str) -> set[str]:
    """All modules that a module imports, anywhere in its code; for this package, the modules and not the names.

    The version of the package is not counted: it is not one of the names that come from all rooms.
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: imports are absolute"
            module = node.module or ""
            names = {alias.name for alias in node.names} - ({"__version__"} if module == TOP else set())
            found |= {part if (part := f"{module}.{alias}") in MODULES else module for alias in names}
    return found


IMPORTS = {name: imports_of(name) for name in MODULES}


@pytest.mark.parametrize("name", MODULES)
def test_no_arrow_points_up(name):
    room = room_of(name)
    for other in IMPORTS[name] & MODULES.keys():
        theirs = room_of(other)
        assert ROOMS.index(theirs) >= ROOMS.index(room), (
            f"{name} ({room}) imports {other} ({theirs}), which is above it"
        )
        assert theirs not in FORBIDDEN.get(room, ()), f"{name} ({room}) imports {other} ({theirs})"


@pytest.mark.parametrize("name", [name for name in MODULES if room_of(name) == "proving"])
def test_proving_needs_no_torch(name):
    outside = {other for other in IMPORTS[name] & MODULES.keys() if room_of(other) != "proving"}
    assert outside <= GROUND_OF_PROVING
    assert not {other.split(".")[0] for other in IMPORTS[name]} & HEAVY


def test_there_is_no_circle_between_modules():
    """Imports within functions and for type checkers count too. A package's own __init__ only re-exports names."""
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"a circle: {' -> '.join([*path[path.index(name) :], name])}"
        if name not in done:
            for other in sorted(IMPORTS[name] & MODULES.keys()):
                if MODULES[other].name != "__init__.py":
                    visit(other, (*path, name))
            done.add(name)

    for name in MODULES:
        visit(name, ())


@pytest.mark.parametrize("name", MODULES)
def test_a_long_file_gives_its_reason(name):
    text = MODULES[name].read_text(encoding="utf-8")
    if len(text.splitlines()) > 350:
        comments = [line for line in text.splitlines() if line.startswith("# ") and "ruff:" not in line]
        assert comments and "line" in comments[0], (
            f"{name} has over 350 lines: say why in its first comment, or split it"
        )


def test_public_classes_share_no_name():
    where: dict[str, str] = {}
    for name, path in MODULES.items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                assert node.name not in where, f"{node.name} is a class of {where[node.name]} and of {name}"
                where[node.name] = name
