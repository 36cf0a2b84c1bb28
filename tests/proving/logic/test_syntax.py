# ruff: noqa: RUF001 - the letters of Lean
import gc
from random import Random

import pytest

from lean_ebm.proving.lexer import SyntaxProblem
from lean_ebm.proving.logic import Logic, formulas
from lean_ebm.proving.logic.formulas import FALSE, atom, conjunction, implication, make, negation
from lean_ebm.proving.logic.goals import Printer
from lean_ebm.proving.logic.infer import statement
from lean_ebm.proving.logic.logic import root
from lean_ebm.proving.parser import parse_tactics, parse_term
from lean_ebm.proving.statements import Statement
from lean_ebm.proving.theorems.signature import Signature

BINDERS = "(α : Type) (P Q : α → Prop) (R : α → α → Prop) (f : α → α) (p q r : Prop) (a : α)"


def formula(text):
    return root(Statement(text, BINDERS)).target


def printed(text, **settings):
    goal = root(Statement(text, BINDERS))
    return Printer({local.number: local.name for local in goal.context}, **settings).formula(goal.target)


def test_equal_formulas_are_one_object():
    p, q = atom(1), atom(2)
    assert conjunction(p, q) is conjunction(p, q)
    assert conjunction(p, q) is not conjunction(q, p)


def test_the_key_forgets_names_and_unfolds_negations_and_nothing_else():
    assert formula("∀ x, P x").key is formula("∀ y, P y").key
    assert formula("∀ x, P x") is not formula("∀ y, P y")
    assert negation(atom(1)).key is implication(atom(1), FALSE).key
    assert formula("∀ x y, R x y").key is not formula("∀ x y, R y x").key
    assert formula("p ↔ q").key is not formula("(p → q) ∧ (q → p)").key


# What Lean 4.35 prints for the formula on the left.
LEAN_PRINTS = [
    ("(p ∧ ∀ x, P x) ∨ q", "(p ∧ ∀ (x : α), P x) ∨ q"),
    ("(¬ ∀ x, P x) ∧ q", "(¬∀ (x : α), P x) ∧ q"),
    ("((p → ∀ x, P x) → q) ∧ (p → q) ∧ (∀ x, P x)", "((p → ∀ (x : α), P x) → q) ∧ (p → q) ∧ ∀ (x : α), P x"),
    ("∀ x y : α, P y", "∀ (x y : α), P y"),
    ("∀ x : α, p", "∀ (x : α), p"),
    ("∃ x : α, ¬ ∃ y : α, P x ∧ ∀ y, P y", "∃ x, ¬∃ y, P x ∧ ∀ (y : α), P y"),
    ("(∃ x y z w : α, p) ∧ q", "(∃ x y z w, p) ∧ q"),
    ("q ∧ (¬¬p) ∨ (p ↔ q)", "q ∧ ¬¬p ∨ (p ↔ q)"),
    ("(False ∧ (∀ y : α, p) → ∃ y, R y a ∧ ¬Q y) → Q a", "((False ∧ ∀ (y : α), p) → ∃ y, R y a ∧ ¬Q y) → Q a"),
    ("P (f (f a)) → (p → q) → r", "P (f (f a)) → (p → q) → r"),
    ("(p ∧ q) ∧ r ∨ p ∧ q ∧ r", "(p ∧ q) ∧ r ∨ p ∧ q ∧ r"),
]


@pytest.mark.parametrize(("text", "lean"), LEAN_PRINTS)
def test_formulas_print_as_lean_prints_them(text, lean):
    assert printed(text) == lean


def test_the_prefix_form_needs_no_notation():
    assert printed("¬p ∧ (q ∨ r → p)", prefix=True) == "And (Not p) (Or q r → p)"
    assert printed("∃ x, P x ↔ q", prefix=True) == "Exists fun (x : α) => Iff (P x) q"


@pytest.mark.parametrize("prefix", [False, True])
def test_what_is_printed_reads_back_the_same(prefix):
    random = Random(0)
    signature = Signature(3, first_order=True)
    for _ in range(400):
        node = signature.formula(random, random.randrange(1, 20))
        text = Printer(signature.names, prefix=prefix, typed=True).formula(node)
        assert root(Statement(text, signature.binders)).target.key is node.key, text


def test_a_bound_name_that_would_capture_is_changed():
    body = make_exists_over_free_x()
    assert Printer({1: "x", 2: "R"}).formula(body) == "∃ x_1, R x_1 x"


def make_exists_over_free_x():
    from lean_ebm.proving.logic.formulas import Kind, variable

    return make(Kind.EXISTS, atom(2, make(Kind.BOUND, 0), variable(1)), 3, "x")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "p ∧",
        "(p",
        "p)",
        "∀ , p",
        "p ↔ q ↔ r",
        "p q)",
        "⟨p",
        "p # q",
        "\x00",
        "¬" * 3000 + "p",
        "(" * 5000,
        "p ∧ " * 9000,
    ],
)
def test_what_is_no_term_is_refused_in_words(text):
    with pytest.raises(SyntaxProblem) as problem:
        parse_term(text)
    assert str(problem.value)


@pytest.mark.parametrize(
    "text",
    ["", "simp", "exact", "cases h with", "· exact h\nexact h)", "have h", "intro have", "exact h;;", "left\n right"],
)
def test_what_is_no_tactic_is_refused(text):
    with pytest.raises(SyntaxProblem):
        parse_tactics(text)


def test_a_tactic_is_a_name_to_intro_as_in_lean():
    assert parse_tactics("intro h\n  exact h") == ("block", (("intro", ("h", "exact", "h")),))


def test_names_of_an_alternative_stand_right_of_its_bar():
    assert parse_tactics("cases h with\n| intro a\n    b => ?_")[1][0][2] == (("intro", ("a", "b"), None),)
    for text in ("cases h with | intro a\n    b => ?_", "cases h with |\n intro a b => ?_"):
        with pytest.raises(SyntaxProblem):
            parse_tactics(text)


def test_an_argument_does_not_come_from_the_next_line():
    assert parse_tactics("exact h\nleft") == ("block", (("exact", ("name", "h")), ("left",)))
    assert parse_tactics("exact\n  h g") == ("block", (("exact", ("app", ("name", "h"), (("name", "g"),))),))


@pytest.mark.parametrize(
    ("text", "binders"),
    [
        ("p ∧ q → q ∧ p", "(p q : Prop)"),
        ("(∀ x, P x → Q (f x)) → P a → ∃ y, Q y", "(α : Type) (f : α → α) (P Q : α → Prop) (a : α)"),
        ("∀ x : β, R x x", "(β : Type) (R : β → β → Prop)"),
        ("True", ""),
    ],
)
def test_binders_are_found(text, binders):
    assert statement(text) == Statement(text, binders)
    root(statement(text))


def test_a_name_used_in_two_ways_has_no_binder():
    with pytest.raises(SyntaxProblem, match="two ways"):
        statement("p ∧ p x")


def test_formulas_that_nobody_holds_are_forgotten():
    gc.collect()
    before = len(formulas._NODES)
    held = [implication(atom(1000 + index), atom(1)) for index in range(500)]
    deep = atom(1)
    for index in range(500):
        deep = implication(atom(2000 + index), deep)
    assert len(formulas._NODES) >= before + 2000 and held
    del held, deep
    gc.collect()  # one collection frees a formula with all of its parts
    assert len(formulas._NODES) < before + 10


@pytest.mark.parametrize("depth", [64, 1000])
def test_texts_may_be_nested_a_thousand_deep(depth):
    inner = "p"
    for level in range(depth):
        inner = f"(q → {inner})" if level % 2 else f"({inner} ∧ q)"
    statement = Statement(f"{inner} → {inner}", "(p q : Prop)")
    assert Logic().verify(statement, f"intro h\nexact {'(' * depth}h{')' * depth}").proved
