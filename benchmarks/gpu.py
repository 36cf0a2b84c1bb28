"""``make gpu-check``: shows within eight minutes on a CUDA device that everything runs there, and how fast."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from benchmarks import peers
from benchmarks.pace import Pace
from benchmarks.rows import training
from benchmarks.scale import CHAIN, Scale
from lean_ebm.cli.training import main as lean_ebm
from lean_ebm.cuda import Cuda
from lean_ebm.experiments.tables import table
from lean_ebm.files import write_whole
from lean_ebm.langevin import langevin

WITHOUT = 3
"""Exit status on a machine without a CUDA device."""
FAILED = 1
"""Exit status if a check failed. A figure that misses its target is not a failure."""
MINUTES = 8.0
"""Time limit; what does not fit into it is reported as not measured."""
RECIPES = ("contrastive", "ebt", "ired")
EXACT = "--trainer.deterministic=true"
"""Without it, some kernels of a GPU add up numbers in an order that differs from run to run."""
ON_THE_DEVICE = ("--trainer.accelerator=gpu", "--trainer.devices=1")
QUIET = ("--trainer.enable_progress_bar=false", "--trainer.enable_model_summary=false")
ROOT = Path(__file__).resolve().parents[1]

Row = dict[str, Any]
"""``name``, ``figure`` and, if there is one, ``target`` and whether it ``holds``."""


def chains(scale: Scale) -> list[Row]:
    """A step of a chain: ours replayed, against TorchEBM's on the same layers of ``torch.nn``."""
    rows: list[Row] = []
    for network, size, bf16, most, times in (
        ("ConvEnergy", 32, False, 190, 7),
        ("ConvEnergy", 128, False, 190, 7),
        ("ResidualEnergy", 128, True, 330, 6),
        ("ResidualEnergy", 512, True, 550, 3.5),
    ):
        ours = scale.network(network)
        plain = peers.plain(ours)
        Cuda().apply(ours)
        x, y = scale.batch(size)
        eager, replayed = replace(CHAIN, compile=False), replace(CHAIN, compile=True)
        precision = torch.autocast("cuda", torch.bfloat16, enabled=bf16)

        def in_precision(run: Callable[[], object], precision: Any = precision) -> Callable[[], object]:
            def inside() -> object:
                with precision:
                    return run()

            return inside

        def chain(settings: Any, ours: Any = ours, x: torch.Tensor = x, y: torch.Tensor = y) -> Callable[[], object]:
            return lambda: langevin(ours, x, y, settings)

        contenders = {"replayed": in_precision(chain(replayed)), "eager": in_precision(chain(eager))}
        if peers.TORCHEBM:
            contenders["TorchEBM"] = partial(peers.torchebm_chain(plain, CHAIN), x, y)
        taken = {name: 1e6 * time["seconds"] / CHAIN.steps for name, time in scale.time(contenders, "eager").items()}
        name = f"chain step, {network}, batch {size}, {'bf16' if bf16 else 'float32 (tf32)'}"
        rows.append(_row(name, taken["replayed"], "us", most=most))
        rows.append(_row(f"{name}, eager", taken["eager"], "us"))
        if peers.TORCHEBM:
            rows.append(_row(f"{name}, TorchEBM in float32 (tf32)", taken["TorchEBM"], "us"))
            rows.append(
                _row(f"{name}, times as fast as TorchEBM", taken["TorchEBM"] / taken["replayed"], "", least=times)
            )
        else:
            rows.append({"name": f"{name}, TorchEBM", "figure": "not measured: it is not installed"})
    return rows


def steps(scale: Scale) -> list[Row]:
    """A step of training without Lightning: loss, backward pass, optimizer."""
    rows = []
    for method, most in (("ContrastiveDivergence", 8.0), ("EBT", None), ("IRED", None)):
        result = training(replace(scale, batches=(32, 128, 512)), "ResidualEnergy", method)
        for name, times in result.items():
            target = most if name.startswith("ours, compiled") else None
            rows.append(
                _row(f"training step, ResidualEnergy, batch 128, {method}: {name}", times["ms"], "ms", most=target)
            )
    return rows


def recipes(folder: Path) -> list[Row]:
    """Every recipe fits, resumes bit for bit, tests and predicts on the device, without a warning."""
    return [row for name in RECIPES for row in _recipe(name, folder)]


def _recipe(name: str, folder: Path) -> list[Row]:
    common = [
        f"--config={name}",
        *ON_THE_DEVICE,
        *QUIET,
        "--trainer.limit_val_batches=1",
        *data(),
    ]
    fit = [
        "fit",
        *common,
        "--trainer.val_check_interval=null",
        "--trainer.check_val_every_n_epoch=1",
        "--checkpoint.save_top_k=-1",
        "--checkpoint.save_last=false",
    ]
    usual, whole, other = (folder / f"{name}-{part}" for part in ("usual", "whole", "resumed"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", DeprecationWarning)  # which Python does not show to users
        timed = ["--trainer.max_steps=120", "--trainer.callbacks+=benchmarks.pace.Pace"]
        lean_ebm([*fit, *timed, "--checkpoint.every_n_train_steps=120", f"--trainer.default_root_dir={usual}"])
    pace = Pace.milliseconds
    said = sorted({f"{warning.category.__name__}: {str(warning.message)[:90]}" for warning in caught})
    exact = [*fit, EXACT, "--trainer.max_steps=60", "--checkpoint.every_n_train_steps=30"]
    try:
        lean_ebm([*exact, f"--trainer.default_root_dir={whole}"])
        lean_ebm([*exact, f"--trainer.default_root_dir={other}", f"--ckpt_path={_saved(whole, 30)}"])
    finally:
        torch.use_deterministic_algorithms(False)
    last, found = _saved(usual, 120), _differences(_saved(whole, 60), _saved(other, 60))
    lean_ebm(["test", *common, f"--ckpt_path={last}", "--trainer.limit_test_batches=2", "--evaluation.num_samples=200"])
    lean_ebm(["predict", *common, f"--ckpt_path={last}", "--data.samples_per_class=10"])
    return [
        _row(f"fit of {name}", 1e3 / pace, "steps a second"),
        _check(f"fit of {name} warns of nothing", not said, "; ".join(said)),
        _check(f"fit of {name} with deterministic kernels, resumed from its middle, bit for bit", not found, found),
        _check(f"test and predict of {name}", True),
    ]


def prover(folder: Path, on: Sequence[str] = ON_THE_DEVICE) -> list[Row]:
    """An energy of tactics learns on the device for some steps, is tested, and guides a search, which needs no device.

    Args:
        folder: Where the fit writes.
        on: Flags that say where it runs; on a CPU only to try this out.
    """
    common = [
        f"--config={ROOT / 'configs' / 'proving' / 'energy.yaml'}",
        *on,
        *QUIET,
        "--data.theorems=300",
        "--trainer.log_every_n_steps=1",
        f"--trainer.default_root_dir={folder / 'prover'}",
    ]
    short = ["--trainer.max_epochs=-1", "--trainer.max_steps=100", "--trainer.limit_val_batches=1"]
    timed = ["--trainer.callbacks+=benchmarks.pace.Pace", "--checkpoint.every_n_train_steps=100"]
    lean_ebm(["fit", *common, *short, *timed])
    rows = [_row("fit of proving/energy", 1e3 / Pace.milliseconds, "steps a second")]
    saved = _saved(folder / "prover", 100)
    lean_ebm(
        ["test", *common, f"--ckpt_path={saved}", "--trainer.limit_test_batches=2", "--evaluation.num_samples=200"]
    )
    rows.append(_check("test of proving/energy", True))
    name = "search with proving/energy as the guide"
    if find_spec("lean_ebm.guides") is None:
        return [*rows, {"name": name, "figure": "not measured: this version cannot search with a checkpoint"}]
    command = [sys.executable, "-m", "lean_ebm", "prove", "p ∧ q → q ∧ p", "--guide", str(saved)]
    done = subprocess.run([*command, "--applications", "500"], capture_output=True, text=True, timeout=120)
    return [*rows, _check(name, done.returncode == 0 and "theorem" in done.stdout, done.stderr[-300:])]


def full(folder: Path) -> list[Row]:
    """The paces of the recipes of ``configs/full``."""
    rows = []
    for name, length, least in (("contrastive", 60, 30), ("ebt", 120, None), ("ired", 120, None)):
        lean_ebm(
            [
                "fit",
                f"--config={ROOT / 'configs' / 'full' / name}.yaml",
                *ON_THE_DEVICE,
                *QUIET,
                "--trainer.limit_val_batches=0",
                f"--trainer.max_steps={length}",
                "--trainer.callbacks+=benchmarks.pace.Pace",
                f"--trainer.default_root_dir={folder / f'full-{name}'}",
                *data(),
            ]
        )
        rows.append(_row(f"fit of full/{name}", 1e3 / Pace.milliseconds, "steps a second", least=least))
    return rows


def killed(folder: Path) -> list[Row]:
    """A fit that is killed in the middle of a step, and resumed in this process, ends as one that was not."""
    fit = [
        "fit",
        "--config=contrastive",
        EXACT,
        *ON_THE_DEVICE,
        *QUIET,
        "--trainer.limit_val_batches=1",
        "--trainer.max_steps=40",
        "--checkpoint.every_n_train_steps=10",
        "--checkpoint.save_top_k=-1",
        "--checkpoint.save_last=false",
        *data(),
    ]
    whole, other = (f"--trainer.default_root_dir={folder / part}" for part in ("kill-whole", "kill-other"))
    command = [sys.executable, str(ROOT / "tests" / "kill_worker.py"), "SIGKILL", "25", *fit, other]
    done = subprocess.run(command, env=os.environ, capture_output=True, text=True, timeout=180)
    if done.returncode != -signal.SIGKILL:
        return [_check("a fit is killed", False, f"status {done.returncode}: {done.stderr[-300:]}")]
    try:
        lean_ebm([*fit, other, "--ckpt_path=last"])
        lean_ebm([*fit, whole])
    finally:
        torch.use_deterministic_algorithms(False)
    found = _differences(_saved(folder / "kill-whole", 40), _saved(folder / "kill-other", 40))
    return [_check("fit of contrastive with deterministic kernels, killed and resumed, bit for bit", not found, found)]


def data() -> list[str]:
    """MNIST where it is, and else scikit-learn's digits, so that nothing is downloaded."""
    root = Path(os.environ.get("LEAN_EBM_DATA") or "data")
    if (root / "MNIST" / "raw" / "train-images-idx3-ubyte").is_file():
        return []
    return ["--data=Digits", "--data.batch_size=64", "--trainer.log_every_n_steps=10"]  # an epoch has 21 batches


def _saved(folder: Path, step: int) -> Path:
    (path,) = folder.rglob(f"*step={step}.ckpt")
    return path


def _differences(first: Path, second: Path) -> str:
    """Which weights and states differ between two checkpoints, and by how much."""
    one, other = (torch.load(path, map_location="cpu", weights_only=True) for path in (first, second))
    found = []
    for part in ("state_dict", "current_model_state", "optimizer_states"):
        pairs = zip(_tensors(one.get(part)), _tensors(other.get(part)), strict=True)
        worst = [float((a.double() - b.double()).abs().nan_to_num(0.0).max()) for a, b in pairs if a.numel()]
        if max(worst, default=0.0) > 0:
            found.append(f"{part}: {sum(value > 0 for value in worst)} of {len(worst)} by up to {max(worst):.1e}")
    return "; ".join(found)


def _tensors(collection: Any) -> list[torch.Tensor]:
    return [leaf for leaf in torch.utils._pytree.tree_leaves(collection) if isinstance(leaf, torch.Tensor)]


def _row(name: str, value: float, unit: str, most: float | None = None, least: float | None = None) -> Row:
    row: Row = {
        "name": name,
        "figure": f"{value:.3g} {unit}".strip() if value < 1000 else f"{value:,.0f} {unit}",
        "value": value,
    }
    if most is not None:
        row |= {"target": f"at most {most:g}", "holds": value <= most}
    if least is not None:
        row |= {"target": f"at least {least:g}", "holds": value >= least}
    return row


def _check(name: str, passed: bool, otherwise: str = "") -> Row:
    return {"name": name, "figure": "yes" if passed else f"no: {otherwise}", "passed": passed}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the checks, print the table and write it; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--only", nargs="+", help="parts: chains, recipes, steps, prover, full, killed")
    parser.add_argument(
        "--output", type=Path, default=ROOT / "lightning_logs" / "gpu-check", help="folder of the table"
    )
    given = parser.parse_args(arguments)
    if not torch.cuda.is_available():
        print(f"make gpu-check needs a CUDA device, and torch {torch.__version__} finds none on this machine.")
        return WITHOUT
    began = time.monotonic()
    sys.argv = sys.argv[:1]  # which the command line would read otherwise
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # torch reads it once, before the exact fits
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    scale = Scale(torch.device("cuda"), rounds=5)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts: dict[str, Callable[[], list[Row]]] = {
            "chains": lambda: chains(scale),
            "recipes": lambda: recipes(folder),
            "steps": lambda: steps(scale),
            "prover": lambda: prover(folder),
            "full": lambda: full(folder),
            "killed": lambda: killed(folder),
        }
        for part, measure in parts.items():
            if given.only and part not in given.only:
                continue
            start = time.monotonic()
            if start - began > 60 * (MINUTES - 1):
                rows.append({"name": part, "figure": "not measured: the time is over"})
                continue
            try:
                rows += measure()
            except (Exception, SystemExit) as error:  # the other parts still tell something
                traceback.print_exc()
                rows.append(_check(part, False, f"{type(error).__name__}: {str(error)[:300]}"))
            print(f"{part}: {time.monotonic() - start:.0f} s", flush=True)
            _write(rows, given.output)
    print(_write(rows, given.output))
    return FAILED if any(row.get("passed") is False for row in rows) else 0


def _write(rows: list[Row], folder: Path) -> str:
    device = {
        "device": torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "python": platform.python_version(),
        "data": "MNIST" if not data() else "scikit-learn's digits",
    }
    body = [
        [row["name"], row["figure"], row.get("target", ""), {True: "yes", False: "no"}.get(row.get("holds"), "")]
        for row in rows
    ]
    about = "{device}, torch {torch}, CUDA {cuda}, Python {python}; {data}".format(**device)
    text = f"# Check on a GPU\n\nWritten by `make gpu-check` on {about}.\n\n"
    text += table(["", "figure", "target", "holds"], body) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "gpu.md", text)
    write_whole(folder / "gpu.json", json.dumps(device | {"rows": rows}, indent=1) + "\n")
    return text


if __name__ == "__main__":
    sys.exit(main())
