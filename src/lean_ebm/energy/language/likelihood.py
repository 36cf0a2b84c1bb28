"""The likelihood of tactics under a language model, as an energy."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from lean_ebm.energy.language.network import NONE, PROMPT, LanguageNetwork

_PREDICTED = 512  # predictions of the next token at a time: each is as long as the vocabulary


class LanguageModelLikelihood(LanguageNetwork):
    """``E(s, a) = -log p(a | s)``: the sum over a tactic's tokens, its end included, after the goal as a prompt.

    Points are tokens ``(L,)`` int64, filled up with -1, so there are no gradients and no chains.

    Args:
        base: The pretrained model, see :class:`.LanguageNetwork`, as the other settings.
        tokens: Largest number of tokens of a tactic that is generated.
        prompt: What is read before a tactic; ``{goal}`` in it stands for the goal.
        lora: Rank of trained adapters (LoRA), at least 1 to learn anything.
        lora_layers: How many of the last layers get adapters; None: all.
        dtype: Precision of the pretrained weights, ``float32`` or ``bfloat16``.
        recompute: Whether to compute layers again for gradients, which takes less memory.

    Raises:
        SettingError: If a setting is out of its range, or the model is not there.
    """

    def __init__(
        self,
        base: str = "smollm2",
        tokens: int = 32,
        prompt: str = PROMPT,
        lora: int = 8,
        lora_layers: int | None = None,
        dtype: str = "float32",
        recompute: bool = False,
    ) -> None:
        super().__init__(base, tokens, prompt, lora, lora_layers, dtype, recompute, predicts=True)

    def encode_candidates(self, candidates: Any, condition: Any) -> Tensor:
        """The tokens ``(B, K, L)`` of listed tactics."""
        return self.listed_tokens(candidates)

    def present(self, candidates: Tensor) -> Tensor:
        """Which tokens there are."""
        return candidates != NONE

    def packed(self, condition: Any, candidates: Tensor) -> Tensor:
        """Energies ``(B, K)``, float32, of tokens ``(B, K, L)`` packed into one row."""
        from lean_ebm.energy.language.passes import pack, states_of  # needs the extra

        packing = pack(self.present(candidates))
        wanted = candidates.flatten(1).gather(1, packing.source)
        embedded = F.embedding(wanted.clamp(min=0), self.table)
        states = states_of(self.decoder, condition, embedded, packing)
        first = condition.last[:, None].to(states.dtype)
        before = torch.cat([first, states[:, :-1]], dim=1)
        before = torch.where((packing.place == 0)[..., None], first, before)
        losses = torch.cat(
            [
                F.cross_entropy(self.logits(some), right, reduction="none")
                for some, right in zip(
                    before[packing.there].split(_PREDICTED), wanted[packing.there].split(_PREDICTED), strict=True
                )
            ]
        )
        each = torch.zeros(wanted.shape, device=losses.device).masked_scatter(packing.there, losses)
        numbers = torch.arange(candidates.shape[1], device=losses.device)
        own = (packing.owner[:, None] == numbers[:, None]) & packing.there[:, None]
        return (own * each[:, None]).sum(dim=2)

    def logits(self, states: Tensor) -> Tensor:
        """Logits ``(..., V)``, float32, of the tokens that come after last states ``(..., width)``."""
        base: Any = self.base
        logits: Tensor = base.get_output_embeddings()(states)
        return logits.float()
