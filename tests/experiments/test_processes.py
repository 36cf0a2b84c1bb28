"""Processes of experiments: their output, their threads, their failures."""

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
