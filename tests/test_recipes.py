"""Recipes are found by their names, in any working folder and with any kind of installation."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

from lean_ebm.cli.recipes import find, main, recipes, summary
from lean_ebm.cli.training import main as train

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def printed(capsys, *arguments: str) -> dict:
    """The settings of a fit with these arguments."""
    with pytest.raises(SystemExit) as stop:
        train(["fit", *arguments, "--print_config"])
    assert stop.value.code == 0
    return yaml.safe_load(capsys.readouterr().out)


def test_list(capsys):
    assert main(["recipes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    shown = dict(line.split(maxsplit=1) for line in lines[: len(recipes())])
    assert {"ebt", "contrastive", "ired", "quickstart", "full/ebt", "reasoning/inverse"} <= set(shown)
    files = (REPOSITORY / "configs").rglob("*.yaml")
    assert set(shown) == {path.relative_to(REPOSITORY / "configs").with_suffix("").as_posix() for path in files}
    assert max(map(len, lines[: len(recipes())])) <= 140


@pytest.mark.parametrize("name", recipes())
def test_first_line_says_what_a_recipe_is(name):
    assert recipes()[name].read_text().startswith("# ")
    assert 25 < len(summary(recipes()[name])) < 110 and summary(recipes()[name]).endswith(".")


@pytest.mark.parametrize("name", ["ebt", "reasoning/inverse", "ebt.yaml"])
def test_config_takes_a_name(name, capsys):
    expected = yaml.safe_load(find(name).read_text())
    Path(name).mkdir(parents=True)  # a folder is not a file
    found = printed(capsys, f"--config={name}")
    assert found["model"]["class_path"].endswith(expected["model"]["class_path"])
    assert found["trainer"]["logger"]["init_args"]["name"] == expected["trainer"]["logger"]["init_args"]["name"]


def test_a_file_wins_and_both_can_be_given(capsys):
    Path("ired").write_text("trainer: {max_epochs: 77}")
    found = printed(capsys, "--config", "ebt", "-c", "ired")
    assert found["model"]["class_path"].endswith("EBT") and found["trainer"]["max_epochs"] == 77


def test_a_wheel_has_the_recipes(tmp_path):
    """Unpacked elsewhere, it lists them and finds their files there; so does a source distribution."""
    setuptools = pytest.importorskip("setuptools")
    if int(setuptools.__version__.split(".")[0]) < 77:
        pytest.skip("needs setuptools 77, as building does")
    source = tmp_path / "a source"
    shutil.copytree(REPOSITORY / "configs", source / "configs")
    shutil.copytree(REPOSITORY / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    build = "from setuptools import build_meta; build_meta.build_wheel('..'); build_meta.build_sdist('..')"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True, timeout=300)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(tmp_path / "installed")
    assert (tmp_path / "installed" / "lean_ebm" / "guides" / "default.safetensors").stat().st_size < 1_000_000
    shutil.rmtree(source)
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        assert sum("/configs/" in name and name.endswith(".yaml") for name in archive.getnames()) == len(recipes())
    command = [sys.executable, "-m", "lean_ebm", "recipes"]
    variables = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    done = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    *listed, last = done.stdout.splitlines()
    assert [line.split()[0] for line in listed if line] == list(recipes())
    assert str(tmp_path / "installed" / "lean_ebm" / "recipes") in last
