"""Chains on E = a/2 |x|^2, on which a step without noise is x <- (1 - eta a) x."""

import torch
from torch import Tensor

from lean_ebm.langevin import (
    Langevin,
)

ETA, A, STEPS = 0.1, 0.7, 30
FACTOR = 1 - ETA * A


def quadratic(a: float | Tensor = A):
    return lambda x, _: a / 2 * x.square().flatten(1).sum(dim=1)


def chain(**settings) -> Langevin:
    return Langevin(**{"steps": STEPS, "step_size": ETA, **settings})


def starts(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)
