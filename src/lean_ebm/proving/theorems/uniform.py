"""Uniformly random propositional formulas with a given number of connectives.

The formulas of PropL (An et al. 2024, "Learn from Failure", arXiv 2404.07382, section 3): five propositions, True and
False as leaves, and ∧, ∨ and → as connectives.
"""

from __future__ import annotations

from math import comb
from random import Random

from lean_ebm.errors import SettingError
from lean_ebm.proving.logic.formulas import FALSE, TRUE, Expr, atom, conjunction, disjunction, implication

_CONNECTIVES = (conjunction, disjunction, implication)


def uniform_formula(random: Random, connectives: int, propositions: int = 5) -> Expr:
    """Draw a formula, each of those with this number of connectives with the same probability.

    Args:
        random: The random generator.
        connectives: Number of connectives, at least 0.
        propositions: Number of propositions, whose symbols are numbered from 1; at least 1.

    Raises:
        SettingError: If a number is out of its range.
    """
    if connectives < 0 or propositions < 1:
        raise SettingError(
            f"connectives is {connectives} and propositions is {propositions}: expected at least 0 and at least 1."
        )
    leaves = [TRUE, FALSE, *(atom(number) for number in range(1, propositions + 1))]

    def draw(size: int) -> Expr:
        if not size:
            return random.choice(leaves)
        left = _left(random, size)
        return random.choice(_CONNECTIVES)(draw(left), draw(size - 1 - left))

    return draw(connectives)


def _left(random: Random, size: int) -> int:
    """Draw how many of the other connectives of a uniformly random tree are in its left part."""
    at = random.randrange(trees(size))
    for left in range(size):
        at -= trees(left) * trees(size - 1 - left)
        if at < 0:
            return left
    raise AssertionError("the trees by the size of their left part add up to all trees")


def trees(size: int) -> int:
    """Count the binary trees with this number of inner nodes (a Catalan number)."""
    return comb(2 * size, size) // (size + 1)
