"""How memory and cost grow with what is asked for."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from statistics import median
from typing import Any

import torch

from benchmarks.scale import CHAIN, Result, Scale, computing, with_rates
from benchmarks.timing import peak_memory, synchronize
from lean_ebm.langevin import langevin
from lean_ebm.memory import keep_freed_memory


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
            result[str(at)] = with_rates(times, size * number, number) | {
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
