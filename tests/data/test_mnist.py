import gzip
import struct
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import torch
import torchvision

from lean_ebm.data import MNIST

ADVICE = "run again with network access.*or put the four files.*LEAN_EBM_DATA.*--data Digits needs no files"
NAMES = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
]


@pytest.fixture
def damaged(pretended_mnist, tmp_path) -> Path:
    """A folder whose files may be replaced one by one."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in NAMES:
        (raw / name).symlink_to(pretended_mnist / "MNIST" / "raw" / name)
    return raw


def replace(raw: Path, name: str, content: bytes) -> None:
    (raw / name).unlink()
    (raw / name).write_bytes(content)


def prepare_and_load(root: Path, **settings) -> MNIST:
    data = MNIST(root=str(root), **settings)
    data.prepare_data()
    data.setup("fit")
    return data


@pytest.fixture
def no_network(monkeypatch) -> None:
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", ["http://127.0.0.1:9/"])


# --- data that is there ------------------------------------------------------------------------------------------


def test_splits_of_files_in_their_form(pretended_mnist):
    data = prepare_and_load(pretended_mnist)
    assert {name: len(part[0]) for name, part in data.splits.items()} == {"train": 55_000, "val": 5_000, "test": 10_000}
    images, label = data.splits["val"]
    assert images.shape == (5_000, 1, 28, 28) and images.dtype == torch.float32 and label.dtype == torch.int64
    assert images.min() >= -1 and images.max() <= 1
    # the pretended image n shows n in its first pixels and n modulo 10 is its label
    number = lambda x: ((x[:, 0, 0, :3].double() + 1) * 127.5).round().long() @ torch.tensor([65536, 256, 1])
    train, val = number(data.splits["train"][0]), number(images)
    assert torch.equal(torch.cat([train, val]).sort().values, torch.arange(60_000))
    assert torch.equal(val % 10, label)
    assert torch.equal(number(data.splits["test"][0]), torch.arange(10_000))
    order = torch.randperm(60_000, generator=torch.Generator().manual_seed(0))
    assert torch.equal(val, order[55_000:])  # independent of the seed of the run
    assert not torch.equal(number(prepare_and_load(pretended_mnist, split_seed=1).splits["val"][0]), val)


def test_environment_names_the_folder(pretended_mnist, monkeypatch):
    monkeypatch.setenv("LEAN_EBM_DATA", str(pretended_mnist))
    assert MNIST().root == pretended_mnist
    assert MNIST(root="elsewhere").root == Path("elsewhere")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert MNIST(root="~/data").root == Path("/home/somebody/data")
    monkeypatch.setenv("LEAN_EBM_DATA", "~/data")
    assert MNIST().root == Path("/home/somebody/data")
    monkeypatch.delenv("LEAN_EBM_DATA")
    assert MNIST().root == Path("data")


def test_real_digits(real_mnist):
    data = prepare_and_load(real_mnist, download=False)
    images, label = data.splits["train"]
    assert images.shape == (55_000, 1, 28, 28) and images.min() == -1 and images.max() == 1
    assert data.splits["test"][1][:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert images.mean().item() == pytest.approx(2 * 0.1307 - 1, abs=2e-3)
    assert label.bincount().min() > 4500


# --- data that is not --------------------------------------------------------------------------------------------


def test_missing_files_without_download(tmp_path):
    with pytest.raises(RuntimeError, match=rf"(?s)MNIST is not in .*download is off.*{ADVICE}"):
        prepare_and_load(tmp_path, download=False)
    assert not list(tmp_path.iterdir())


def test_one_missing_file(damaged):
    (damaged / NAMES[2]).unlink()
    with pytest.raises(RuntimeError, match=rf"(?s)MNIST is not in .*{ADVICE}"):
        prepare_and_load(damaged.parents[1], download=False)


def test_packed_files(tmp_path, no_network):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in NAMES:
        (raw / f"{name}.gz").write_bytes(gzip.compress(b""))
    for download in (True, False):
        with pytest.raises(
            RuntimeError, match=rf"still compressed: unpack its files, for example with gunzip {raw}/\*\.gz"
        ):
            prepare_and_load(tmp_path, download=download)


def test_no_network(tmp_path, no_network):
    with pytest.raises(RuntimeError, match=rf"(?s)could not be downloaded.*{ADVICE}"):
        prepare_and_load(tmp_path)
    assert not list(tmp_path.iterdir())
    with pytest.raises(RuntimeError, match="could not be downloaded"):
        prepare_and_load(tmp_path / "new" / "folder")
    assert not list(tmp_path.iterdir())  # no parts of files, and no empty folders


def test_a_download_that_breaks_off_leaves_no_file(tmp_path, monkeypatch):
    """The first file arrives, the second does not."""

    def files(root, train, download):
        raw = Path(root) / "MNIST" / "raw"
        raw.mkdir(parents=True)
        (raw / NAMES[0]).write_bytes(b"whole")
        (raw / NAMES[1]).write_bytes(b"ha")
        raise OSError("connection reset")

    monkeypatch.setattr(torchvision.datasets, "MNIST", files)
    with pytest.raises(RuntimeError, match=rf"(?s)could not be downloaded.*connection reset.*{ADVICE}"):
        prepare_and_load(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.fixture
def serve(monkeypatch, tmp_path):
    """Redirects torchvision's download to a server on this machine; takes the answer of the server for each path."""
    servers = []

    def start(answer) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                answer(self)

            def log_message(self, *args):
                pass

        servers.append(HTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[0].serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{servers[0].server_port}/"
        monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [address])
        monkeypatch.setattr(torchvision.datasets.MNIST, "resources", [(f"{name}.gz", None) for name in NAMES])
        monkeypatch.setenv("no_proxy", "127.0.0.1")

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_download_puts_whole_files_in_their_place(pretended_mnist, tmp_path, serve):
    def answer(request) -> None:
        content = (pretended_mnist / "MNIST" / "raw" / Path(request.path).stem).read_bytes()
        request.send_response(200)
        request.end_headers()
        request.wfile.write(gzip.compress(content, compresslevel=1))

    serve(answer)
    data = prepare_and_load(tmp_path)
    assert len(data.splits["train"][0]) == 55_000
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == sorted(NAMES)
    assert not list(tmp_path.glob(".download-*"))


@pytest.mark.parametrize("sent", [b"no web server\n", b"HTTP/1.0 200 OK\r\n\r\n\x1f\x8b\x08 half of a file"])
def test_a_server_that_answers_nonsense(tmp_path, serve, sent):
    serve(lambda request: request.wfile.write(sent))
    with pytest.raises(RuntimeError, match=rf"(?s)could not be downloaded.*{ADVICE}"):
        prepare_and_load(tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_folder_that_cannot_be_written(tmp_path, no_network):
    (tmp_path / "file").touch()
    with pytest.raises(RuntimeError, match=rf"(?s)could not be downloaded.*{ADVICE}"):
        prepare_and_load(tmp_path / "file" / "data")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("damage", ["empty", "header", "half", "garbage"])
def test_damaged_files(damaged, name, damage):
    whole = (damaged / name).read_bytes()
    content = {"empty": b"", "header": whole[:4], "half": whole[: len(whole) // 2], "garbage": b"\xff" * 5000}
    replace(damaged, name, content[damage])
    with pytest.raises(RuntimeError, match=rf"(?s)is damaged.*{ADVICE}"):
        prepare_and_load(damaged.parents[1])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (NAMES[2], struct.pack(">IIII", 2051, 100, 28, 28) + bytes(100 * 784)),
        (NAMES[2], struct.pack(">IIII", 2051, 10_000, 14, 28) + bytes(10_000 * 392)),
        (NAMES[3], struct.pack(">II", 2049, 10_000) + b"\x0b" * 10_000),
        (NAMES[3], struct.pack(">II", 2049, 9_000) + bytes(9_000)),
    ],
    ids=["too few images", "images of another shape", "labels above 9", "too few labels"],
)
def test_files_of_something_else(damaged, name, content):
    replace(damaged, name, content)
    with pytest.raises(RuntimeError, match=rf"(?s)is damaged: images .*expected .*up to 9.*{ADVICE}"):
        prepare_and_load(damaged.parents[1])
