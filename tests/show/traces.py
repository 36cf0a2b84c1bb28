"""Small traces for tests of pages."""

import torch

from helpers import Quadratic
from lean_ebm.data import Digits
from lean_ebm.langevin import Langevin
from lean_ebm.methods import ContrastiveDivergence
from lean_ebm.proving.search import LOGIC, GuidedProver, SearchBudget, SizeGuide, find_proof, read_statement
from lean_ebm.show import trace_search
from lean_ebm.show.chains import ShowSettings, trace_chains

SWAP = "(p q : Prop) : p ∨ q → q ∨ p"


def search(text=SWAP, guide=None, applications=300, **settings):
    """A search, and its trace."""
    statement, prover = read_statement(text), GuidedProver(guide or SizeGuide())
    with LOGIC.environment() as logic:
        found = find_proof(statement, logic, prover, SearchBudget(applications), logic)
        return found, trace_search(found, prover, logic.start(statement).state, **settings)


def quadratic(step_size, **settings):
    """A method whose energy is ``|x - mean_y|^2 / 2``; a step of size 3 raises it fourfold, one of 0.5 quarters it."""
    energy = Quadratic((1, 6, 6), num_classes=2)
    with torch.no_grad():
        energy.means[1] += 1.0
    sampler = Langevin(steps=5, step_size=step_size, monotone=True)
    return ContrastiveDivergence(energy, sampler=sampler, **settings)


def chains(step_size=0.5, **settings):
    """The trace of such a method."""
    return trace_chains(
        quadratic(step_size), Digits(), ShowSettings(**{"samples": 2, "candidates": 3, **settings}), "a run"
    )
