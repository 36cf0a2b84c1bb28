"""Suites that need no data: random theorems, families of formulas and equations between numbers.

Their seed, :data:`SEED`, is used for nothing else. Theorems that happen to be in the training data of a network are not
left out.
"""

from __future__ import annotations

from random import Random

from lean_ebm.proving.lexer import SyntaxProblem, tokenize
from lean_ebm.proving.logic.unify import TacticError, Unsupported
from lean_ebm.proving.numbers.benchmarks import LENGTHS, equations, walks
from lean_ebm.proving.numbers.levels import levels
from lean_ebm.proving.statements import Statement
from lean_ebm.proving.steps.sources import draw
from lean_ebm.proving.suites.problem import Problem
from lean_ebm.proving.suites.readers import own_problem
from lean_ebm.proving.theorems.families import FAMILIES, Family
from lean_ebm.proving.theorems.propl import propl_theorems

SEED = 23
"""The seed of all random theorems."""


def propl(number: int) -> list[Problem]:
    """Theorems of PropL; see :func:`.propl_theorems`.

    Args:
        number: Number of theorems in and out of distribution each.
    """
    inside, outside = propl_theorems(number, SEED)
    return [
        own_problem(f"{split}_{index}", split, statement)
        for split, statements in (("in", inside), ("out", outside))
        for index, statement in enumerate(statements, 1)
    ]


def families(number: int) -> list[Problem]:
    """The provable families of formulas of the ILTP library, with their sizes.

    Args:
        number: The largest size.
    """
    provable = [family for family in FAMILIES.values() if family.provable]
    return [
        own_problem(f"{family.name}_{size}", family.name, of_size(family, size))
        for family in provable
        for size in range(family.smallest, number + 1)
    ]


def of_size(family: Family, size: int) -> Statement:
    """The statement of a size of a family, even if it is nested too deeply for the embedded logic.

    Args:
        family: The family.
        size: The size.
    """
    try:
        return family.statement(size)
    except (SyntaxProblem, TacticError, Unsupported, RecursionError):
        formula = family.formula(size)
        names = dict.fromkeys(token.text for token in tokenize(formula) if token.kind == "name")
        return Statement(formula, f"({' '.join(names)} : Prop)")


def first_order(number: int) -> list[Problem]:
    """Theorems with quantifiers, made from random proofs.

    Args:
        number: Number of theorems.
    """
    random = Random(f"lean-ebm suite first-order {SEED}")
    found: dict[Statement, None] = {}
    while len(found) < number:
        try:
            drawn = draw(random, "first_order", (1, 1))
        except (SyntaxProblem, TacticError, Unsupported, RecursionError):
            continue
        if drawn is not None:
            found.setdefault(drawn.statement)
    return [own_problem(f"first_order_{index}", "all", statement) for index, statement in enumerate(found, 1)]


def numbers(number: int) -> list[Problem]:
    """The levels of the world of numbers that are equations, and random equations of several lengths.

    Args:
        number: Number of equations of each length; of levels at most.
    """
    names = {level.statement: level.name for level in levels()}
    found = [own_problem(names[statement], "levels", statement) for statement in equations()[:number]]
    for steps in LENGTHS:
        for index, statement in enumerate(walks(steps, number, seed=SEED), 1):
            found.append(own_problem(f"walk_{steps}_{index}", f"walks-{steps}", statement))
    return found
