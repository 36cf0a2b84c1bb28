"""Each mutation is what it says: an instance, a consequence, or something from which the theorem follows."""

from random import Random

import pytest

from lean_ebm.proving.logic.decide import prove
from lean_ebm.proving.logic.formulas import atom, conjunction, disjunction, equivalence, implication, negation
from lean_ebm.proving.logic.kernel import check
from lean_ebm.proving.logic.logic import root
from lean_ebm.proving.statements import Statement
from lean_ebm.proving.theorems.examining import derived
from lean_ebm.proving.theorems.mutations import (
    compose,
    generalise,
    places,
    put,
    specialise,
    strengthen,
    strengthened,
    substituted,
    weaken,
)
from lean_ebm.proving.theorems.signature import Signature
from lean_ebm.proving.theorems.terms import random_theorem

SIGNATURE = Signature(4, first_order=True)
SYMBOLS = {
    local.number: local.sort for local in root(Statement("True", SIGNATURE.binders)).context if local.sort is not None
}
P, Q, R, S = (atom(SIGNATURE.number[name]) for name in "pqrs")


def theorems(count, seed=0):
    """Random theorems with proofs, with quantifiers too."""
    random, found = Random(seed), []
    while len(found) < count:
        made = random_theorem(random, SIGNATURE, random.randint(3, 14))
        if made is not None:
            found.append((made[0].key, made[1]))
    return found


def proved(formula):
    return prove(formula) is not None


def test_places_are_those_of_the_formula():
    for formula, _ in theorems(50):
        for path, part, _ in places(formula):
            assert put(formula, path, part) is formula
    signs = {part: sign for _, part, sign in places(implication(conjunction(P, Q), disjunction(R, S)))}
    assert (signs[P], signs[Q], signs[R], signs[S]) == (-1, -1, 1, 1)
    assert {sign for path, _, sign in places(equivalence(P, Q)) if path} == {0}


def test_a_generalised_formula_specialises_back():
    random, count = Random(1), 0
    for formula, _ in theorems(150):
        fresh = 99
        made = generalise(random, formula, fresh)
        if made is not None:
            old = [part for _, part, _ in places(formula) if substituted(made, {fresh: part}) is formula]
            assert made is not formula and old and made.size <= formula.size
            count += 1
    assert count > 100
    assert generalise(random, P, 99) is None


def test_a_part_is_replaced_wherever_it_occurs():
    both = conjunction(P, Q)
    made = {generalise(Random(seed), implication(both, both), 99) for seed in range(20)}
    assert made == {implication(atom(99), atom(99))}


def test_a_specialised_theorem_is_proved_by_the_specialised_proof():
    random, count = Random(2), 0
    for fact in theorems(150):
        made = specialise(random, fact)
        if made is not None:
            check(made[1], made[0], {}, SYMBOLS)
            count += made[0] is not fact[0]
    assert count > 80
    assert specialise(random, (implication(P, P), ())) is not None
    assert specialise(random, (root(Statement("True")).target, ("true",))) is None


def test_what_two_theorems_compose_to_follows_from_them():
    random, count = Random(3), 0
    pairs = theorems(120)
    for first, second in zip(pairs[:60], pairs[60:], strict=True):
        made = compose(random, first, second)
        if made is not None:
            formula, given = made
            for stated, proof in given:
                check(proof, stated, {}, SYMBOLS)
            proof = derived(formula, given)
            check(proof, formula, {}, SYMBOLS)
            count += 1
    assert count > 5


def test_what_was_composed_can_be_composed_again():
    """The kernel refuses a number that is used twice where one proof is inside another."""
    facts = [(formula, prove(formula)) for formula in (implication(conjunction(P, Q), Q), implication(R, R))]
    for conclusion in (disjunction(Q, R), disjunction(disjunction(Q, R), S)):
        formula = implication(conjunction(P, Q), conclusion)
        proof = derived(formula, facts)
        check(proof, formula, {}, SYMBOLS)
        facts = [(formula, proof), facts[0]]


def test_theorems_compose_by_their_conclusions_and_premises():
    first = implication(conjunction(P, Q), Q)
    second = implication(R, disjunction(R, S))
    facts = [(formula, prove(formula)) for formula in (first, second)]
    made = {compose(Random(seed), *facts)[0] for seed in range(20)}
    assert made == {disjunction(first, S), implication(conjunction(P, Q), disjunction(Q, S))}
    assert compose(Random(0), facts[0], (disjunction(P, negation(P)), ())) is None  # it has no premise
    atomic = implication(conjunction(P, P), P)
    assert compose(Random(0), (disjunction(Q, R), ()), (atomic, prove(atomic))) is None  # they do not fit


def test_a_theorem_implies_what_it_is_weakened_to():
    random, changed = Random(4), 0
    for formula, _ in theorems(200):
        made = weaken(random, formula)
        if any(part.kind.name in ("ALL", "EXISTS") for _, part, _ in places(formula)):
            continue  # where the decision procedure knows too little
        assert proved(implication(formula, made).key)
        changed += made is not formula
    assert changed > 40


def test_each_stronger_formula_implies_the_theorem():
    count = 0
    for seed in range(60):
        formula = Signature(4).formula(Random(seed), 14).key
        for made in strengthened(formula):
            assert made is not formula and proved(implication(made, formula))
            count += 1
    assert count > 200
    formula = implication(conjunction(P, Q), disjunction(R, S))
    assert set(strengthened(formula)) == {
        disjunction(R, S),
        equivalence(conjunction(P, Q), disjunction(R, S)),
        implication(P, disjunction(R, S)),
        implication(Q, disjunction(R, S)),
        implication(conjunction(P, Q), R),
        implication(conjunction(P, Q), S),
    }


def test_a_theorem_is_strengthened_until_it_breaks():
    formula = implication(conjunction(P, Q), implication(R, disjunction(P, S)))
    found = {strengthen(Random(seed), formula, proved) for seed in range(40)} - {None}
    assert implication(P, P) in found or equivalence(P, P) in found
    for made in found:
        assert proved(made) and proved(implication(made, formula))
    asked = []
    assert strengthen(Random(0), formula, lambda made: asked.append(made)) is None
    assert len(asked) == 3  # three steps in a row broke it
    assert strengthen(Random(0), P, proved) is None


@pytest.mark.parametrize("seed", range(3))
def test_the_last_formula_that_was_proved_is_kept(seed):
    formula = implication(conjunction(P, conjunction(Q, R)), disjunction(P, S))
    asked = {}
    made = strengthen(Random(seed), formula, lambda new: asked.setdefault(new, proved(new)))
    assert [new for new, right in asked.items() if right][-1] is made
