"""Generates tactics with a language model, for many goals and with many tactics for each at once.

All texts of a goal share the keys and values of its prompt, and all of them are in one row: at each step, each adds a
token, which sees the prompt and what came before it in its own text. A beam search therefore copies no keys and
values when texts share a beginning; only what a text sees is copied. This module needs transformers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers.cache_utils import Cache

from lean_ebm.energy.language.likelihood import LanguageModelLikelihood
from lean_ebm.energy.language.network import NONE
from lean_ebm.energy.language.passes import Growing, Prompt, run


class Generated(NamedTuple):
    """Tactics that were generated for ``B`` goals.

    Attributes:
        tokens: ``(B, N, L)`` int64, filled up with -1; those that did not end have L tokens and no end.
        log_probabilities: ``(B, N)`` of all tokens together, float32.
        ended: ``(B, N)`` bool, whether the tactic has an end.
    """

    tokens: Tensor
    log_probabilities: Tensor
    ended: Tensor


class _Texts(NamedTuple):
    """Texts so far: tokens ``(B, N, L)``, log probabilities, ends, and which tokens each sees, ``(B, N, S)``."""

    tokens: Tensor
    log_probabilities: Tensor
    ended: Tensor
    sees: Tensor


@torch.no_grad()
def generate(
    network: LanguageModelLikelihood,
    prompt: Prompt,
    number: int,
    uniforms: Callable[[str, int], Tensor] | None = None,
    temperature: float = 1.0,
) -> Generated:
    """Generate tactics.

    Args:
        network: The language model; its ``tokens`` are the limit of a tactic's length.
        prompt: The goals, as the network has read them.
        number: Number N of tactics for each goal.
        uniforms: ``(name of the draw, n) -> random numbers (B, n)`` in (0, 1), each row of its own goal, with which
            tactics are sampled. None: a beam search of width N finds likely ones.
        temperature: Of samples, above 0; the log probabilities are those of temperature 1.
    """
    size, device = len(prompt.last), prompt.last.device
    cache = Cache(layers=[Growing(*pair) for pair in zip(prompt.keys, prompt.values, strict=True)])
    begun = prompt.mask.sum(dim=1, keepdim=True).expand(-1, number)
    texts = _Texts(
        torch.full((size, number, network.shape[0]), NONE, device=device),
        torch.zeros(size, number, device=device),
        torch.zeros(size, number, dtype=torch.bool, device=device),
        torch.zeros(size, number, 0, dtype=torch.bool, device=device),
    )
    states = prompt.last[:, None].expand(-1, number, -1)
    for step in range(network.shape[0]):
        logs = network.logits(states).log_softmax(dim=2)
        if uniforms is None:
            texts = _likely(texts, logs, step, network.end)
        else:
            texts = _sampled(texts, logs, step, network.end, uniforms(f"token {step}", number), temperature)
        if bool(texts.ended.all()) or step + 1 == network.shape[0]:
            break
        own = torch.eye(number, dtype=torch.bool, device=device).expand(size, -1, -1)
        texts = texts._replace(sees=torch.cat([texts.sees, own], dim=2))
        sees = torch.cat([prompt.mask[:, None].expand(-1, number, -1), texts.sees], dim=2)
        embedded = F.embedding(texts.tokens[:, :, step].clamp(min=0), network.table)
        states = run(network.decoder, cache, begun + step, sees, inputs_embeds=embedded)
    return Generated(texts.tokens, texts.log_probabilities, texts.ended)


def _sampled(texts: _Texts, logs: Tensor, step: int, end: int, uniform: Tensor, temperature: float) -> _Texts:
    """Add a token to each text that has not ended, drawn with its own random number."""
    sums = (logs / temperature).softmax(dim=2).double().cumsum(dim=2)
    chosen = (sums < uniform[:, :, None].to(sums) * sums[:, :, -1:]).sum(dim=2).clamp(max=logs.shape[2] - 1)
    tokens = texts.tokens.clone()
    tokens[:, :, step] = chosen.masked_fill(texts.ended, NONE)
    gained = logs.gather(2, chosen[:, :, None]).squeeze(2).masked_fill(texts.ended, 0.0)
    return texts._replace(
        tokens=tokens, log_probabilities=texts.log_probabilities + gained, ended=texts.ended | (chosen == end)
    )


def _likely(texts: _Texts, logs: Tensor, step: int, end: int) -> _Texts:
    """Keep the most likely texts, those that have ended among them, of all that have one token more."""
    _, number, vocabulary = logs.shape
    # A text that has ended goes on in one way: as it is.
    stays = torch.full((vocabulary,), -torch.inf, device=logs.device)
    stays[end] = 0.0
    each = texts.log_probabilities[:, :, None] + torch.where(texts.ended[:, :, None], stays, logs)
    if step == 0:  # all texts are the same, of which one is enough
        each[:, 1:] = -torch.inf
    best = each.flatten(1).topk(number, dim=1)
    parents, chosen = best.indices // vocabulary, best.indices % vocabulary
    ended = texts.ended.gather(1, parents)
    tokens = texts.tokens.gather(1, parents[:, :, None].expand_as(texts.tokens))
    tokens[:, :, step] = chosen.masked_fill(ended, NONE)
    sees = texts.sees.gather(1, parents[:, :, None].expand_as(texts.sees))
    return _Texts(tokens, best.values, ended | (chosen == end), sees)
