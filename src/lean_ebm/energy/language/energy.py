"""An energy on the hidden states of a pretrained language model."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lean_ebm.energy.language.network import NONE, PROMPT, LanguageNetwork


class LanguageModelEnergy(LanguageNetwork):
    """``E(s, a) = w . silu(W [mean h; last h])`` of the last states h of a tactic's tokens, after the goal as a prompt.

    Points for chains are soft tokens ``(L, width)``: embeddings of tokens, in units of the root mean square of all
    embeddings, so that the settings of chains suit any model. Rows of zeros fill up; the tokens of a tactic come first.
    Chains are projected to texts by ``bounds: embeddings``, see :meth:`nearest`.

    Args:
        base: The pretrained model, see :class:`.LanguageNetwork`, as the other settings.
        tokens: Largest number L of tokens of a chunk that chains make.
        prompt: What is read before a tactic; ``{goal}`` in it stands for the goal.
        hidden: Hidden units of the head.
        lora: Rank of trained adapters (LoRA); 0: only the head is trained.
        lora_layers: How many of the last layers get adapters; None: all.
        dtype: Precision of the pretrained weights, ``float32`` or ``bfloat16``.
        recompute: Whether to compute layers again for gradients, which takes less memory.

    Raises:
        SettingError: If a setting is out of its range, or the model is not there.
    """

    def __init__(
        self,
        base: str = "smollm2",
        tokens: int = 16,
        prompt: str = PROMPT,
        hidden: int = 256,
        lora: int = 0,
        lora_layers: int | None = None,
        dtype: str = "float32",
        recompute: bool = False,
    ) -> None:
        super().__init__(base, tokens, prompt, lora, lora_layers, dtype, recompute, predicts=False)
        self.first = nn.Linear(2 * self.width, hidden)
        self.last = nn.Linear(hidden, 1, bias=False)

    def encode_candidates(self, candidates: Any, condition: Any) -> Tensor:
        """Points ``(B, K, L, width)`` of listed tactics, where L is the length of the longest."""
        return self.points(self.listed_tokens(candidates))

    def points(self, tokens: Tensor) -> Tensor:
        """Points ``(..., L, width)`` of tokens ``(..., L)``; -1 means no token."""
        embedded = F.embedding(tokens.clamp(min=0), self.table).float() / self.scale
        return embedded.masked_fill((tokens == NONE)[..., None], 0.0)

    def present(self, candidates: Tensor) -> Tensor:
        """Which tokens of points ``(..., L, width)`` there are: rows of zeros fill up."""
        return (candidates != 0).any(dim=-1)

    def packed(self, condition: Any, candidates: Tensor) -> Tensor:
        """Energies ``(B, K)``, float32, of points ``(B, K, L, width)`` whose tokens are packed into one row."""
        from lean_ebm.energy.language.passes import pack, states_of  # needs the extra

        present = self.present(candidates)
        packing = pack(present)
        flat = candidates.flatten(1, 2)
        rows = flat.gather(1, packing.source[..., None].expand(-1, -1, flat.shape[2]))
        states = states_of(self.decoder, condition, (rows * self.scale).to(self.table.dtype), packing).float()
        # Sums over the tokens of a candidate as products with zeros and ones, which are the same on every device.
        numbers = torch.arange(present.shape[1], device=states.device)
        own = (packing.owner[:, None] == numbers[:, None]) & packing.there[:, None]  # (B, K, S)
        length = own.sum(dim=2, keepdim=True)
        final = own & (packing.place[:, None] == length - 1)
        with torch.autocast(states.device.type, enabled=False):
            pooled = torch.cat([(own / length.clamp(min=1)) @ states, final.float() @ states], dim=2)
            h = F.silu(self.first(F.layer_norm(pooled, pooled.shape[2:])))
            energies: Tensor = self.last(h).squeeze(2)
        return energies

    def nearest(self, x: Tensor) -> Tensor:
        """The nearest texts to points ``(..., L, width)``, with the derivative of the identity.

        Each row becomes the embedding of the nearest token. What comes after the first end is no token; a text that has
        room after it and no end gets one.
        """
        points = self.points(self.nearest_tokens(x))
        return x + (points - x).detach() if x.requires_grad else points

    @torch.no_grad()
    def nearest_tokens(self, x: Tensor) -> Tensor:
        """The tokens ``(..., L)`` int64 of the nearest texts, -1 behind their end."""
        table = self.table.float() / self.scale
        rows = x.detach().reshape(-1, self.width)
        tokens = (table.square().sum(dim=1) - 2 * rows @ table.T).argmin(dim=1)
        tokens = torch.where((rows != 0).any(dim=1), tokens, self.end).reshape(x.shape[:-1])
        ends = (tokens == self.end).int()
        return tokens.masked_fill(ends.cumsum(dim=-1) - ends > 0, NONE)
