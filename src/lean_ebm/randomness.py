"""Random numbers that follow from a seed and a place in the run, and from nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def derived_seed(*parts: int | str) -> int:
    """A seed, 0 to 2^63 - 1, for anything that numbers and names can tell apart, such as rank, epoch and batch."""
    digest = hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's global generators, and leave them on exit as they were.

    Args:
        seed: The seed.
        device: Device whose generator is used besides the CPU's.
    """
    accelerator = None if device.type == "cpu" else getattr(torch, device.type)
    states = torch.get_rng_state(), None if accelerator is None else accelerator.get_rng_state()
    torch.default_generator.manual_seed(seed)  # torch.manual_seed asks every backend, which takes a millisecond
    if accelerator is not None:
        accelerator.manual_seed(seed)
    try:
        yield
    finally:
        torch.set_rng_state(states[0])
        if accelerator is not None:
            accelerator.set_rng_state(states[1])


def stratified(size: int, device: torch.device) -> torch.Tensor:
    """Uniform numbers ``(size,)`` in [0, 1), one from each of ``size`` equal ranges, in random order."""
    return (torch.randperm(size, device=device) + torch.rand(size, device=device)) / size
