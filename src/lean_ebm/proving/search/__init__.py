"""Searches for proofs: tactics worth trying, budgets, and provers that need no learning."""

from lean_ebm.proving.search.provers import (
    BestFirst,
    BreadthFirst,
    Meter,
    Prover,
    RandomWalk,
    SearchBudget,
    SearchNode,
    SearchResult,
)
from lean_ebm.proving.search.tactics import legal_tactics

__all__ = [
    "BestFirst",
    "BreadthFirst",
    "Meter",
    "Prover",
    "RandomWalk",
    "SearchBudget",
    "SearchNode",
    "SearchResult",
    "legal_tactics",
]
