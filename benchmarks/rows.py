"""The measurements; each public function is one group of rows of the table."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from benchmarks import peers
from benchmarks.fits import fits
from benchmarks.growth import growth, memory
from benchmarks.scale import CHAIN, Result, Scale, computing, with_rates
from benchmarks.timing import synchronize
from lean_ebm.data.mnist import MNIST
from lean_ebm.energy import Landscape
from lean_ebm.langevin import Langevin, langevin
from lean_ebm.methods import EBT, IRED, ContrastiveDivergence, Method
from lean_ebm.methods.optimization import fuse

NETWORKS = ("ConvEnergy", "ResidualEnergy")


def all_rows(scale: Scale) -> dict[str, Callable[[], Result]]:
    """All measurements by name."""
    rows: dict[str, Callable[[], Result]] = {}
    threads = scale.threads if scale.device.type == "cpu" else scale.threads[-1:]
    for network in NETWORKS:
        for number in threads:
            for size in scale.batches:
                rows[f"chain/{network}/{size}/{number}"] = partial(chains, scale, network, size, number)
    for network in NETWORKS:
        for graph in ("last", "all"):
            rows[f"graph/{network}/{graph}"] = partial(graphs, scale, network, graph)
    for network in NETWORKS:
        for method in ("ContrastiveDivergence", "EBT", "IRED"):
            rows[f"training/{network}/{method}"] = partial(training, scale, network, method)
    rows["fit"] = partial(fits, scale)
    rows["data"] = partial(data, scale)
    rows["memory"] = partial(memory, scale)
    for over in ("batch", "steps", "width", "processes"):
        rows[f"growth/{over}"] = partial(growth, scale, over)
    return rows


def chains(scale: Scale, name: str, size: int, threads: int) -> Result:
    """Chains without a graph."""
    with computing(threads):
        ours = scale.network(name)
        plain = peers.plain(ours)
        x, y = scale.batch(size)
        steps = _affordable(lambda: peers.floor(plain, x, y, 2), 2, scale)
        chain = replace(CHAIN, steps=steps)
        quiet, compiled = replace(chain, noise_scale=0.0), replace(chain, compile=True)
        contenders: dict[str, Callable[[], object]] = {
            "floor": lambda: peers.floor(plain, x, y, steps),
            "floor, our layers": lambda: peers.floor(ours, x, y, steps),
            "ours, no noise": lambda: langevin(ours, x, y, quiet),
            "ours": lambda: langevin(ours, x, y, chain),
            "ours, compiled": lambda: langevin(ours, x, y, compiled),
            "ours, compiled, bf16": _in_bf16(scale, lambda: langevin(ours, x, y, compiled)),
            "textbook": lambda: peers.textbook(plain, x, y, chain),
        }
        if peers.TORCHEBM:
            theirs, with_ours = peers.torchebm_chain(plain, chain), peers.torchebm_chain(ours, chain)
            contenders["TorchEBM"] = lambda: theirs(x, y)
            contenders["TorchEBM, our layers"] = lambda: with_ours(x, y)
            contenders["TorchEBM, bf16"] = _in_bf16(scale, lambda: theirs(x, y))
        result = with_rates(scale.time(contenders, "floor"), size * steps, steps)
        # The chain itself costs one or two per cent, as much as turns differ by: only these two, in many turns.
        pair = {name: contenders[name] for name in ("floor, our layers", "ours, no noise")}
        times = replace(scale, rounds=5 * scale.rounds).time(pair, "floor, our layers")
        result["ours, no noise"]["over the floor, our layers"] = times["ours, no noise"]["ratio"]
        return result


def graphs(scale: Scale, name: str, graph: Literal["last", "all"]) -> Result:
    """Chains with a graph, and the backward pass through them."""
    size, steps = scale.batches[len(scale.batches) // 2], 4
    with computing(scale.threads[-1]):
        energy = scale.network(name)
        x, y = scale.batch(size)

        def run(**settings: Any) -> list[Tensor]:
            energy.zero_grad()
            chain = replace(CHAIN, steps=steps, graph=graph, noise_scale=0.0, **settings)
            langevin(energy, x, y, chain).x.square().mean().backward()
            return [parameter.grad.clone() for parameter in energy.parameters() if parameter.grad is not None]

        contenders = {
            "ours": run,
            "ours, compiled": partial(run, compile=True),
            "ours, recomputed": partial(run, recompute=True),
        }
        result = with_rates(scale.time(contenders, "ours"), size * steps, steps)
        pairs = zip(run(compile=True), run(), strict=True)
        result["gradient error"] = max(float((mine - theirs).norm() / theirs.norm()) for mine, theirs in pairs)
        return result


def training(scale: Scale, name: str, method: str) -> Result:
    """One step of training: loss, backward pass and optimizer."""
    size = scale.batches[len(scale.batches) // 2]
    with computing(scale.threads[-1]):
        x, y = scale.batch(size)
        contenders: dict[str, Callable[[], object]] = {"textbook": _textbook_step(scale, name, method, x, y)}
        for label, compile in (("ours", False), ("ours, compiled", True)):
            contenders[label] = _our_step(scale, name, method, x, y, compile)
        contenders["ours, compiled, bf16"] = _in_bf16(scale, _our_step(scale, name, method, x, y, True))
        return with_rates(scale.time(contenders, "textbook"), size, 1)


TRAINING_CHAIN = replace(CHAIN, steps=10)
EBT_CHAIN = Langevin(steps=1, step_size=1.0, graph="last", compile=False)
MINING = Langevin(steps=2, monotone=True, compile=False)


def _our_step(scale: Scale, name: str, method: str, x: Tensor, y: Tensor, compile: bool) -> Callable[[], None]:
    energy = scale.network(name, landscapes=10 if method == "IRED" else 0)
    model: Method
    if method == "ContrastiveDivergence":
        model = ContrastiveDivergence(energy, replace(TRAINING_CHAIN, compile=compile), buffer_size=8192)
    elif method == "EBT":
        model = EBT(energy, replace(EBT_CHAIN, compile=compile), cross_entropy=0.01)
    else:
        model = IRED(energy, mining=replace(MINING, compile=compile))
    model.to(scale.device).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    fuse(optimizer)

    def step() -> None:
        optimizer.zero_grad()
        model.loss((x, y))["loss"].backward()
        optimizer.step()

    return step


def _textbook_step(scale: Scale, name: str, method: str, x: Tensor, y: Tensor) -> Callable[[], object]:
    energy = peers.plain(scale.network(name, landscapes=10 if method == "IRED" else 0))
    optimizer = torch.optim.Adam(energy.parameters(), lr=1e-4)
    if method == "ContrastiveDivergence":
        return partial(peers.contrastive_step, energy, optimizer, x, y, TRAINING_CHAIN, [])
    if method == "EBT":
        return partial(peers.ebt_step, energy, optimizer, x, y, EBT_CHAIN)
    level = torch.arange(len(x), device=scale.device) % 10
    angle = ((level + 1) / 11 * torch.pi / 2).reshape(-1, 1, 1, 1)
    scales = torch.stack([angle.cos(), angle.sin()])
    return partial(peers.ired_step, energy, optimizer, x, Landscape(y, level), scales, MINING)


def data(scale: Scale) -> Result:
    """Shuffled batches of MNIST: ours compared with torchvision's images through a ``DataLoader``."""
    from torchvision import datasets, transforms

    size = scale.batches[len(scale.batches) // 2]
    with tempfile.TemporaryDirectory() as root:
        _write_images(Path(root), scale.images)
        usual = datasets.MNIST(
            root, transform=transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
        )

        class Part(MNIST):
            def load(self) -> dict[str, tuple[Tensor, Tensor]]:
                pixels = usual.data[:, None].float() * (2 / 255) - 1
                return dict.fromkeys(("train", "val", "test"), (pixels, usual.targets))

        module = Part(root, batch_size=size)
        module.setup("fit")
        number = max(1, min(50, scale.images // size))

        def take(loader: DataLoader[Any]) -> None:
            for taken, _ in enumerate(loader, start=1):
                if taken == number:
                    return

        contenders = {
            "the usual loader": lambda: take(DataLoader(usual, batch_size=size, shuffle=True)),
            "ours": lambda: take(module.train_dataloader()),
        }
        times = scale.time(contenders, "the usual loader")
        return with_rates(times, number * size, number)


def _affordable(two_steps: Callable[[], object], steps: int, scale: Scale) -> int:
    """The number of steps of a chain that fit into the unit of time, at most 60."""
    two_steps()
    start = scale.clock()
    two_steps()
    synchronize(scale.device)
    return max(2, min(CHAIN.steps, round(scale.unit * steps / (scale.clock() - start))))


def _write_images(root: Path, number: int) -> None:
    """Random images and labels in the form of MNIST's training set, so that no download is needed."""
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    pixels = torch.randint(256, (number * 784,), dtype=torch.uint8).numpy().tobytes()
    labels = (torch.arange(number) % 10).to(torch.uint8).numpy().tobytes()
    for part in ("train", "t10k"):
        (raw / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 2051, number, 28, 28) + pixels)
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 2049, number) + labels)


def _in_bf16(scale: Scale, run: Callable[[], object]) -> Callable[[], object]:
    def autocast() -> object:
        with torch.autocast(scale.device.type, dtype=torch.bfloat16):
            return run()

    return autocast
