"""The wide set of tactics: what is listed runs, does what its structure says, and never runs out of names."""
# ruff: noqa: RUF001 - the letters of Lean

from collections import Counter
from itertools import islice
from random import Random

import pytest

from helpers import needs_lean
from lean_ebm.proving.candidates import (
    TEMPLATES,
    ListedGoal,
    Template,
    candidates,
    goals_after,
    listed_goal,
    read_goal,
    sequent_of,
    wide_tactics,
)
from lean_ebm.proving.lean import Lean
from lean_ebm.proving.logic import Logic
from lean_ebm.proving.logic.unify import Unsupported
from lean_ebm.proving.search import BestFirst, SearchBudget
from lean_ebm.proving.statements import State, Statement
from proving.candidates.wide import statements, walk
from proving.differential import Pair, compare


def texts(text):
    return wide_tactics(Logic().start(Statement.of(text)).state)


def test_each_tactic_does_what_its_structure_says():
    """All tactics that are listed in random states run, and leave the goals that are computed without running them."""
    random, logic, seen = Random(0), Logic(), Counter()
    for statement in islice(statements(random), 60):
        for state, goal, _ in walk(random, statement, 6):
            repeated = len(state.open[0].context) > len(
                {local.formula.key if local.formula else local for local in state.open[0].context}
            )
            for index, candidate in enumerate(goal.candidates):
                step = logic.apply(state, goal.text(index))
                assert step.state is not None, (goal.text(index), step.message, state.goals[0])
                ours = goals_after(goal.sequent, candidate)
                theirs = [sequent_of(made) for made in step.state.open[: len(ours)]]
                assert len(step.state.open) == len(state.open) - 1 + len(ours)
                seen[candidate.template] += 1
                for mine, its in zip(ours, theirs, strict=True):
                    # Of a hypothesis that is there twice, Lean takes away one.
                    assert its.known >= mine.known if repeated else its.key == mine.key
                    assert its.target is mine.target
    assert set(seen) == {form for form in Template if form < TEMPLATES["logic"]}


@needs_lean
def test_lean_runs_the_tactics_too():
    random, logic, pairs = Random(1), Logic(), []
    for statement in islice(statements(random), 70):
        script = ()
        for state, goal, index in walk(random, statement, 8):
            step = logic.apply(state, goal.text(index))
            pairs.append(Pair(statement, script, goal.text(index), step.outcome, step.state.goals))
            script = (*script, goal.text(index))
    with Lean() as lean:
        result = compare(pairs[:250], lean)
    assert not result.differing, result.differing[0]
    assert result.same == result.accepted == 250


def test_the_forms_of_all_tactics():
    assert texts("(p q r : Prop) (h : p → q) (k : p) (n : ¬p) (o : p ∨ q) (e : p ↔ q) (f : False) : q ∧ r") == [
        "constructor", "exfalso", "replace h := h ?_", "specialize h k", "refine absurd ?_ n", "exact absurd k n",
        "cases o with | inl h1 => ?_ | inr h1 => ?_", "cases e with | intro h1 h2 => ?_", "cases f",
        "have h1 : q := ?_", "have h1 : r := ?_",
    ]  # fmt: skip
    assert texts("(α : Type) (P Q : α → Prop) (f : α → α) (a : α) (i : ∀ x, P x → Q x) (k : P (f a)) : Q a") == [
        "exfalso", "refine i a ?_", "have h1 := i a", "have h1 := i (f a)", "have h1 := i (f a) k",
    ]  # fmt: skip
    assert texts("(α : Type) (P : α → Prop) (a : α) (n : ∀ x, ¬P x) (k : P a) : ∃ x, P x") == [
        "refine ⟨a, ?_⟩", "exfalso", "have h1 := n a", "exact absurd k (n a)",
    ]  # fmt: skip
    assert texts("(p q : Prop) (h : p ∧ q) : p ∧ q") == [
        "constructor", "exfalso", "exact h", "cases h with | intro h1 h2 => ?_", "have h1 : p := ?_",
        "have h1 : q := ?_",
    ]  # fmt: skip
    assert texts("∀ p : Prop, p → ¬p → True") == ["intro x1", "exfalso"]
    assert texts("(p q : Prop) : p ∨ q")[:2] == ["left", "right"]
    assert texts("(h : ∀ p : Prop, p) : False") == ["exact h False", "have h1 := h True", "have h1 := h False"]


def test_equal_hypotheses_are_listed_once():
    """The newest of them is named, and what an older name says is still there afterwards."""
    state = Logic().start(Statement.of("(p q : Prop) (h : p ∧ q) (k : p ∧ q) (n : ¬p) (m : p → False) : q")).state
    goal = listed_goal(state)
    assert len(goal.sequent.hypotheses) == 2
    assert [text for text in goal.texts() if " with " in text or "absurd" in text] == [
        "cases k with | intro h1 h2 => ?_", "refine absurd ?_ m",
    ]  # fmt: skip
    for text in goal.texts():
        assert Logic().apply(state, text).state is not None


def test_new_names_never_run_out():
    logic = Logic()
    hypotheses = "".join(f"(h{index} : p{index} ∧ q)" for index in range(1, 300))
    binders = f"({' '.join(f'p{index}' for index in range(1, 300))} q x1 : Prop) {hypotheses}"
    state = logic.start(Statement("q → ∀ x : Prop, x", binders)).state
    for _ in range(3):
        goal = listed_goal(state)
        index = max(i for i, (form, *_) in enumerate(goal.candidates) if form in (Template.CASES, Template.INTRO))
        state = logic.apply(state, goal.text(index)).state
    entries = [local.name for local in state.open[0].context]
    assert "h300" in entries and len(set(entries)) == len(entries)


def test_a_goal_with_something_to_be_found_is_refused_by_name():
    state = Logic().start(Statement.of("(p q r : Prop) (h : p → q) (k : q → r) : r")).state
    state = Logic().apply(state, "apply Iff.mp").state
    with pytest.raises(Unsupported, match="a goal with a metavariable"):
        listed_goal(state)


def test_goals_that_lean_printed_are_read():
    """Their integers are those of the embedded logic's own goals, and their tactics have the same texts."""
    random, compared, unread = Random(2), 0, 0
    for statement in islice(statements(random), 40):
        for state, goal, _ in walk(random, statement, 5):
            try:
                other = ListedGoal(read_goal(state.goals[0]))
            except Unsupported as error:  # Lean does not print the type of a variable that does not occur
                assert "failed to infer the type" in str(error)
                unread += 1
                continue
            assert other.listing() == goal.listing()
            assert other.texts() == goal.texts()
            compared += 1
    assert compared > 90 > 5 * unread
    with pytest.raises(Unsupported, match="not of the embedded logic"):
        read_goal("n : Nat\n⊢ n = n")


def test_nothing_is_written_that_has_no_name():
    """The types, propositions and individuals of older binders are hidden by newer ones of the same name."""
    goal = "p✝ p : Prop\nα✝ α : Type\nP : α✝ → Prop\na✝ : α✝\nh : p✝ → ∃ x, P x\nk : p✝ ∨ p\ni : ∀ (x : α✝), P x\n⊢ p"
    listed = listed_goal(State((goal,)))
    assert listed.texts() == ["exfalso", "replace h := h ?_", "cases k with | inl h1 => ?_ | inr h1 => ?_"]
    assert len(candidates(listed.sequent)) > 3


def test_provers_take_the_wide_set():
    result = BestFirst(tactics=wide_tactics).prove(
        Logic(), Statement.of("(p q r : Prop) : p ∧ q → q ∧ p"), SearchBudget(2000)
    )
    assert result.proved
