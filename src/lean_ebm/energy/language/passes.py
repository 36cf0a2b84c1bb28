"""Passes of a causal language model. All candidates share the keys and values of their prompt.

The candidates of a prompt are packed into one row, without anything to fill it up: each token sees the prompt and the
tokens before it in its own candidate. So the keys and values of a prompt are computed once and never copied for each
candidate, and long and short candidates go together. This module needs transformers.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from transformers.cache_utils import Cache, DynamicLayer

from lean_ebm.energy.language.pretrained import layers_of


class Prompt(NamedTuple):
    """Prompts that a language model has read.

    Attributes:
        keys: For each layer, the keys ``(B, H, T, D)``.
        values: For each layer, the values ``(B, H, T, D)``.
        mask: ``(B, T)`` bool, which of them are there; the first ones of each row.
        last: ``(B, W)``, the last state of the last token, from which the next token is predicted.
    """

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]
    mask: Tensor
    last: Tensor

    def of(self, rows: Tensor) -> Prompt:
        """The prompts of some rows ``(R,)``."""
        keys, values = (tuple([layer[rows] for layer in layers]) for layers in (self.keys, self.values))
        return Prompt(keys, values, self.mask[rows], self.last[rows])


class Packing(NamedTuple):
    """Where the tokens of ``K`` candidates of a prompt are in a row of ``S`` tokens.

    Attributes:
        source: ``(B, S)`` int64, which of the ``K * L`` places of tokens each comes from.
        owner: ``(B, S)`` int64, the number of its candidate.
        place: ``(B, S)`` int64, its place in the candidate.
        there: ``(B, S)`` bool; the others fill up.
    """

    source: Tensor
    owner: Tensor
    place: Tensor
    there: Tensor


def alike(numbers: Sequence[int]) -> list[list[int]]:
    """Group rows with similar numbers of tokens, so that at most about a third of a pass only fills up.

    Args:
        numbers: The number of tokens of each row.

    Returns:
        The indices of the rows of each group, those with the fewest tokens first.
    """
    groups: list[list[int]] = []
    most = -1.0
    for row in sorted(range(len(numbers)), key=lambda row: numbers[row]):
        if numbers[row] > most:
            groups.append([])
            most = 1.5 * numbers[row] + 16
        groups[-1].append(row)
    return groups


def pack(present: Tensor) -> Packing:
    """Put the tokens of candidates one after the other.

    Args:
        present: ``(B, K, L)`` bool, which tokens there are; the first ones of each candidate.
    """
    length = present.shape[2]
    flat = present.flatten(1)
    size = max(int(flat.sum(dim=1).max()), 1)
    source = (~flat).byte().argsort(dim=1, stable=True)[:, :size]
    return Packing(source, source // length, source % length, flat.gather(1, source))


class _Recorder(DynamicLayer):  # type: ignore[misc] # transformers is not checked
    """Notes the keys and values of a layer; noting them again when a layer is computed again changes nothing."""

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        self.keys, self.values = key_states, value_states
        return key_states, value_states


class _Shared(DynamicLayer):  # type: ignore[misc] # transformers is not checked
    """The keys and values of a prompt, behind which those of candidates come; it notes nothing."""

    def __init__(self, keys: Tensor, values: Tensor) -> None:
        super().__init__()
        self.keys, self.values, self.is_initialized = keys, values, True

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        keys = torch.cat([self.keys.to(key_states.dtype), key_states], dim=2)
        return keys, torch.cat([self.values.to(value_states.dtype), value_states], dim=2)


class Growing(DynamicLayer):  # type: ignore[misc] # transformers is not checked
    """The keys and values of a prompt, and of the tokens that were generated after it.

    Args:
        keys: ``(B, H, T, D)``.
        values: ``(B, H, T, D)``.
    """

    def __init__(self, keys: Tensor, values: Tensor) -> None:
        super().__init__()
        self.keys, self.values, self.is_initialized = keys, values, True
        self.device, self.dtype = keys.device, keys.dtype


def read(decoder: nn.Module, tokens: Tensor, mask: Tensor) -> Prompt:
    """Read prompts.

    Args:
        decoder: The model, without the layer that predicts tokens.
        tokens: ``(B, T)`` int64.
        mask: ``(B, T)`` bool, which of them are there; the first ones of each row, at least one.
    """
    layers = [_Recorder() for _ in layers_of(decoder)]
    # A token sees only those before it, so what fills up a row comes too late to matter.
    places = torch.arange(tokens.shape[1], device=tokens.device).expand_as(tokens)
    states = run(decoder, Cache(layers=layers), places, None, input_ids=tokens)
    last = states.gather(1, (mask.sum(dim=1) - 1)[:, None, None].expand(-1, 1, states.shape[2])).squeeze(1)
    return Prompt(tuple([layer.keys for layer in layers]), tuple([layer.values for layer in layers]), mask, last)


def states_of(decoder: nn.Module, prompt: Prompt, embeddings: Tensor, packing: Packing) -> Tensor:
    """The last states ``(B, S, W)`` of packed candidates.

    Args:
        decoder: The model, without the layer that predicts tokens.
        prompt: What comes before each candidate.
        embeddings: ``(B, S, D)``, the embeddings of their tokens.
        packing: Which token belongs to which candidate.
    """
    size = embeddings.shape[1]
    own = (packing.owner[:, :, None] == packing.owner[:, None]) & packing.there[:, None]
    own = own & torch.ones(size, size, dtype=torch.bool, device=own.device).tril()
    sees = torch.cat([prompt.mask[:, None].expand(-1, size, -1), own], dim=2)
    places = prompt.mask.sum(dim=1, keepdim=True) + packing.place
    cache = Cache(layers=[_Shared(*pair) for pair in zip(prompt.keys, prompt.values, strict=True)])
    return run(decoder, cache, places, sees, inputs_embeds=embeddings)


def run(decoder: nn.Module, cache: Cache, places: Tensor, sees: Tensor | None, **inputs: Tensor) -> Tensor:
    """One pass: the last states ``(B, S, W)``.

    Args:
        decoder: The model, without the layer that predicts tokens.
        cache: Keys and values of what comes before.
        places: ``(B, S)`` int64, the place of each token in its text.
        sees: ``(B, S, T + S)`` bool, what each token sees of what comes before and of the pass; None: what comes before
            it in the pass.
        inputs: Tokens or embeddings.
    """
    name = "cache" if "cache" in inspect.signature(decoder.forward).parameters else "past_key_values"
    mask = None if sees is None else sees[:, None]
    found = decoder(attention_mask=mask, position_ids=places, use_cache=True, **{name: cache}, **inputs)
    states: Tensor = found.last_hidden_state
    return states
