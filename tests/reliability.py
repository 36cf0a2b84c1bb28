"""The report on the slow tests, which `make test-slow` writes to results/reliability.md."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning
import torch

HEAD = """# Reliability

Written by `make test-slow`; the tests are those marked `slow`, and say what each of them does.

"""


def report(stats: Mapping[str, list[Any]]) -> str:
    """Markdown: each slow test with its outcome, its time and the figures that it recorded."""
    reports = [entry for kind in ("passed", "failed", "skipped", "error") for entry in stats.get(kind, [])]
    reports = [entry for entry in reports if hasattr(entry, "when")]
    reports.sort(key=lambda entry: entry.nodeid)
    rows = [
        f"| {_name(entry.nodeid)} | {entry.outcome} | {entry.duration:.0f} s | "
        + "; ".join(f"{name}: {value}" for name, value in entry.user_properties)
        + " |"
        for entry in reports
    ]
    total = sum(entry.duration for entry in reports) / 60
    table = ["| test | outcome | time | figures |", "|---|---|---|---|", *rows]
    versions = f"Python {platform.python_version()}, torch {torch.__version__}, lightning {lightning.__version__}"
    machine = (
        f"{_processor()}, {len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} cores"
    )
    return HEAD + "\n".join(table) + f"\n\n{total:.0f} minutes in all. {machine}; {versions}; commit {_commit()}.\n"


def _name(nodeid: str) -> str:
    return nodeid.split("::")[-1].removeprefix("test_").replace("_", " ").replace("|", "\\|")


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.is_file() else []
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), platform.machine())


def _commit() -> str:
    folder = Path(__file__).parent
    done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=folder, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"
