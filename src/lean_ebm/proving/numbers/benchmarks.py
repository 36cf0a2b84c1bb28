"""Statements on which provers of numbers are compared: levels, and equations that walks of given lengths make."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from lean_ebm.proving.numbers.lemmas import lemmas_of
from lean_ebm.proving.numbers.levels import levels
from lean_ebm.proving.numbers.steps import level_numbers, statement_of
from lean_ebm.proving.numbers.world import NUMBERS
from lean_ebm.proving.search.budget import SearchBudget
from lean_ebm.proving.search.guide import Guide
from lean_ebm.proving.search.guided import GuidedProver
from lean_ebm.proving.search.searches import Search
from lean_ebm.proving.statements import Statement
from lean_ebm.proving.steps.columns import split_of
from lean_ebm.proving.theorems.walks import random_walk

LENGTHS = (4, 8, 12, 16, 24)
"""Numbers of steps of walks."""


def equations() -> list[Statement]:
    """The levels that are equations, each of which may be proved from those before it."""
    return [level.statement for level in levels() if level.kind == "equation"]


def walks(steps: int, number: int, seed: int = 0, lemmas: Sequence[str] = ()) -> list[Statement]:
    """Random equations of the test split, in whose proofs all levels may be used.

    Args:
        steps: Number of steps of the walk that made each.
        number: Number of equations.
        seed: Seed.
        lemmas: Names of levels of which each walk has used one; empty for any.
    """
    random = Random(f"lean-ebm walks {seed} {steps} {sorted(lemmas)}")
    known = lemmas_of(levels())
    found: dict[int, Statement] = {}
    while len(found) < number:
        walk = random_walk(random, known, steps)
        if walk is None or (lemmas and not walk.used & set(lemmas)):
            continue
        theorem = walk.number
        if split_of(theorem) == "test" and theorem not in level_numbers():
            found.setdefault(theorem, statement_of(walk.goal))
    return list(found.values())


def solved(
    statements: Sequence[Statement], guide: Guide, applications: int, search: Search | None = None
) -> list[bool]:
    """Which statements a guide proves in the world of numbers, by the engine's verdict on the scripts.

    Args:
        statements: The statements.
        guide: The guide.
        applications: Tactics that may be tried for each, failed ones included.
        search: The search. None: :class:`.AndOrBestFirst`.
    """
    prover = GuidedProver(guide, search, world=NUMBERS)
    with NUMBERS.environment() as environment:
        budget = SearchBudget(applications, seconds=1e9)
        results = dict(prover.prove_many(environment, statements, budget))
    return [results[index].proved for index in range(len(statements))]
