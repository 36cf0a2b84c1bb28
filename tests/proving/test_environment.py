# ruff: noqa: RUF001 - the letters of Lean
import textwrap
from random import Random

import pytest

from lean_ebm.proving import environment
from lean_ebm.proving.environment import Environment
from lean_ebm.proving.keys import canonical_key
from lean_ebm.proving.lexer import SyntaxProblem
from lean_ebm.proving.logic import Logic
from lean_ebm.proving.logic.goals import Printer
from lean_ebm.proving.source.binders import parse_binders
from lean_ebm.proving.statements import Outcome, Request, State, Statement, Step, Verdict
from lean_ebm.proving.theorems.signature import Signature
from proving.tactic_sampler import TacticSampler


@pytest.mark.parametrize(
    ("text", "binders", "proposition"),
    [
        ("p → q", "", "p → q"),
        ("(p q : Prop) : p → q", "(p q : Prop)", "p → q"),
        ("theorem name (p : Prop) : ∀ (h : p), p := by", "(p : Prop)", "∀ (h : p), p"),
        ("lemma name : True", "", "True"),
        ("example (p : Prop) : p → p", "(p : Prop)", "p → p"),
        ("(p ruby : Prop) : p → ruby", "(p ruby : Prop)", "p → ruby"),
        ("(p : Prop) : p → p :=", "(p : Prop)", "p → p"),
        ("theorem foo:¬ True := by", "", "¬ True"),
        ("theorem A.b.{u} {α : Type u} [Inhabited α] : True :=", "{α : Type u} [Inhabited α]", "True"),
        ("(p -- :\n : Prop) /- : -/ : p /\\ p -> exists q, q", "(p : Prop)", "p ∧ p → ∃ q, q"),
        ("((p : Prop) : p)", "", "((p : Prop) : p)"),
        ("(p : Prop", "", "(p : Prop"),
    ],
)
def test_a_statement_is_split_at_its_own_colon(text, binders, proposition):
    assert Statement.of(text) == Statement(proposition, binders)


def test_binders_are_those_of_lean():
    text = "(p q : Prop) {α : Type u} ⦃x : α⦄ [inst : Foo α] [Bar (x : α)] (h: ∀ (x:α), p) (_ : p) (y)"
    groups = parse_binders(text)
    assert [group.kind for group in groups] == ["(", "{", "⦃", "[", "[", "(", "(", "("]
    assert [group.names for group in groups] == [
        *(("p", "q"), ("α",), ("x",), ("inst",), (), ("h",), ("_",), ("y",)),
    ]
    assert groups[5].source() == "(h : (∀ (x:α), p))" and str(groups[4]) == "[Bar (x : α)]"
    assert [str(group) for group in parse_binders(" ".join(map(str, groups)))] == [str(group) for group in groups]


@pytest.mark.parametrize(
    "text",
    ["x", "(p : Prop", "(p : Prop) q", "( : p)", "(p : )", "()", "(p.q : Prop)", "(h : p := by rfl)", "[x y : Foo]",
     "(while : Prop)", "(p : Prop) : q", "(1 : Prop)", "(p : Prop]", "(True : Prop)", "(p /- : Prop)", "{p : Prop)"],
)  # fmt: skip
def test_what_are_no_binders(text):
    with pytest.raises(SyntaxProblem):
        parse_binders(text)


def test_a_theorem_is_lean_source():
    statement = Statement.of("(p : Prop) : p → p")
    assert statement.theorem("t", "intro h\nexact h") == "theorem t (p : Prop) : p → p := by\n  intro h\n  exact h\n"
    assert Statement("True").theorem("t", "constructor").startswith("theorem t : True := by\n")


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.SOLVED])
def test_no_verdict_is_proved_without_being_solved(outcome):
    with pytest.raises(ValueError, match="SOLVED goes with proved"):
        Verdict(True, "me", outcome=outcome)


def test_requests_are_answered_in_order_and_closing_is_done_on_exit():
    class Echo(Environment):
        closed = False

        def start(self, statement):
            return Step(Outcome.OK, State((str(statement),)))

        def apply(self, state, tactic, goal=0):
            return Step(Outcome.TACTIC_ERROR, None, f"{tactic} {goal}")

        def verify(self, statement, script):
            return Verdict(False, "echo")

        def close(self):
            self.closed = True

    with Echo() as echo:
        state = echo.start(Statement("p")).state
        steps = echo.apply_many([Request(state, "a"), Request(state, "b", 1)])
    assert [step.message for step in steps] == ["a 0", "b 1"]
    assert echo.closed


def test_the_example_of_the_documentation_runs():
    text = environment.__doc__.partition("::\n\n")[2].partition("\n\nA step")[0]
    exec(textwrap.dedent(text), {"Logic": Logic, "Outcome": Outcome, "Statement": Statement})


SAME = [
    ("p : Prop\nh : p\n⊢ p", "q : Prop\nk : q\n⊢ q"),
    ("⊢ ∀ (x : α), P x ∧ ∃ y, R x y", "⊢ ∀ (a : α), P a ∧ ∃ b, R a b"),
    ("case inl\np q : Prop\nh✝ : p\n⊢ p", "p q : Prop\nh : p\n⊢ p"),
    ("p : Prop\n⊢ p ∧\n    p", "p : Prop\n⊢ p ∧ p"),
    ("⊢ Exists fun x => P x", "⊢ Exists fun y => P y"),
]
OTHER = [
    ("p q : Prop\n⊢ p", "p q : Prop\n⊢ q"),
    ("⊢ ∀ (x y : α), R x y", "⊢ ∀ (x y : α), R y x"),
    ("p : Prop\nh : p\n⊢ p", "p : Prop\n⊢ p"),
    ("α : Type\nx y : α\n⊢ P x", "α : Type\nx y : α\n⊢ P y"),
    ("⊢ (∃ x, P x) ∧ x", "⊢ (∃ y, P y) ∧ y"),  # the last x is another one, and free
]


@pytest.mark.parametrize(("a", "b"), SAME)
def test_keys_do_not_see_names(a, b):
    assert canonical_key([a]) == canonical_key([b])


@pytest.mark.parametrize(("a", "b"), OTHER)
def test_keys_see_everything_else(a, b):
    assert canonical_key([a]) != canonical_key([b])


def test_the_key_of_printed_goals_tells_apart_what_the_logic_does():
    random, logic = Random(3), Logic()
    sampler, found = TacticSampler(random), {}
    for index in range(250):
        signature = Signature(2, first_order=index % 2 == 0)
        formula = signature.formula(random, random.randrange(2, 6))
        text = Printer(signature.names, typed=True).formula(formula)
        state = logic.start(Statement(text, signature.binders)).state
        for _ in range(10):
            if not state.goals:
                break
            if not state.unknown:
                assert found.setdefault(canonical_key(state.goals), logic.key(state)) == logic.key(state), state.goals
            state = logic.apply(state, sampler.tactic(state.open[0])).state or state
    assert 300 < len(found) < 2000  # many states were met more than once
