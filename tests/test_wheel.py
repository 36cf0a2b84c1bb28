"""The wheel that `make package` makes, installed by pip into an empty environment."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def run(*command: str, **options) -> str:
    """What a command prints."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False, **options)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
def test_the_wheel_proves_in_an_empty_environment(tmp_path):
    """From the source distribution, as others build it, and without torch, which a proof does not need."""
    pytest.importorskip("build", reason="needs build: pip install -e '.[dev]'")
    source = tmp_path / "source"
    shutil.copytree(ROOT / "configs", source / "configs")
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path / "built"), str(source))
    (wheel,), (_,) = (list((tmp_path / "built").glob(kind)) for kind in ("*.whl", "*.tar.gz"))
    shutil.rmtree(source)
    run(sys.executable, "-m", "venv", str(tmp_path / "empty"))
    binaries = tmp_path / "empty" / "bin"
    alone = {"cwd": tmp_path, "env": {"PATH": str(binaries), "HOME": str(tmp_path)}}  # PYTHONPATH has a package too
    install = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    run(str(binaries / "python"), *install, **alone)
    assert "quickstart " in run(str(binaries / "lean-ebm"), "recipes", **alone)
    assert "-- verified by" in run(str(binaries / "lean-ebm"), "prove", "p ∧ q → q ∧ p", **alone)
