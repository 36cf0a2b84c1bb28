"""What Lean users write: ``language.txt`` has scripts and what becomes of them, in our logic and in Lean.

A block of that file is a statement, a script indented by two, and a result: ``goals`` with the goals that are left
(without the binders, which are the same for all statements), ``solved``, ``refused``, or ``outside`` if Lean accepts
the script and our logic refuses it as outside of its fragment.
"""
# ruff: noqa: RUF001 - the letters of Lean

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from helpers import needs_lean
from lean_ebm.proving.lean import Lean
from lean_ebm.proving.lexer import SyntaxProblem
from lean_ebm.proving.logic import Logic
from lean_ebm.proving.logic.constants import CONSTANTS
from lean_ebm.proving.logic.formulas import atom
from lean_ebm.proving.logic.kernel import check
from lean_ebm.proving.logic.lemmas import LEMMAS
from lean_ebm.proving.logic.tactics import OVER_GOALS, TACTICS
from lean_ebm.proving.parser import parse_tactics, parse_term
from lean_ebm.proving.statements import Attempt, Outcome, Statement

BINDERS = "(α : Type) (P Q : α → Prop) (R : α → α → Prop) (f : α → α) (p q r : Prop) (a : α)"
HEAD = "α : Type\nP Q : α → Prop\nR : α → α → Prop\nf : α → α\np q r : Prop\na : α\n"


class Case(NamedTuple):
    attempt: Attempt
    result: str
    goals: list[str]


def read():
    found = []
    for block in Path(__file__).with_name("language.txt").read_text("utf-8").strip().split("\n\n"):
        head, *lines = block.splitlines()
        at = next(index for index, line in enumerate(lines) if not line.startswith("  "))
        script = "\n".join(line[2:] for line in lines[:at])
        goals = "\n".join(line[2:] for line in lines[at + 1 :]).split("\n--\n") if lines[at + 1 :] else []
        found.append(Case(Attempt(Statement(head.removeprefix("statement "), BINDERS), script), lines[at], goals))
    return found


CASES = read()


def shown(goals):
    return [re.sub(r"\n\s+", " ", goal).replace(HEAD, "") for goal in goals]


def test_our_logic_does_what_the_file_says():
    logic, wrong = Logic(), []
    for attempt, result, goals in CASES:
        step = logic.apply(logic.start(attempt.statement).state, attempt.script)
        outcome = {"goals": Outcome.OK, "solved": Outcome.SOLVED, "refused": Outcome.TACTIC_ERROR}.get(
            result, Outcome.PARSE_ERROR
        )
        left = shown(step.state.goals) if step.state is not None else []
        if step.outcome is not outcome or left != goals:
            wrong.append((attempt.script, step.outcome, step.message, left))
        if result == "outside":
            assert step.message.startswith("outside of the fragment")
        if result == "solved":
            assert logic.verify(*attempt).proved, attempt
    assert not wrong


@needs_lean
def test_lean_does_what_the_file_says():
    with Lean() as lean:
        reports = lean.check([case.attempt for case in CASES])
    for case, report in zip(CASES, reports, strict=True):
        if case.result == "goals":
            assert (report.outcome, shown(report.goals)) == (Outcome.OK, case.goals), case
        elif case.result == "outside":
            assert report.outcome.succeeded, case
        else:
            assert (report.outcome is Outcome.SOLVED) == (case.result == "solved"), case
            assert report.outcome is not Outcome.OK, case


def outcome(script, proposition="p → p"):
    logic = Logic()
    return logic.apply(logic.start(Statement(proposition, BINDERS)).state, script)


@pytest.mark.parametrize(
    "script",
    [
        "exact And.rec",
        "simp",
        "rw [h]",
        "exact Classical.em p",
        "apply And.foo",
        "omega",
        "exact h ▸ g",
        "calc p",
        "exact foo_bar",
        "intro h; exact (· ∧ p)",
        "let x := p",
        "exact if p then q else r",
        "exact (p, q)",
        "exact 1",
        "exact fun {h} => h",
        "have : ∀ {x : α}, P x := k",
        "obtain rfl := h",
        "show p from h",
        "exact p ∈ q",
    ],
)
def test_what_lean_may_know_is_outside_of_the_fragment_by_name(script):
    step = outcome(script)
    assert step.outcome is Outcome.PARSE_ERROR and step.message.startswith("outside of the fragment"), step


def test_a_name_that_no_library_has_is_unknown():
    for script in ("exact hx", "exact x₁", "apply k'", "exact h g"):
        assert outcome(script).outcome is Outcome.TACTIC_ERROR, script


def test_every_tactic_that_the_parser_reads_runs():
    scripts = [case.attempt.script for case in CASES if case.result != "outside"]
    used = set()

    def collect(tree):
        if isinstance(tree, tuple):
            used.update(part[0] for part in tree if isinstance(part, tuple) and part and isinstance(part[0], str))
            for part in tree:
                collect(part)

    for script in scripts:
        collect(parse_tactics(script))
    assert (set(TACTICS) | set(OVER_GOALS)) - used == set()


@pytest.mark.parametrize("word", ["while", "theorem", "fun", "at", "from"])
def test_keywords_are_no_names(word):
    with pytest.raises(SyntaxProblem):
        parse_term(f"{word} → {word}")
    with pytest.raises(SyntaxProblem):
        parse_tactics(f"intro {word}")


def test_ascii_is_read():
    for text in ("p /\\ q -> q \\/ p", "p <-> q", "forall x, P x", "fun h => h", "¬p"):
        parse_term(text)
    assert parse_term("p /\\ q -> r") == parse_term("p ∧ q → r")


def test_comments_are_no_tactics():
    script = "-- first\nintro h -- then\n-- nothing\nexact /- and /- nested -/ -/ h"
    assert outcome(script).outcome is Outcome.SOLVED
    assert Logic().verify(Statement("p → p", "(p : Prop)"), script).proved


@pytest.mark.parametrize("depth", [64, 500, 990])
def test_deep_texts_are_read_and_run(depth):
    logic, p = Logic(), "(p : Prop)"
    assert logic.verify(Statement("p → " * depth + "p", p), "intros; assumption").proved
    parse_term("(" * depth + "h" + ")" * depth)
    parse_tactics("try " * depth + "skip")
    parse_term("¬" * depth + "p")


def test_what_is_nested_too_deep_is_refused_by_name():
    for script in ("exact " + "(" * 3000 + "h" + ")" * 3000, "try " * 3000 + "skip", "exact " + "⟨" * 1500):
        step = outcome(script)
        assert step.outcome in (Outcome.PARSE_ERROR, Outcome.FORBIDDEN) and step.message


def test_columns_count_as_in_lean():
    for script in ("intro h\nhave k : p := by\nexact h\nexact k", "intro\nh\nexact h", "intro h\n  exact h\nskip"):
        assert outcome(script).outcome is not Outcome.SOLVED, script
    for script in ("intro h\nhave k : p := by\n exact h\nexact k", "intro h\nexact\nh", "intro h;\nexact h"):
        assert outcome(script).outcome is Outcome.SOLVED, script


def test_the_lemmas_prove_what_they_say():
    for name in LEMMAS:
        implicit, _, build = CONSTANTS[name]
        values = [atom(number) for number in range(1, len(implicit) + 1)]
        arguments, formula, proof = build(*values)
        hypotheses = {-number: argument for number, argument in enumerate(arguments, 1)}
        check(proof, formula, hypotheses, dict.fromkeys(range(1, len(implicit) + 1), ((), 0)))


def test_alternatives_leave_no_trace_of_those_that_failed():
    logic = Logic()
    state = logic.start(Statement("P a → ∃ x, P x", BINDERS)).state
    step = logic.apply(state, "intro h; first | (refine ⟨?_, ?_⟩; exact f a; exact h) | exact ⟨a, h⟩")
    assert step.outcome is Outcome.SOLVED
    assert logic.verify(Statement("P a → ∃ x, P x", BINDERS), "intro h\ntry (exists f a; done)\nexact ⟨a, h⟩").proved


def test_a_tactic_on_another_goal_sees_all_goals_as_in_lean():
    logic = Logic()
    state = logic.apply(
        logic.start(Statement("p → q → p ∧ q ∧ p", BINDERS)).state, "intro h g; refine ⟨?_, ?_, ?_⟩"
    ).state
    assert [goal.splitlines()[-1] for goal in logic.apply(state, "exact g", 1).state.goals] == ["⊢ p", "⊢ p"]
    assert logic.apply(state, "all_goals assumption", 2).outcome is Outcome.SOLVED


def test_a_type_in_a_pattern_does_not_mean_what_the_pattern_hides():
    assert outcome("intro ⟨h, (k : p ∨ q)⟩", "p ∧ (p ∨ q) → p").outcome is Outcome.OK
    assert outcome("intro ⟨q, (k : p ∨ q)⟩", "p ∧ (p ∨ q) → p").outcome is Outcome.PARSE_ERROR


def test_any_goals_refuses_terms_that_fail():
    assert outcome("constructor; any_goals first | exact hx | apply hy", "p ∧ q").outcome is Outcome.PARSE_ERROR
    assert outcome("constructor; any_goals trivial", "p ∧ True").outcome is Outcome.OK
