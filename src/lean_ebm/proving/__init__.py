"""Proving: statements, environments, judges (embedded logic, Lean 4, PyPantograph), searches, theorems.

Read ``environment.py`` first. Nothing here imports torch. The public names below are imported when they are first used,
so that a command that needs few of them starts quickly::

    from lean_ebm.proving import BestFirst, Logic, Statement

    with Logic() as logic:
        result = BestFirst().prove(logic, Statement.of("(p q : Prop) : p ∧ q → q ∧ p"))
        print(result.script, result.verdict)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lean_ebm.proving.candidates import listed_goal, wide_tactics
    from lean_ebm.proving.environment import Environment
    from lean_ebm.proving.judge import Judge
    from lean_ebm.proving.lean import Lean, LeanEnvironment, LeanNotFoundError, LeanReport
    from lean_ebm.proving.logic import Logic, LogicState
    from lean_ebm.proving.pantograph import AsyncPantograph, Pantograph, PoolSettings
    from lean_ebm.proving.search import (
        Advice,
        AndOrBestFirst,
        BestFirst,
        BreadthFirst,
        FoundProof,
        Guide,
        GuidedProver,
        Meter,
        OpenGoal,
        Prover,
        Puct,
        RandomGuide,
        RandomWalk,
        Search,
        SearchBudget,
        SearchNode,
        SearchResult,
        SizeGuide,
        StateBestFirst,
        UniformGuide,
        find_proof,
        find_proofs,
        legal_tactics,
        read_statement,
    )
    from lean_ebm.proving.source.checking import check_file
    from lean_ebm.proving.source.files import LeanFile, read_file
    from lean_ebm.proving.statements import Attempt, Outcome, Request, State, Statement, Step, Verdict
    from lean_ebm.proving.theorems import (
        ConjectureSettings,
        GradedTheorem,
        Theorem,
        TheoremSettings,
        generate_theorems,
        write_theorems,
    )
    from lean_ebm.proving.views import GoalView, Hypothesis, Individual

_HOMES = {
    "candidates": ("listed_goal", "wide_tactics"),
    "environment": ("Environment",),
    "judge": ("Judge",),
    "lean": ("Lean", "LeanEnvironment", "LeanNotFoundError", "LeanReport"),
    "logic": ("Logic", "LogicState"),
    "pantograph": ("AsyncPantograph", "Pantograph", "PoolSettings"),
    "search": (
        "Advice", "AndOrBestFirst", "BestFirst", "BreadthFirst", "FoundProof", "Guide", "GuidedProver", "Meter",
        "OpenGoal", "Prover", "Puct", "RandomGuide", "RandomWalk", "Search", "SearchBudget", "SearchNode",
        "SearchResult", "SizeGuide", "StateBestFirst", "UniformGuide", "find_proof", "find_proofs", "legal_tactics",
        "read_statement",
    ),
    "source.checking": ("check_file",),
    "source.files": ("LeanFile", "read_file"),
    "statements": ("Attempt", "Outcome", "Request", "State", "Statement", "Step", "Verdict"),
    "theorems": (
        "ConjectureSettings", "GradedTheorem", "Theorem", "TheoremSettings", "generate_theorems", "write_theorems",
    ),
    "views": ("GoalView", "Hypothesis", "Individual"),
}  # fmt: skip

__all__ = [
    "Advice",
    "AndOrBestFirst",
    "AsyncPantograph",
    "Attempt",
    "BestFirst",
    "BreadthFirst",
    "ConjectureSettings",
    "Environment",
    "FoundProof",
    "GoalView",
    "GradedTheorem",
    "Guide",
    "GuidedProver",
    "Hypothesis",
    "Individual",
    "Judge",
    "Lean",
    "LeanEnvironment",
    "LeanFile",
    "LeanNotFoundError",
    "LeanReport",
    "Logic",
    "LogicState",
    "Meter",
    "OpenGoal",
    "Outcome",
    "Pantograph",
    "PoolSettings",
    "Prover",
    "Puct",
    "RandomGuide",
    "RandomWalk",
    "Request",
    "Search",
    "SearchBudget",
    "SearchNode",
    "SearchResult",
    "SizeGuide",
    "State",
    "StateBestFirst",
    "Statement",
    "Step",
    "Theorem",
    "TheoremSettings",
    "UniformGuide",
    "Verdict",
    "check_file",
    "find_proof",
    "find_proofs",
    "generate_theorems",
    "legal_tactics",
    "listed_goal",
    "read_file",
    "read_statement",
    "wide_tactics",
    "write_theorems",
]


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
