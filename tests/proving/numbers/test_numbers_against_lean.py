"""The engine of numbers does what Lean does: outcome and printed goals of random tactics in random states."""

import pytest

from helpers import needs_lean
from lean_ebm.proving.lean import Lean
from lean_ebm.proving.numbers.engine import Numbers
from lean_ebm.proving.numbers.levels import lemmas, levels
from lean_ebm.proving.statements import Outcome, Statement
from proving.differential import Pair, compare
from proving.numbers.number_pairs import number_pairs


@pytest.fixture(scope="module")
def lean():
    with Lean(world="numbers") as lean:
        yield lean


def compared(seed, number, lean):
    return compare(list(number_pairs(seed, number, levels())), lean)


@needs_lean
def test_the_engine_does_what_lean_does(lean):
    result = compared(1, 300, lean)
    assert not result.differing, result.differing[0]
    assert result.same > 250 and result.accepted > 100


@needs_lean
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 110))
def test_the_engine_does_what_lean_does_in_many_states(lean, seed):
    result = compared(seed, 2_400, lean)
    assert not result.differing, result.differing[0]
    assert result.same >= 2_000 and result.accepted > 1_000


@needs_lean
def test_a_difference_is_seen(lean):
    statement = Statement.of("(a b : MyNat) : a + b + a = b")
    wrong = [
        Pair(
            statement, (), "rw [add_comm]", Outcome.OK, ("a b : MyNat\n⊢ b + a + a = b",)
        ),  # not the first in pre-order
        Pair(statement, (), "rw [add_comm]", Outcome.SOLVED),
        Pair(statement, (), "rw [add_comm]", Outcome.TACTIC_ERROR),
    ]
    assert len(compare(wrong, lean).differing) == 3
    right = Pair(statement, (), "rw [add_comm]", Outcome.OK, ("a b : MyNat\n⊢ a + (a + b) = b",))
    assert compare([right], lean).same == 1


def test_proofs_of_levels_are_judged_as_in_lean():
    """The engine proves each level that it reads and whose proof has only its tactics, from the levels before it."""
    with Numbers(lemmas) as numbers:
        found = {level.name: numbers.verify(level.statement, level.proof) for level in levels()}
    refused = [verdict for verdict in found.values() if not verdict.proved]
    assert all(verdict.message.startswith("outside of the fragment") for verdict in refused)
    assert sum(verdict.proved for verdict in found.values()) >= 49
    assert all(found[level.name].proved for level in levels() if level.kind in ("definition", "equation"))
