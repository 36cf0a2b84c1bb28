"""Measures contenders in turns, so that other work of the machine slows down all of them."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch


def interleaved(
    contenders: Mapping[str, Callable[[], object]],
    reference: str,
    rounds: int,
    device: torch.device,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, dict[str, float]]:
    """Time contenders A B A B, after a warm-up of each.

    Args:
        contenders: The functions to time, by name.
        reference: Name of the contender that ratios refer to.
        rounds: Number of times that each is timed.
        device: Device to wait for.
        clock: The function that returns the time in seconds.

    Returns:
        By name the median ``seconds`` and the median over rounds of the ``ratio`` to the reference.
    """
    for run in contenders.values():
        run()
        run()
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    names = list(contenders)
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            synchronize(device)
            start = clock()
            contenders[name]()
            synchronize(device)
            seconds[name].append(clock() - start)
    return {
        name: {
            "seconds": statistics.median(taken),
            "ratio": statistics.median(a / b for a, b in zip(taken, seconds[reference], strict=True)),
        }
        for name, taken in seconds.items()
    }


def synchronize(device: torch.device) -> None:
    """Wait until an accelerator has finished its work."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def peak_memory(run: Callable[[], object], device: torch.device) -> int:
    """The largest number of bytes that tensors take up while ``run`` runs, without those that were there before."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        run()
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated() - before
    # torch keeps no such figure for a CPU, but the profiler records every allocation.
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        run()
    changes: list[tuple[int, int]] = []
    pending = list(profile.profiler.kineto_results.experimental_event_tree())
    while pending:
        event = pending.pop()
        pending.extend(event.children)
        if event.name == "[memory]":
            changes.append((event.start_time_ns, event.extra_fields.alloc_size))
    held = peak = 0
    for _, change in sorted(changes):
        held += change
        peak = max(peak, held)
    return peak


def machine(device: torch.device) -> dict[str, Any]:
    """The machine and the versions with which figures are measured."""
    from importlib.metadata import PackageNotFoundError, version

    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    versions = {}
    for package in ("torch", "torchvision", "torchebm"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return {
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "gpu": torch.cuda.get_device_name() if device.type == "cuda" else "none",
        "python": platform.python_version(),
        **versions,
    }
