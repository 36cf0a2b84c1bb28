"""The families are provable, or refuted, as the library of problems says; uniform formulas are uniform."""

from collections import Counter
from math import comb
from random import Random

import pytest

from lean_ebm.proving.logic.decide import prove
from lean_ebm.proving.logic.formulas import Kind
from lean_ebm.proving.logic.logic import check_term, root
from lean_ebm.proving.theorems.families import FAMILIES
from lean_ebm.proving.theorems.uniform import trees, uniform_formula


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("size", [2, 3])
def test_a_family_is_provable_or_not_as_the_library_says(name, size):
    family = FAMILIES[name]
    goal = root(family.statement(size))
    proof = prove(goal.target)
    assert (proof is not None) == family.provable
    if proof is not None:
        check_term(goal, proof)


@pytest.mark.parametrize(
    ("name", "size", "text"),
    [
        ("exponential", 2, "(p2) ∧ (p1 → p1 → p0) ∧ (p2 → p2 → p1) → p0"),
        ("contractions", 2, "((((p1) ∧ (p2)) ∨ (p1 → f) ∨ (p2 → f)) → f) → f"),
        ("equivalences", 3, "((p1 ↔ p2) ↔ p3) ↔ (p3 ↔ (p2 ↔ p1))"),
    ],
)
def test_the_formula_is_that_of_the_library(name, size, text):
    assert FAMILIES[name].formula(size) == text


def test_sizes_that_are_too_small_are_explained():
    with pytest.raises(ValueError, match="The size of a formula of equivalences is 1: expected 2 or more"):
        FAMILIES["equivalences"].statement(1)


def test_trees_are_counted_by_catalan_numbers():
    assert [trees(size) for size in range(6)] == [1, 1, 2, 5, 14, 42]


def test_each_formula_is_drawn_as_often():
    random = Random(0)
    drawn = Counter(uniform_formula(random, 2, propositions=1) for _ in range(24_300))
    assert len(drawn) == 2 * 3**2 * 3**3  # trees, connectives, leaves
    # 50 of each on average; a formula is off by five standard deviations with a probability of 6e-7.
    assert all(abs(count - 50) < 5 * 50**0.5 for count in drawn.values())


def test_the_number_of_connectives_is_exact():
    def connectives(formula):
        inner = (formula.a, formula.b) if formula.kind in (Kind.AND, Kind.OR, Kind.IMPLIES) else ()
        return bool(inner) + sum(map(connectives, inner))

    random = Random(1)
    assert {connectives(uniform_formula(random, 16)) for _ in range(50)} == {16}
    assert comb(32, 16) // 17 == trees(16)
    for bad in ((-1, 5), (3, 0)):
        with pytest.raises(ValueError, match="expected at least 0 and at least 1"):
            uniform_formula(random, *bad)
