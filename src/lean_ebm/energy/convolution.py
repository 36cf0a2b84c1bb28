"""A strided convolution whose gradient is fast on a CPU."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class CandidateConv2d(nn.Conv2d):
    """A strided convolution whose gradient with respect to the candidate is also fast on a CPU.

    Candidates have few channels. The backward kernel of a strided convolution with one input channel hardly uses a
    CPU's vector units: on digits it took a third of a chain step. This class therefore turns each block of
    ``stride x stride`` pixels into channels of one pixel (space to depth), rearranges the weights in the same way, and
    computes the same sums as a convolution without stride. The output stays in the channels-last format, for which the
    strided kernels of the next layers are faster too. The parameters are those of ``Conv2d``.
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
