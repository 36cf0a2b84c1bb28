"""The command line in this process. Tests that need another process are in test_commands.py and test_ddp.py."""

import math
import re
from pathlib import Path

import pytest
import torch
import yaml

from helpers import DIGITS, METHODS, TINY_PREDICT, TINY_RUN, TINY_TEST, TINY_VALIDATE, events, newest
from lean_ebm.cli.training import main
from lean_ebm.data import TensorDataModule
from lean_ebm.langevin import LangevinMixin
from lean_ebm.methods import ContrastiveDivergence, Method

CD = [*METHODS["ContrastiveDivergence"], *DIGITS]
NO_FIGURES = "--evaluation.num_samples=0"


class Fourth(Method):
    """A new method is one class with a loss."""

    modes: list[tuple[str, bool]] = []  # noqa: RUF012 - shared by all instances on purpose

    def loss(self, batch):
        x, condition = batch
        noise = torch.randn_like(x)
        energies = self.energy(x, condition) - self.energy(noise, condition)
        Fourth.modes.append(("grad" if torch.is_grad_enabled() else "no grad", energies.requires_grad))
        return {"loss": energies.mean() + energies.square().mean(), "own_term": energies.mean()}

    def on_validation_batch_start(self, *args):
        Fourth.modes.append(("inference", torch.is_inference_mode_enabled()))

    on_test_batch_start = on_predict_batch_start = on_validation_batch_start


class Points(TensorDataModule):
    """Two classes of points in the plane."""

    num_classes = 2

    def load(self):
        label = torch.arange(64) % 2
        points = 0.1 * torch.randn(64, 2) + (2.0 * label[:, None] - 1)
        return {"train": (points, label), "val": (points, label), "test": (points, label)}


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def chains(monkeypatch) -> list[int]:
    """Steps of every chain that ran."""
    ran: list[int] = []
    plain = LangevinMixin.langevin

    def watched(self, *args, **settings):
        trajectory = plain(self, *args, **settings)
        ran.append(int(trajectory.steps.max()))
        return trajectory

    monkeypatch.setattr(LangevinMixin, "langevin", watched)
    return ran


def fit(*args: str) -> Path:
    """Fit and return the checkpoint."""
    main(["fit", *CD, *TINY_RUN, *args])
    return newest("epoch*.ckpt")


def load(path: Path) -> dict:
    return torch.load(path, weights_only=True)


def message(error: pytest.ExceptionInfo, capsys: pytest.CaptureFixture) -> str:
    return f"{error.value} {capsys.readouterr().err}"


# --- the parser --------------------------------------------------------------------------------------------------


def test_print_config_is_a_config(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["fit", *CD, "--print_config"])
    assert stop.value.code == 0
    config = yaml.safe_load(capsys.readouterr().out)
    assert config["seed_everything"] == 0 and isinstance(config["seed_everything"], int)
    assert config["model"]["class_path"] == "lean_ebm.ContrastiveDivergence"
    assert config["model"]["init_args"]["chain"]["steps"] == 2
    assert config["data"] == {"class_path": "lean_ebm.Digits", "init_args": config["data"]["init_args"]}


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--model.sampler.steps=-1"], "steps is -1, expected 0 or more"),
        (["--model.chain.graph=last"], "chain.graph is last, expected none"),
        (["--model.buffer_size=3"], "buffer of 3 chains is too small for 10 classes"),
        (["--ema.decay=2"], "decay is 2.0, expected 0"),
        (["--model.no_such_setting=1"], "no_such_setting"),
        (["--model=NoSuchMethod"], "NoSuchMethod"),
        (["--ckpt_path=no/such.ckpt"], "no checkpoint at no/such.ckpt: --ckpt_path takes a .ckpt file, or 'last'"),
        (["--ckpt_path=last"], "--ckpt_path last found no checkpoint below .*lightning_logs"),
    ],
)
def test_wrong_settings_are_explained(args, expected, capsys):
    with pytest.raises((ValueError, SystemExit)) as error:
        fit(*args)
    assert re.search(expected, message(error, capsys))


def test_missing_landscapes_are_explained(capsys):
    with pytest.raises((ValueError, SystemExit)) as error:
        main(["fit", *METHODS["IRED"], "--model.energy.landscapes=0", *DIGITS, *TINY_RUN])
    assert "IRED needs several landscapes and its energy has landscapes=0" in message(error, capsys)


@pytest.mark.parametrize("name", METHODS)
def test_data_of_another_shape_is_explained(name):
    with pytest.raises(ValueError, match=r"candidates of shape \(1, 28, 28\), expected \(1, 14, 14\): set --model"):
        main(["fit", *METHODS[name], "--model.energy.shape=[1,14,14]", *DIGITS, *TINY_RUN])


# --- what a run leaves -------------------------------------------------------------------------------------------


def test_one_saved_config_a_subcommand_that_runs_again(capsys):
    checkpoint = fit("--model.data_noise=0.25")
    (first,) = Path().rglob("config_fit.yaml")
    main(["fit", "--config", str(first)])
    second = newest("config_fit.yaml")
    assert second != first
    assert yaml.safe_load(first.read_text()) == yaml.safe_load(second.read_text())
    assert yaml.safe_load(first.read_text())["model"]["init_args"]["data_noise"] == 0.25
    again = load(newest("epoch*.ckpt"))
    torch.testing.assert_close(again["state_dict"], load(checkpoint)["state_dict"], equal_nan=True)

    main(["test", *CD, *TINY_TEST, NO_FIGURES, f"--ckpt_path={checkpoint}"])
    main(["test", "--config", str(newest("config_test.yaml"))])
    main(["predict", *CD, *TINY_PREDICT, f"--ckpt_path={checkpoint}"])
    main(["predict", "--config", str(newest("config_predict.yaml"))])
    names = {path.name for path in Path().rglob("config*.yaml")}
    assert names == {"config_fit.yaml", "config_test.yaml", "config_predict.yaml"}


def test_subcommands_may_share_a_folder():
    logger = [
        "--trainer.logger=lightning.pytorch.loggers.TensorBoardLogger",
        "--trainer.logger.save_dir=logs",
        "--trainer.logger.name=one",
        "--trainer.logger.version=same",
    ]
    checkpoint = fit(*logger)
    for _ in range(2):
        main(["test", *CD, *TINY_TEST, NO_FIGURES, *logger, f"--ckpt_path={checkpoint}"])
    assert {path.name for path in Path("logs/one/same").glob("*.yaml")} >= {"config_fit.yaml", "config_test.yaml"}


def test_seed_decides_the_run():
    weights = lambda path: load(path)["state_dict"]["energy.weight"]
    first = weights(fit())
    assert yaml.safe_load(newest("config_fit.yaml").read_text())["seed_everything"] == 0
    torch.rand(7)
    assert torch.equal(weights(fit()), first)
    assert not torch.equal(weights(fit("--seed_everything=1")), first)


@pytest.mark.parametrize("name", METHODS)
def test_what_a_fit_shows(name, caplog):
    caplog.set_level("INFO")
    main(["fit", *METHODS[name], *DIGITS, *TINY_RUN])
    folder = newest("config_fit.yaml").parent
    assert re.search(f"Logs and checkpoints: .*{folder}", caplog.text)
    assert re.search(f"Checkpoint: .*{newest('epoch*.ckpt')}", caplog.text)
    shown = events(folder)
    tags = shown.Tags()
    scalars = set(tags["scalars"])
    own = {
        "EBT": {"train/reconstruction", "train/step_size", "val/reconstruction"},
        "ContrastiveDivergence": {"train/energy_positive", "train/energy_negative", "train/divergence"},
        "IRED": {"train/score", "train/contrast", "train/grad_norm", "val/score"},
    }
    assert own[name] | {"train/loss", "val/loss", "val/energy_real", "val/accuracy"} <= scalars
    assert {"samples/per_second", "samples/energy", "samples/energy_gap"} <= scalars
    assert {"chain/energy_first", "chain/energy_last", "chain/grad_norm_first", "chain/grad_norm_last"} <= scalars
    assert {"energy/real", "energy/samples", "chain/energy", "chain/grad_norm"} <= set(tags["histograms"])
    assert {"samples/grid", "samples/path"} <= set(tags["images"])
    assert [event.step for event in shown.Scalars("train/loss")] == [0, 1]
    assert all(math.isfinite(event.value) for tag in scalars for event in shown.Scalars(tag))


def test_hyper_parameters_are_shown_with_a_metric():
    fit()
    assert "_hparams_/session_start_info" in events(newest("config_fit.yaml").parent).PluginTagToContent("hparams")


def test_samples_for_fixed_noise_at_each_validation():
    fit("--trainer.max_epochs=2", "--model.optimizer=Adam", "--model.optimizer.lr=0.0")
    shown = events(newest("config_fit.yaml").parent)
    grids = [event.encoded_image_string for event in shown.Images("samples/grid")]
    assert len(grids) == 2 and grids[0] == grids[1]  # the weights do not change, and so the samples do not


def test_predict_writes_samples(caplog):
    caplog.set_level("INFO")
    checkpoint = fit()
    predict = ["predict", *CD, *TINY_PREDICT, f"--ckpt_path={checkpoint}", "--data.predict_batch_size=6"]
    main(predict)
    path = newest("samples.pt")
    assert path.parent.name == "samples"
    assert str(path) in caplog.text and str(path.with_name("grid.png")) in caplog.text
    samples = load(path)
    assert set(samples) == {"images", "labels", "energies"}
    images, label, energies = samples["images"], samples["labels"], samples["energies"]
    assert images.shape == (20, 1, 28, 28) and images.dtype == torch.float32 and images.abs().max() <= 1
    assert label.dtype == torch.int64 and label.bincount().tolist() == [2] * 10
    assert energies.shape == (20,) and energies.dtype == torch.float32
    assert len({image.numpy().tobytes() for image in images}) == 20  # no batch repeats another's noise
    assert (path.parent / "grid.png").read_bytes()[:4] == b"\x89PNG"
    main(predict)
    assert torch.equal(load(newest("samples.pt"))["images"], images)
    main([*predict, "--seed_everything=1"])
    assert not torch.equal(load(newest("samples.pt"))["images"], images)


# --- checkpoints -------------------------------------------------------------------------------------------------


def test_command_line_beats_the_checkpoint(chains):
    checkpoint = fit()
    chains.clear()
    main(["predict", *CD, *TINY_PREDICT, f"--ckpt_path={checkpoint}", "--model.sampler.steps=7"])
    assert chains == [7]
    chains.clear()
    main(["test", *CD, *TINY_TEST, NO_FIGURES, f"--ckpt_path={checkpoint}", "--model.chain.steps=5"])
    assert chains == [5, 5]


def test_checkpoint_alone_builds_its_model_again():
    path = fit("--model.chain.steps=3", "--model.regularization=0.5")
    ebm = ContrastiveDivergence.load_from_checkpoint(path)
    assert (ebm.chain.steps, ebm.regularization, ebm.energy.shape) == (3, 0.5, (1, 28, 28))
    torch.testing.assert_close(ebm.state_dict(), load(path)["state_dict"], equal_nan=True)


def test_last_resumes(capsys):
    first = load(fit())
    path = fit("--trainer.max_epochs=3", "--ckpt_path=last")
    second = load(path)
    assert (first["global_step"], second["global_step"]) == (2, 6)
    assert second["epoch"] == 2
    for checkpoint, steps in ((first, 2), (second, 6)):
        optimizer = checkpoint["optimizer_states"][0]["state"]
        assert {int(state["step"]) for state in optimizer.values()} == {steps}
        assert checkpoint["averaging_state"]["n_averaged"] == steps
    assert "Checkpoint: " in capsys.readouterr().err


def test_chains_are_in_the_checkpoint():
    chains = load(fit("--model.fresh_fraction=0.5"))["state_dict"]["buffer.chains"]
    assert chains.shape == (10, 2, 1, 28, 28)
    assert chains.isnan().any() and chains.isfinite().any()


# --- callbacks ---------------------------------------------------------------------------------------------------


def test_a_list_of_callbacks_keeps_the_ones_of_every_run():
    Path("more.yaml").write_text(
        "trainer:\n  callbacks:\n    - class_path: lightning.pytorch.callbacks.LearningRateMonitor\n"
    )
    checkpoint = fit("--config=more.yaml", "--ema.decay=0.5")
    tags = events(newest("config_fit.yaml").parent).Tags()
    assert any(tag.startswith("lr-") for tag in tags["scalars"])  # the one of the list
    assert "samples/grid" in tags["images"]
    assert "current_model_state" in load(checkpoint)
    main(["predict", *CD, *TINY_PREDICT, "--config=more.yaml", f"--ckpt_path={checkpoint}"])
    assert newest("samples.pt")


def test_callbacks_can_be_turned_off():
    checkpoint = fit("--ema.decay=0", "--samples.samples_per_class=0")
    assert "current_model_state" not in load(checkpoint)
    assert "samples/grid" not in events(newest("config_fit.yaml").parent).Tags()["images"]


def test_checkpointing_can_be_turned_off():
    main(["fit", *CD, *TINY_RUN, "--trainer.enable_checkpointing=false"])
    assert not list(Path().rglob("*.ckpt"))


# --- extension ---------------------------------------------------------------------------------------------------


def test_a_fourth_method_is_one_class():
    """Its loss can take gradients in every mode: in validation, test and prediction too."""
    model = ["--model=Fourth", *METHODS["IRED"][1:4], "--model.sampler.steps=2", *DIGITS]
    Fourth.modes.clear()
    main(["fit", *model, *TINY_RUN])
    assert {"train/own_term", "val/own_term"} <= set(events(newest("config_fit.yaml").parent).Tags()["scalars"])
    checkpoint = newest("epoch*.ckpt")
    Fourth.modes.clear()  # within a fit, validation runs without gradients but not in inference mode
    validate = ["validate", *model, *TINY_VALIDATE]
    main([*validate, f"--ckpt_path={checkpoint}"])
    main(["test", *model, *TINY_TEST, f"--ckpt_path={checkpoint}", NO_FIGURES])
    main(["predict", *model, *TINY_PREDICT, f"--ckpt_path={checkpoint}"])
    assert load(newest("samples.pt"))["images"].shape == (20, 1, 28, 28)
    assert set(Fourth.modes) == {("inference", True), ("grad", True)}


@pytest.mark.parametrize("name", METHODS)
def test_candidates_need_not_be_images(name):
    model = [*METHODS[name], "--model.energy.shape=[2]", "--model.energy.num_classes=2"]
    data = ["--data=Points", "--data.batch_size=8"]
    main(["fit", *model, *data, *TINY_RUN])
    tags = events(newest("config_fit.yaml").parent).Tags()
    assert "energy/samples" in tags["histograms"] and not tags["images"]
    main(["test", *model, *data, *TINY_TEST, "--ckpt_path=last"])
    main(["predict", *model, *data, *TINY_PREDICT, "--ckpt_path=last"])
    samples = load(newest("samples.pt"))
    assert set(samples) == {"candidates", "labels", "energies"}
    assert samples["candidates"].shape == (4, 2) and samples["labels"].tolist() == [0, 1, 0, 1]
    assert not list(Path().rglob("grid.png"))
