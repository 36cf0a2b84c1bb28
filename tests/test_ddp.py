"""Two processes on the CPU, as `--trainer.devices 2 --trainer.strategy ddp` starts them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ddp_worker import data, deterministic
from helpers import DIGITS, METHODS, TINY_RUN, newest

HERE = Path(__file__).resolve().parent
DDP = ["--trainer.devices=2", "--trainer.strategy=ddp"]


def run(folder: Path, *command: str) -> str:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1"}
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", ["EBT", "ContrastiveDivergence"])
def test_two_processes_train_as_one(name, tmp_path):
    run(tmp_path, str(HERE / "ddp_worker.py"), str(tmp_path), name)
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1))
    one = deterministic(name)
    one.loss(data())["loss"].backward()  # the batch that the two processes share
    for parameter, p in one.named_parameters():
        for rank in (first, second):
            torch.testing.assert_close(rank["gradients"][parameter], p.grad, atol=1e-5, rtol=1e-5)
    assert torch.equal(first["weights"], second["weights"])
    # each process keeps its own chains and its own noise
    assert not torch.equal(first["chains"], second["chains"])
    untouched = [(rank["chains"] == value).any() for rank, value in ((first, 1.0), (second, 2.0))]
    assert all(untouched) and not (second["chains"] == 1.0).any()
    assert not torch.equal(first["noise"], second["noise"])


@pytest.mark.parametrize("name", METHODS)
def test_command_line_on_two_processes(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = ["-m", "lean_ebm"]
    model = [*METHODS[name], *DIGITS]
    output = run(tmp_path, *command, "fit", *model, *TINY_RUN, *DDP)
    assert "MEMBER: 2/2" in output
    checkpoint = newest("epoch*.ckpt")
    assert torch.load(checkpoint, weights_only=True)["global_step"] == 2
    assert len(list(tmp_path.rglob("config_fit.yaml"))) == 1
    if name == "ContrastiveDivergence":
        # without steps samples are the noise that they start from
        predict = ["predict", *model, "--trainer.accelerator=cpu", f"--ckpt_path={checkpoint}"]
        predict.append("--model.sampler.steps=0")
        run(tmp_path, *command, *predict, "--data.samples_per_class=3", "--data.predict_batch_size=7", *DDP)
        samples = torch.load(newest("samples.pt"), weights_only=True)
        assert samples["labels"].tolist() == list(range(10)) * 3
        assert len(samples["images"].flatten(1).unique(dim=0)) == 30  # no rank repeats another's noise
