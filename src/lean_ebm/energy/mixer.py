"""An energy of noisy images whose gradient is a good denoiser: an MLP-mixer on overlapping patches."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lean_ebm.energy.classes import ClassEnergy
from lean_ebm.errors import SettingError


class MixerEnergy(ClassEnergy):
    r"""An MLP-mixer (Tolstikhin et al. 2021) whose energy has a gradient that is a denoiser from the start.

    Methods that train dE/dx train it to be the noise in x. A network that sees x only through its features would have
    to learn to copy x. Here the energy contains x itself::

        E(x, y)  =  q/2 |x|^2  -  n/2 c log(1 + |x|^2)  -  w_y . [h, h * Vp]

    with the patches ``p`` of x (n components in all), their mixer features ``h = h(p / rms(x))`` and learned ``q``,
    ``c``, ``w``, ``V``. The first two terms are the energy of zero-mean data under noise of an unknown level. Their
    gradient ``x (q - c / rms(x)^2)`` removes strong noise entirely and weak noise only a little. The third term has the
    inner product of features and patches, so that its gradient can subtract what h recognizes as strokes.

    With landscapes the network knows the noise level. It then needs neither the second term nor the division by the
    rms, and weighs each of the other two terms by a learned scalar for each landscape.

    The mixer's matrix products are large, which suits a CPU. The patches overlap, which keeps strokes whole.

    Args:
        shape: ``(channels, height, width)`` of one image; height and width are multiples of 4.
        num_classes: Number of classes.
        width: Channels of a token.
        depth: Number of mixer blocks.
        token_width: Hidden units of the mixing between tokens.
        hidden: Hidden units of the mixing between channels.
        landscapes: Number of landscapes (IRED); each shifts the input of every block. 0 for a single one.
        judge: Hidden units of the judge of images; 0 for none.

    Raises:
        SettingError: If height or width is not a multiple of 4.
    """

    def __init__(
        self,
        shape: tuple[int, int, int] = (1, 28, 28),
        num_classes: int = 10,
        width: int = 96,
        depth: int = 4,
        token_width: int = 96,
        hidden: int = 192,
        landscapes: int = 0,
        judge: int = 0,
    ) -> None:
        channels, height, width_ = shape
        if height % 4 or width_ % 4:
            raise SettingError(f"MixerEnergy: images of {height}x{width_}, expected multiples of 4: pad them.")
        tokens, patch = (height // 4) * (width_ // 4), channels * 64
        super().__init__(shape, tokens * 2 * width, num_classes, landscapes, judge, tokens * width)
        nn.init.normal_(self.weight, std=0.004)
        self.embed = nn.Linear(patch, width, bias=False)
        self.position = nn.Parameter(0.2 * torch.randn(tokens, 1, width))
        self.blocks = nn.ModuleList([_MixerBlock(tokens, width, token_width, hidden) for _ in range(depth)])
        self.view = nn.Linear(patch, width, bias=False)
        self.quadratic = nn.Parameter(torch.ones(()))
        if landscapes:
            self.shift = nn.Embedding(landscapes, depth * width)
            nn.init.normal_(self.shift.weight, std=0.1)
            # The shares of noise and of data in x, if the levels follow a cosine.
            angle = torch.linspace(0, 0.98 * math.pi / 2, landscapes + 1)[1:]
            self.noise_share = nn.Parameter(angle.sin())
            self.data_share = nn.Parameter(angle.cos())
        else:
            self.logarithmic = nn.Parameter(torch.tensor(0.92))

    def features(self, x: Tensor, landscape: Tensor | None) -> Tensor:
        """Features ``[h, h * Vp]`` ``(B, 2 tokens width)`` of images ``(B, C, H, W)``, negated for the head."""
        h, view = self._mixed(x, landscape)
        features = -torch.cat([h, h * view], dim=2).transpose(0, 1).flatten(1)
        return features if landscape is None else features * self.data_share[landscape][:, None]

    def judged_features(self, x: Tensor, landscape: Tensor | None) -> Tensor:
        """Features h ``(B, tokens width)`` of images ``(B, C, H, W)``."""
        return self._mixed(x, landscape)[0].transpose(0, 1).flatten(1)

    def _mixed(self, x: Tensor, landscape: Tensor | None) -> tuple[Tensor, Tensor]:
        """Mixer features and views ``Vp`` of patches, both ``(T, B, width)``, of images ``(B, C, H, W)``."""
        with torch.autocast(x.device.type, enabled=False):  # the gradient depends on small details of x
            patches = F.unfold(x, 8, padding=2, stride=4).permute(2, 0, 1)  # (T, B, P)
            view = self.view(patches)
            if landscape is None:
                rms = (x.square().flatten(1).mean(dim=1) + 1e-4).sqrt()
                patches = patches / rms[:, None]
            h = self.embed(patches) + self.position
        shifts = self.shift(landscape).chunk(len(self.blocks), dim=1) if landscape is not None else None
        for i, block in enumerate(self.blocks):
            h = block(h if shifts is None else h + shifts[i])
        return h.float(), view

    def energies(self, x: Tensor, landscape: Tensor | None = None) -> Tensor:
        """Energies ``(B, num_classes)`` of every class; the features are computed once."""
        energies = super().energies(x, landscape)
        with torch.autocast(x.device.type, enabled=False):
            square = x.float().square().flatten(1).sum(dim=1)
            own = 0.5 * self.quadratic * square
            if landscape is None:
                own = own - 0.5 * x[0].numel() * self.logarithmic * (1 + square).log()
            else:
                own = own * self.noise_share[landscape]
        return energies + own[:, None]


class _MixerBlock(nn.Module):
    def __init__(self, tokens: int, width: int, token_width: int, hidden: int) -> None:
        super().__init__()
        self.tokens_in = nn.Linear(tokens, token_width)
        self.tokens_out = nn.Linear(token_width, tokens, bias=False)
        self.channels_in = nn.Linear(width, hidden)
        self.channels_out = nn.Linear(hidden, width, bias=False)
        for layer in (self.tokens_out, self.channels_out):
            nn.init.normal_(layer.weight, std=0.5 * layer.in_features**-0.5)

    def forward(self, h: Tensor) -> Tensor:
        """Mix tokens, then channels, of ``(T, B, W)``. With tokens first, each mixing is one matrix product."""
        tokens = self.tokens_in.weight @ h.flatten(1) + self.tokens_in.bias[:, None]
        h = h + (self.tokens_out.weight @ F.silu(tokens)).view(h.shape)
        mixed: Tensor = h + self.channels_out(F.silu(self.channels_in(h)))
        return mixed
