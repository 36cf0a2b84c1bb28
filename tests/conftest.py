import getpass
import os
import signal
import sys
import tempfile
from importlib.util import cache_from_source
from pathlib import Path

import lightning
import pytest
import torch

import reliability
from helpers import Again, write_pretend_mnist
from lean_ebm import cuda_graphs

# Warnings that are not errors, each with the reason. All come from libraries or from runs made tiny on purpose.
KNOWN_WARNINGS = [
    "ignore::jsonargparse._deprecated.JsonargparseDeprecationWarning",  # Lightning 2.6 calls what 4.53 deprecates
    r"ignore:.*isinstance\(treespec, LeafSpec\).*",  # Lightning 2.6 calls what torch 2.15 deprecates
    r"ignore:.*does not have many workers.*",  # the data sets are tensors, workers would only copy them
    r"ignore:The .grad attribute of a Tensor that is not a leaf.*",  # torch 2.15 causes it itself while it compiles
    r"ignore:The number of training batches .* is smaller than the logging interval.*",  # runs of two batches
    r"ignore:Please use the new API settings to control TF32.*",  # of an API that Lightning 2.6 uses
    r"ignore:`torch.jit.script.*` is deprecated.*",  # torch 2.11 on Python 3.12 calls it itself to compile
    r"ignore:Warning. Profiler clears events at the end of each cycle.*",  # torch 2.11 says so of every profile
    r"ignore:GPU available but not used.*",  # a test says on which device it runs, whatever the machine has
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--report", type=Path, help="file to write what the slow tests found to")


def pytest_terminal_summary(terminalreporter, exitstatus, config: pytest.Config) -> None:
    if config.getoption("--report") and not hasattr(config, "workerinput"):  # each worker knows only its own tests
        config.getoption("--report").write_text(reliability.report(terminalreporter.stats))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", "error")
    for line in KNOWN_WARNINGS:
        config.addinivalue_line("filterwarnings", line)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # which deterministic runs on a GPU need from the start
    os.environ.setdefault("LEAN_EBM_CACHE", str(Path(tempfile.gettempdir()) / f"lean-ebm-cache-{getpass.getuser()}"))
    torch.set_num_threads(1)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell script started the tests in the background
        signal.signal(signal.SIGINT, signal.default_int_handler)
    keep_byte_code(Path(lightning.__file__))


def keep_byte_code(imported: Path) -> None:
    """Let the commands that tests start find byte code: they start in 5 s then, and in 12 s without.

    Args:
        imported: A file of the packages that they import.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    if not Path(cache_from_source(str(imported))).exists() and not os.access(imported.parent, os.W_OK):
        folder = Path(tempfile.gettempdir()) / f"lean-ebm-byte-code-{getpass.getuser()}"
        os.environ.setdefault("PYTHONPYCACHEPREFIX", str(folder))


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    monkeypatch.setattr(sys, "argv", ["lean-ebm"])  # so that the command line does not read pytest's arguments
    for name in ("LEAN_EBM_DATA", "PL_GLOBAL_SEED"):
        monkeypatch.delenv(name, raising=False)


REAL_MNIST = Path(os.environ.get("LEAN_EBM_DATA") or Path(__file__).resolve().parents[1] / "data")


@pytest.fixture
def real_mnist() -> Path:
    """Folder of the real MNIST; skips the test if it is missing."""
    if not (REAL_MNIST / "MNIST" / "raw" / "train-images-idx3-ubyte").is_file():
        pytest.skip(f"no MNIST in {REAL_MNIST}: set LEAN_EBM_DATA to a folder that holds MNIST/raw")
    return REAL_MNIST


@pytest.fixture(scope="session")
def pretended_mnist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of files in MNIST's form, without digits in them."""
    return write_pretend_mnist(tmp_path_factory.mktemp("mnist"))


@pytest.fixture
def again(monkeypatch: pytest.MonkeyPatch) -> type[Again]:
    """Chains are captured and replayed as on a GPU, by a stand-in that counts."""
    Again.made = Again.replays = 0
    monkeypatch.setattr(cuda_graphs, "Graph", Again)
    monkeypatch.setattr("lean_ebm.langevin.can_replay", lambda device: True)
    monkeypatch.setattr("lean_ebm.gradient.can_replay", lambda device: True)
    return Again
