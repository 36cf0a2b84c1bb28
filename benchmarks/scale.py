"""How much is measured, and with what."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from benchmarks.timing import interleaved
from lean_ebm.energy import ConvEnergy, EnergyNetwork, ResidualEnergy
from lean_ebm.langevin import Langevin

CHAIN = Langevin(steps=60, step_size=10.0, noise_scale=0.005, grad_clamp=0.03, bounds=(-1.0, 1.0), compile=False)
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


def with_rates(times: dict[str, dict[str, float]], images: int, steps: int) -> Result:
    """Add the time of one step, and the images per second (for chains, image steps per second)."""
    return {
        name: {"ms": 1e3 * time["seconds"] / steps, "images a second": images / time["seconds"], "ratio": time["ratio"]}
        for name, time in times.items()
    }
