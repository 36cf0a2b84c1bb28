"""Statements over several types: what is understood, what is refused, and what is printed, as Lean 4.35 does it."""
# ruff: noqa: RUF001 - the letters of Lean

import pytest

from lean_ebm.proving.logic import Logic
from lean_ebm.proving.logic.formulas import Kind, make
from lean_ebm.proving.logic.infer import statement
from lean_ebm.proving.logic.kernel import TYPES, KernelError, check
from lean_ebm.proving.logic.logic import root
from lean_ebm.proving.search import find_proof, legal_tactics
from lean_ebm.proving.statements import Outcome, Statement
from lean_ebm.proving.views import view_of

TWO = "(α β : Type) (P : α → Prop) (Q : β → Prop) (R : α → β → Prop) (f : α → β) (a : α) (b : β) (p q : Prop)"


def verify(text, script):
    return Logic().verify(Statement.of(text), script)


def goals(text, *tactics):
    logic = Logic()
    step = logic.start(Statement.of(text))
    for tactic in tactics:
        step = logic.apply(step.state, tactic)
    assert step.state is not None, step.message
    return list(step.state.goals)


PROVED = [
    (
        "(α β : Type) (P : α → Prop) (Q : β → Prop) (f : α → β) : (∀ y, Q y) → ∀ x : α, Q (f x)",
        "intro h x\nexact h (f x)",
    ),
    (
        "(α β : Type) (R : α → β → Prop) : (∃ x, ∀ y, R x y) → ∀ y, ∃ x, R x y",
        "intro k y\ncases k with\n| intro x h => exact ⟨x, h y⟩",
    ),
    ("(p : Prop) : (∀ q : Prop, q) → p", "intro h\nexact h p"),
    ("(p : Prop) : (∀ q : Prop, q) → p", "intro h\napply h"),
    ("(p q : Prop) : (∀ r : Prop, r → r) → q → q", "intro h k\nexact h q k"),
    ("(p q : Prop) : (∀ r : Prop, (p → q → r) → r) → p ∧ q", "intro h\nexact h (p ∧ q) (fun a b => ⟨a, b⟩)"),
    ("(p : Prop) : ∃ q : Prop, q ↔ p", "exact ⟨p, fun h => h, fun h => h⟩"),
    ("(p q : Prop) : ∀ h : p, q → p", "intro h k\nexact h"),
    ("(α : Type) (p : Prop) (a : α) : (α → p) → p", "intro h\nexact h a"),
    ("(α : Type u) (β : Type v) (f : α → β) (P : β → Prop) : (∀ y, P y) → ∀ x, P (f x)", "intro h x\napply h"),
    ("(p : Prop) (h : p) (p : Prop) (g : p) : p", "exact g"),
]
PROVED = [
    (text, script.replace("intro ⟨x, h⟩ y", "intro k y\ncases k with | intro x h => ?_")) for text, script in PROVED
]


@pytest.mark.parametrize(("text", "script"), PROVED)
def test_what_is_true_over_several_types_is_proved(text, script):
    verdict = verify(text, script)
    assert verdict.proved, verdict.message


NOT_PROVED = [
    ("(α β : Type) (b : β) : ∃ x : α, True", "exact ⟨b, True.intro⟩"),
    ("(α β : Type) (b : β) : ∃ x : α, True", "exists b"),
    ("(α : Type) (a : α) (P : α → Prop) (α : Type) (Q : α → Prop) : (∀ x, Q x) → ∃ x, Q x", "intro h\nexact ⟨a, h a⟩"),
    ("(α β : Type) (a : α) (P : β → Prop) : (∀ x, P x) → ∃ x, P x", "intro h\nexact ⟨a, h a⟩"),
    ("(α β : Type) (a : α) : ∃ x : β, True", "constructor\n· constructor\n· assumption"),
    ("(p : Prop) (h : p) (p : Prop) : p", "exact h"),
    ("(p : Prop) (h : p) (p : Prop) : p", "assumption"),
    ("(α β : Type) (P : α → Prop) (h : ∀ x : β, False) (a : α) : False", "contradiction"),
    ("(p : Prop) : ∀ q : Prop, q → p", "intro q h\nexact h"),
]


@pytest.mark.parametrize(("text", "script"), NOT_PROVED)
def test_types_are_told_apart(text, script):
    verdict = verify(text, script)
    assert not verdict.proved and verdict.outcome is Outcome.TACTIC_ERROR


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("(α : Type) (a : α) (α : Prop) (P : α → Prop) : (∀ x, P x) → ∃ x, P x", "not individuals"),
        ("(α : Type) (F : (α → Prop) → Prop) : True", "not individuals"),
        ("(α : Type) (α β : α) : True", ""),
        ("(α : Type) (P : α → Prop) : ∀ α : α, ∀ y : α, P y", ""),
        ("(α : Sort u) (a : α) : True", "a variable for a type"),
        ("(α : Type x) (a : α) : True", "the universe x"),
        ("(P : Prop → Prop) (p : Prop) : P p", "not individuals"),
        ("(α : Type) (p : Prop) : ∀ P : α → Prop, p", "a function or predicate"),
        ("(p : Prop) : ∀ α : Type, p", "a variable for a type"),
        ("(p q : Prop) : ∃ h : p, q", "∃ over proofs"),
        ("(p : Prop) : ∃ q, q ∧ p", "without a type"),
        ("(α β : Type) (P : α → Prop) (Q : β → Prop) : ∃ x, P x ∧ Q x", "not of the type"),
        ("(p : Prop) : ∃ x, p", "failed to infer"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(text, named):
    step = Logic().start(Statement.of(text))
    assert step.outcome is Outcome.PARSE_ERROR and named in step.message


def test_each_type_is_printed_by_the_name_that_it_has():
    text = "(α : Type) (a : α) (P : α → Prop) (α : Type) (Q : α → Prop) (f : α → α) : (∀ x, P x) → ∃ x, Q x"
    head = "α✝ : Type\na : α✝\nP : α✝ → Prop\nα : Type\nQ : α → Prop\nf : α → α\n"
    assert goals(text, "intro h") == [head + "h : ∀ (x : α✝), P x\n⊢ ∃ x, Q x"]
    assert goals("(α : Type u) (β γ : Type) (f : α → β) (x y : α) : α → ∃ x : β, True") == [
        "α : Type u\nβ γ : Type\nf : α → β\nx y : α\n⊢ ∀ (a : α), ∃ x, True"
    ]
    assert goals("(α β : Type) (R : α → β → Prop) : ∀ (x y : α) (z : β), R x z", "intro x")[0].endswith(
        "x : α\n⊢ ∀ (y : α) (z : β), R x z"
    )
    assert goals("(p q : Prop) : ∀ h : p, q → p", "intro")[0].endswith("h✝ : p\n⊢ q → p")
    assert goals("(α β : Type) : ∃ x : β, True", "constructor")[1] == "case w\nα β : Type\n⊢ β"


def test_the_kernel_checks_sorts():
    symbols = {1: ((), TYPES), 2: ((), TYPES), 3: ((1,), 0), 4: ((), 1), 5: ((), 2), 6: ((), 0)}
    some = make(Kind.EXISTS, make(Kind.ATOM, 3, (make(Kind.BOUND, 0),)), 1, "x")
    a, b, p = make(Kind.VARIABLE, 4), make(Kind.VARIABLE, 5), make(Kind.ATOM, 6, ())
    true = make(Kind.TRUE)
    check(("exists", a, ("hyp", 9)), some, {9: make(Kind.ATOM, 3, (a,))}, symbols)
    for proof, formula, hypotheses in (
        (("exists", b, ("hyp", 9)), some, {9: make(Kind.ATOM, 3, (b,))}),
        (("exists", b, ("true",)), make(Kind.EXISTS, true, 1, "x"), {}),
        (("exists", p, ("true",)), make(Kind.EXISTS, true, 1, "x"), {}),
        (("exists", a, ("true",)), make(Kind.EXISTS, true, 0, "x"), {}),
        (("exists", a, ("true",)), make(Kind.EXISTS, true, 4, "x"), {}),  # over something that is not a type
        (("inst", ("hyp", 9), b), true, {9: make(Kind.ALL, true, 1, "x")}),
        (("true",), make(Kind.ATOM, 3, (make(Kind.BOUND_PROPOSITION, 0),)), {}),
        (("all", 10, ("true",)), make(Kind.ALL, make(Kind.AND, true, make(Kind.BOUND_PROPOSITION, 0)), 1, "x"), {}),
        (("hyp", 9), true, {9: make(Kind.EXISTS, make(Kind.ATOM, 3, (make(Kind.BOUND, 0),)), 2, "x")}),
    ):
        with pytest.raises(KernelError):
            check(proof, formula, hypotheses, symbols)


def test_candidates_are_of_the_right_type():
    state = Logic().start(Statement.of(f"{TWO} : (∀ y, Q y) → ∃ x, P x")).state
    state = Logic().apply(state, "intro h").state
    tactics = legal_tactics(state)
    assert "refine ⟨a, ?_⟩" in tactics and "refine ⟨b, ?_⟩" not in tactics and "refine ⟨p, ?_⟩" not in tactics
    assert "have h1 := h b" in tactics and "have h1 := h a" not in tactics
    view = view_of(state.goals[0])
    assert view.of_sort("α") == ["a"] and view.of_sort("Prop") == ["p", "q"]
    assert next(hypothesis.sort for hypothesis in view.hypotheses if hypothesis.name == "h") == "β"


@pytest.mark.parametrize(
    ("text", "binders"),
    [
        ("(∀ x : α, ∃ y : β, R x y) → ∀ x, ∃ y, R x y", "(α β : Type) (R : α → β → Prop)"),
        ("∀ x : α, P x → Q (f x)", "(α : Type) (f : α → α) (P Q : α → Prop)"),
        ("(∀ y : β, Q y) → ∀ x : α, Q (f x)", "(β α : Type) (f : α → β) (Q : β → Prop)"),
        ("∀ q : Prop, q → p ∨ q", "(p : Prop)"),
    ],
)
def test_binders_for_several_types_are_found(text, binders):
    assert statement(text) == Statement(text, binders)
    root(statement(text))


def test_a_key_tells_types_apart_and_not_their_names():
    logic = Logic()

    def key(text):
        return logic.key(logic.start(Statement.of(text)).state)

    assert key("(α β : Type) : ∃ x : α, True") != key("(α β : Type) : ∃ x : β, True")
    assert key("(α β : Type) (a : α) : True") != key("(α β : Type) (a : β) : True")
    assert key("(α β : Type) (a : α) : ∀ x : α, True") == key("(γ δ : Type) (b : γ) : ∀ y : γ, True")


def test_searches_find_proofs_over_several_types():
    text = f"{TWO} : (∀ x, P x → Q (f x)) → P a → ∃ y, Q y"
    found = find_proof(Statement.of(text), Logic())
    assert found.proved
