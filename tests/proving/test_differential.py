from random import Random

import pytest

from helpers import needs_lean
from lean_ebm.proving.lean import Lean
from lean_ebm.proving.logic import Logic
from lean_ebm.proving.statements import Attempt, Outcome, Statement
from proving.differential import Pair, compare, mutated, pairs

SWAP = Statement.of("(p q : Prop) : p ∧ q → q ∧ p")
PROOF = "intro h\nconstructor\n· exact h.2\n· exact h.1"


@pytest.fixture(scope="module")
def lean():
    with Lean() as lean:
        yield lean


@needs_lean
def test_the_logic_does_what_lean_does(lean):
    result = compare(list(pairs(1, 600)), lean)
    assert not result.differing, result.differing[0]
    assert result.same > 550 and result.accepted > 150


@needs_lean
def test_a_difference_is_seen(lean):
    goals = ("p q : Prop\nk : p ∧ q\n⊢ q ∧ p",)
    wrong = [
        Pair(SWAP, (), "intro h", Outcome.OK, goals),  # the name is another
        Pair(SWAP, (), "intro h", Outcome.SOLVED),
        Pair(SWAP, (), "intro h", Outcome.TACTIC_ERROR),
        Pair(SWAP, (), "left", Outcome.OK, goals),
    ]
    assert len(compare(wrong, lean).differing) == 4
    right = Pair(SWAP, (), "intro k", Outcome.OK, goals)
    assert compare([right], lean).same == 1


def test_pairs_are_a_function_of_the_seed():
    assert list(pairs(3, 200)) == list(pairs(3, 200)) != list(pairs(4, 200))
    outcomes = {pair.outcome for pair in pairs(3, 400)}
    assert outcomes >= {Outcome.OK, Outcome.SOLVED, Outcome.TACTIC_ERROR}


@needs_lean
def test_no_changed_proof_is_accepted_that_lean_refuses(lean):
    random, logic = Random(0), Logic()
    changed = [mutated(random, Attempt(SWAP, PROOF)) for _ in range(150)]
    ours = [logic.verify(*proof).proved for proof in changed]
    theirs = [report.outcome is Outcome.SOLVED for report in lean.check(changed)]
    assert not [p for p, mine, its in zip(changed, ours, theirs, strict=True) if mine and not its]
    assert 5 < sum(theirs) < 100  # some changes do no harm, most do
