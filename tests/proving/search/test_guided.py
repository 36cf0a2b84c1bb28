"""Provers with a guide in the embedded logic: their proofs, and that nothing but the guide and the goals matters."""
# ruff: noqa: RUF001 - the letters of Lean

import math
import time
from functools import cache
from random import Random

import pytest

from helpers import needs_lean
from lean_ebm.errors import SettingError
from lean_ebm.proving.candidates import sequent_of
from lean_ebm.proving.lean import LeanEnvironment
from lean_ebm.proving.logic import Logic
from lean_ebm.proving.logic.clock import OutOfTimeError, tick
from lean_ebm.proving.logic.logic import root
from lean_ebm.proving.search import (
    SEARCHES,
    Advice,
    AndOrBestFirst,
    BestFirst,
    GuidedProver,
    Puct,
    RandomGuide,
    SearchBudget,
    SequentGoal,
    SizeGuide,
    StateBestFirst,
    StateGoal,
    UniformGuide,
    goals,
)
from lean_ebm.proving.statements import Outcome, Statement, Step
from lean_ebm.proving.theorems import TheoremSettings, generate_theorems
from lean_ebm.proving.theorems.renaming import renamed
from lean_ebm.proving.theorems.signature import Signature
from lean_ebm.proving.theorems.uniform import uniform_formula

THEOREMS = [
    "(p q : Prop) : p ∧ q → q ∧ p",
    "(p : Prop) : ¬¬(p ∨ ¬p)",
    "(p q r : Prop) : p → (p → q ∧ r) → r",
    "(p q : Prop) : p ∨ q → q ∨ p",
    "(α : Type) (P Q : α → Prop) : (∃ x, P x ∧ Q x) → (∃ x, P x) ∧ ∃ x, Q x",
    "(α : Type) (R : α → α → Prop) : (∃ x, ∀ y, R x y) → (∀ y, ∃ x, R x y) ∧ ∃ x, ∃ y, R x y",
    "∀ p : Prop, p → ∀ q : Prop, (q → p) ∧ (p ∧ q → q ∧ p)",
]
PEIRCE = Statement.of("(p q : Prop) : ((p → q) → p) → p")
ALL = pytest.mark.parametrize("search", [make() for make in SEARCHES.values()], ids=list(SEARCHES))


@cache
def first_order():
    settings = TheoremSettings(seed=3, terms=1, first_order=1, bound=0)
    return [Statement.of(theorem.statement) for theorem in generate_theorems(settings, 40)]


@cache
def propositional(connectives=16, number=25):
    random = Random(0)
    formulas = [uniform_formula(random, connectives) for _ in range(2 * number)]
    statements = [renamed(formula, Signature(5))[0] for formula in formulas]
    return [statement for statement in statements if BestFirst().prove(Logic(), statement, SearchBudget(300)).proved]


def results(prover, statements, budget, company=64):
    return [result for _, result in sorted(prover.prove_many(Logic(), statements, budget, company))]


@ALL
@pytest.mark.parametrize("guide", [UniformGuide(), SizeGuide()], ids=lambda guide: type(guide).__name__)
@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
def test_every_search_finds_scripts_that_the_judge_accepts(search, guide, narrow):
    budget = SearchBudget(200, 20)
    found = results(GuidedProver(guide, search, narrow), [Statement.of(text) for text in THEOREMS], budget)
    for text, result in zip(THEOREMS, found, strict=True):
        assert (result.graph.root.proof is not None) == result.proved
        if result.proved:
            assert Logic().verify(Statement.of(text), result.script).proved
            assert len(result.steps) == len(result.tactics) > 0 and result.applications <= 200
    assert sum(result.proved for result in found) >= 1


@pytest.mark.parametrize("search", [AndOrBestFirst(), Puct()], ids=["and-or", "puct"])
def test_what_is_proved_without_names_is_proved_with_them(search):
    """Of goals with individuals that a tactic has made, whose numbers in the search are others than in Lean."""
    found = results(GuidedProver(SizeGuide(), search), first_order(), SearchBudget(120, 20))
    proofs = [result for result in found if result.graph.root.proof is not None]
    assert all(result.proved for result in proofs), next(r.verdict.message for r in proofs if not r.proved)
    assert sum("x1" in result.script for result in proofs) >= 2


@needs_lean
def test_lean_accepts_the_scripts():
    with LeanEnvironment() as lean:
        prover = GuidedProver(SizeGuide())
        found = dict(prover.prove_many(lean, [Statement.of(text) for text in THEOREMS], SearchBudget(1000, 30)))
        assert all(result.proved and result.verdict.verifier.startswith("Lean 4") for result in found.values())


@ALL
def test_what_has_no_proof_is_searched_to_the_end(search):
    result = GuidedProver(UniformGuide(), search, narrow=True).prove(Logic(), PEIRCE)
    assert not result.proved and result.verdict is None and result.exhausted and not result.tactics
    result = GuidedProver(UniformGuide(), search).prove(Logic(), PEIRCE, SearchBudget(20))
    assert not result.proved and not result.exhausted and result.applications == 20


@ALL
def test_the_same_seed_and_any_company_give_the_same_result(search):
    statements = [*propositional()[:10], *first_order()[:6]]
    alone = [GuidedProver(RandomGuide(2), search).prove(Logic(), one, SearchBudget(30)) for one in statements]
    said = [(one.tactics, one.applications, one.evaluations, one.exhausted) for one in alone]
    for company in (1, 5):
        together = results(GuidedProver(RandomGuide(2), search), statements, SearchBudget(30), company)
        assert [(one.tactics, one.applications, one.evaluations, one.exhausted) for one in together] == said
    other = results(GuidedProver(RandomGuide(3), search), statements, SearchBudget(30))
    assert [one.tactics for one in other] != [one.tactics for one in alone]


def test_a_random_guide_says_the_same_of_the_same_goal_and_other_things_of_others():
    def about(text, seed=0):
        (advice,) = RandomGuide(seed).advise([SequentGoal(sequent_of(root(Statement.of(text))))])
        assert sum(map(math.exp, advice.log_priors)) == pytest.approx(1)
        return advice.log_priors

    said = about("(p q : Prop) (h : p ∧ q) : q ∨ p")
    assert said == about("(a b : Prop) (k : a ∧ b) : b ∨ a") != about("(p q : Prop) (h : p ∧ q) : q ∨ p", 1)
    assert len(other := about("(p q : Prop) (h : p ∨ q) : q ∨ p")) == len(said) and other != said


class TableOfProofs:
    """Says of each goal of some found proofs which tactic proves it; of others that no tactic is better."""

    def __init__(self, found):
        self.tactics = {
            step.node.goal.key: step.node.proof.tactic for result in found for step in result.steps if result.proved
        }

    def advise(self, goals):
        advices = []
        for goal in goals:
            right = self.tactics.get(goal.key)
            priors = [math.log(0.9) if tactic == right else -9.0 for tactic in goal.tactics]
            advices.append(Advice(goal.tactics, priors, None, len(goal.tactics)))
        return advices


@ALL
def test_a_guide_that_knows_the_proof_needs_no_more_than_it_and_a_random_one_does(search):
    statements = propositional()
    found = results(GuidedProver(SizeGuide()), statements, SearchBudget(2000))
    table = TableOfProofs(found)
    proved = [(one, result) for one, result in zip(statements, found, strict=True) if result.proved]
    assert len(proved) > 12
    known = results(GuidedProver(table, search), [one for one, _ in proved], SearchBudget(64))
    for (_, before), result in zip(proved, known, strict=True):
        assert result.proved and result.applications == len({step.node.goal.key for step in before.steps})
        goals = [node for node in result.graph.nodes.values() if node.advice is not None]
        assert result.evaluations == sum(len(node.goal.tactics) for node in goals)
    random = results(GuidedProver(RandomGuide(), search), [one for one, _ in proved], SearchBudget(64))
    assert sum(result.proved for result in random) < 0.7 * len(proved)


def test_states_by_value_with_sizes_are_what_best_first_search_does():
    """The named baseline tries all tactics of a state at once, so it does not try them in the same order."""
    guided = results(GuidedProver(SizeGuide(), StateBestFirst(by_value=True), narrow=True), propositional(), None)
    plain = [BestFirst().prove(Logic(), statement) for statement in propositional()]
    assert [result.proved for result in guided] == [result.proved for result in plain]
    assert 0.7 < sum(one.applications for one in guided) / sum(one.applications for one in plain) < 1.3


def test_a_goal_that_is_left_twice_is_in_the_script_twice():
    for search in (AndOrBestFirst(), StateBestFirst(), Puct()):
        result = GuidedProver(SizeGuide(), search).prove(Logic(), Statement.of("(p q : Prop) : p ∧ q → q ∧ q"))
        assert result.proved and sum(text.startswith("exact") for text in result.tactics) == 2


def test_equal_hypotheses_are_one_in_the_search_and_two_in_the_script():
    statement = Statement.of("(p q r : Prop) (h : p ∧ q) (k : p ∧ q) : r → p ∧ q → q")
    result = GuidedProver(SizeGuide()).prove(Logic(), statement)
    assert result.proved
    goal = SequentGoal(sequent_of(root(statement)))
    assert len(goal.sequent.hypotheses) == 1


def state(text, *tactics):
    logic = Logic()
    at = logic.start(Statement.of(text)).state
    for tactic in tactics:
        at = logic.apply(at, tactic).state
    return StateGoal(logic, at)


def test_goals_that_share_what_is_to_be_found_are_one_problem():
    """``constructor`` of an ∃ leaves a proof and an individual ``?w``, of which the proof speaks."""
    goal = state("(α : Type) (P Q : α → Prop) (a : α) (h : P a) (k : Q a) : (∃ x, P x) ∧ ∃ x, Q x")
    left, right = goal.after("constructor")
    assert left.count == right.count == 1 and left.key != right.key
    (both,) = left.after("constructor")
    assert both.count == 2
    assert both.after("exact k") is None and both.after("exact h") == []
    (both,) = right.after("constructor")
    assert both.first == 1 and both.after("exact h") is None and both.after("exact k") == []
    # The other order: the individual first.
    reordered = state("(α : Type) (P : α → Prop) (a : α) (h : P a) : ∃ x, P x").after("refine ⟨?_, ?_⟩")
    assert len(reordered) == 1 and len(reordered[0].after("exact a")) == 1


def test_a_tactic_that_touches_other_goals_is_refused():
    left, right = state("(p q : Prop) (h : p) (k : q) : p ∧ q").after("constructor")
    for goal in (left, right):
        assert goal.after("exfalso") and goal.after("all_goals exfalso") is None
    assert left.after("exact h") == [] and right.after("exact k") == [] and left.after("exact k") is None


def test_goals_of_an_environment_are_shared_only_if_all_names_are_the_same():
    one = state("(p q : Prop) (h : p) : q → p", "intro k")
    assert one.key == state("(p q : Prop) (h : p) : q → p", "intro k").key
    assert one.key != state("(p q : Prop) (h : p) : q → p", "intro l").key


def test_an_expansion_that_takes_too_long_is_given_up(monkeypatch):
    def slow(*_):
        raise OutOfTimeError

    goal = SequentGoal(sequent_of(root(Statement.of("(p : Prop) : p → p"))))
    (tactic, *_) = goal.tactics
    monkeypatch.setattr(goals, "candidates", slow)
    monkeypatch.setattr(goals, "goals_after", slow)
    assert goal.after(tactic) is None
    result = GuidedProver(UniformGuide()).prove(Logic(), Statement.of("(p : Prop) : p → p"))
    assert not result.proved and result.applications == 0


def test_a_busy_machine_does_not_change_what_an_expansion_finds(monkeypatch):
    """The limit counts the processor's time, not that in which the thread waits for a processor."""

    def waiting(work):
        def wait(*arguments):
            time.sleep(0.1)
            for _ in range(1000):
                tick()
            return work(*arguments)

        return wait

    monkeypatch.setattr(goals, "_SECONDS", 0.05)
    monkeypatch.setattr(goals, "candidates", waiting(goals.candidates))
    monkeypatch.setattr(goals, "goals_after", waiting(goals.goals_after))
    goal = SequentGoal(sequent_of(root(Statement.of("(p : Prop) : p → p"))))
    assert goal.tactics and goal.after(goal.tactics[0]) is not None


def test_a_search_that_believes_itself_is_not_believed():
    class Gullible(Logic):
        def apply(self, state, tactic, goal=0):
            step = super().apply(state, tactic, goal)
            return Step(Outcome.SOLVED, type(state)([], *_rest(state))) if step.outcome is Outcome.OK else step

    def _rest(state):
        from lean_ebm.proving.logic.unify import TacticRun

        return TacticRun(0, {}), state

    result = GuidedProver(UniformGuide(), narrow=True).prove(Gullible(), Statement.of(THEOREMS[0]))
    assert result.graph.root.proof is not None
    assert not result.proved and not result.verdict.proved and result.tactics == ()


def test_what_the_wide_set_does_not_read_is_said():
    class Numbers(Logic):
        def start(self, statement):
            from lean_ebm.proving.statements import State

            return Step(Outcome.OK, State(("n : Nat\n⊢ n = n",)))

    with pytest.raises(SettingError, match=r"not of the embedded logic.*--tactics narrow"):
        GuidedProver(UniformGuide()).prove(Numbers(), PEIRCE)
    result = GuidedProver(UniformGuide()).prove(Logic(), Statement("p ∧"))
    assert not result.proved and result.verdict.outcome is Outcome.PARSE_ERROR


def test_theorems_of_64_connectives_are_proved_like_others():
    statements = propositional(64, 15)
    found = results(GuidedProver(SizeGuide(), Puct()), statements, SearchBudget(300, 20))
    assert len(statements) > 4 and sum(result.proved for result in found) > len(statements) / 2
