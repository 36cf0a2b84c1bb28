"""A run depends on its seed, not on what else happens in the process."""

from pathlib import Path

import pytest
import torch
from lightning.pytorch import Callback

from helpers import DIGITS, METHODS, TINY_RUN, newest
from lean_ebm.cli.training import main
from lean_ebm.data import Digits
from lean_ebm.data.tensors import ResumableLoader


class Gambler(Callback):
    """Uses the global generator, as a logger or a plot may."""

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        torch.rand(1 + batch_idx)

    def on_validation_batch_start(self, trainer, pl_module, batch, batch_idx, dataloader_idx=0):
        torch.rand(1)


class DigitsByWorkers(Digits):
    """Digits that other processes load."""

    def train_dataloader(self):
        plain = super().train_dataloader()
        return ResumableLoader(
            plain.dataset, plain.batch_size, sampler=plain.sampler, drop_last=True, collate_fn=plain.collate_fn,
            num_workers=2,
        )  # fmt: skip


OTHERWISE = {
    "again": [],
    "deterministic": ["--trainer.deterministic=true"],
    "workers": ["--data=test_repeatable.DigitsByWorkers"],
    "gambler": ["--trainer.callbacks+=test_repeatable.Gambler"],
}


def run(name: str, *more: str) -> dict:
    main(["fit", *METHODS[name], *DIGITS, *TINY_RUN, "--trainer.limit_train_batches=4", *more])
    return torch.load(newest("epoch*.ckpt"), weights_only=True)


@pytest.mark.parametrize("name", METHODS)
def test_a_seed_decides_the_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = run(name)
    for how, flags in OTHERWISE.items():
        again = run(name, *flags)
        for part in ("state_dict", "current_model_state", "optimizer_states"):
            torch.testing.assert_close(again[part], first[part], rtol=0, atol=0, equal_nan=True, msg=how)
    other = run(name, "--seed_everything=1")
    assert any(not torch.equal(other["state_dict"][key], value) for key, value in first["state_dict"].items())


def test_workers_take_part(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = DigitsByWorkers()
    data.setup("fit")
    torch.manual_seed(0)
    loader, alone = data.train_dataloader(), Digits.train_dataloader(data)
    assert loader.num_workers == 2 and Path.cwd() == tmp_path
    for (x, y), (other_x, other_y) in zip(loader, alone, strict=True):
        assert torch.equal(x, other_x) and torch.equal(y, other_y)
