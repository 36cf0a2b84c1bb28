"""Processes of experiments: their output, their threads, their failures."""

import os
import signal
import subprocess
import sys
import time

import pytest

from lean_ebm.errors import RunError
from lean_ebm.experiments.processes import run_module

PROGRAM = """
import os, sys
print(sys.argv[1], os.environ["OMP_NUM_THREADS"])
print("to the error stream", file=sys.stderr)
sum(range(3_000_000))
sys.exit(int(sys.argv[2]))
"""


def test_a_module_runs_with_its_threads_and_its_output_is_kept(tmp_path, monkeypatch):
    (tmp_path / "a_program.py").write_text(PROGRAM)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    log = tmp_path / "run.log"
    spent = run_module("a_program", ["first", "0"], log, "the program")
    assert spent is None or 0.01 < spent < 10
    with pytest.raises(RunError, match=r"^the program failed: see .*run\.log\.$"):
        run_module("a_program", ["second", "3"], log, "the program", threads=2)
    run_module("a_program", ["third", "3"], log, "the program", threads=4, accepted=(0, 3))
    text = log.read_text()
    assert all(line in text for line in ("first 1\n", "second 2\n", "third 4\n")) and text.count("error stream") == 3


SLEEPER = """
import os, signal, sys, time
from pathlib import Path

def leave(*_):
    Path("left").touch()
    sys.exit()

signal.signal(signal.SIGTERM, leave)
Path("pid").write_text(str(os.getpid()))
time.sleep(60)
"""
PARENT = """
from pathlib import Path
from threading import Thread
from lean_ebm.experiments.processes import run_module

Thread(target=run_module, args=("a_sleeper", [], Path("run.log"), "the sleeper")).start()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells a process that its parent ended")
def test_a_module_ends_with_an_experiment_that_is_killed(tmp_path):
    (tmp_path / "a_sleeper.py").write_text(SLEEPER)
    started, left = tmp_path / "pid", tmp_path / "left"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)])}
    parent = subprocess.Popen([sys.executable, "-c", PARENT], cwd=tmp_path, env=environment)
    wait_for(started)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    wait_for(left)


def wait_for(path):
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end, f"{path.name} is missing"
        time.sleep(0.05)
