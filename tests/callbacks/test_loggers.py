"""What the loggers get: settings, and the scalars of samples and of evaluations."""

import csv

import pytest
import yaml
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

from helpers import METHODS, TINY_RUN, TINY_TEST, events, newest, quiet_trainer
from lean_ebm.callbacks import Evaluation, RunSummary, SampleMonitor
from lean_ebm.cli.training import main
from lean_ebm.data import Digits, MatrixAddition
from lean_ebm.energy import VectorEnergy
from lean_ebm.methods import FeedForward
from lean_ebm.settings import by_flag


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def rows(folder) -> list[dict]:
    with (folder / "metrics.csv").open() as file:
        return list(csv.DictReader(file))


def scalars(folder) -> set[str]:
    """The names of what a CSV logger has values of."""
    return {name for row in rows(folder) for name, value in row.items() if value}


def test_settings_are_named_by_their_flags():
    settings = {"class_path": "a.B", "init_args": {"c": [1, 2], "d": {"e": None}, "f": {"class_path": "g.H"}}}
    assert by_flag(settings, "x") == {"x": "B", "x.c": [1, 2], "x.d.e": None, "x.f": "H"}


def test_a_data_module_records_its_arguments():
    settings = Digits(split_seed=3).settings
    assert settings["class_path"] == "lean_ebm.data.digits.Digits"
    assert settings["init_args"]["split_seed"] == 3 and settings["init_args"]["batch_size"] == 64


def test_all_loggers_get_settings_and_scalars_of_a_run_in_python(tmp_path):
    method = FeedForward(VectorEnergy((4, 4), (2, 4, 4), 8, 1))
    data = MatrixAddition(4, train_size=8, val_size=50, test_size=50, batch_size=20)
    loggers = [CSVLogger(tmp_path, "table"), TensorBoardLogger(tmp_path, "board")]
    callbacks = [RunSummary(), SampleMonitor(samples_per_class=2), Evaluation(num_samples=20, steps=[1, 3])]
    trainer = quiet_trainer(tmp_path, callbacks=callbacks, logger=loggers, max_epochs=1, log_every_n_steps=1)
    trainer.fit(method, datamodule=data)
    table, board = (tmp_path / name / "version_0" for name in ("table", "board"))
    for folder in (table, board):
        settings = yaml.safe_load((folder / "hparams.yaml").read_text())
        assert settings["model"] == "FeedForward" and settings["model.energy.width"] == 8
        assert settings["data"] == "MatrixAddition" and settings["data.batch_size"] == 20
    shown = events(board)
    assert "_hparams_/session_start_info" in shown.PluginTagToContent("hparams")
    assert "data.batch_size" in str(shown.PluginTagToContent("hparams")["_hparams_/session_start_info"])
    of_samples = {"samples/per_second", "samples/energy", "samples/energy_gap", "samples/error", "chain/energy_last"}
    assert of_samples <= scalars(table) and of_samples <= set(shown.Tags()["scalars"])
    (row,) = [row for row in rows(table) if row["samples/error"]]
    assert float(row["samples/error"]) == pytest.approx(shown.Scalars("samples/error")[0].value, rel=1e-5)
    assert int(row["step"]) == trainer.global_step == shown.Scalars("samples/error")[0].step

    trainer.test(method, datamodule=data)
    curve = {int(row["step"]) for row in rows(table) if row.get("compute/same_error")}
    assert curve == {1, 3} and "test/same_error" in scalars(table)


def test_a_sweep_over_settings_of_the_data_shows():
    logger = ["--trainer.logger=CSVLogger", "--trainer.logger.save_dir=logs"]
    for size in (4, 8):
        main(["fit", *METHODS["EBT"], "--data=Digits", f"--data.batch_size={size}", *TINY_RUN, *logger])
        folder = newest("hparams.yaml").parent
        settings = yaml.safe_load((folder / "hparams.yaml").read_text())
        assert settings["data.batch_size"] == size and settings["data"] == "Digits"
        assert settings["model"] == "EBT" and settings["model.optimizer"] is None
        assert settings["model.energy.shape"] == [1, 28, 28]
        assert {"samples/energy", "samples/energy_gap", "val/loss", "train/loss"} <= scalars(folder)
    test = ["test", *METHODS["EBT"], "--data=Digits", *TINY_TEST, "--evaluation.num_samples=0"]
    main([*test, "--trainer.logger=TensorBoardLogger", "--trainer.logger.save_dir=tested"])
    assert yaml.safe_load(newest("hparams.yaml").read_text())["data.batch_size"] == 64
