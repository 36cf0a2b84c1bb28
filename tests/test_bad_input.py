"""A user's mistake gives one message that names it, without a traceback, and leaves no half-written files."""

import os
import pickle
import re
import sys
import time
from pathlib import Path

import pytest
import torch
from lightning_utilities.core.imports import RequirementCache

import forked
from helpers import DIGITS, METHODS, TINY_RUN, newest
from lean_ebm.__main__ import main as command
from lean_ebm.cli.parser import tidy
from lean_ebm.methods import ContrastiveDivergence

CD = [*METHODS["ContrastiveDivergence"], *DIGITS]
FIT = ["fit", *CD, *TINY_RUN]


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(capsys, monkeypatch, *arguments: str) -> tuple[int, str]:
    """Exit status, and the last message on stderr."""
    monkeypatch.setattr(sys, "argv", ["lean-ebm", *arguments])
    try:
        status = command()
    except SystemExit as stop:
        if isinstance(stop.code, str):
            return 1, stop.code
        status = stop.code
    return status or 0, capsys.readouterr().err


CASES = {
    "unknown setting of a model": ([*FIT, "--model.nonsense=1"], "--model: ContrastiveDivergence: there is no setting"),
    "unknown setting of a chain": ([*FIT, "--model.chain.nonsense=1"], "nonsense"),
    "unknown setting of the trainer": ([*FIT, "--trainer.nonsense=1"], "unrecognized arguments: --trainer.nonsense"),
    "unknown setting of a callback": ([*FIT, "--guard.nonsense=1"], "unrecognized arguments: --guard.nonsense"),
    "unknown subcommand": (["frobnicate"], "there is no command 'frobnicate': use one of fit, .*, prove, "),
    "an argument of recipes": (["recipes", "ebt"], "unrecognized arguments: ebt"),
    "unknown method": (["fit", "--model=Nothing"], "--model: there is no class Nothing"),
    "unknown energy": ([*FIT, "--model.energy=Nothing"], "--model.energy: ContrastiveDivergence: there is no class"),
    "unknown data": (["fit", *CD, "--data=Nothing"], "--data: there is no class Nothing"),
    "unknown optimizer": ([*FIT, "--model.optimizer=Nothing"], "--model.optimizer: ContrastiveDivergence:"),
    "text for a number": ([*FIT, "--model.chain.steps=many"], "--model.chain.steps: .*expected int. Got value: many"),
    "fraction for a number of steps": ([*FIT, "--model.chain.steps=1.5"], "--model.chain.steps: .*expected int"),
    "text for epochs": ([*FIT, "--trainer.max_epochs=x"], "--trainer.max_epochs: expected int"),
    "one bound": ([*FIT, "--model.chain.bounds=[1]"], "--model.chain.bounds: "),
    "unknown choice": ([*FIT, "--model.start=middle"], "--model.start: .*expected one of 'noise', 'moments'"),
    "no such config": (["fit", "--config=nowhere.yaml"], "--config: There is neither a file nowhere.yaml nor a recipe"),
    "projections that are undone": (
        [*FIT, "--model.chain.project_every=2", "--model.chain.monotone=true"],
        "project_every is 2, but monotone would undo projections",
    ),
    "projections never": ([*FIT, "--model.chain.project_every=0"], "project_every is 0, expected 1 or more"),
    "embeddings of a network without them": (
        [*FIT, "--model.chain.bounds=embeddings", "--trainer.max_steps=1"],
        "MLPEnergy has no table of embeddings: set `bounds` of the chain to sphere, a range or null",
    ),
    "negative steps": ([*FIT, "--model.chain.steps=-1"], "Langevin: steps is -1, expected 0 or more"),
    "negative step size": ([*FIT, "--model.chain.step_size=-1"], "step_size is -1.0, expected more than 0"),
    "negative noise": ([*FIT, "--model.chain.noise_scale=-1"], "noise_scale is -1.0, expected 0 or more"),
    "empty bounds": ([*FIT, "--model.chain.bounds=[1, -1]"], r"bounds is \(1.0, -1.0\), expected low < high"),
    "clamp of zero": (
        [*FIT, "--model.chain.grad_clamp=0"],
        "grad_clamp is 0.0, expected more than 0; null turns it off",
    ),
    "graph for negatives": ([*FIT, "--model.chain.graph=last"], "chain.graph is last, expected none"),
    "fraction above 1": ([*FIT, "--model.fresh_fraction=1.5"], "fresh_fraction is 1.5, expected a probability"),
    "buffer too small": ([*FIT, "--model.buffer_size=3"], "3 chains is too small for 10 classes: raise its size"),
    "no candidates": ([*FIT, "--model.candidates=0"], "candidates is 0 .*expected 1 or more"),
    "acceptance above 1": ([*FIT, "--model.acceptance=2"], "acceptance 2.0, expected"),
    "decay of 1": ([*FIT, "--ema.decay=1"], r"EMA: decay is 1.0, expected 0 \(off\) or more and less than 1"),
    "guard without looks": ([*FIT, "--guard.check_every=0"], "DivergenceGuard: check_every is 0"),
    "too few samples": ([*FIT, "--evaluation.num_samples=5"], "num_samples is 5, expected 20 or more, or 0 for none"),
    "batch of none": ([*FIT, "--data.batch_size=0"], "Digits: batch_size is 0, expected 1 or more"),
    "class out of range": ([*FIT, "--data.held_out=10"], "held_out is 10, expected a class, 0 to 9, or null"),
    "fewer classes than data": (
        [*FIT, "--model.energy.num_classes=3"],
        "Digits has 10 classes and MLPEnergy knows 3: set --model.energy.num_classes 10",
    ),
    "another shape": ([*FIT, "--model.energy.shape=[1,14,14]"], r"shape \(1, 28, 28\), expected \(1, 14, 14\)"),
    "missing data": (
        ["fit", *METHODS["EBT"], *TINY_RUN, "--data=MNIST", "--data.root=empty", "--data.download=false"],
        "MNIST is not in empty/MNIST/raw, and download is off.*LEAN_EBM_DATA.*--data Digits",
    ),
    "missing checkpoint": ([*FIT, "--ckpt_path=nowhere.ckpt"], "no checkpoint at nowhere.ckpt"),
    "no last checkpoint": ([*FIT, "--ckpt_path=last"], "found no checkpoint below lightning_logs"),
    "unwritable folder": ([*FIT, "--trainer.default_root_dir=/proc/nowhere"], "/proc/nowhere.*may it be written to"),
    "sharded parameters": ([*FIT, "--trainer.strategy=fsdp"], "strategy fsdp shards the parameters.*: use ddp"),
    "sharding by class": (
        [*FIT, "--trainer.strategy=lightning.pytorch.strategies.DeepSpeedStrategy"],
        "DeepSpeedStrategy shards the parameters.*: use ddp",
    ),
    "no such accelerator here": ([*FIT, "--trainer.accelerator=gpu"], "--trainer.accelerator gpu: .*default is auto"),
    "unknown accelerator": ([*FIT, "--trainer.accelerator=abacus"], "--trainer.accelerator abacus: .*Available names"),
    "fraction above 1 of batches": (
        [*FIT, "--trainer.limit_train_batches=2.5"],
        r"--trainer.limit_train_batches 2.5: .*has to be in \[0.0, 1.0\] or an int",
    ),
    "a time in words": ([*FIT, "--trainer.max_time=5minutes"], "--trainer.max_time 5minutes: .*format DD:HH:MM:SS"),
    "negative epochs": ([*FIT, "--trainer.max_epochs=-5"], "--trainer.max_epochs -5: .*non-negative integer or -1"),
    "no accumulation": (
        [*FIT, "--trainer.accumulate_grad_batches=0"],
        "--trainer.accumulate_grad_batches is 0, expected 1 or more",
    ),
    "validation at batch 1000 of 2": (
        [*FIT, "--trainer.val_check_interval=1000"],
        "--trainer.val_check_interval 1000: .*must be less than or equal to the number of the training batches",
    ),
    "unknown figure to monitor": (
        [*FIT, "--checkpoint.monitor=nothing"],
        "--checkpoint.monitor nothing: .*returned metrics: .*train/loss",
    ),
    "best checkpoint of no fit": ([*FIT, "--ckpt_path=best"], "--ckpt_path best is known only while a fit runs: name"),
    "logger that is not installed": (
        [*FIT, "--trainer.logger=WandbLogger"],
        "--trainer.logger .*WandbLogger: Requirement 'no-such-wandb' not met.*pip install",
    ),
    "negative seed": ([*FIT, "--seed_everything=-1"], "--seed_everything is -1, expected 0 to 4294967295"),
    "negative learning rate": (
        [*FIT, "--model.optimizer=Adam", "--model.optimizer.lr=-1"],
        "--model.optimizer.lr -1.0: Invalid learning rate",
    ),
    "path of no candidates": ([*FIT, "--samples.path_length=0"], "SampleMonitor: path_length is 0, expected 1 or more"),
    "fewer samples than none": ([*FIT, "--samples.samples_per_class=-1"], "SampleMonitor: samples_per_class is -1"),
    "grid of no rows": ([*FIT, "--predictions.grid_rows=0"], "SampleWriter: grid_rows is 0, expected 1 or more"),
    "negative samples": (
        [*FIT, "--evaluation.num_samples=-5"],
        "num_samples is -5, expected 20 or more, or 0 for none",
    ),
    "negative grace": ([*FIT, "--guard.grace=-1"], "DivergenceGuard: grace is -1 .*expected 0 or more"),
    "file for a folder": ([*FIT, "--trainer.default_root_dir=occupied"], "occupied.*Not a directory"),
}


@pytest.mark.parametrize("name", CASES)
def test_command_line(name, capsys, monkeypatch):
    Path("occupied").write_text("")
    for kind in ("CUDAAccelerator", "MPSAccelerator"):
        monkeypatch.setattr(f"lightning.pytorch.accelerators.{kind}.is_available", staticmethod(lambda: False))
    monkeypatch.setattr("lightning.pytorch.loggers.wandb._WANDB_AVAILABLE", RequirementCache("no-such-wandb"))
    arguments, message = CASES[name]
    status, error = run(capsys, monkeypatch, *arguments)
    assert status in (1, 2)
    assert re.search(message, error, re.DOTALL), error
    assert "Traceback" not in error
    said = [line for line in error.splitlines() if line.startswith("lean-ebm")]
    assert len(said) == 1 and len(said[0]) < 600
    assert not list(Path().rglob("*.ckpt")) and not list(Path().rglob("*.partial"))


# --- checkpoints -------------------------------------------------------------------------------------------------


class Malice:
    def __reduce__(self):
        return os.system, ("touch executed",)


def test_checkpoints_that_cannot_be_used(capsys, monkeypatch):
    assert run(capsys, monkeypatch, *FIT)[0] == 0
    good = newest("epoch*.ckpt")
    stored = torch.load(good, weights_only=True)
    Path("bad").mkdir()

    def refused(name: str, message: str, *arguments: str) -> None:
        arguments = arguments or ("test", *CD, "--trainer.accelerator=cpu", f"--ckpt_path=bad/{name}")
        status, error = run(capsys, monkeypatch, *arguments)
        assert status == 1 and re.search(message, error, re.DOTALL) and "Traceback" not in error, error

    Path("bad/truncated.ckpt").write_bytes(good.read_bytes()[:3000])
    refused("truncated.ckpt", "truncated.ckpt is not a complete checkpoint.*--ckpt_path last")
    Path("bad/text.ckpt").write_text("hello")
    refused("text.ckpt", "text.ckpt")
    torch.save({"something": 1}, "bad/other.ckpt")
    refused("other.ckpt", "other.ckpt is not a complete checkpoint")
    torch.save({**stored, "extra": Malice()}, "bad/malice.ckpt")
    refused("malice.ckpt", "malice.ckpt holds more than tensors and plain data.*not loaded")
    Path("bad/pickle.ckpt").write_bytes(pickle.dumps(Malice()))
    refused("pickle.ckpt", "pickle.ckpt")
    assert not Path("executed").exists()
    other = [*METHODS["IRED"], *DIGITS, "--trainer.accelerator=cpu"]
    refused(
        "",
        "is of ContrastiveDivergence and the model is IRED: use --model=ContrastiveDivergence",
        "test",
        *other,
        f"--ckpt_path={good}",
    )
    sgd = ["--model.optimizer=SGD", f"--ckpt_path={good}", "--trainer.max_epochs=2"]
    refused(
        "",
        "written with optimizer .*AdamW and this run has .*SGD, which cannot take over its state: resume",
        *FIT,
        *sgd,
    )
    wide = ["test", *CD, "--trainer.accelerator=cpu", "--model.energy.width=9", f"--ckpt_path={good}"]
    refused(
        "",
        r"ContrastiveDivergence: the checkpoint, by lean-ebm .*, does not fit: size mismatch for energy.*model\.energy",
        *wide,
    )
    weights = {f"{name}_renamed": value for name, value in stored["state_dict"].items()}
    torch.save({**stored, "state_dict": weights, "lean_ebm_version": "7.8.9"}, "bad/version.ckpt")
    refused("version.ckpt", r"by lean-ebm 7\.8\.9, does not fit")


def test_two_runs_at_once_have_a_folder_each(capsys, monkeypatch):
    logger = "--trainer.logger.init_args.version=mine"
    mine = [*FIT, "--trainer.logger=TensorBoardLogger", "--trainer.logger.init_args.save_dir=logs", logger]
    first = forked.Program("-m", "lean_ebm", *mine, "--trainer.max_epochs=-1", "--guard.check_every=1000")
    try:
        while not (found := list(Path("logs").rglob("config_fit.yaml"))):
            assert first.poll() is None
            time.sleep(0.1)
        status, error = run(capsys, monkeypatch, *mine)
        assert status == 1 and re.search("Another fit is writing to .*mine: wait for its end, or", error), error
        assert "max_epochs: -1" in found[0].read_text()  # the settings of the first run
    finally:
        first.kill()
        first.wait()
    with pytest.warns(UserWarning, match="exists and is not empty"):
        assert run(capsys, monkeypatch, *mine)[0] == 0  # a killed run does not block the next


def test_no_space_left(tmp_path):
    """A limit on the size of files stands for a full disk: the first checkpoint fits, the second does not."""
    done = forked.run("-m", "lean_ebm", *FIT, file_size=50_000)
    assert done.returncode == 1, done.stderr
    assert re.search(r"checkpoint .*\.ckpt could not be written.*--ckpt_path last", done.stderr)
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("*.ckpt")) and not list(tmp_path.rglob("*.partial"))


# --- whose mistake it is ----------------------------------------------------------------------------------------


def test_what_goes_wrong_elsewhere_keeps_its_traceback(capsys, monkeypatch):
    def broken(self, batch):
        raise ValueError("a bug in somebody's method")

    monkeypatch.setattr(ContrastiveDivergence, "loss", broken)
    with pytest.raises(ValueError, match="a bug in somebody's method"):
        run(capsys, monkeypatch, *FIT)


def test_a_traceback_can_be_asked_for(capsys, monkeypatch):
    monkeypatch.setenv("LEAN_EBM_TRACEBACK", "1")
    with pytest.raises(ValueError, match="batch_size is 0"):
        run(capsys, monkeypatch, *FIT, "--data.batch_size=0")


def test_tidy_keeps_what_it_does_not_know():
    assert tidy("something else\n  - and more") == "something else and more"
