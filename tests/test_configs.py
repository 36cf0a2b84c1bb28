"""Every file in configs/ through every subcommand of the command line, on a few batches."""

import json
from functools import cache
from pathlib import Path

import pytest
import torch
import yaml

from conftest import REAL_MNIST
from helpers import TINY_PREDICT, TINY_RUN, TINY_TEST, TINY_VALIDATE, events, newest
from lean_ebm.cli.guidance import find_guide
from lean_ebm.cli.training import main
from lean_ebm.data import MNIST
from tiny_language import make_language_model

FOLDER = Path(__file__).resolve().parents[1] / "configs"
LOAD = MNIST.load
CONFIGS = sorted(FOLDER.rglob("*.yaml"))


def test_there_are_configs():
    names = {path.stem for path in CONFIGS}
    assert {"quickstart", "ebt", "contrastive", "ired"} <= names
    provers = {"energy", "policy", "policy_value", "policy_value_shared", "affine", "ebt", "contrastive", "ired"}
    provers |= {"numbers", "numbers_policy_value"}
    provers |= {"quickstart", "chunks", "chunk_policy", "language", "language_policy"}
    assert provers == {path.stem for path in CONFIGS if path.parent.name == "proving"}
    families = {"addition", "completion", "inverse", "sudoku", "connectivity", "shortest_path"}
    assert families <= {path.stem for path in CONFIGS if path.parent.name == "reasoning"}


@pytest.fixture(scope="module", autouse=True)
def _read_mnist_once():
    """The four subcommands of each file would read and split it again."""
    splits = cache(lambda root, seed: LOAD(MNIST(root=root, split_seed=seed)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MNIST, "load", lambda self: dict(splits(str(self.root), self.split_seed)))
        yield


def small_network(path, folder):
    """Flags that make the network of a recipe of provers small; a language model has random weights."""
    if not path.stem.startswith("language"):
        return ["--model.energy.width=8", "--model.energy.heads=2"]
    return [f"--model.energy.base={make_language_model(folder / 'a model')}", "--model.energy.tokens=6"]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_config_runs(path, pretended_mnist, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    real = (REAL_MNIST / "MNIST").is_dir()
    monkeypatch.setenv("LEAN_EBM_DATA", str(REAL_MNIST if real else pretended_mnist))
    settings = yaml.safe_load(path.read_text())["model"]["init_args"]
    chains = [name for name in ("chain", "sampler", "mining") if settings.get(name, {}).get("steps", 0) > 2]
    short = [f"--model.{name}.steps=2" for name in chains]
    common = ["--config", str(path), *short]
    if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        common.append("--trainer.precision=32-true")  # bfloat16 is emulated there, and takes minutes
    # Smaller networks, and fewer landscapes and draws: the recipes are run, not measured.
    network = settings["energy"].get("init_args", {})
    if path.parent in (FOLDER, FOLDER / "full"):
        common += ["--evaluation.num_images=40"]
        common += ["--model.energy.width=16", "--model.energy.depth=1"] if path.stem != "quickstart" else []
    common += ["--model.energy.judge=16"] if network.get("judge", 0) > 16 else []
    common += ["--model.energy.landscapes=4"] if network.get("landscapes", 0) > 4 else []
    common += ["--model.candidates=2"] if settings.get("candidates", 1) > 2 else []

    reasoning = path.parent.name == "reasoning"
    if reasoning:
        common += ["--data.train_size=16", "--data.val_size=8", "--data.test_size=20"]
        common += ["--data.boards=4"] if path.stem.startswith("sudoku") else []

    proving = path.parent.name == "proving"
    proves = "theorems" in yaml.safe_load(path.read_text()).get("evaluation", {})
    if proving:
        numbers = path.stem.startswith("numbers")
        common += [f"--data.theorems={60 if numbers else 120}", "--data.workers=1"]
        common += small_network(path, tmp_path)
        common += [f"--evaluation.theorems={1 if numbers else 2}"] if proves else []
        faster = path.stem.startswith(("chunk", "language"))
        common += ["--data.kinds={term: 1.0}"] if faster else []  # faster to make

    main(["fit", *common, *TINY_RUN, "--data.batch_size=8"])
    folder = newest("config_fit.yaml").parent
    tags = events(folder).Tags()
    assert {"train/loss", "val/loss", "val/energy_real"} <= set(tags["scalars"])
    checkpoint = newest("epoch*.ckpt")
    assert checkpoint.parent == folder / "checkpoints"
    common.append(f"--ckpt_path={checkpoint}")
    if path.parent == FOLDER or path.stem in ("energy", "addition"):  # the others are of the same data as one of these
        main(["validate", *common, *TINY_VALIDATE, "--data.batch_size=8"])
    few = ["--evaluation.num_samples=20" if reasoning or proving else "--evaluation.num_samples=0"]
    few += ["--evaluation.steps=[1,3]"] if reasoning else []
    main(["test", *common, *TINY_TEST, "--data.batch_size=8", *few])
    assert "test/loss" in events(newest("config_test.yaml").parent).Tags()["scalars"]
    if proving and path.stem.startswith("chunk"):
        report = json.loads(newest("evaluation.json").read_text())
        assert ("test/gradient_gibbs_150" if path.stem == "chunks" else "test/most_likely") in report["metrics"]
        return
    if proving:
        report = json.loads(newest("evaluation.json").read_text())
        assert {"test/top_1", "test/top_1_far", "test/value_rank"} <= set(report["metrics"])
        assert ("test/chain_top_1" in report["metrics"]) == (path.stem != "language_policy")
        assert ("test/chain_applies" in report["metrics"]) == (path.stem == "language")
        assert not path.stem.startswith("language") or find_guide(str(checkpoint)).method.energy.tokenizer
        assert ("test/solved" in report["metrics"]) == ("val/solved" in tags["scalars"]) == proves
        if path.stem not in ("energy", "ebt"):
            return
        main(["predict", *common, *TINY_PREDICT[:2], "--trainer.limit_predict_batches=2", "--data.batch_size=8"])
        tactics = torch.load(newest("samples.pt"), weights_only=True)
        assert len(tactics["tactics"]) == len(tactics["energies"]) == len(tactics["conditions"]["kinds"]) == 16
        return
    if reasoning:
        report = json.loads(newest("evaluation.json").read_text())
        assert {"test/same_evaluations", "test/harder_evaluations"} <= set(report["metrics"])
        assert set(report["compute"]) == {"1", "3"}
        main(["predict", *common, *TINY_PREDICT[:2], "--data.predict_size=4"])
        answers = torch.load(newest("samples.pt"), weights_only=True)
        assert len(answers["candidates"]) == len(answers["conditions"]) == len(answers["energies"]) == 4
        if "verification" in settings:
            torch.testing.assert_close(answers["confidences"], (-answers["energies"]).exp())
        return
    main(["predict", *common, *TINY_PREDICT])
    samples = torch.load(newest("samples.pt"), weights_only=True)
    labels = samples["labels"]
    candidates = samples.get("images", samples.get("candidates"))
    assert len(candidates) == len(labels) == len(samples["energies"]) == 2 * len(labels.unique())
    if "images" in samples:
        assert candidates.shape[1:] == (1, 28, 28) and candidates.abs().max() <= 1
        assert newest("samples.pt").with_name("grid.png").is_file()
