from helpers import needs_lean
from lean_ebm.proving.lean import Lean
from lean_ebm.proving.logic import Logic
from proving.random_statements import attempts, compare_statements


@needs_lean
def test_what_the_logic_proves_of_random_statements_lean_proves():
    with Lean() as lean:
        result = compare_statements(list(attempts(0, 300)), lean)
    assert not result.wrong, result.wrong[0]
    assert result.lean >= result.pairs / 3 and result.both >= 0.9 * result.lean, result.missed[:3]


def test_random_statements_are_of_all_kinds():
    found = list(attempts(5, 300))
    assert found == list(attempts(5, 300)) != list(attempts(6, 300))
    statements = [str(attempt.statement) for attempt in found]
    for part in ("Type u", "{", "∀ h : ", "Prop, ", "→ Prop)", "∃"):
        assert sum(part in statement for statement in statements) > 5, part
    read = sum(Logic().start(attempt.statement).state is not None for attempt in found)
    assert 200 < read < 300  # some make no sense
