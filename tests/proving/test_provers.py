# ruff: noqa: RUF001 - the letters of Lean
import time

import pytest

from helpers import needs_lean
from lean_ebm.proving.lean.environment import LeanEnvironment
from lean_ebm.proving.logic import Logic, LogicState
from lean_ebm.proving.search.provers import BestFirst, BreadthFirst, RandomWalk, SearchBudget
from lean_ebm.proving.search.tactics import legal_tactics
from lean_ebm.proving.statements import Outcome, State, Statement, Verdict
from lean_ebm.proving.views import view_of

THEOREMS = [
    "(p q : Prop) : p ∧ q → q ∧ p",
    "(p : Prop) : ¬¬(p ∨ ¬p)",
    "(p q r : Prop) : (p ∧ q → r) ↔ (p → q → r)",
    "(p q r : Prop) : p → (p → q ∧ r) → r",
    "(α : Type) (P Q : α → Prop) : (∃ x, P x ∧ Q x) → (∃ x, P x) ∧ ∃ x, Q x",
]
PEIRCE = Statement.of("(p q : Prop) : ((p → q) → p) → p")
PROVERS = [BreadthFirst(), BestFirst(), RandomWalk(seed=1)]


@pytest.mark.parametrize("prover", PROVERS, ids=lambda prover: type(prover).__name__)
@pytest.mark.parametrize("text", THEOREMS)
def test_provers_find_scripts_that_the_judge_accepts(prover, text):
    with Logic() as logic:
        result = prover.prove(logic, Statement.of(text), SearchBudget(20_000, 20))
        assert result.proved and 0 < result.applications <= 20_000
        assert logic.verify(Statement.of(text), result.script).proved


@pytest.mark.parametrize("prover", PROVERS, ids=lambda prover: type(prover).__name__)
def test_what_has_no_proof_is_not_proved(prover):
    result = prover.prove(Logic(), PEIRCE, SearchBudget(2000, 20))
    assert not result.proved and result.verdict is None and result.tactics == ()
    assert result.exhausted == (not isinstance(prover, RandomWalk))


def test_breadth_first_finds_a_shortest_script():
    result = BreadthFirst().prove(Logic(), Statement.of("(p q : Prop) : p → q → p ∧ (q ∨ False)"))
    assert len(result.tactics) == 6  # intro, intro, constructor, exact, left, exact
    shorter = BreadthFirst().prove(Logic(), Statement.of("(p : Prop) : p → p"))
    assert shorter.script == "intro h1\nexact h1"


def test_the_budget_in_applications_is_kept_to_the_last_one():
    counted = Counting()
    for prover in PROVERS:
        counted.applications = 0
        result = prover.prove(counted, PEIRCE, SearchBudget(10, 20))
        assert counted.applications == result.applications == 10
        assert not result.exhausted


def test_the_budget_in_seconds_is_kept():
    started = time.monotonic()
    result = RandomWalk().prove(Logic(), PEIRCE, SearchBudget(10**9, 0.2))
    assert 0.1 < time.monotonic() - started < 2 and not result.proved


def test_a_random_walk_is_a_function_of_its_seed():
    statement = Statement.of(THEOREMS[2])
    first, again, other = (RandomWalk(seed).prove(Logic(), statement) for seed in (5, 5, 6))
    assert first.tactics == again.tactics != other.tactics


def test_a_search_that_believes_itself_is_not_believed():
    class Gullible(Logic):
        def apply(self, state, tactic, goal=0):
            step = super().apply(state, tactic, goal)
            return type(step)(Outcome.SOLVED, State(())) if step.outcome is Outcome.OK else step

    for prover in PROVERS[:2]:
        result = prover.prove(Gullible(), Statement.of(THEOREMS[0]), SearchBudget(50, 5))
        assert not result.proved and not result.verdict.proved


def test_a_statement_that_is_none_is_not_proved():
    result = BestFirst().prove(Logic(), Statement("p ∧"))
    assert not result.proved and result.verdict.outcome is Outcome.PARSE_ERROR


def test_every_legal_tactic_is_understood_and_some_succeed():
    logic = Logic()
    state = logic.start(Statement.of(THEOREMS[4])).state
    for _ in range(6):
        steps = [logic.apply(state, tactic) for tactic in legal_tactics(state)]
        assert all(step.outcome in (Outcome.OK, Outcome.SOLVED, Outcome.TACTIC_ERROR) for step in steps)
        state = next(step.state for step in steps if step.outcome is Outcome.OK)


def test_printed_goals_have_the_same_legal_tactics():
    logic = Logic()
    state = logic.start(Statement.of(THEOREMS[4])).state
    for tactic in ("intro h", "cases h with | intro x k => ?_", "cases k with | intro a b => ?_", "constructor"):
        assert isinstance(state, LogicState)
        printed = [t for t in legal_tactics(State(state.goals)) if not t.startswith(("apply", "have"))]
        assert printed == [t for t in legal_tactics(state) if not t.startswith(("apply", "have"))]
        state = logic.apply(state, tactic).state
    assert view_of("p : Prop\nh : And p p\n⊢ Not p").head == "not"
    assert view_of("p : Prop\nh✝ : p\nk : And p p\n⊢ p").hypotheses[-1].head == "and"


@needs_lean
def test_the_same_prover_works_on_a_real_lean():
    with LeanEnvironment() as lean:
        result = BreadthFirst().prove(lean, Statement.of("(p q : Prop) : p ∧ q → q"), SearchBudget(60, 30))
        assert result.proved and result.verdict.verifier.startswith("Lean 4")


class Counting(Logic):
    applications = 0

    def apply(self, state, tactic, goal=0):
        self.applications += 1
        return super().apply(state, tactic, goal)

    def verify(self, statement, script):
        return Verdict(False, "nobody")
