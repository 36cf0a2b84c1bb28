"""What the network takes from its data on the command line, and what is refused if the two do not fit."""

import json
import sys

import pytest
import torch
import yaml

from helpers import METHODS, TINY_RUN, TINY_TEST, newest, quiet_trainer
from lean_ebm.__main__ import main as command
from lean_ebm.cli.training import main
from lean_ebm.data import TensorDataModule
from lean_ebm.energy import BoardEnergy, MLPEnergy
from lean_ebm.errors import SettingError
from lean_ebm.langevin import Langevin
from lean_ebm.methods import EBT, ContrastiveDivergence


class Colours(TensorDataModule):
    """Noisy 16x16 pictures of four colours."""

    num_classes = 4
    shape = (3, 16, 16)

    def load(self):
        generator = torch.Generator().manual_seed(0)
        label = torch.arange(120) % 4
        colour = torch.tensor([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0], [1.0, 1.0, 0]])[label]
        images = 0.5 * colour[:, :, None, None] + 0.3 * torch.rand(120, 3, 16, 16, generator=generator)
        parts = {"train": slice(0, 60), "val": slice(60, 90), "test": slice(90, 120)}
        return {name: (images[part], label[part]) for name, part in parts.items()}


class Undeclared(Colours):
    """The same, by a class that does not say which shape its images have."""

    shape = None


class Misdeclared(Colours):
    """The same, by a class that is wrong about them."""

    shape = (1, 16, 16)


METHOD = [flag for flag in METHODS["ContrastiveDivergence"] if ".shape" not in flag]
SMALL = "--data.batch_size=8"
FIT = ["fit", *METHOD, *TINY_RUN]


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def refused(capsys, monkeypatch, *arguments: str) -> str:
    """What is said of a command that fails."""
    monkeypatch.setattr(sys, "argv", ["lean-ebm", *arguments])
    assert command() == 1
    error = capsys.readouterr().err
    assert "Traceback" not in error
    return error


def saved() -> dict:
    """The settings of the network in the config of the last fit."""
    return yaml.safe_load(newest("config_fit.yaml").read_text())["model"]["init_args"]["energy"]["init_args"]


def test_the_network_takes_shape_and_classes_from_the_data(caplog):
    caplog.set_level("INFO")
    main([*FIT, "--data=Colours", SMALL])
    assert "model.energy.shape is [3,16,16], as Colours has it" in caplog.text
    assert "model.energy.num_classes is 4, as Colours has it" in caplog.text
    assert saved()["shape"] == [3, 16, 16] and saved()["num_classes"] == 4
    # the settings are in the checkpoint, and a saved config is a whole one
    again = ContrastiveDivergence.load_from_checkpoint(newest("epoch*.ckpt"))
    assert again.energy.shape == (3, 16, 16) and again.energy.num_classes == 4
    caplog.clear()
    main(["fit", f"--config={newest('config_fit.yaml')}", "--trainer.max_epochs=2", "--ckpt_path=last"])
    assert "as Colours has it" not in caplog.text


TEN = "model: {init_args: {energy: {class_path: MLPEnergy, init_args: {num_classes: 10}}}}"


@pytest.mark.parametrize(("number", "flag"), [(3, "--model.energy.num_classes=3"), (10, "--config=ten.yaml")])
def test_another_number_of_classes_is_refused(number, flag, capsys, monkeypatch, tmp_path):
    (tmp_path / "ten.yaml").write_text(TEN)  # the default of the network: given, it is not replaced
    error = refused(capsys, monkeypatch, *FIT, "--data=Colours", SMALL, flag)
    assert f"Colours has 4 classes and MLPEnergy knows {number}: set --model.energy.num_classes 4." in error


def test_another_shape_is_refused_with_the_right_one(capsys, monkeypatch):
    error = refused(capsys, monkeypatch, *FIT, "--data=Colours", SMALL, "--model.energy.shape=[1,28,28]")
    assert "MLPEnergy got candidates of shape (3, 16, 16), expected (1, 28, 28)" in error
    assert "set --model.energy.shape [3,16,16]." in error
    error = refused(capsys, monkeypatch, *FIT, "--data=Undeclared", SMALL)
    assert "expected (784,): set --model.energy.shape [3,16,16]." in error
    error = refused(capsys, monkeypatch, *FIT, "--data=Misdeclared", SMALL)
    assert "the train split has images of shape (3, 16, 16), but Misdeclared.shape is (1, 16, 16)." in error


def test_in_python_as_well(tmp_path):
    chain = Langevin(1, graph="last")
    for classes in (2, 5):
        with pytest.raises(SettingError, match=f"Colours has 4 classes and MLPEnergy knows {classes}"):
            method = EBT(MLPEnergy((3, 16, 16), classes, 4, 1), chain)
            quiet_trainer(tmp_path, max_steps=1).fit(method, datamodule=Colours())
    with pytest.raises(SettingError, match=r"expected \(4, 4, 4\): its settings must be those of the data"):
        BoardEnergy(4).check_shape(torch.zeros(1, 9, 9, 9))


def test_every_shape_has_the_figures_of_samples_that_need_no_evaluator(caplog):
    caplog.set_level("INFO")
    flags = ["--data=Colours", SMALL, "--evaluation.num_samples=20", "--evaluation.steps=[1]"]
    main(["test", *METHOD, *flags, *TINY_TEST, "--evaluation.long_run=3", "--evaluation.long_run_samples=20"])
    report = json.loads(newest("evaluation.json").read_text())
    pixel = {"pixel_density", "pixel_coverage", "pixel_diversity"}
    figures = report["metrics"]
    for kind in ("samples", "real"):
        assert {f"test/{kind}_{name}" for name in pixel | {"novelty"}} <= set(figures)
    assert not any("frechet" in name or "samples_accuracy" in name for name in figures)
    assert set(report["compute"]["1"]) == pixel and "test/long_run_pixel_diversity" in figures
    assert caplog.text.count("accuracy and Fréchet distance of samples need the evaluator of 28x28 digits") == 1
    # real data look real, and uniform noise, which an untrained energy leaves where it was, does not
    assert figures["test/real_pixel_coverage"] > 0.8 > 0.1 > figures["test/samples_pixel_coverage"]
    assert figures["test/real_novelty"] == pytest.approx(1, abs=0.2) and figures["test/samples_novelty"] > 2
