"""Names the machine, the versions and the commit that made a report."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from lean_ebm import __version__


def machine() -> str:
    """A description of this machine: its cores, its architecture and its GPU."""
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    return f"a machine with {os.cpu_count()} cores ({platform.machine()}), {gpu}"


def versions() -> str:
    """Versions of the packages and of Python."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "lightning", "torchmetrics"))
    return f"lean-ebm {__version__}, {packages}; Python {platform.python_version()}"


def commit() -> str | None:
    """The commit of this package, or None if it does not lie in a git checkout."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=Path(__file__).parent, capture_output=True, text=True
        )
    except OSError:  # git is not installed
        return None
    return done.stdout.strip() if done.returncode == 0 else None
