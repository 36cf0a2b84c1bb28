"""Searches for proofs: with a guide, which may be a trained network, and baselines without learning.

A guide says of goals which tactics to try and how many are needed; a search asks it and nothing else::

    prover = GuidedProver(SizeGuide(), AndOrBestFirst())
    with Logic() as logic:
        result = prover.prove(logic, statement, SearchBudget(applications=64))
"""

from lean_ebm.proving.search.and_or import AndOrBestFirst
from lean_ebm.proving.search.budget import Costs, SearchBudget
from lean_ebm.proving.search.find import FoundProof, find_proof, find_proofs, is_read, read_statement
from lean_ebm.proving.search.goals import Applied, OpenGoal, SequentGoal, Tactic
from lean_ebm.proving.search.graph import GoalNode, SearchGraph, TriedTactic
from lean_ebm.proving.search.guide import Advice, GoalChains, Guide, TracesChains
from lean_ebm.proving.search.guided import SEARCHES, GuidedProver, first_goal
from lean_ebm.proving.search.guides import GUIDES, RandomGuide, SizeGuide, UniformGuide
from lean_ebm.proving.search.lockstep import run_searches
from lean_ebm.proving.search.provers import (
    BestFirst,
    BreadthFirst,
    Meter,
    Prover,
    RandomWalk,
    SearchNode,
    SearchResult,
)
from lean_ebm.proving.search.puct import Puct
from lean_ebm.proving.search.scripts import ProofStep
from lean_ebm.proving.search.searches import Search
from lean_ebm.proving.search.state_first import StateBestFirst
from lean_ebm.proving.search.states import StateGoal
from lean_ebm.proving.search.tactics import legal_tactics
from lean_ebm.proving.search.worlds import LOGIC, World

__all__ = [
    "GUIDES",
    "LOGIC",
    "SEARCHES",
    "Advice",
    "AndOrBestFirst",
    "Applied",
    "BestFirst",
    "BreadthFirst",
    "Costs",
    "FoundProof",
    "GoalChains",
    "GoalNode",
    "Guide",
    "GuidedProver",
    "Meter",
    "OpenGoal",
    "ProofStep",
    "Prover",
    "Puct",
    "RandomGuide",
    "RandomWalk",
    "Search",
    "SearchBudget",
    "SearchGraph",
    "SearchNode",
    "SearchResult",
    "SequentGoal",
    "SizeGuide",
    "StateBestFirst",
    "StateGoal",
    "Tactic",
    "TracesChains",
    "TriedTactic",
    "UniformGuide",
    "World",
    "find_proof",
    "find_proofs",
    "first_goal",
    "is_read",
    "legal_tactics",
    "read_statement",
    "run_searches",
]
