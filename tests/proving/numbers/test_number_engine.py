"""The engine of numbers: what its tactics do, what is refused and how that is said."""

import gc

import pytest

from lean_ebm.proving.numbers import terms
from lean_ebm.proving.numbers.engine import Numbers
from lean_ebm.proving.numbers.reading import Lemma
from lean_ebm.proving.statements import Outcome, Statement
from proving.numbers.number_lemmas import LEMMAS, before, statement_of


def run(statement, *tactics, lemmas=LEMMAS):
    """The last step of a script, each tactic applied to the main goal."""
    with Numbers(lemmas) as numbers:
        step = numbers.start(Statement.of(statement))
        for tactic in tactics:
            assert step.state is not None, step.message
            step = numbers.apply(step.state, tactic)
        return step


def target(statement, *tactics):
    """The target of the main goal after a script."""
    step = run(statement, *tactics)
    assert step.outcome is Outcome.OK, step.message
    return step.state.goals[0].rpartition("⊢ ")[2]


def test_rewriting_takes_the_first_match_in_pre_order_and_then_all_its_instances():
    assert target("(a b c : MyNat) : a + b + c = a + b", "rw [add_comm]") == "c + (a + b) = a + b"
    assert (
        target("(a b c : MyNat) : c * (a + b) = (b + a) * (a + b)", "rw [add_comm]")
        == "c * (b + a) = (b + a) * (b + a)"
    )
    assert target("(a b : MyNat) : succ (a + 0) = b + 0", "rw [add_zero]") == "succ a = b + 0"
    assert target("(a b c : MyNat) : a + b + c = b + a", "rw [add_comm b]") == "a + b + c = a + b"
    assert target("(a b c : MyNat) : a + b + c = b", "rw [add_comm _ b]") == "b + a + c = b"
    assert target("(a b c : MyNat) : a + (b + c) = b", "rw [← add_assoc, add_comm a b]") == "b + a + c = b"


def test_rw_closes_by_rfl_only_what_is_the_same_on_both_sides():
    assert run("(a : MyNat) : a + 0 = a", "rw [add_zero]").outcome is Outcome.SOLVED
    assert run("(a : MyNat) : a + 0 = a", "rewrite [add_zero]").outcome is Outcome.OK
    assert run("(a : MyNat) : a + 0 = a + 0 + 0", "rw [add_zero a]").outcome is Outcome.OK


@pytest.mark.parametrize(
    ("equation", "holds"),
    [
        ("2 + 2 = 4", True),
        ("2 * 3 + 1 = 2 ^ 3", False),
        ("x + 3 = succ (x + 2)", True),
        ("x * 2 = 0 + x + x", True),
        ("x * 2 = x + x", False),
        ("x * 3 = x * 2 + x", True),
        ("x ^ 2 = x ^ 1 * x", True),
        ("0 + x = x", False),
        ("0 + x = 1 * x", True),  # both are the recursion that adds one at each step
        ("x + zero = x", True),
        ("x * (y * 0 + 1) = 0 + x", True),
        ("x + y = y + x", False),
    ],
)
def test_rfl_closes_what_is_equal_by_definition(equation, holds):
    outcome = Outcome.SOLVED if holds else Outcome.TACTIC_ERROR
    assert run(f"(x y : MyNat) : {equation}", "rfl").outcome is outcome
    assert run(f"(x y : MyNat) (h : {equation}) : {equation}", "exact h").outcome is Outcome.SOLVED


def test_induction_makes_hypotheses_premises():
    step = run("(a b c : MyNat) (h : b = a) (d : MyNat) : a + b = d", "induction a with | zero => ?_ | succ n ih => ?_")
    assert step.state.goals == (
        "case zero\nb c d : MyNat\nh : b = 0\n⊢ 0 + b = d",
        "case succ\nb c d n : MyNat\nih : b = n → n + b = d\nh : b = succ n\n⊢ succ n + b = d",
    )
    step = run("(a b : MyNat) : a + b = b", "induction a generalizing b")
    assert step.state.goals[1] == "case succ\nn✝ : MyNat\na✝ : ∀ (b : MyNat), n✝ + b = b\nb : MyNat\n⊢ succ n✝ + b = b"
    assert run("(a : MyNat) : a = a", "induction a with | zero => ?_").outcome is Outcome.TACTIC_ERROR
    assert (
        run("(a : MyNat) : a = a", "induction a with | zero => ?_ | succ n ih m => ?_").outcome is Outcome.TACTIC_ERROR
    )


def test_a_rewritten_hypothesis_moves_behind_its_variables():
    step = run("(a b : MyNat) (h : a = b) (d : MyNat) (k : a = d) : b = b + 0", "rw [k] at h")
    assert step.state.goals == ("a b d : MyNat\nh : d = b\nk : a = d\n⊢ b = b + 0",)


def test_names_are_introduced():
    assert target("∀ a b : MyNat, a + b = b + a", "intro x y") == "x + y = y + x"
    step = run("∀ a b : MyNat, a + b = b + a", "intro x", "intro")
    assert step.state.goals == ("x b✝ : MyNat\n⊢ x + b✝ = b✝ + x",)
    step = run("(a : MyNat) : a = 2 → a = 2", "intro h")
    assert step.state.goals == ("a : MyNat\nh : a = 2\n⊢ a = 2",)
    assert run("(a : MyNat) : a = 2", "intro h").outcome is Outcome.TACTIC_ERROR


def test_structured_scripts_are_verified():
    script = "induction b with\n| zero => rw [add_zero, zero_add]\n| succ b ih =>\n  rw [add_succ, succ_add]\n  rw [ih]"
    with Numbers(before("add_comm")) as numbers:
        statement = statement_of("add_comm")
        assert numbers.verify(statement, script).proved
        assert not numbers.verify(statement, script.replace("rw [ih]", "rw [ih, ih]")).proved
        assert not numbers.verify(statement, script.removesuffix("\n  rw [ih]")).proved
        assert not numbers.verify(statement, "rw [add_comm]").proved  # it is none of its own lemmas
    assert run("(a b : MyNat) (h : a = b) : a = b", "symm\nsymm\n· exact h").outcome is Outcome.SOLVED


@pytest.mark.parametrize(
    ("statement", "tactic", "what"),
    [
        ("(a : MyNat) : 0 * a = 0", "rw [← zero_mul]", "leaves a metavariable"),
        ("(a : MyNat) (h : a = 0 → a = 1) : a = 1", "rw [h]", "an implication"),
        ("(a : MyNat) : a + 200 + 200 = a + 400", "rfl", "a number above"),
        ("(a : MyNat) : a = a", "simp", "the tactic simp"),
        ("(a : MyNat) : a + 0 = a", "rw [add_nought]", "the name add_nought"),
        ("(a : MyNat) : a + 0 = a", "rw [add_zero] at *", "at *"),
        ("(a : MyNat) : a + 0 = a", "induction a + 0", "something other than a variable"),
        ("(a : MyNat) : a + 0 = a", "exact add_zero _", "a metavariable"),
    ],
)
def test_what_is_outside_of_the_fragment_is_refused_by_name(statement, tactic, what):
    step = run(statement, tactic)
    assert step.outcome is Outcome.PARSE_ERROR and step.message.startswith("outside of the fragment")
    assert what in step.message


@pytest.mark.parametrize(
    "statement", ["(a : MyNat) : a ≤ a", "(p : Prop) : p", "(a : MyNat) : ∃ b, a = b", "(a : Nat) : a = a"]
)
def test_other_statements_are_refused(statement):
    step = run(statement)
    assert step.outcome is Outcome.PARSE_ERROR and step.message


@pytest.mark.parametrize(
    ("tactic", "what"),
    [
        ("rw [← add_zero]", "rewrite any term"),
        ("rw [add_comm a b a]", "too many arguments"),
        ("rw [mul_zero]", "no instance"),
        ("rw [a]", "is a number"),
        ("rw [h] at k", "no hypothesis k"),
        ("exact h", "something else"),
        ("rfl", "not equal by definition"),
    ],
)
def test_lean_s_refusals_are_tactic_errors(tactic, what):
    step = run("(a b : MyNat) (h : a = b) : a + b = b", tactic)
    assert step.outcome is Outcome.TACTIC_ERROR and what in step.message


def test_a_lemma_with_a_variable_that_nothing_finds_is_refused():
    lemma = Lemma("odd", Statement.of("(a b : MyNat) : a + 0 = a"))
    assert run("(a : MyNat) : a + 0 = a", "rw [odd]", lemmas=[lemma]).outcome is Outcome.PARSE_ERROR
    assert run("(a : MyNat) : a + 0 = a", "rw [odd a a]", lemmas=[lemma]).outcome is Outcome.SOLVED


def test_equal_terms_are_one_object_and_are_freed():
    a = terms.make(terms.TermKind.ADD, terms.variable(0), terms.numeral(77))
    assert a is terms.make(terms.TermKind.ADD, terms.variable(0), terms.numeral(77))
    before_it = len(terms._TERMS)
    del a
    gc.collect()
    assert len(terms._TERMS) < before_it
