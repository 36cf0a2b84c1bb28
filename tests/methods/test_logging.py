"""What `log_step` logs is what Lightning's `log` would have logged, at a fraction of its calls."""

import pytest
import torch
from lightning.pytorch import Callback, LightningModule
from lightning.pytorch.loggers import Logger
from torch.utils.data import DataLoader, TensorDataset

from helpers import labels, quiet_trainer
from lean_ebm.energy import MLPEnergy
from lean_ebm.langevin import Langevin
from lean_ebm.methods import Method, base


class Energies(Method):
    """Some terms, which change at each step."""

    def loss(self, batch):
        energies = self.energy(*batch)
        return {"loss": energies.square().mean(), "mean": energies.mean(), "largest": energies.max().double()}


class Seen(Callback):
    """The metrics that callbacks, loggers and the bar have after each batch."""

    def __init__(self):
        self.metrics = []

    def on_train_batch_end(self, trainer, *args):
        found = (trainer.callback_metrics, trainer.progress_bar_metrics, trainer.logged_metrics)
        self.metrics.append([{name: float(value) for name, value in part.items()} for part in found])

    on_train_epoch_end = on_train_batch_end


class Lines(Logger):
    """A logger that keeps its lines."""

    name, version = "lines", 0

    def __init__(self):
        super().__init__()
        self.lines = []

    def log_metrics(self, metrics, step=None):
        self.lines.append((step, dict(metrics)))

    def log_hyperparams(self, *args, **kwargs):
        pass


def run(folder) -> tuple[Seen, Lines]:
    torch.manual_seed(0)
    seen, lines = Seen(), Lines()
    data = DataLoader(TensorDataset(torch.randn(28, 3), labels(28)), 4)
    settings = {"max_epochs": 2, "val_check_interval": 3, "log_every_n_steps": 2, "enable_progress_bar": True}
    trainer = quiet_trainer(folder, logger=lines, callbacks=[seen], **settings)
    trainer.fit(Energies(MLPEnergy((3,), 2, width=4, depth=1), Langevin(1)), data, data)
    return seen, lines


def test_what_is_logged_is_what_lightning_would_log(tmp_path, monkeypatch):
    calls = []
    log = LightningModule.log

    def counted(self, name, *args, **settings):
        calls.append(name)
        log(self, name, *args, **settings)

    def by_lightning(module, values, bar, batch_size):
        for name, value in values.items():
            module.log(name, value, on_step=True, on_epoch=False, prog_bar=name == bar, batch_size=batch_size)

    monkeypatch.setattr(LightningModule, "log", counted)
    ours = run(tmp_path)
    assert sum(name.startswith("train/") for name in calls) == 3 * 2  # the first steps of two epochs of seven steps
    monkeypatch.setattr(base, "log_step", by_lightning)
    theirs = run(tmp_path)
    assert sum(name.startswith("train/") for name in calls) == 3 * 2 + 3 * 14
    assert ours[0].metrics == theirs[0].metrics and ours[1].lines == theirs[1].lines
    steps = [step for step, line in ours[1].lines if "train/loss" in line]
    assert steps == [1, 3, 5, 7, 9, 11, 13]
    losses = [callback["train/loss"] for callback, *_ in ours[0].metrics[:7]]
    assert len(set(losses)) == 7  # each step has its own
    assert all(bar["train/loss"] == pytest.approx(callback["train/loss"]) for callback, bar, _ in ours[0].metrics[6:8])
