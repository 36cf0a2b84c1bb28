"""A run that is killed again and again, and the same run undisturbed."""

import json
import os
import signal
import subprocess
import sys
import time
from random import Random

import pytest

from lean_ebm.proving.suites.results import read_results

ATTEMPTS = 600
RUN = [
    "suite", "run", "propl", "--problems", "100", "--prover", "random", "--attempts", "3", "--applications", "400",
    "--workers", "2",
]  # fmt: skip
KILLS = 10
MOST = 50  # attempts between two kills


def started(path):
    with path.with_suffix(".errors").open("a") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "lean_ebm", *RUN, "--output", str(path)],
            stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True,
        )  # fmt: skip


def lines_of(path):
    return path.read_bytes().splitlines(keepends=True) if path.exists() else []


def without_times(path):
    return [{**json.loads(line), "seconds": 0} for line in path.read_text().splitlines()]


def members(group):
    """The processes of a group that live."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(entry))
    return found


@pytest.mark.slow
def test_ten_kills_at_random_moments_change_nothing_but_times(tmp_path, record_property):
    whole, path = tmp_path / "whole.jsonl", tmp_path / "killed.jsonl"
    assert started(whole).wait() == 0 and len(lines_of(whole)) == 1 + ATTEMPTS
    random = Random(0)
    kept, counts = [], []
    for kill in range(KILLS):
        process = started(path)
        enough = max(len(kept), 1) + random.randint(1, MOST)
        while len(lines_of(path)) < enough:
            assert process.poll() is None
            time.sleep(0.001)
        process.send_signal((signal.SIGKILL, signal.SIGTERM, signal.SIGINT)[kill % 3])
        assert process.wait(timeout=30) != 0
        deadline = time.monotonic() + 10
        while members(process.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not members(process.pid)  # no worker is left
        lines = lines_of(path)
        assert lines[: len(kept)] == kept and not read_results(path).complete
        kept = [line for line in lines if line.endswith(b"\n")]
        counts.append(len(kept))
    assert started(path).wait() == 0
    assert without_times(path) == without_times(whole)
    assert "Traceback" not in path.with_suffix(".errors").read_text()
    record_property("lines after each kill", ", ".join(map(str, counts)))
