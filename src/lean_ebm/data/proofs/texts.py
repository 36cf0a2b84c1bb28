"""Adds texts of goals and tactics to batches, for language models."""

from __future__ import annotations

from typing import TypeVar

import torch

from lean_ebm.characters import characters
from lean_ebm.data.proofs.batches import NONE, GoalBatch, LabelledTactics, TacticBatch
from lean_ebm.errors import SettingError
from lean_ebm.proving.candidates.goals import Listing
from lean_ebm.proving.candidates.graphs import GoalGraph
from lean_ebm.proving.candidates.texts import texts_of
from lean_ebm.proving.logic.unify import Unsupported

_Tactics = TypeVar("_Tactics", TacticBatch, LabelledTactics)


def listings(goals: GoalBatch, tactics: TacticBatch | LabelledTactics) -> list[Listing]:
    """The goals of a batch with their tactics as plain integers, of which :func:`.batch_of` made the batch."""
    counts = zip(
        (goals.kinds != NONE).sum(dim=1).tolist(), (goals.hypotheses != NONE).sum(dim=1).tolist(),
        tactics.mask.sum(dim=1).tolist(), strict=True,
    )  # fmt: skip
    found = []
    for row, (nodes, hypotheses, listed) in enumerate(counts):
        kinds, first, second, levels = [part[row, :nodes].tolist() for part in goals[:4]]
        given = goals.hypotheses[row, :hypotheses].tolist()
        graph = GoalGraph(kinds, first, second, levels, given, int(goals.target[row]))
        found.append(Listing(graph, *[part[row, :listed].tolist() for part in tactics[:3]]))
    return found


def with_texts(goals: GoalBatch, tactics: _Tactics) -> tuple[GoalBatch, _Tactics]:
    """Add the texts of goals ``(B, T)`` and of their tactics ``(B, K, T')`` to a batch.

    Raises:
        SettingError: If a goal has no text.
    """
    try:
        texts = [texts_of(listing) for listing in listings(goals, tactics)]
    except Unsupported as error:
        raise SettingError(f"This goal cannot be written as a text: {error}. Leave out its theorem.") from error
    flat = characters([text for goal in texts for text in goal.tactics])
    written = torch.full((*tactics.mask.shape, flat.shape[1]), NONE, dtype=torch.int32)
    written[tactics.mask] = flat
    return goals._replace(text=characters([goal.goal for goal in texts])), tactics._replace(text=written)
