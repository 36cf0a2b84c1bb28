"""Every file in configs/ through every subcommand of the command line, on a few batches."""

from functools import cache
from pathlib import Path

import pytest
import torch
import yaml

from conftest import REAL_MNIST
from helpers import TINY_PREDICT, TINY_RUN, TINY_TEST, TINY_VALIDATE, events, newest
from lean_ebm.cli import main
from lean_ebm.data import MNIST

FOLDER = Path(__file__).resolve().parents[1] / "configs"
LOAD = MNIST.load
CONFIGS = sorted(FOLDER.rglob("*.yaml"))


def test_there_are_configs():
    names = {path.stem for path in CONFIGS}
    assert {"quickstart", "ebt", "contrastive", "ired"} <= names


@pytest.fixture(scope="module", autouse=True)
def _read_mnist_once():
    """The four subcommands of each file would read and split it again."""
    splits = cache(lambda root, seed: LOAD(MNIST(root=root, split_seed=seed)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MNIST, "load", lambda self: dict(splits(str(self.root), self.split_seed)))
        yield


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_config_runs(path, pretended_mnist, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    real = (REAL_MNIST / "MNIST").is_dir()
    monkeypatch.setenv("LEAN_EBM_DATA", str(REAL_MNIST if real else pretended_mnist))
    settings = yaml.safe_load(path.read_text())["model"]["init_args"]
    chains = [name for name in ("chain", "sampler", "mining") if settings.get(name, {}).get("steps", 0) > 2]
    short = [f"--model.{name}.steps=2" for name in chains]
    common = ["--config", str(path), *short]
    if path.parent.name == "full":  # networks for a GPU
        common += ["--model.energy.width=16", "--model.energy.depth=1"]

    main(["fit", *common, *TINY_RUN, "--data.batch_size=8"])
    folder = newest("config_fit.yaml").parent
    tags = events(folder).Tags()
    assert {"train/loss", "val/loss", "val/energy_real"} <= set(tags["scalars"])
    checkpoint = newest("epoch*.ckpt")
    assert checkpoint.parent == folder / "checkpoints"
    common.append(f"--ckpt_path={checkpoint}")
    main(["validate", *common, *TINY_VALIDATE, "--data.batch_size=8"])
    main(["test", *common, *TINY_TEST, "--data.batch_size=8", "--evaluation.num_samples=0"])
    assert "test/loss" in events(newest("config_test.yaml").parent).Tags()["scalars"]
    main(["predict", *common, *TINY_PREDICT])
    samples = torch.load(newest("samples.pt"), weights_only=True)
    labels = samples["labels"]
    candidates = samples.get("images", samples.get("candidates"))
    assert len(candidates) == len(labels) == len(samples["energies"]) == 2 * len(labels.unique())
    if "images" in samples:
        assert candidates.shape[1:] == (1, 28, 28) and candidates.abs().max() <= 1
        assert newest("samples.pt").with_name("grid.png").is_file()
