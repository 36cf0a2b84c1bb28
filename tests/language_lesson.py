"""The goals of one proof with their tactics, as language models read them."""

import torch

from lean_ebm.data.proofs import batch_of
from lean_ebm.data.proofs.batches import LabelledTactics
from lean_ebm.data.proofs.texts import with_texts
from lean_ebm.proving import Logic, Statement
from lean_ebm.proving.candidates import listed_goal

THEOREM = "(p q : Prop) : p ∧ q → q ∧ p"
PROOF = ("intro h1", "cases h1 with | intro h2 h3 => ?_", "constructor", "exact h3", "exact h2")


def proof():
    """The states of a proof with the next tactics."""
    logic = Logic()
    state = logic.start(Statement.of(THEOREM)).state
    for tactic in PROOF:
        yield state, tactic
        state = logic.apply(state, tactic).state


def lesson():
    """The goals of the proof as a search without names sees them, with all tactics, of which one is right."""
    listings, right = [], []
    for state, tactic in proof():
        goal = listed_goal(state)
        listings.append(goal.listing())
        right.append(goal.texts().index(tactic))
    goals, tactics = with_texts(*batch_of(listings))
    chosen = torch.arange(tactics.mask.shape[1]) == torch.tensor(right)[:, None]
    size = len(right)
    known = LabelledTactics(
        *tactics[:3], torch.where(chosen, 0.0, torch.inf), torch.zeros_like(chosen), torch.zeros_like(chosen),
        torch.ones(size), torch.ones(size) > 0, torch.zeros(size) > 0, tactics.text,
    )  # fmt: skip
    return known, goals, right
