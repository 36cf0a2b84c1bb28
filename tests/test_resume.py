"""A run that is killed and resumed ends with the result of an uninterrupted one, bit for bit."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from functools import cache
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import forked
from helpers import DIGITS, METHODS, TINY_PREDICT, TINY_RUN
from lean_ebm.cli.training import main

WORKER = Path(__file__).with_name("kill_worker.py")
RUN = [
    *TINY_RUN,
    "--trainer.max_epochs=2",
    "--trainer.limit_train_batches=6",
    "--checkpoint.every_n_train_steps=2",
    "--checkpoint.save_last=false",
]
LONGER = [*RUN, "--trainer.max_epochs=3", "--trainer.limit_train_batches=150", "--checkpoint.every_n_train_steps=10"]


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory) -> Callable[..., Path]:
    """The folder of a run that nothing interrupts, by the name of its model and further flags. Each is made once."""

    @cache
    def made(name: str, *more: str) -> Path:
        folder = tmp_path_factory.mktemp("whole")
        main(["fit", *model(name), *RUN, *more, *at(folder)])
        return folder

    return made


def killed(number: str, step: int, *arguments: str, **more: str) -> tuple[int, str]:
    """Exit status and output of a run in another process that gets a signal at a step; ``more`` is its environment."""
    done = forked.run(str(WORKER), number, str(step), *arguments, env={**os.environ, **more})
    return done.returncode, done.stdout + done.stderr


SCHEDULED = [
    "--model.optimizer=torch.optim.Adam",
    "--model.lr_scheduler=lean_ebm.methods.WarmupCosine",
    "--model.lr_scheduler.warmup_steps=2",
]
"""The scheduler asks for the number of steps of the run, as in the recipes."""


def model(name: str) -> list[str]:
    return [*METHODS[name.removesuffix(", scheduled")], *DIGITS, *(SCHEDULED if name.endswith("scheduled") else [])]


def at(folder: Path) -> list[str]:
    return [f"--trainer.default_root_dir={folder}"]


def step_of(path: Path) -> int:
    return int(path.stem.split("step=")[1])


def last_saved(folder: Path) -> int:
    return max(map(step_of, folder.rglob("epoch*.ckpt")), default=0)


def checkpoint(folder: Path) -> Path:
    """The checkpoint of the largest step."""
    return max(folder.rglob("epoch*.ckpt"), key=step_of)


def metrics(folder: Path) -> dict[str, dict[int, float]]:
    """Scalars by step; of a step that was taken twice, the last value."""
    found: dict[str, dict[int, float]] = {}
    for path in sorted(folder.rglob("events.out.tfevents.*"), key=lambda path: path.stat().st_mtime_ns):
        events = EventAccumulator(str(path), size_guidance={"scalars": 0})
        events.Reload()
        for tag in set(events.Tags()["scalars"]) - {"samples/per_second"}:
            found.setdefault(tag, {}).update({event.step: event.value for event in events.Scalars(tag)})
    return found


def samples(name: str, folder: Path) -> torch.Tensor:
    main(["predict", *model(name), *TINY_PREDICT, *at(folder), f"--ckpt_path={checkpoint(folder)}"])
    (path,) = folder.rglob("samples.pt")
    return torch.load(path, weights_only=True)["images"]


def assert_same_end(whole: Path, resumed: Path, steps: int = 12, lost: AbstractSet[int] = frozenset()) -> None:
    """``lost``: steps that may be missing in the log, since Lightning logs a step after it has saved."""
    first, second = (torch.load(checkpoint(folder), weights_only=True) for folder in (whole, resumed))
    assert first["global_step"] == second["global_step"] == steps
    for part in ("state_dict", "current_model_state", "averaging_state", "optimizer_states", "lr_schedulers", "loops"):
        torch.testing.assert_close(second[part], first[part], rtol=0, atol=0, equal_nan=True)
    one, other = metrics(whole), metrics(resumed)
    assert one.keys() == other.keys() and any(tag.startswith("val/") for tag in one)
    for tag, values in one.items():
        assert values.keys() - other[tag].keys() <= lost, tag
        assert other[tag] == {step: value for step, value in values.items() if step in other[tag]}, tag


def assert_same_samples(name: str, whole: Path, resumed: Path) -> None:
    assert torch.equal(samples(name, whole), samples(name, resumed))


@pytest.mark.parametrize(("name", "step"), [("ContrastiveDivergence, scheduled", 5), ("EBT", 9), ("IRED", 9)])
def test_a_killed_run_goes_on_as_if_nothing_had_happened(name, step, uninterrupted):
    other = Path("other")
    status, _ = killed("SIGKILL", step, "fit", *model(name), *RUN, *at(other))
    assert status == -signal.SIGKILL
    assert step_of(checkpoint(other)) == step - step % 2  # later steps are lost, and done again
    main(["fit", *model(name), *RUN, *at(other), "--ckpt_path=last"])
    whole = uninterrupted(name)
    assert_same_end(whole, other)
    assert_same_samples(name, whole, other)


def test_a_run_that_is_killed_twice_goes_on_too(uninterrupted):
    """The first kill is at the end of an epoch, after which the next epoch has to count as begun."""
    name, other = "ContrastiveDivergence", Path("other")
    for step, resume in ((7, []), (9, ["--ckpt_path=last"])):
        killed("SIGKILL", step, "fit", *model(name), *RUN, *at(other), *resume)
        assert step_of(checkpoint(other)) == step - 1
    main(["fit", *model(name), *RUN, *at(other), "--ckpt_path=last"])
    assert_same_end(uninterrupted(name), other)


@pytest.mark.parametrize(
    ("number", "step", "saved", "more"),
    [
        ("SIGKILL", 6, 6, []),  # the validation after the first epoch
        ("SIGKILL", 12, 12, []),  # the last one
        ("SIGTERM", 5, 6, []),  # during the batch before
        ("SIGKILL", 10, 10, ["--trainer.val_check_interval=4"]),  # within an epoch
    ],
)
def test_a_validation_that_was_interrupted_is_made_up_for(number, step, saved, more, uninterrupted):
    name, other = "ContrastiveDivergence", Path("other")
    command = ["fit", *model(name), *RUN, *more]
    rare = ["--checkpoint.every_n_train_steps=1000"] if number == "SIGTERM" else []
    status, _ = killed(number, step, *command, *rare, *at(other))
    assert status != 0 and step_of(checkpoint(other)) == saved
    assert saved not in metrics(other).get("val/energy_start", {})
    main([*command, *at(other), "--ckpt_path=last"])
    assert_same_end(uninterrupted(name, *more), other)


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_a_signal_saves_and_exits(number, uninterrupted):
    name, other = "ContrastiveDivergence", Path("other")
    rare = [*RUN, "--checkpoint.every_n_train_steps=1000"]
    status, output = killed(number, 7, "fit", *model(name), *rare, *at(other))
    assert status == 128 + getattr(signal, number), output
    assert f"{number} after step 8: saved" in output and "Traceback" not in output
    main(["fit", *model(name), *RUN, *at(other), "--ckpt_path=last"])
    assert_same_end(uninterrupted(name), other)


@pytest.mark.parametrize("command", ["validate", "test", "predict"])
def test_a_command_that_trains_nothing_ends_at_once(command, uninterrupted):
    """One batch of a test may be chains of an hour, and Lightning looks for signals between batches only."""
    whole = uninterrupted("ContrastiveDivergence")
    flags = TINY_PREDICT if command == "predict" else TINY_RUN
    arguments = [*model("ContrastiveDivergence"), *flags, *at(Path("other")), f"--ckpt_path={checkpoint(whole)}"]
    status, output = killed("SIGTERM", 0, command, *arguments)
    assert status == 128 + signal.SIGTERM, output
    assert "Loaded" in output and "still here" not in output and "Traceback" not in output


def test_a_cluster_requeues_a_run(tmp_path, uninterrupted):
    """SLURM's warning before the time is over: Lightning saves and requeues, and the requeued job resumes."""
    name, other = "ContrastiveDivergence", Path("other")
    scontrol = tmp_path / "bin" / "scontrol"
    scontrol.parent.mkdir()
    scontrol.write_text(f"#!/bin/sh\necho $@ >> '{tmp_path}/requeued'\nkill -9 $PPID\n")
    scontrol.chmod(0o755)
    job = {"JOB_ID": "7", "JOB_NAME": "train", "NTASKS": "1", "NODELIST": "here", "LOCALID": "0", "PROCID": "0"}
    environment = {f"SLURM_{key}": value for key, value in job.items()}
    environment["PATH"] = f"{scontrol.parent}:{os.environ['PATH']}"
    rare = [*RUN, "--checkpoint.every_n_train_steps=1000", "--trainer.num_nodes=1", "--trainer.devices=1"]
    status, output = killed("SIGUSR1", 7, "fit", *model(name), *rare, *at(other), **environment)
    assert status == -signal.SIGKILL and Path("requeued").read_text() == "requeue 7\n", output
    assert list(other.glob("hpc_ckpt_*.ckpt"))
    status, output = killed("SIGUSR1", 1000, "fit", *model(name), *RUN, *at(other), **environment)
    assert status == 0 and "Restor" in output, output
    assert_same_end(uninterrupted(name), other, lost={7})


def test_a_damaged_checkpoint_is_skipped(capsys, uninterrupted):
    name, other = "ContrastiveDivergence", Path("other")
    killed("SIGKILL", 9, "fit", *model(name), *RUN, "--checkpoint.save_top_k=-1", *at(other))
    paths = sorted(other.rglob("*.ckpt"), key=lambda path: path.stat().st_mtime_ns)
    assert [path.name[-6] for path in paths] == ["2", "4", "6", "8"]
    with paths[-1].open("r+b") as file:
        file.truncate(paths[-1].stat().st_size // 2)
    paths[-2].write_bytes(b"")
    capsys.readouterr()
    main(["fit", *model(name), *RUN, *at(other), "--ckpt_path=last"])
    error = capsys.readouterr().err
    assert f"Skipped: {paths[-1]} is not a complete checkpoint" in error and f"Skipped: {paths[-2]}" in error
    assert f"Checkpoint: {paths[-3]}" in error
    assert_same_end(uninterrupted(name), other)


@pytest.mark.slow
@pytest.mark.parametrize("name", METHODS)
def test_killed_seven_times_at_any_moment(name, record_property):
    """The process is killed from outside at random points and resumed, seven times."""
    chance = random.Random(name)
    whole = Path("whole")
    command = [sys.executable, "-m", "lean_ebm", "fit", *model(name), *LONGER]
    subprocess.run([*command, *at(whole)], check=True, capture_output=True)
    saved: list[int] = []
    ends = 0
    while len(saved) < 7:
        folder, before = Path(f"other-{ends}"), len(saved)
        while True:
            last = last_saved(folder)
            until = chance.randrange(last, 600) if len(saved) < 7 else 600  # from 450 on it may end
            resume = ["--ckpt_path=last"] if last else []
            process = subprocess.Popen(
                [*command, *at(folder), *resume], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            while process.poll() is None and last_saved(folder) < until:
                time.sleep(0.005)
            time.sleep(chance.uniform(0.0, 0.2))
            process.kill()
            if process.wait() == 0:
                break
            assert process.returncode == -signal.SIGKILL
            saved.append(last_saved(folder))
        assert_same_end(whole, folder, steps=450, lost={step - 1 for step in saved[before:]})
        assert_same_samples(name, whole, folder)
        ends += 1
    record_property("killed when the last checkpoint was of step", ", ".join(map(str, saved)))
    record_property("runs of 450 steps that ended as the uninterrupted one, bit for bit", ends)
