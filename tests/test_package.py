"""The names at the top of the package: lazy, complete and known to type checkers."""

import ast
import pkgutil
import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
import torch

import lean_ebm
from lean_ebm import version as package_version

HOMES = {name: home for home, names in lean_ebm._HOMES.items() for name in names}


@pytest.mark.parametrize("name", HOMES)
def test_a_name_is_the_public_one_of_its_package(name):
    home = import_module(f"lean_ebm.{HOMES[name]}")
    assert getattr(lean_ebm, name) is getattr(home, name)
    assert name in getattr(home, "__all__", [name])


def test_the_lists_of_names_agree():
    assert {*HOMES, "__version__"} == set(lean_ebm.__all__) <= set(dir(lean_ebm))
    (block,) = (
        node
        for node in ast.parse(Path(lean_ebm.__file__).read_text()).body
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name)
    )
    checked = {
        (alias.name, node.module) for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert checked == {(name, f"lean_ebm.{home}") for name, home in HOMES.items()}


def test_no_name_hides_a_module():
    assert not set(lean_ebm.__all__) & {module.name for module in pkgutil.iter_modules(lean_ebm.__path__)}


def test_what_is_not_there_is_said():
    with pytest.raises(ImportError, match="cannot import name 'Nonsense'"):
        from lean_ebm import Nonsense  # noqa: F401 - it is not there


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, lean_ebm; dir(lean_ebm), lean_ebm.__version__; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "lightning", "numpy", "jsonargparse"} & set(loaded)
    assert {module for module in loaded if module.startswith("lean_ebm")} == {"lean_ebm", "lean_ebm.version"}


def test_the_example_runs():
    lines = [line[4:] for line in lean_ebm.__doc__.splitlines() if line.startswith("    ")]
    shown: dict = {}
    exec("\n".join(lines), shown)
    assert shown["samples"].shape == (10, 1, 28, 28) and not torch.isnan(shown["samples"]).any()


def test_a_checkout_that_is_not_installed_has_a_version(monkeypatch, tmp_path):
    """As on a machine where only the environment of torch is at hand."""

    def missing(name):
        raise PackageNotFoundError(name)

    project = tomllib.loads(package_version.PROJECT.read_text())["project"]
    monkeypatch.setattr("importlib.metadata.version", missing)
    assert lean_ebm.__version__ == project["version"]
    monkeypatch.setattr(package_version, "PROJECT", tmp_path / "pyproject.toml")
    assert lean_ebm.__version__ == "unknown"
