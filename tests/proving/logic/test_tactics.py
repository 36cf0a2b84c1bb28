"""What the tactics do; the goals are what Lean 4.35 printed for the same script."""
# ruff: noqa: RUF001 - the letters of Lean

import pytest

from lean_ebm.proving.logic import Logic
from lean_ebm.proving.statements import Outcome, Statement

BINDERS = "(α : Type) (P Q : α → Prop) (R : α → α → Prop) (f : α → α) (p q r : Prop) (a : α)"
HEAD = "α : Type\nP Q : α → Prop\nR : α → α → Prop\nf : α → α\np q r : Prop\na : α\n"


def run(proposition, *tactics):
    logic = Logic()
    step = logic.start(Statement(proposition, BINDERS))
    for tactic in tactics:
        step = logic.apply(step.state, tactic)
    return step


def goals(proposition, *tactics):
    step = run(proposition, *tactics)
    assert step.state is not None, step.message
    return [goal.replace(HEAD, "") for goal in step.state.goals]


SCRIPTS = [
    (("∃ x, P x ∧ Q x", "apply Exists.intro"), ["case h\n⊢ P ?w ∧ Q ?w", "case w\n⊢ α"]),
    (("∃ x, P x ∧ Q x", "constructor"), ["case h\n⊢ P ?w ∧ Q ?w", "case w\n⊢ α"]),
    (
        ("∃ x, P x ∧ Q x", "refine ⟨?_, ?_, ?_⟩"),
        ["case refine_1\n⊢ α", "case refine_2\n⊢ P ?refine_1", "case refine_3\n⊢ Q ?refine_1"],
    ),
    (("p ∧ q", "apply And.intro"), ["case left\n⊢ p", "case right\n⊢ q"]),
    (("p ∧ q", "apply And.intro ?_ ?_"), ["⊢ p", "⊢ q"]),
    (("p ∧ q", "refine And.intro ?_ ?_"), ["case refine_1\n⊢ p", "case refine_2\n⊢ q"]),
    (
        ("(∀ x, P x → Q x → p) → p", "intro h", "apply h"),
        [
            "case a\nh : ∀ (x : α), P x → Q x → p\n⊢ P ?x",
            "case a\nh : ∀ (x : α), P x → Q x → p\n⊢ Q ?x",
            "case x\nh : ∀ (x : α), P x → Q x → p\n⊢ α",
        ],
    ),
    (("p", "apply False.elim"), ["⊢ False"]),
    (("p", "apply absurd"), ["case h₁\n⊢ ?a", "case h₂\n⊢ ¬?a", "case a\n⊢ Prop"]),
    (("p", "apply And.left"), ["case self\n⊢ p ∧ ?b", "case b\n⊢ Prop"]),
    (("p ↔ q", "constructor", "intro h"), ["case mp\nh : p\n⊢ q", "case mpr\n⊢ q → p"]),
    (("¬p → ¬¬p", "intro", "intro"), ["a✝¹ a✝ : ¬p\n⊢ False"]),
    (("p → p → p → ¬p", "intro x x x x"), ["x✝² x✝¹ x✝ x : p\n⊢ False"]),
    (("∀ x, ∃ y, R x y", "intro y"), [HEAD.replace("a :", "a y :") + "⊢ ∃ y_1, R y y_1"]),
    (("p ∧ q → r", "intro h", "cases h"), ["case intro\nleft✝ : p\nright✝ : q\n⊢ r"]),
    (("p ∨ q → r", "intro h", "cases h"), ["case inl\nh✝ : p\n⊢ r", "case inr\nh✝ : q\n⊢ r"]),
    (("(∃ x, P x) → p → r", "intro h g", "cases h"), ["case intro\ng : p\nw✝ : α\nh✝ : P w✝\n⊢ r"]),
    (
        ("p ∨ q → p → r", "intro h g", "cases h with\n| inr b => ?_\n| inl a => ?_"),
        ["case inr\ng : p\nb : q\n⊢ r", "case inl\n" + HEAD.replace("a :", "a✝ :") + "g a : p\n⊢ r"],
    ),
    (
        ("p ∧ q → (p ∧ q → q ∨ r) → r", "intro h g", "cases g h"),
        [
            "case inl\nh : p ∧ q\ng : p ∧ q → q ∨ r\nh✝ : q\n⊢ r",
            "case inr\nh : p ∧ q\ng : p ∧ q → q ∨ r\nh✝ : r\n⊢ r",
        ],
    ),
    (("p → q", "intro h", "have g : q := ?_"), ["case refine_2\nh : p\ng : q\n⊢ q", "case refine_1\nh : p\n⊢ q"]),
    (("p → q", "intro h", "have := h"), ["h this : p\n⊢ q"]),
    (("p → q", "intro h", "have h := h"), ["h✝ h : p\n⊢ q"]),
    (
        ("(p → q → r) → r ∧ q", "intro h", "constructor", "apply h"),
        [
            "case left.a\nh : p → q → r\n⊢ p",
            "case left.a\nh : p → q → r\n⊢ q",
            "case right\nh : p → q → r\n⊢ q",
        ],
    ),
    (("(p → ¬q) → ¬q", "intro h", "apply h"), ["h : p → ¬q\n⊢ p"]),
    (("∃ x y, R x y", "exists a, f a"), ["⊢ R a (f a)"]),
    (
        ("p ∨ q → q ∨ p", "intro h", "apply h.elim"),
        ["case left\nh : p ∨ q\n⊢ p → q ∨ p", "case right\nh : p ∨ q\n⊢ q → q ∨ p"],
    ),
    (("P a → ∃ x, P x", "intro h", "constructor", "exact h"), []),
    (("P a → ∃ x, P x", "intro h", "exact ⟨_, h⟩"), []),
    (("(∀ x, ¬P x) → P a → r", "intro h g", "exact absurd g (h a)"), []),
    (("p ∧ True", "constructor", "exfalso"), ["case left\n⊢ False", "case right\n⊢ True"]),
    (("¬True → r", "intro h", "contradiction"), []),
    (("(∀ x : α, False) → r", "intro h", "contradiction"), []),
    (("P a → ∃ x, P x", "intro h", "exists a"), []),
    (("(p ↔ ¬q) → p → ¬q", "intro h", "cases h with | intro a b => ?_", "apply a"), []),
    (("q → ¬q → q", "intro b", "apply absurd b"), ["b : q\n⊢ ¬q"]),
    (("p → ¬p → p", "apply absurd"), []),
    (("(q → r) → (p → r) → r", "apply Or.elim"), ["⊢ q ∨ p"]),
    (("(True ↔ False) → r", "intro h", "cases h", "contradiction"), []),
]
FAILURES = [
    ("p", "intro h"),
    ("p ∧ q", "left"),
    ("¬p", "constructor"),
    ("p → ¬p", "intro h", "apply h"),
    ("¬p → ¬q", "intro h", "apply h"),
    ("p → q", "intro h", "exact h"),
    ("P a → ∃ x, P x", "intro h", "refine ⟨_, ?_⟩"),
    ("(∀ x, P x) → ∃ x, P x", "intro h", "constructor", "exact h _"),  # Lean's too: `_` is not `?w`
    ("(p → p → False) → p → r", "intro h g", "contradiction"),
    ("p ∨ q → r", "intro h", "cases h with\n| inl a => ?_"),
    ("p ∨ q → r", "intro h", "cases h with\n| inl a b => ?_\n| inr c => ?_"),
    ("p ∨ q → r", "intro h", "cases h with\n| inl a => exact a\n| inr c => ?_"),
    ("∀ x, ∃ y, R x y", "intro x", "constructor", "exact h"),
    ("(∃ x, P x) → ∀ x, P x", "intro h x", "cases h with | intro y k => exact k"),
    ("p → p → q", "intro p h", "have k : p := h"),  # p is a proof now
    ("p ∧ q", "constructor\n· exact True.intro"),
    ("(p ↔ q) → p → q", "intro h", "cases h with | intro a b => ?_", "apply a"),
    ("¬∃ x : α, ¬True", "intro h", "cases h with | intro x k => ?_", "exfalso", "contradiction"),
    ("p", "sorry_not"),
]


# Lean 4.35 does with these what no rule that is known here foretells.
OUTSIDE = [
    ("(p ∨ q) → ∃ x, P x", "intro h", "constructor", "cases h", "apply h _"),
    ("p ∨ q", "apply Or.inl (fun h => h)"),
    ("(∃ x, P x) → p", "intro h", "cases h with | intro True k => ?_"),
    ("p → p", "intro True"),
]


@pytest.mark.parametrize("script", OUTSIDE, ids=str)
def test_what_is_outside_of_the_fragment_is_refused_as_such(script):
    step, logic = run(script[0]), Logic()
    for tactic in script[1:]:
        assert step.outcome is Outcome.OK
        step = logic.apply(step.state, tactic)
        if step.outcome is Outcome.PARSE_ERROR:
            assert step.message
            return
    raise AssertionError(step)


@pytest.mark.parametrize(("script", "expected"), SCRIPTS, ids=lambda value: str(value)[:60])
def test_goals_are_those_of_lean(script, expected):
    assert goals(*script) == expected


@pytest.mark.parametrize("script", FAILURES, ids=str)
def test_what_lean_refuses_is_refused(script):
    *before, last = script[1:]
    state = run(script[0], *before).state
    step = Logic().apply(state, last)
    assert not step.outcome.succeeded and step.state is None and step.message


def test_an_individual_that_came_later_is_no_witness():
    assert run("(∀ x, P x) → ∃ x, ∀ y, R x y", "intro h", "constructor", "intro y", "exact h y").state is None


def test_states_do_not_change():
    logic = Logic()
    start = logic.start(Statement("p → p ∧ p", BINDERS)).state
    before = start.goals
    first, second = logic.apply(start, "intro h").state, logic.apply(start, "intro k").state
    logic.apply(first, "constructor")
    assert start.goals == before and first.goals != second.goals
    assert logic.key(first) == logic.key(second) != logic.key(start)


def test_another_goal_than_the_first_can_be_worked_on():
    logic = Logic()
    state = run("p → p ∧ (p ∨ q)", "intro h", "constructor").state
    state = logic.apply(state, "left", 1).state
    assert [goal.splitlines()[-1] for goal in state.goals] == ["⊢ p", "⊢ p"]
    with pytest.raises(ValueError, match="expected 0 to 1"):
        logic.apply(state, "left", 2)


@pytest.mark.parametrize("tactic", ["sorry", "exact sorry", "native_decide", "exact by sorry"])
def test_forbidden_texts_do_not_run(tactic):
    assert run("p", tactic).outcome is Outcome.FORBIDDEN
    assert not Logic().verify(Statement("p", BINDERS), tactic).proved


def test_a_shared_unknown_is_found_once_for_all_goals():
    state = run("P a → Q a → ∃ x, P x ∧ Q x", "intro h g", "constructor", "constructor").state
    assert len(state.goals) == 3
    state = Logic().apply(state, "exact h").state
    assert [goal.splitlines()[-1] for goal in state.goals] == ["⊢ Q a"]


def test_only_whole_proofs_are_proved():
    logic, statement = Logic(), Statement("p → q → p ∧ q", BINDERS)
    assert logic.verify(statement, "intro h g\nconstructor\n· exact h\n· exact g").proved
    for script in ("intro h g", "intro h g\nconstructor\n· exact h", "intro h g\nexact ⟨h, h⟩", ""):
        verdict = logic.verify(statement, script)
        assert not verdict.proved and verdict.message


def test_the_kernel_and_not_the_search_has_the_last_word(monkeypatch):
    from lean_ebm.proving.logic import tactics

    def swindle(run, goal, _):
        run.parts[goal.number] = ("true",)
        return []

    monkeypatch.setitem(tactics.TACTICS, "assumption", swindle)
    logic, statement = Logic(), Statement("p", BINDERS)
    assert logic.apply(logic.start(statement).state, "assumption").outcome is Outcome.SOLVED
    assert not logic.verify(statement, "assumption").proved


@pytest.mark.parametrize(
    "body", ["P z ↔ P z", "P z ↔ P a", "¬p ↔ (p → False)", "(p ↔ p) ∧ (True ∧ (q ↔ q))", "True → True"]
)
def test_exists_ends_with_all_that_trivial_tries(body):
    assert run(f"∃ z, ({body}) ∧ (P z ↔ P z)", "exists a").outcome is Outcome.SOLVED
    step = Logic().verify(Statement(f"∃ z, ({body}) ∧ (P z ↔ P z)", BINDERS), "exists a\nassumption")
    assert not step.proved and "no goals" in step.message


@pytest.mark.parametrize("body", ["p → p", "p ∧ q ↔ q ∧ p", "p ∨ True", "∀ y, P y ↔ P y", "False ↔ p"])
def test_exists_leaves_what_trivial_does_not_close(body):
    assert run(f"∃ z, ({body}) ∧ (P z ↔ P z)", "exists a").outcome is Outcome.OK
