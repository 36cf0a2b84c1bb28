"""The base of energies on a pretrained language model: prompts, tokens, adapters, checkpoints."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lean_ebm.characters import strings
from lean_ebm.energy.base import EnergyNetwork
from lean_ebm.energy.language.pretrained import add_lora, load_base, recompute_layers
from lean_ebm.errors import SettingError

PROMPT = "Lean 4 goal:\n{goal}\nNext tactic:\n"
"""What a language model reads before a tactic; ``{goal}`` stands for the goal as Lean prints it."""

NONE = -1
"""Fills up lists of tokens."""

PACKED = 1024
"""About how many tokens of candidates are packed into one row; more rows take less memory."""


class LanguageNetwork(EnergyNetwork):
    """The base class of energies on a pretrained causal language model.

    Conditions are goals with texts (``--data.texts true``), candidates are tactics listed for them. The goal is the
    prompt, which :meth:`encode` reads once for all tactics, steps and chains. A tactic ends with the model's token for
    the end of a text. The pretrained weights are frozen, and no checkpoint holds them: it names the model, which must
    be there when the checkpoint is loaded.

    Args:
        base: A folder with a model of the library transformers, a model that ``make smollm2`` brought, or a name that
            transformers knows.
        tokens: Largest number of tokens of a chunk that chains or generation make.
        prompt: What is read before a tactic; ``{goal}`` in it stands for the goal.
        lora: Rank of trained adapters (LoRA); 0 for none.
        lora_layers: How many of the last layers get adapters; None: all.
        dtype: Precision of the pretrained weights, ``float32`` or ``bfloat16``. What is trained is float32.
        recompute: Whether to keep only the inputs of layers and compute them again for gradients, which takes a third
            more time and far less memory.
        predicts: Whether the layer that predicts tokens is needed.

    Attributes:
        width: Length of the model's states and embeddings.
        scale: Root mean square of the entries of its embeddings of tokens.
        frozen: The names in ``base`` of what is not trained, and not part of a state.
        world: The world of the goals.
    """

    lists = True
    world = "logic"

    def __init__(
        self,
        base: str,
        tokens: int,
        prompt: str,
        lora: int,
        lora_layers: int | None,
        dtype: str,
        recompute: bool,
        predicts: bool,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        for setting, value, least in (("tokens", tokens, 1), ("lora", lora, 0), ("lora_layers", lora_layers or 1, 1)):
            if value < least:
                raise SettingError(f"{name}: {setting} is {value}, expected {least} or more.")
        if "{goal}" not in prompt:
            raise SettingError(f"{name}: prompt is {prompt!r}, expected a text with {{goal}} where the goal comes.")
        self.base, self.tokenizer = load_base(base, dtype, predicts)
        decoder = self.decoder
        if lora:
            add_lora(decoder, lora, lora_layers)
        if recompute:
            recompute_layers(decoder)
        trained = {name for name, parameter in self.base.named_parameters() if parameter.requires_grad}
        self.frozen = frozenset(self.base.state_dict()) - trained
        self.prompt = prompt
        table = self.table
        self.width = table.shape[1]
        self.scale = float(table.float().square().mean().sqrt())
        self.shape = (tokens, self.width)
        self.register_state_dict_post_hook(_without_frozen)  # type: ignore[no-untyped-call] # PyTorch does not annotate it
        self.register_load_state_dict_pre_hook(_with_frozen)  # type: ignore[no-untyped-call] # PyTorch does not annotate it

    @property
    def decoder(self) -> nn.Module:
        """The pretrained model without the layer that predicts tokens."""
        base: Any = self.base
        decoder: nn.Module = base.base_model
        return decoder

    @property
    def table(self) -> Tensor:
        """The embeddings ``(V, width)`` of all tokens."""
        base: Any = self.base
        table: Tensor = base.get_input_embeddings().weight
        return table

    @property
    def end(self) -> int:
        """The token that ends a tactic."""
        return int(self.tokenizer.eos_token_id)

    def encode(self, condition: Any) -> Any:
        """Read goals once, for all later questions; returns a :class:`~lean_ebm.energy.language.passes.Prompt`.

        Raises:
            SettingError: If they have no texts.
        """
        return self.read([self.prompt.format(goal=text) for text in strings(_text_of(condition))])

    def read(self, prompts: Sequence[str]) -> Any:
        """Read prompts; see :meth:`encode`."""
        from lean_ebm.energy.language.passes import read  # needs the extra

        numbers = self._padded(self.tokenizer(list(prompts))["input_ids"])
        return read(self.decoder, numbers.clamp(min=0), numbers != NONE)

    def listed_tokens(self, candidates: Any) -> Tensor:
        """The tokens of listed tactics with their end token, ``(B, K, L)`` int64, padded with -1.

        Args:
            candidates: Tactics with texts ``(B, K, T)``.

        Raises:
            SettingError: If they have no texts.
        """
        text = _text_of(candidates)
        numbers = self.tokens_of(strings(text.flatten(0, 1)))
        listed: Tensor = numbers.masked_fill(~candidates.mask.flatten()[:, None], NONE).unflatten(0, text.shape[:2])
        return listed

    def tokens_of(self, tactics: Sequence[str]) -> Tensor:
        """The tokens of texts with their end token, ``(N, L)`` int64, padded with -1."""
        found = self.tokenizer(list(tactics), add_special_tokens=False)["input_ids"] if tactics else []
        return self._padded([[*numbers, self.end] for numbers in found])

    def texts_of(self, tokens: Tensor) -> list[str]:
        """The texts of tokens ``(N, L)`` up to their end."""
        rows = [[number for number in row if number != NONE] for row in tokens.tolist()]
        ended = [row[: row.index(self.end)] if self.end in row else row for row in rows]
        return [self.tokenizer.decode(row, skip_special_tokens=True).strip() for row in ended]

    def forward(self, x: Tensor, condition: Any) -> Tensor:
        """Energies ``(B,)`` of candidates ``(B, ...)``."""
        return self.rank(condition, x[:, None]).squeeze(1)

    def rank(self, condition: Any, candidates: Tensor) -> Tensor:
        """Energies ``(B, K)``, float32, of listed candidates ``(B, K, *shape)``; 0 of those without tokens.

        Goals whose tactics have similar numbers of tokens go through the model together.
        """
        from lean_ebm.energy.language.passes import alike  # needs the extra

        present = self.present(candidates)
        some = present.any(dim=2)
        last = (some * torch.arange(1, some.shape[1] + 1, device=some.device)).amax(dim=1)
        listed, tokens = torch.stack([last, present.sum(dim=(1, 2))]).tolist()
        groups = alike(tokens)
        if len(groups) == 1:
            found = self._in_pieces(condition, candidates, max(listed), max(tokens))
        else:
            parts = []
            for group in groups:
                rows = torch.tensor(group, device=some.device)
                longest = max(listed[row] for row in group), max(tokens[row] for row in group)
                parts.append(self._in_pieces(condition.of(rows), candidates[rows], *longest))
            order = torch.tensor([row for group in groups for row in group], device=some.device)
            found = torch.cat(parts)[order.argsort()]
        return found.masked_fill(~some, 0.0)

    def _in_pieces(self, condition: Any, candidates: Tensor, listed: int, tokens: int) -> Tensor:
        """Energies ``(B, K)``, of the first ``listed`` candidates; goals have at most this many of their tokens."""
        pieces = candidates[:, : max(listed, 1)].split(max(listed * PACKED // max(tokens, PACKED), 1), dim=1)
        found = torch.cat([self.packed(condition, piece) for piece in pieces], dim=1)
        return F.pad(found, (0, candidates.shape[1] - found.shape[1]))

    @abstractmethod
    def present(self, candidates: Tensor) -> Tensor:
        """Which tokens of candidates there are, ``(..., L)`` bool."""

    @abstractmethod
    def packed(self, condition: Any, candidates: Tensor) -> Tensor:
        """Energies ``(B, K)`` of candidates whose tokens are packed into one row for each goal."""

    def _padded(self, rows: Sequence[Sequence[int]]) -> Tensor:
        """Rows of tokens as one tensor ``(N, longest)``, filled up with -1."""
        device = self.table.device
        whole = torch.full((len(rows), max(map(len, rows), default=1)), NONE)
        for row, numbers in zip(whole, rows, strict=True):
            row[: len(numbers)] = torch.tensor(numbers)
        return whole.to(device)


def _text_of(batch: Any) -> Tensor:
    text: Tensor | None = getattr(batch, "text", None)
    if text is None:
        raise SettingError("A language model reads texts, and these data have none: set --data.texts true.")
    return text


def _without_frozen(network: LanguageNetwork, state: dict[str, Any], prefix: str, *_: Any) -> None:
    for name in network.frozen:
        state.pop(f"{prefix}base.{name}", None)


def _with_frozen(network: LanguageNetwork, state: dict[str, Any], prefix: str, *_: Any) -> None:
    """Let a state without the frozen weights be loaded strictly: they stay as they are."""
    for name, tensor in network.base.state_dict().items():
        if name in network.frozen:
            state.setdefault(f"{prefix}base.{name}", tensor)
