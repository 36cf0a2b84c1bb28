"""Attempts on a real Ray on this machine, with two workers, of which one is killed in the middle."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from lean_ebm.cli.suite import main

HERE = Path(__file__).parent


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="needs Ray: pip install 'lean-ebm[ray]'")
def test_a_killed_worker_costs_one_try_and_no_result(tmp_path, record_property):
    paths = [str(HERE), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}
    command = [sys.executable, str(HERE / "ray_run.py"), str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    outcomes = [found["records"][f"problem-{index}"][0] for index in range(6)]
    assert outcomes == ["proved", "proved", "proved", "proved", "lost", "proved"] and found["number"] == 6
    assert found["records"]["problem-4"][1].startswith("its worker was lost 2 times, the last time because ")
    calls = {path.name: path.stat().st_size for path in tmp_path.glob("calls-*")}
    assert calls["calls-1"] == calls["calls-2"] == 2
    assert "of the user's prover" in found["raised"] and "suite_stubs.py" in found["raised"]
    record_property("six attempts of a second each, one worker over two", f"{found['speed']:.2f} times the seconds")


@pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is installed")
def test_without_ray_it_is_said_what_to_install(capsys, tmp_path):
    arguments = ["suite", "run", "iltp", "--problems", "1", "--executor", "ray", "--output", str(tmp_path / "a.jsonl")]
    assert main(arguments) == 2
    assert "pip install 'lean-ebm[ray]'" in capsys.readouterr().err
