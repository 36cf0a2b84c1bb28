"""The repository works wherever it lies: below a temporary folder, with blanks and a test's name in its path."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PATHS_MATTER = [
    "tests/proving/test_proving_report.py::test_a_suite_that_is_not_there_does_not_hold",
    "tests/test_contributing.py::test_a_guide_is_one_file",
    "tests/test_recipes.py::test_list",
    "tests/test_recipes.py::test_config_takes_a_name[ebt]",
    "tests/test_commands.py::test_exit_status_is_that_of_the_command",
    "tests/test_commands.py::test_module_is_the_command",
    "tests/test_house.py",
]
"""Tests that read files of the repository, start commands, or work in folders of their own."""


def left_behind(folder: str, names: list[str]) -> set[str]:
    """What a copy does without: what is built, downloaded or hidden."""
    built = {name for name in names if name == "__pycache__" or name.endswith(".egg-info")}
    if Path(folder) != ROOT:
        return built
    return built | {
        name for name in names if name.startswith(".") or name in ("build", "data", "dist", "lightning_logs")
    }


def in_a_copy(folder: Path, *arguments: str) -> None:
    """Run pytest in a copy of the repository, whose tests import the copy's package."""
    copy = folder / "my copy" / "test_a [x]"
    shutil.copytree(ROOT, copy, ignore=left_behind)
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    elsewhere = os.environ.get("PYTHONPATH", "").split(os.pathsep)  # a library may lie there
    others = [path for path in elsewhere if path and not Path(path).resolve().is_relative_to(ROOT)]
    variables["PYTHONPATH"] = os.pathsep.join([str(copy / "src"), *others])

    def run(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command], cwd=copy, env=variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        return done.stdout

    assert Path(run("-c", "import lean_ebm; print(lean_ebm.__file__)").strip()).is_relative_to(copy)
    said = run("-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments).splitlines()[-1]
    passed = re.search(r"(\d+) passed", said)
    assert passed and int(passed[1]) >= len(PATHS_MATTER) and "failed" not in said


def test_tests_that_depend_on_paths_pass_in_a_copy(tmp_path):
    in_a_copy(tmp_path, *PATHS_MATTER)


@pytest.mark.slow
def test_all_tests_pass_in_a_copy(tmp_path):
    """As `make test` runs them."""
    in_a_copy(tmp_path, "-m", "not slow", "-n", "auto", "--ignore=tests/test_copy.py")
