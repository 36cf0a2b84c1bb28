"""The measurements; each public function is one group of rows of the table."""

from __future__ import annotations

import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Literal

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from benchmarks import peers
from benchmarks.timing import interleaved, peak_memory, synchronize
from lean_ebm.data.mnist import MNIST
from lean_ebm.energy import ConvEnergy, EnergyNetwork, Landscape, ResidualEnergy
from lean_ebm.langevin import Langevin, langevin
from lean_ebm.memory import keep_freed_memory
from lean_ebm.methods import EBT, IRED, ContrastiveDivergence, Method

CHAIN = Langevin(steps=60, step_size=10.0, noise_scale=0.005, grad_clamp=0.03, bounds=(-1.0, 1.0))
"""The chain of the recipes."""

Result = dict[str, Any]


@dataclass(frozen=True)
class Scale:
    """The size of the measurements.

    Attributes:
        device: Where the networks are.
        rounds: Number of times that each contender is timed.
        unit: Largest number of seconds for one chain of the floor. Longer chains get fewer steps; each step costs the
            same.
        batches: Batch sizes.
        threads: Numbers of CPU threads.
        lengths: Numbers of steps of the chains whose memory is measured.
        growth: Batches, steps and widths over which the cost is drawn.
        clock: The function that returns the time in seconds.
        width: Width of the networks; None for their own.
        images: Number of images in the data set that is loaded.
    """

    device: torch.device
    rounds: int = 9
    unit: float = 0.25
    batches: tuple[int, ...] = (32, 128, 512)
    threads: tuple[int, ...] = (1, 2)
    lengths: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 60)
    growth: tuple[tuple[int, ...], ...] = (
        (8, 16, 32, 64, 128, 256, 512, 1024, 2048),
        (1, 4, 16, 64, 256),
        (8, 16, 32, 64),
    )
    clock: Callable[[], float] = time.perf_counter
    width: int | None = None
    images: int = 60_000

    def time(self, contenders: dict[str, Callable[[], object]], reference: str) -> dict[str, dict[str, float]]:
        """Time contenders in turns."""
        return interleaved(contenders, reference, self.rounds, self.device, self.clock)

    def busy(self) -> Scale:
        """The same for a machine with other work: one thread and its processor time, which does not count that work."""
        return replace(self, rounds=5, unit=0.2, threads=(1,), clock=time.process_time)

    def network(self, name: str, **settings: Any) -> EnergyNetwork:
        """The energy network of that name."""
        torch.manual_seed(0)
        width = {} if self.width is None else {"width": self.width}
        kind = {"ConvEnergy": ConvEnergy, "ResidualEnergy": ResidualEnergy}[name]
        return kind(**{**width, **settings}).to(self.device)

    def batch(self, size: int) -> tuple[Tensor, Tensor]:
        """Images and labels."""
        torch.manual_seed(1)
        x = 2 * torch.rand(size, 1, 28, 28, device=self.device) - 1
        return x, torch.arange(size, device=self.device) % 10


SMOKE = Scale(
    device=torch.device("cpu"),
    rounds=1,
    unit=0.0,
    batches=(4,),
    threads=(1,),
    lengths=(1, 2),
    growth=((2, 4), (1, 2), (4, 8)),
    width=4,
    images=256,
)
"""Everything once, as small as possible: shows that it runs, and measures nothing."""

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
    rows["data"] = partial(data, scale)
    rows["memory"] = partial(memory, scale)
    for over in ("batch", "steps", "width", "processes"):
        rows[f"growth/{over}"] = partial(growth, scale, over)
    return rows


@contextmanager
def computing(threads: int) -> Iterator[None]:
    """Compute with ``threads`` threads, and forget what was compiled before."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    torch.compiler.reset()
    try:
        yield
    finally:
        torch.set_num_threads(before)


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
        result = _with_rates(scale.time(contenders, "floor"), size * steps, steps)
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
        result = _with_rates(scale.time(contenders, "ours"), size * steps, steps)
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
        return _with_rates(scale.time(contenders, "textbook"), size, 1)


TRAINING_CHAIN = replace(CHAIN, steps=10)
EBT_CHAIN = Langevin(steps=1, step_size=1.0, graph="last")
MINING = Langevin(steps=2, monotone=True)


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
        return _with_rates(times, number * size, number)


def memory(scale: Scale) -> Result:
    """Peak memory of chains with a graph and of the backward pass through them, over their length."""
    size = scale.batches[0]
    ways: dict[str, dict[str, Any]] = {
        "all": {"graph": "all"},
        "last 4": {"graph": 4},
        "all, recomputed": {"graph": "all", "recompute": True},
    }
    with computing(scale.threads[-1]):
        energy = scale.network("ConvEnergy")
        x, y = scale.batch(size)

        def run(steps: int, settings: dict[str, Any]) -> None:
            energy.zero_grad()
            langevin(energy, x, y, replace(CHAIN, steps=steps, **settings)).x.square().mean().backward()

        run(1, {"graph": "all"})  # gradients and buffers that stay
        peaks = {
            name: {str(steps): peak_memory(partial(run, steps, settings), scale.device) for steps in scale.lengths}
            for name, settings in ways.items()
        }
    return {"batch": size, "bytes": peaks}


def growth(scale: Scale, over: str) -> Result:
    """How cost grows without a graph. ConvEnergy at batch 128 with 20 steps, except what ``over`` varies."""
    batches, steps, widths = scale.growth
    if over == "processes":
        return _processes(scale)
    middle = scale.batches[len(scale.batches) // 2]
    points: dict[str, list[tuple[int, int, int | None]]] = {
        "batch": [(size, 20, scale.width) for size in batches],
        "steps": [(middle, number, scale.width) for number in steps],
        "width": [(middle, 20, width) for width in widths],
    }
    result: Result = {}
    with computing(scale.threads[-1]):
        for size, number, width in points[over]:
            energy = replace(scale, width=width).network("ConvEnergy")
            x, y = scale.batch(size)
            chain = replace(CHAIN, steps=number)
            contenders = {
                "eager": partial(langevin, energy, x, y, chain),
                "compiled": partial(langevin, energy, x, y, replace(chain, compile=True)),
            }
            torch.compiler.reset()
            times = scale.time(contenders, "eager")
            at = {"batch": size, "steps": number, "width": width}[over]
            result[str(at)] = _with_rates(times, size * number, number) | {
                "bytes": peak_memory(partial(langevin, energy, x, y, chain), scale.device)
            }
    return result


def _processes(scale: Scale) -> Result:
    """One process with all threads, compared with processes with one thread each, which share a batch.

    The one process is also measured with glibc's default, which gives memory back to the kernel.
    """
    import torch.multiprocessing as mp

    number, size = scale.threads[-1], scale.batches[len(scale.batches) // 2]
    context = mp.get_context("spawn")
    ways = list(dict.fromkeys(((1, True), (number, True), (1, False))))
    rates: dict[tuple[int, bool], list[float]] = {way: [] for way in ways}
    for _ in range(min(scale.rounds, 5)):
        for way in ways:
            processes, keeps = way
            barrier, queue = context.Barrier(processes), context.Queue()
            share = (size // processes, number // processes)
            arguments = (scale, *share, keeps, barrier, queue)
            workers = [context.Process(target=_worker, args=arguments) for _ in range(processes)]
            for worker in workers:
                worker.start()
            rates[way].append(sum(queue.get() for _ in workers))
            for worker in workers:
                worker.join()
    names = {way: str(way[0]) if way[1] else f"{way[0]}, memory given back" for way in ways}
    return {names[way]: {"images a second": median(taken)} for way, taken in rates.items()}


def _worker(scale: Scale, size: int, threads: int, keeps: bool, barrier: Any, queue: Any) -> None:
    if keeps:
        keep_freed_memory()
    torch.set_num_threads(threads)
    energy = scale.network("ConvEnergy")
    x, y = scale.batch(max(size, 1))
    chain = replace(CHAIN, steps=20 if scale.unit else 1)
    langevin(energy, x, y, chain)
    barrier.wait()
    start, runs = time.perf_counter(), 20 if scale.unit else 1
    for _ in range(runs):
        langevin(energy, x, y, chain)
    synchronize(scale.device)
    queue.put(runs * size * chain.steps / (time.perf_counter() - start))


def _with_rates(times: dict[str, dict[str, float]], images: int, steps: int) -> Result:
    """Add the time of one step, and the images per second (for chains, image steps per second)."""
    return {
        name: {"ms": 1e3 * time["seconds"] / steps, "images a second": images / time["seconds"], "ratio": time["ratio"]}
        for name, time in times.items()
    }


def _affordable(two_steps: Callable[[], object], steps: int, scale: Scale) -> int:
    """The number of steps of a chain that fit into the unit of time, at most 60."""
    two_steps()
    start = scale.clock()
    two_steps()
    synchronize(scale.device)
    return max(2, min(CHAIN.steps, round(scale.unit * steps / (scale.clock() - start))))


def _in_bf16(scale: Scale, run: Callable[[], object]) -> Callable[[], object]:
    def autocast() -> object:
        with torch.autocast(scale.device.type, dtype=torch.bfloat16):
            return run()

    return autocast


def _write_images(root: Path, number: int) -> None:
    """Random images and labels in the form of MNIST's training set, so that no download is needed."""
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    pixels = torch.randint(256, (number * 784,), dtype=torch.uint8).numpy().tobytes()
    labels = (torch.arange(number) % 10).to(torch.uint8).numpy().tobytes()
    for part in ("train", "t10k"):
        (raw / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 2051, number, 28, 28) + pixels)
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 2049, number) + labels)
