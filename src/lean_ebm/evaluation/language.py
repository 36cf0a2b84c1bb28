"""Evaluates the chains of an energy on a language model by the texts at their ends."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from lean_ebm.characters import strings
from lean_ebm.data.proofs import GoalBatch, LabelledTactics
from lean_ebm.data.proofs.texts import listings
from lean_ebm.energy.language import LanguageModelEnergy
from lean_ebm.methods import Method
from lean_ebm.proving.candidates.texts import TextGoal
from lean_ebm.proving.lexer import SyntaxProblem
from lean_ebm.proving.parser import parse_tactics


def chain_figures(
    method: Method, tactics: LabelledTactics, goals: GoalBatch, energies: Tensor, generator: torch.Generator
) -> dict[str, Tensor]:
    """Run a chain for each goal with the method's own sampler, and read the text at its end.

    Args:
        method: A method whose energy is a :class:`.LanguageModelEnergy`.
        tactics: The tactics that are listed for ``B`` goals, with texts.
        goals: The goals, with texts.
        energies: The energies ``(B, K)`` of the tactics.
        generator: Source of the randomness of chains.

    Returns:
        Figures ``(B,)``, 1 or 0: ``parses``, whether the text at the end of the chain is a tactic by its grammar;
        ``applies``, whether it runs in the goal; ``best``, whether it is the listed tactic of the lowest energy;
        ``lower``, whether its energy is lower than those of all listed tactics;
        ``top_1``, whether the listed tactic whose embeddings are nearest to the end begins a shortest proof; and
        ``nearest_best``, whether that one has the lowest energy.
    """
    energy = method.energy
    assert isinstance(energy, LanguageModelEnergy)
    ends = method.generate(goals, generator=generator).x
    tokens = energy.nearest_tokens(ends)
    texts = energy.texts_of(tokens)
    reached = energy(energy.points(tokens), energy.encode(goals))
    nearest = distances(ends, energy.points(energy.listed_tokens(tactics))).masked_fill(~tactics.mask, torch.inf)
    chosen, lowest = nearest.argmin(dim=1), energies.argmin(dim=1)
    rows: dict[str, list[bool]] = {"parses": [], "applies": [], "best": []}
    for row, (text, listing) in enumerate(zip(texts, listings(goals, tactics), strict=True)):
        rows["parses"].append(parses(text))
        rows["applies"].append(parses(text) and TextGoal(listing).applies(text))
        assert tactics.text is not None
        rows["best"].append(strings(tactics.text[row, lowest[row], None]) == [text])
    found = {name: torch.tensor(column).float() for name, column in rows.items()}
    right = tactics.right.gather(1, chosen[:, None]).squeeze(1)
    return found | {
        "top_1": right.float().cpu(),
        "nearest_best": (chosen == lowest).float().cpu(),
        "lower": (reached < energies.masked_fill(~tactics.mask, torch.inf).amin(dim=1)).float().cpu(),
    }


def parses(text: str) -> bool:
    """Whether a text is a tactic, or several, by the grammar of the embedded logic."""
    try:
        parse_tactics(text)
    except (SyntaxProblem, RecursionError):
        return False
    return bool(text)


def distances(ends: Tensor, points: Tensor) -> Tensor:
    """Squared distances ``(B, K)`` of ends ``(B, L, D)`` to points ``(B, K, M, D)``; the shorter is padded."""
    size = max(ends.shape[1], points.shape[2])
    ends = F.pad(ends, (0, 0, 0, size - ends.shape[1]))
    points = F.pad(points, (0, 0, 0, size - points.shape[2]))
    return (points - ends[:, None]).square().flatten(2).sum(dim=2)
