"""The version of this package, which may lie in a checkout without being installed."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
"""Where a checkout has its settings; an installed package has no such file."""


def version() -> str:
    """The version that was installed, or else that of the checkout, or else ``unknown``."""
    try:
        return metadata.version("lean-ebm")
    except metadata.PackageNotFoundError:
        try:
            return str(tomllib.loads(PROJECT.read_text())["project"]["version"])
        except OSError:
            return "unknown"
