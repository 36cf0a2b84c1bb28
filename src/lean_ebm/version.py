"""The version of this package, which may be a checkout that is not installed."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
"""Where a checkout has its settings; an installed package has no such file."""


def version() -> str:
    """Return the installed version, or else the version of the checkout, or else ``unknown``."""
    try:
        return metadata.version("lean-ebm")
    except metadata.PackageNotFoundError:
        try:
            return str(tomllib.loads(PROJECT.read_text())["project"]["version"])
        except OSError:
            return "unknown"
