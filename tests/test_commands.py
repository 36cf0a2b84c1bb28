"""What needs a process of its own."""

import resource
import subprocess
import sys
import time
from pathlib import Path

from lean_ebm import __version__


def run(*command: str) -> tuple[str, float]:
    """Output of a command, and the seconds of CPU that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_help_is_quick_and_names_the_subcommands():
    """It costs little more than Lightning's own imports; ratios, since machines differ and may be busy."""
    ratios = []
    for _ in range(3):
        _, floor = run(sys.executable, "-c", "import lightning.pytorch.cli")
        output, seconds = run(str(Path(sys.executable).with_name("lean-ebm")), "--help")
        ratios.append(seconds / floor)
        if ratios[-1] < 1.6:
            break
    assert all(name in output for name in ("fit", "validate", "test", "predict", "--version", "prove"))
    assert min(ratios) < 1.6


def test_a_proof_is_found_from_a_cold_start():
    """Without torch and Lightning."""
    start = time.perf_counter()
    output, seconds = run(str(Path(sys.executable).with_name("lean-ebm")), "prove", "p ∧ q → q ∧ p")
    assert "theorem" in output and "verified by" in output
    assert seconds < 2 and time.perf_counter() - start < 20


def test_exit_status_is_that_of_the_command():
    done = subprocess.run([sys.executable, "-m", "lean_ebm", "prove", "p ∨ ¬p"], capture_output=True, timeout=300)
    assert done.returncode == 1


def test_module_is_the_command():
    output, _ = run(sys.executable, "-m", "lean_ebm", "--version")
    assert output.strip() == f"lean-ebm {__version__}"
