"""Benchmarks for provers of numbers: levels, and equations from walks of given lengths."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from lean_ebm.proving.numbers.lemmas import lemmas_of
from lean_ebm.proving.numbers.levels import levels
from lean_ebm.proving.numbers.world import NUMBERS
from lean_ebm.proving.statements import Statement
from lean_ebm.proving.steps.columns import split_of
from lean_ebm.proving.steps.sources import Benchmark
from lean_ebm.proving.theorems.walks import level_numbers, random_walk, statement_of

LENGTHS = (4, 8, 12, 16, 24)
"""Numbers of steps of walks."""
NEW_LENGTHS = (4, 8)
"""The same of walks that use a lemma that was held out."""
SEED = 1
"""Seed of the walks of the benchmarks. Those of seed 0 were looked at while the recipes were chosen."""
APPLICATIONS = (64, 1000)
"""Tactics that may be tried for a level; for a walk, the first of these numbers."""


def benchmarks(number: int, held_out: Sequence[str] = ()) -> dict[str, Benchmark]:
    """All benchmarks: ``levels_64``, ``levels_1000``, ``walks_4``, ... and, if lemmas were held out, ``new_4``, ...

    Args:
        number: Number of walks of each length, and of levels at most.
        held_out: Names of levels that were no lemmas in training.
    """
    found = {f"levels_{count}": Benchmark(equations()[:number], count, NUMBERS) for count in APPLICATIONS}
    found |= {f"walks_{steps}": Benchmark(walks(steps, number), APPLICATIONS[0], NUMBERS) for steps in LENGTHS}
    for steps in NEW_LENGTHS if held_out else ():
        found[f"new_{steps}"] = Benchmark(walks(steps, number, held_out), APPLICATIONS[0], NUMBERS)
    return found


def equations() -> list[Statement]:
    """The levels that are equations. Each may be proved from the levels before it."""
    return [level.statement for level in levels() if level.kind == "equation"]


def walks(steps: int, number: int, lemmas: Sequence[str] = (), seed: int = SEED) -> list[Statement]:
    """Random equations of the test split. Their proofs may use all levels.

    Args:
        steps: Number of steps of the walk that made each.
        number: Number of equations.
        lemmas: Names of levels of which each walk has used one; empty for any.
        seed: Seed.
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
