import numpy as np
import pytest
import torch
from lightning.pytorch.loggers import TensorBoardLogger
from PIL import Image

from helpers import Quadratic, events, newest, quiet_trainer
from lean_ebm.callbacks import SampleMonitor, SampleWriter
from lean_ebm.data import Digits, MatrixAddition
from lean_ebm.data.pictures import grid, is_image
from lean_ebm.energy import VectorEnergy
from lean_ebm.langevin import Langevin, Trajectory
from lean_ebm.methods import Method


class Untrained(Method):
    def loss(self, batch):
        return {"loss": self.energy(*batch).mean()}


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((1, 28, 28), True), ((3, 8, 8), True), ((2, 8, 8), False), ((784,), False), ((28, 28), False)],
)
def test_what_is_an_image(shape, expected):
    assert is_image(shape) == expected


def test_grid_shows_rows_in_their_order():
    levels = torch.tensor([-1.0, 0.0, 1.0, 5.0, -5.0, 0.5])
    picture = grid(levels[:, None, None, None].expand(6, 1, 4, 4), 3)
    assert picture.shape == (3, 2 + 2 * 6, 2 + 3 * 6)
    cells = picture[0].unfold(0, 6, 6).unfold(1, 6, 6)[..., 3, 3]
    torch.testing.assert_close(cells, torch.tensor([[0.0, 0.5, 1.0], [1.0, 0.0, 0.75]]))


def test_written_grid_has_a_row_a_class(tmp_path):
    energy = Quadratic((1, 4, 4), num_classes=10, a=1.0)
    with torch.no_grad():
        energy.means.copy_(torch.linspace(-1, 1, 10)[:, None, None, None].expand(10, 1, 4, 4))
    method = Untrained(energy, Langevin(steps=1, step_size=1.0))  # one step lands on the mean of the class
    data = Digits(samples_per_class=5, predict_batch_size=7)
    quiet_trainer(tmp_path, callbacks=[SampleWriter(grid_rows=3)]).predict(method, datamodule=data)
    samples = torch.load(tmp_path / "samples" / "samples.pt", weights_only=True)
    torch.testing.assert_close(samples["images"], energy.means.detach()[samples["labels"]], atol=1e-6, rtol=0)
    torch.testing.assert_close(samples["energies"], torch.zeros(50), atol=1e-6, rtol=0)
    picture = torch.tensor(np.array(Image.open(tmp_path / "samples" / "grid.png")))[..., 0] / 255.0
    assert picture.shape == (2 + 10 * 6, 2 + 3 * 6)
    cells = picture.unfold(0, 6, 6).unfold(1, 6, 6)[..., 3, 3]
    torch.testing.assert_close(cells, torch.linspace(0, 1, 10)[:, None].expand(10, 3), atol=0.005, rtol=0)


class Adds(Untrained):
    """Answers that are wrong by 0.5 in each entry."""

    def sample(self, condition, steps, generator, on_step):
        x = condition.sum(dim=1) + 0.5
        on_step and on_step(0, x)
        return Trajectory(x, x[:, 0, :1], x[:, 0, :1], torch.ones(len(x), dtype=torch.int64))


def test_answers_to_problems_are_measured_and_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    method = Adds(VectorEnergy((4, 4), (2, 4, 4), 8, 1), Langevin(steps=1))
    data = MatrixAddition(4, train_size=8, val_size=50, predict_size=5, batch_size=20)
    callbacks = [SampleMonitor(samples_per_class=2), SampleWriter()]
    logger = TensorBoardLogger(tmp_path, "logs")
    trainer = quiet_trainer(tmp_path, callbacks=callbacks, logger=logger, max_epochs=1, log_every_n_steps=1)
    trainer.fit(method, datamodule=data)
    shown = events(newest("events.out.tfevents.*").parent)
    tags = shown.Tags()
    assert shown.Scalars("samples/error")[0].value == pytest.approx(0.25)
    assert {"samples/energy_gap", "chain/energy_last"} <= set(tags["scalars"]) and not tags["images"]

    trainer.predict(method, datamodule=data)
    samples = torch.load(newest("samples.pt"), weights_only=True)
    assert set(samples) == {"candidates", "conditions", "energies"}
    problems = data.batch("test", 0, 5)[1]
    assert torch.equal(samples["conditions"], problems)
    torch.testing.assert_close(samples["candidates"], problems.sum(dim=1) + 0.5)
    assert not newest("samples.pt").with_name("grid.png").exists()
