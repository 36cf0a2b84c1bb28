"""Convolutions in the shapes that a processor's kernels are made for."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class CandidateConv2d(nn.Conv2d):
    """A strided convolution of the candidate itself, whose gradient in the candidate is fast on a CPU as well.

    Candidates have few channels, and the kernels that take a strided convolution back to one channel leave a vector
    processor nearly idle: on digits a third of a chain step. The same sums are a convolution without stride once
    ``stride x stride`` pixels are the channels of one (space to depth), the weights rearranged likewise. What follows
    stays in the channels-last format, for which strided kernels are faster too. Parameters are those of ``Conv2d``.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Convolve ``(B, C, H, W)``."""
        if x.device.type != "cpu":
            return super().forward(x)
        stride, kernel, padding = self.stride[0], self.kernel_size[0], int(self.padding[0])
        blocks = -(-kernel // stride)
        rest = [stride * ((n + 2 * padding - kernel) // stride + blocks) - padding - n for n in x.shape[2:]]
        x = F.pixel_unshuffle(F.pad(x, (padding, rest[1], padding, rest[0])), stride)
        weight = F.pixel_unshuffle(F.pad(self.weight, (0, blocks * stride - kernel) * 2), stride)
        return F.conv2d(x.contiguous(memory_format=torch.channels_last), weight, self.bias)
