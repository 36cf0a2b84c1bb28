import pytest

from helpers import needs_lean
from lean_ebm.proving.lean import Lean
from lean_ebm.proving.logic import Logic
from proving.random_statements import attempts, compare_statements


@pytest.fixture(scope="module")
def found():
    return list(attempts(0, 240))


@needs_lean
def test_what_the_logic_proves_of_random_statements_lean_proves(found):
    with Lean() as lean:
        result = compare_statements(found, lean)
    assert not result.wrong, result.wrong[0]
    assert result.lean >= result.pairs / 3 and result.both >= 0.9 * result.lean, result.missed[:3]


def test_random_statements_are_of_all_kinds(found):
    statements = [str(attempt.statement) for attempt in found]
    for part in ("Type u", "{", "∀ h : ", "Prop, ", "→ Prop)", "∃"):
        assert sum(part in statement for statement in statements) > 5, part
    read = sum(Logic().start(attempt.statement).state is not None for attempt in found)
    assert 150 < read < 240  # some make no sense


def test_random_statements_are_a_function_of_the_seed(found):
    assert list(attempts(0, 20)) == found[:20] != list(attempts(1, 20))
