"""Two processes on the CPU, as `--trainer.devices 2 --trainer.strategy ddp` starts them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from lightning.fabric.plugins.environments.lightning import find_free_network_port

import forked
from ddp_worker import data, deterministic
from helpers import DIGITS, METHODS, TINY_RUN, newest

HERE = Path(__file__).resolve().parent
DDP = ["--trainer.devices=2", "--trainer.strategy=ddp"]


def run(*command: str, processes: int = 2) -> str:
    """Run a program in processes that find their ranks in the environment, as those that Lightning starts do."""
    environment = {**os.environ, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(find_free_network_port())}
    ranks = [{**environment, "LOCAL_RANK": str(rank)} for rank in range(processes)]
    started = [forked.Program(*command, env=rank) for rank in ranks]
    done = [program.wait() for program in started]
    assert not any(program.returncode for program in done), [program.stderr[-4000:] for program in done]
    return "".join(program.stdout + program.stderr for program in done)


def start(*command: str) -> str:
    """Run a program that itself starts the second process."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1"}
    done = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", ["EBT", "ContrastiveDivergence"])
def test_two_processes_train_as_one(name, tmp_path):
    run(str(HERE / "ddp_worker.py"), str(tmp_path), name, "2", "3")
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1))
    one = deterministic(name)
    one.loss(data())["loss"].backward()  # the batch that the two processes share
    for parameter, p in one.named_parameters():
        for rank in (first, second):
            torch.testing.assert_close(rank["gradients"][parameter], p.grad, atol=1e-5, rtol=1e-5)
    assert torch.equal(first["weights"], second["weights"])
    if name == "EBT":
        return
    # each process keeps its own chains
    assert not torch.equal(first["chains"], second["chains"])
    untouched = [(rank["chains"] == value).any() for rank, value in ((first, 1.0), (second, 2.0))]
    assert all(untouched) and not (second["chains"] == 1.0).any()


def test_each_process_goes_on_with_its_own_chains(tmp_path):
    worker = str(HERE / "ddp_worker.py")

    def end(folder: str, processes: int, epochs: int, *checkpoint: str) -> list[dict]:
        (tmp_path / folder).mkdir()
        settings = [str(tmp_path / folder), "ContrastiveDivergence", str(processes), str(epochs), *checkpoint]
        run(worker, *settings, processes=processes)
        paths = [tmp_path / folder / f"{rank}.pt" for rank in range(processes)]
        return [torch.load(path, weights_only=True) for path in paths]

    first = end("two", 2, 2)
    assert not torch.equal(first[0]["chains"], first[1]["chains"])
    checkpoint = str(tmp_path / "two" / "end.ckpt")
    same = end("again", 2, 3, checkpoint)
    for before, after in zip(first, same, strict=True):
        assert torch.equal(after["start"], before["chains"])
    (alone,) = end("one", 1, 3, checkpoint)
    assert torch.equal(alone["start"], first[0]["chains"])
    more = end("more", 2, 4, str(tmp_path / "one" / "end.ckpt"))
    assert torch.equal(more[0]["start"], alone["chains"]) and more[1]["start"].isnan().all()


@pytest.mark.parametrize("name", METHODS)
def test_command_line_on_two_processes(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = ["-m", "lean_ebm"]
    optimizer = ["--model.optimizer=torch.optim.Adam", "--model.optimizer.lr=1e-3"]  # as the recipes have one
    model = [*METHODS[name], *optimizer, *DIGITS]
    by_lightning = name == "EBT"  # which imports everything again, in each process
    output = (start if by_lightning else run)(*command, "fit", *model, *TINY_RUN, *DDP)
    assert "MEMBER: 2/2" in output
    checkpoint = newest("epoch*.ckpt")
    assert torch.load(checkpoint, weights_only=True)["global_step"] == 2
    assert len(list(tmp_path.rglob("config_fit.yaml"))) == 1
    if name == "ContrastiveDivergence":
        # without steps, samples are the noise that chains start from
        predict = ["predict", *model, "--trainer.accelerator=cpu", f"--ckpt_path={checkpoint}"]
        predict.append("--model.sampler.steps=0")
        run(*command, *predict, "--data.samples_per_class=3", "--data.predict_batch_size=7", *DDP)
        samples = torch.load(newest("samples.pt"), weights_only=True)
        assert samples["labels"].tolist() == list(range(10)) * 3
        assert len(samples["images"].flatten(1).unique(dim=0)) == 30  # no rank repeats another's noise
