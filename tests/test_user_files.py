"""A fault in a user's file is reported with the file, the line and the message; contracts are checked at once."""

import importlib
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers import DIGITS, METHODS, TINY_RUN
from lean_ebm.__main__ import main as command
from lean_ebm.cli import faults
from lean_ebm.cli.faults import causes, users_line
from lean_ebm.data import MatrixAddition

NETWORK = [*METHODS["ContrastiveDivergence"][1:], *DIGITS, *TINY_RUN]

FILES = {
    "imports_what_is_missing": "import torchh",
    "has_a_syntax_error": "x = 1\nclass Mine(:",
    "fails_on_import": "from lean_ebm.methods import EBT\n\nprint(undefined)",
    "fine": """from lean_ebm.data import MatrixAddition
from lean_ebm.energy import MLPEnergy
from lean_ebm.methods import ContrastiveDivergence


class Mine(ContrastiveDivergence):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        raise ValueError("mine")


class MyEnergy(MLPEnergy):
    def __init__(self, shape: tuple[int, ...], width: int = 8):
        self.layers = [width][1]


class NoDictionary(ContrastiveDivergence):
    def loss(self, batch):
        return super().loss(batch)["loss"]


class NoLoss(ContrastiveDivergence):
    def loss(self, batch):
        return {"lost": super().loss(batch)["loss"]}


class Vector(ContrastiveDivergence):
    def loss(self, batch):
        terms = super().loss(batch)
        return {"loss": terms["loss"], "each": terms["loss"].expand(3)}


class Task(MatrixAddition):
    figure = "wrong"
""",
}


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name, text in FILES.items():
        Path(f"{name}.py").write_text(text)
    yield
    for name in FILES:
        sys.modules.pop(name, None)


def run(capsys, monkeypatch, *arguments: str) -> str:
    """The message of a failing command on stderr, without lines of libraries."""
    monkeypatch.setattr(sys, "argv", ["lean-ebm", "fit", *arguments])
    try:
        status = command()
    except SystemExit as stop:
        status = stop.code
    error = capsys.readouterr().err
    assert status in (1, 2) and "Traceback" not in error
    (said,) = [line for line in error.splitlines() if line.startswith("lean-ebm: error: ")]
    assert len(said) < 500 and "Namespace" not in said
    assert not list(Path().rglob("*.ckpt"))
    return said.removeprefix("lean-ebm: error: ")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "imports_what_is_missing.Mine",
            r"^imports_what_is_missing.py, line 1: ModuleNotFoundError: No module .*torchh",
        ),
        ("has_a_syntax_error.Mine", r"^has_a_syntax_error.py, line 2: SyntaxError: invalid syntax"),
        ("fails_on_import.Mine", r"^fails_on_import.py, line 3: NameError: name 'undefined' is not defined"),
        ("no_such_file.Mine", "^--model: .*there is no module no_such_file. Is its folder on PYTHONPATH"),
        ("fine.Missing", "^--model: .*there is no Missing in fine"),
        ("fine.Mine", r"^fine.py, line 9: ValueError: mine"),
    ],
)
def test_a_class_that_cannot_be_had(path, message, capsys, monkeypatch):
    assert re.search(message, run(capsys, monkeypatch, f"--model={path}", *NETWORK))


def test_where_else_classes_are_named(capsys, monkeypatch):
    model = ["--model=ContrastiveDivergence", *DIGITS, *TINY_RUN]
    said = run(capsys, monkeypatch, *model, "--model.energy=imports_what_is_missing.Mine")
    assert re.search("^imports_what_is_missing.py, line 1: .*It was imported for --model.energy", said)
    said = run(capsys, monkeypatch, *model, "--model.energy=fine.MyEnergy", "--model.energy.shape=[3]")
    assert said.startswith("fine.py, line 14: IndexError: list index out of range")
    said = run(capsys, monkeypatch, *METHODS["EBT"], "--data=fails_on_import.Mine", *TINY_RUN)
    assert re.search("^fails_on_import.py, line 3: .*It was imported for --data", said)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("NoDictionary", "returned a Tensor, expected a dictionary of scalar tensors"),
        ("NoLoss", "returned a dictionary of lost, expected .*'loss' is the one to minimize"),
        ("Vector", r"returned each as a Tensor of shape \(3,\), expected"),
    ],
)
@pytest.mark.parametrize("more", [[], ["--trainer.num_sanity_val_steps=0"]])
def test_what_a_loss_returns(name, message, more, capsys, monkeypatch):
    line = FILES["fine"][: FILES["fine"].index(f"class {name}")].count("\n") + 2
    said = run(capsys, monkeypatch, f"--model=fine.{name}", *NETWORK, *more)
    assert re.search(rf"fine.py, line {line}: {name}.loss {message}", said)


def test_figures_that_are_not_measured(capsys, monkeypatch):
    network = [
        "--model=IRED",
        "--model.energy=VectorEnergy",
        "--model.energy.landscapes=2",
        "--model.energy.shape=[3,3]",
    ]
    said = run(capsys, monkeypatch, *network, "--model.energy.condition_shape=[2,3,3]", "--data=fine.Task", *TINY_RUN)
    line = FILES["fine"][: FILES["fine"].index("class Task")].count("\n") + 1
    assert re.search(rf"fine.py, line {line}: Task.figure is 'wrong', which measure does not return: .*of error", said)
    with pytest.raises(ValueError, match=r"Graded.grade is 'b', which measure does not return"):
        type("Graded", (MatrixAddition,), {"grade": "b"})().setup("fit")


@pytest.mark.parametrize(("path", "kind"), [("fine.Mine", ValueError), ("fails_on_import.Mine", NameError)])
def test_its_traceback_can_be_asked_for(path, kind, capsys, monkeypatch):
    monkeypatch.setenv("LEAN_EBM_TRACEBACK", "1")
    with pytest.raises(kind) as caught:
        run(capsys, monkeypatch, f"--model={path}", *NETWORK)
    files = [entry.filename for error in causes(caught.value) for entry in traceback.extract_tb(error.__traceback__)]
    assert any(file.endswith(f"{path.split('.')[0]}.py") for file in files)


def test_a_library_in_a_folder_of_pythonpath_is_not_the_users(tmp_path, monkeypatch):
    """Nor does a user's package become a library by a name that begins like a library's."""
    for name in ("library", "library_of_mine"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("def fail(then=None):\n    then() if then else 1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(faults, "LIBRARIES", ("library", "not_installed"))
    library, mine = importlib.import_module("library"), importlib.import_module("library_of_mine")

    def line(fail: Callable[[], None]) -> tuple[Path, int] | None:
        with pytest.raises(ZeroDivisionError) as caught:
            fail()
        # Without the lines of this test and of pytest itself.
        return users_line(caught.value.with_traceback(caught.tb.tb_next.tb_next))

    assert line(library.fail) is None
    assert line(lambda: mine.fail(library.fail)) == (tmp_path / "library_of_mine" / "__init__.py", 2)


def test_libraries_are_found_where_they_lie():
    import jsonargparse

    assert any(str(jsonargparse.__file__).startswith(folder) for folder in faults._folders(faults.LIBRARIES))
