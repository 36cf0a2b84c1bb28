"""The folders of a run; ``--ckpt_path last`` is the last checkpoint of the run that the settings name."""

import os
import re
from pathlib import Path

import pytest
import torch
import yaml
from jsonargparse import Namespace

from helpers import DIGITS, METHODS, TINY_PREDICT, TINY_RUN, TINY_TEST, TINY_VALIDATE, newest
from lean_ebm.checkpoints import last_checkpoint
from lean_ebm.cli.folders import below, checkpoints_of
from lean_ebm.cli.training import main
from lean_ebm.errors import SettingError

CD = [*METHODS["ContrastiveDivergence"], *DIGITS]
FIT = ["fit", *CD, *TINY_RUN]
TEST = ["test", *CD, *TINY_TEST, "--evaluation.num_samples=0", "--ckpt_path=last"]


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def logger(**settings: str) -> list[str]:
    flags = [f"--trainer.logger.{name}={value}" for name, value in settings.items()]
    return ["--trainer.logger=lightning.pytorch.loggers.TensorBoardLogger", *flags]


def steps(path: Path) -> int:
    return torch.load(path, weights_only=True)["global_step"]


def settings(dirpath=None, root=None, **logger):
    """Settings as the parser returns them, with the given settings of a logger, or with ``logger`` itself."""
    own = logger["logger"] if "logger" in logger else Namespace(class_path="a.Logger", init_args=Namespace(logger))
    return Namespace(checkpoint=Namespace(dirpath=dirpath), trainer=Namespace(default_root_dir=root, logger=own))


FIRST = "lightning_logs/version_0/checkpoints/a.ckpt"
RUNS = {
    "lightning_logs/version_0": "a run without a logger's name",
    "lightning_logs/ebt/version_0": "a run of a recipe",
    "lightning_logs/ebt/version_1": "the next one",
    "lightning_logs/ebt/slow": "a run with a version",
    "lightning_logs/version_1": "another without a name",
    "elsewhere/lightning_logs/version_0": "below another root",
    ".": "without a logger",
}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (settings(save_dir="lightning_logs", name="ebt", version=None), "lightning_logs/ebt/slow/checkpoints/a.ckpt"),
        (settings(save_dir="lightning_logs", name="ebt", version=0), "lightning_logs/ebt/version_0/checkpoints/a.ckpt"),
        (settings(save_dir="lightning_logs", name="ebt", version="slow"), "lightning_logs/ebt/slow/checkpoints/a.ckpt"),
        (settings(save_dir="lightning_logs", name="ebt", version="fast"), None),
        (settings(save_dir="lightning_logs", name="ired", version=None), None),
        (settings(root="elsewhere", save_dir="lightning_logs", name="ebt", version=None), None),
        (settings(root=".", save_dir="elsewhere", name="lightning_logs", version=0), f"elsewhere/{FIRST}"),
        (settings(logger=None), "lightning_logs/version_1/checkpoints/a.ckpt"),
        (settings(logger=True), "lightning_logs/version_1/checkpoints/a.ckpt"),
        (settings(logger=True, root="elsewhere"), "elsewhere/lightning_logs/version_0/checkpoints/a.ckpt"),
        (settings(logger=False), "checkpoints/a.ckpt"),
        (settings(logger=[], root="lightning_logs"), None),
        (settings(dirpath="mine", logger=True), "mine/b.ckpt"),
        (settings(dirpath="yours", logger=True), None),
        (
            settings(logger=[Namespace(init_args=Namespace(save_dir="lightning_logs", name="ebt", version=1))]),
            "lightning_logs/ebt/version_1/checkpoints/a.ckpt",
        ),
    ],
)
def test_last_is_of_the_run_that_settings_name(given, expected):
    """Makes the files of :data:`RUNS`, each newer than the one before; ``mine`` is the oldest."""
    places = [Path("mine/b.ckpt"), *(Path(run, "checkpoints/a.ckpt") for run in RUNS)]
    for age, path in enumerate(places):
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save({"state_dict": {}}, path)
        os.utime(path, ns=(age * 10**9, age * 10**9))
    assert last_checkpoint(*checkpoints_of(given)) == (expected and Path(expected))


def test_runs_of_one_name_with_versions():
    """In a sweep, the saved settings of one run resume that run, although another run is newer."""
    for version in ("slow", "fast"):
        main([*FIT, *logger(save_dir="logs", name="sweep", version=version)])
    with pytest.warns(UserWarning, match="exists and is not empty"):
        main(["fit", "--config=logs/sweep/slow/config_fit.yaml", "--trainer.max_epochs=2", "--ckpt_path=last"])
    used = yaml.safe_load(Path("logs/sweep/slow/config_fit.yaml").read_text())["ckpt_path"]
    assert Path(used).parent == Path("logs/sweep/slow/checkpoints")
    assert steps(Path("logs/sweep/slow/checkpoints/last.ckpt")) == 4
    assert steps(Path("logs/sweep/fast/checkpoints/last.ckpt")) == 2
    with pytest.raises(SettingError, match="found no checkpoint below logs/sweep/other:"):
        main([*FIT, *logger(save_dir="logs", name="sweep", version="other"), "--ckpt_path=last"])


def test_a_folder_of_checkpoints_of_its_own():
    main([*FIT, "--checkpoint.dirpath=mine"])
    main([*FIT, "--seed_everything=1"])
    main(["predict", *CD, *TINY_PREDICT, "--checkpoint.dirpath=mine", "--ckpt_path=last"])
    assert Path(yaml.safe_load(newest("config_predict.yaml").read_text())["ckpt_path"]).parent == Path("mine")
    with pytest.raises(SettingError, match="found no checkpoint below yours:"):
        main(["predict", *CD, *TINY_PREDICT, "--checkpoint.dirpath=yours", "--ckpt_path=last"])


def test_last_takes_the_run_before():
    main(FIT)
    main([*FIT, "--seed_everything=1"])
    main(TEST)
    used = Path(yaml.safe_load(newest("config_test.yaml").read_text())["ckpt_path"])
    assert used.parent == Path("lightning_logs/version_1/checkpoints")


@pytest.mark.parametrize("place", [["--trainer.logger=false"], ["--trainer.default_root_dir=elsewhere"]])
def test_last_is_found_where_the_run_left_it(place):
    main([*FIT, *place])
    main(["validate", *CD, *TINY_VALIDATE, *place, "--ckpt_path=last"])


def test_the_root_is_that_of_a_named_logger():
    """All files of the run lie below it, and its saved settings are those given, which repeat the run."""
    place = ["--trainer.default_root_dir=root", *logger(save_dir="logs", name="mine")]
    main([*FIT, *place])
    saved = Path("root/logs/mine/version_0/config_fit.yaml")
    assert yaml.safe_load(saved.read_text())["trainer"]["logger"]["init_args"]["save_dir"] == "logs"
    main(["fit", f"--config={saved}", "--trainer.max_epochs=2", "--ckpt_path=last"])
    assert steps(Path("root/logs/mine/version_1/checkpoints/last.ckpt")) == 4
    main([*TEST, *place])
    assert Path("root/logs/mine/version_2/evaluation.json").is_file()
    assert sorted(map(str, Path().iterdir())) == ["root"]


@pytest.mark.parametrize(
    ("root", "folder", "expected"),
    [
        (None, "logs", "logs"),
        ("root", "logs", "root/logs"),
        ("root", "/logs", "/logs"),
        ("root", "s3://logs", "s3://logs"),
        ("s3://root", "logs", "s3://root/logs"),
    ],
)
def test_below(root, folder, expected):
    assert below(root, folder) == expected


def test_a_fit_without_a_logger_says_where_its_files_are(caplog):
    caplog.set_level("INFO")
    main([*FIT, "--trainer.logger=false", "--trainer.default_root_dir=mine"])
    assert re.search(r"Settings and checkpoints: .*mine, by --trainer.default_root_dir, since", caplog.text)
    assert Path("mine/config_fit.yaml").is_file() and list(Path("mine/checkpoints").iterdir())
    assert [path.name for path in Path().iterdir()] == ["mine"]


def test_a_fit_that_kept_no_checkpoint_says_so(caplog):
    caplog.set_level("INFO")
    main([*FIT, "--checkpoint.save_top_k=0", "--checkpoint.save_last=false"])
    assert "Checkpoint: none was kept; --checkpoint.save_top_k" in caplog.text
