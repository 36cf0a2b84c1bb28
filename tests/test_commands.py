"""Commands in processes of their own."""

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

import pytest

from conftest import keep_byte_code
from lean_ebm import __version__
from lean_ebm.cli.commands import COMMANDS


def run(*command: str) -> tuple[str, float]:
    """Output of a command, and the seconds of CPU that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["--version"]])
def test_overview_needs_neither_torch_nor_lightning(arguments):
    """One page lists all commands of both sides, and takes little more time than the start of Python."""
    watched = "import sys; from lean_ebm.__main__ import main; status = main(); "
    watched += "assert not {'torch', 'lightning', 'jsonargparse', 'numpy'} & set(sys.modules); sys.exit(status)"
    extra = []
    for _ in range(3):  # the smallest of three, since the machine may be busy
        _, floor = run(sys.executable, "-c", "import importlib.metadata, email.message")
        output, seconds = run(sys.executable, "-c", watched, *arguments)
        extra.append(seconds - floor)
        if extra[-1] < 0.2:
            break
    if arguments == ["--version"]:
        assert output.strip() == f"lean-ebm {__version__}"
    else:
        assert all(re.search(rf"^  {name} +\w.{{20}}", output, re.MULTILINE) for name in COMMANDS)
        assert {"fit", "validate", "test", "predict", "prove", "theorems", "check"} <= set(COMMANDS)
    assert min(extra) < 0.4


def test_every_command_of_the_table_has_a_main():
    assert all(callable(import_module(command.module).main) for command in COMMANDS.values())


def test_a_proof_is_found_from_a_cold_start():
    """Without torch and Lightning."""
    command = Path(sys.executable).with_name("lean-ebm")
    if not command.exists():
        pytest.skip(f"there is no command {command}: pip install -e .")
    start = time.perf_counter()
    output, seconds = run(str(command), "prove", "p ∧ q → q ∧ p")
    assert "theorem" in output and "verified by" in output
    assert seconds < 2 and time.perf_counter() - start < 20


def test_exit_status_is_that_of_the_command():
    done = subprocess.run([sys.executable, "-m", "lean_ebm", "prove", "p ∨ ¬p"], capture_output=True, timeout=300)
    assert done.returncode == 1


def test_module_is_the_command():
    output, _ = run(sys.executable, "-m", "lean_ebm", "--version")
    assert output.strip() == f"lean-ebm {__version__}"


def test_commands_find_byte_code(tmp_path, monkeypatch):
    """Whatever the variables say with which the tests are started, and if nothing can be written beside the sources."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    keep_byte_code(tmp_path / "module.py")
    assert not sys.dont_write_bytecode
    assert not {"PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"} & set(os.environ)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    keep_byte_code(Path(re.__file__))  # whose byte code is there
    assert "PYTHONPYCACHEPREFIX" not in os.environ
    keep_byte_code(tmp_path / "module.py")
    command = "import sys; print(sys.pycache_prefix, sys.dont_write_bytecode)"
    prefix, none_written = run(sys.executable, "-c", command)[0].split()
    assert none_written == "False" and Path(prefix).parent == Path(tempfile.gettempdir())


@pytest.mark.parametrize("arguments", [["recipes"], ["prove", "p → p"], ["--help"]])
def test_output_that_nobody_reads_any_more_is_no_error(arguments):
    reading, writing = os.pipe()
    os.close(reading)  # as after `lean-ebm ... | head`
    with os.fdopen(writing, "w") as pipe:
        command = [sys.executable, "-m", "lean_ebm", *arguments]
        done = subprocess.run(command, stdout=pipe, stderr=subprocess.PIPE, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (141, "")
