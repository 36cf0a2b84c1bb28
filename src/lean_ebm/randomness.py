"""Random numbers that depend only on a seed and a place in the run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor


def derived_seed(*parts: int | str) -> int:
    """Compute a seed (0 to 2^63 - 1) from ``parts``, such as the rank, the epoch and the batch."""
    digest = hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's global generators within a block, and restore their state at its end.

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


def stratified(size: int, device: torch.device) -> Tensor:
    """Uniform numbers ``(size,)`` in [0, 1), one from each of ``size`` equal ranges, in random order."""
    return (torch.randperm(size, device=device) + torch.rand(size, device=device)) / size


def counted_uniforms(seed: int, numbers: Tensor, count: int) -> Tensor:
    """Uniform random numbers. Each row depends only on the seed and on its entry of ``numbers``.

    SplitMix64 (Steele, Lea and Flood 2014, figure 12) as a counter-based generator: row i is the stream whose start is
    the seed mixed with ``numbers[i]``.

    Args:
        seed: The seed, 0 to 2^63 - 1.
        numbers: ``(B,)`` int64, 0 or more; each numbers one row.
        count: Number of random numbers in each row.

    Returns:
        ``(B, count)`` float64, above 0 and below 1.
    """
    start = _mix(seed + _GAMMA * (numbers + 1))
    counter = torch.arange(1, count + 1, dtype=torch.int64, device=numbers.device)
    bits = _mix(start[:, None] + _GAMMA * counter)
    return _shift(bits, 12).double().add_(0.5).mul_(2**-52)


_GAMMA, _FIRST, _SECOND = (value - (1 << 64) for value in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def _mix(z: Tensor) -> Tensor:
    """SplitMix64's finalizer, in place."""
    z.bitwise_xor_(_shift(z, 30)).mul_(_FIRST)
    z.bitwise_xor_(_shift(z, 27)).mul_(_SECOND)
    return z.bitwise_xor_(_shift(z, 31))


def _shift(z: Tensor, places: int) -> Tensor:
    """Right shift of 64-bit integers that fills with zeros."""
    return (z >> places).bitwise_and_((1 << (64 - places)) - 1)
