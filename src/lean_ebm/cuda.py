"""The settings of runs on a CUDA device, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn


@dataclass(frozen=True)
class Cuda:
    """Settings of a run on a CUDA device. On other devices they have no effect.

    ``benchmarks/README.md`` says what each of them was measured to bring. That chains are replayed as CUDA graphs is a
    setting of the chains, :class:`~lean_ebm.langevin.Langevin`.

    Args:
        float32_matmul_precision: Precision of matrix products in float32: ``highest``, or ``high`` and ``medium``,
            which compute them in TensorFloat-32 (``torch.set_float32_matmul_precision``). Convolutions in float32 use
            TensorFloat-32 in any case, as torch has it.
        channels_last: Keep the weights of convolutions, and with them the images between layers, in the order in which
            the tensor cores read them.
    """

    float32_matmul_precision: Literal["highest", "high", "medium"] = "high"
    channels_last: bool = True

    def apply(self, model: nn.Module) -> None:
        """Apply the settings to this process and to a model."""
        torch.set_float32_matmul_precision(self.float32_matmul_precision)
        for layer in model.modules() if self.channels_last else ():
            if isinstance(layer, nn.Conv2d):
                layer.to(memory_format=torch.channels_last)
