"""Searches for proofs: tactics worth trying, budgets, and provers that need no learning."""

from lean_ebm.proving.search.find import FoundProof, find_proof, is_read, read_statement
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
    "FoundProof",
    "Meter",
    "Prover",
    "RandomWalk",
    "SearchBudget",
    "SearchNode",
    "SearchResult",
    "find_proof",
    "is_read",
    "legal_tactics",
    "read_statement",
]
