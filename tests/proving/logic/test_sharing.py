"""Formulas and proofs that share parts, that are deep, or that take long."""
# ruff: noqa: RUF001 - the letters of Lean

import time

import pytest

from lean_ebm.errors import SettingError
from lean_ebm.proving.logic import Logic, LogicState, render
from lean_ebm.proving.logic.clock import OutOfTimeError, deadline, processor_deadline, tick
from lean_ebm.proving.logic.decide import decided, prove
from lean_ebm.proving.logic.formulas import (
    FALSE,
    TRUE,
    Kind,
    atom,
    conjunction,
    equivalence,
    implication,
    make,
    negation,
    opened,
    replaced,
    unknowns,
    variable,
    variables,
)
from lean_ebm.proving.logic.goals import PROOF, Goal, Local, Printer, printed
from lean_ebm.proving.logic.kernel import TYPES, KernelError, check
from lean_ebm.proving.logic.logic import root
from lean_ebm.proving.logic.quantifiers import abstracted, quantified
from lean_ebm.proving.logic.render import TooLongError, script
from lean_ebm.proving.logic.simplify import simplified
from lean_ebm.proving.logic.unify import TacticRun
from lean_ebm.proving.search import SearchBudget, find_proof, read_statement
from lean_ebm.proving.search.provers import size_and_length
from lean_ebm.proving.statements import Outcome, Statement

P, Q = atom(1), atom(2)
SYMBOLS = {1: ((), 0), 2: ((), 0), 3: ((), TYPES), 4: ((3,), 0), 5: ((), 3), 6: ((3, 3), 3)}
THEOREM = Statement("p → True", "(p : Prop)")
LINES = "intro h\n" + "have h := And.intro h h\n" * 200


def doubled(formula, times=300, connective=conjunction):
    for _ in range(times):
        formula = connective(formula, formula)
    return formula


@pytest.fixture(autouse=True)
def in_a_second():
    started = time.process_time()
    yield
    assert time.process_time() - started < 2.5  # each takes much less; what is not linear takes forever


def test_two_hundred_lines_that_double_a_formula():
    logic = Logic()
    for work in (
        lambda: logic.verify(THEOREM, LINES + "constructor").proved,
        lambda: logic.apply(logic.start(THEOREM).state, LINES).state,
    ):
        started = time.process_time()
        result = work()
        assert result and time.process_time() - started < 1
    started = time.process_time()
    key, (goal,) = logic.key(result), result.goals
    assert time.process_time() - started < 1
    assert len(key) < 50_000 and "h : ⋯" in goal and "h✝¹⁹⁸ : p ∧ p\n" in goal
    assert result.view() is not None and size_and_length(result, 1) > 0


def test_operations_on_shared_formulas():
    x = make(Kind.BOUND, 0)
    body = doubled(atom(4, doubled(x, 100, lambda a, b: make(Kind.APPLY, 6, (a, b)))))
    every = make(Kind.ALL, body, 3, "x")
    a = opened(body, variable(5))
    assert variables(a) == {4, 5, 6} and abstracted(a, 5) is body and quantified(conjunction(P, every))
    assert not quantified(a) and a.size == 10**9
    hole = make(Kind.HOLE, 7)
    open_ = doubled(hole)
    assert unknowns(open_) == {7} and replaced(open_, {7: P}) is doubled(P)
    run = TacticRun(7, {})
    known = run.new((Local(1, "p", True, "symbol", None, ((), 0)),), make(Kind.PROPOSITIONS), False)
    assert run.unify(doubled(known), doubled(P)) and run.found[known.a] is P
    assert not run.unify(doubled(known), doubled(Q))
    check(("lam", 9, every, ("inst", ("hyp", 9), variable(5))), implication(every, a), {}, SYMBOLS)
    assert decided(doubled(P)) is None
    assert prove(implication(doubled(P), P)) is not None


def test_a_key_does_not_depend_on_the_order_in_which_formulas_were_made():
    logic = Logic()

    def key(p, q, binders):
        text = " ∧ ".join([f"({p} → {q})", f"({q} ∨ ¬{p})"] * 20)
        return logic.key(logic.start(Statement(text, f"({binders} : Prop)")).state)

    assert key("p", "q", "p q") == key("r", "p", "r p") != key("q", "p", "p q")
    assert len(key("p", "q", "p q")) < 200


def test_hypotheses_with_equal_shared_formulas_are_printed_together():
    a = doubled(make(Kind.ALL, atom(4, make(Kind.BOUND, 0)), 3, "x"), 8)
    b = doubled(make(Kind.ALL, atom(4, make(Kind.BOUND, 0)), 3, "y"), 8)
    names = [Local(3, "α", True, "type", None, ((), TYPES), "Type"), Local(4, "P", True, "symbol", None, ((3,), 0))]
    hypotheses = [Local(8, "h", True, PROOF, a), Local(9, "k", True, PROOF, b)]
    assert "\nh k : " in printed(Goal(0, (*names, *hypotheses), TRUE, "", 10), {})


def test_terms_that_share_parts_are_checked_once():
    proof, goal = ("hyp", 9), P
    for _ in range(300):
        proof, goal = ("and", proof, proof), conjunction(goal, goal)
    check(proof, goal, {9: P}, SYMBOLS)
    with pytest.raises(KernelError):
        check(proof, doubled(Q), {9: P}, SYMBOLS)
    with pytest.raises(KernelError):  # shared, but under another hypothesis of the same number
        shared = ("hyp", 10)
        branches = ("or", ("hyp", 9), 10, shared, 10, shared)
        check(branches, P, {9: make(Kind.OR, P, Q)}, SYMBOLS)


def nested(depth, wrap, start=P):
    for _ in range(depth):
        start = wrap(start)
    return start


@pytest.mark.parametrize(
    "wrap",
    [
        negation,
        lambda f: implication(f, Q),
        lambda f: implication(Q, f),
        lambda f: equivalence(Q, f),
        lambda f: make(Kind.ALL, f, 3, "x"),
    ],
)
def test_formulas_nested_a_thousand_deep(wrap):
    formula = nested(1000, wrap)
    assert len(Printer({1: "p", 2: "q", 3: "α"}).formula(formula)) >= 1001
    check(("lam", 9, formula, ("hyp", 9)), implication(formula, formula), {}, SYMBOLS)
    proof = prove(implication(formula, formula))
    check(proof, implication(formula, formula), {}, SYMBOLS)
    assert prove(formula, {9: formula}) == ("hyp", 9)
    symbols = [Local(number, name, True, "symbol", None, SYMBOLS[number]) for number, name in ((1, "p"), (2, "q"))]
    types = [Local(3, "α", True, "type", None, ((), TYPES), "Type")]
    goal = Goal(0, (*symbols, *types), implication(formula, formula), "", 10)
    state = LogicState([goal], TacticRun(0, {}), None)
    logic = Logic()
    assert logic.key(state)
    step = logic.apply(state, "intro h\nexact h")
    assert step.outcome is Outcome.SOLVED
    assert script(goal, proof).splitlines()[-1].startswith("exact ")


def test_terms_nested_a_thousand_deep():
    proof = nested(1000, lambda t: ("let", 10, P, t, ("hyp", 10)), ("hyp", 9))
    check(proof, P, {9: P}, SYMBOLS)
    assert simplified(proof) == ("hyp", 9)
    assert Logic().verify(Statement("p → p", "(p : Prop)"), "intro h\n" + "have h := h\n" * 1000 + "exact h").proved


def test_what_is_too_deep_is_refused_and_does_not_overflow():
    formula = nested(30_000, negation)
    with pytest.raises(KernelError, match="too deep"):
        check(("lam", 9, formula, ("hyp", 9)), implication(formula, formula), {}, SYMBOLS)
    goal = Goal(0, (), implication(formula, formula), "", 10)
    with pytest.raises(TooLongError):
        script(goal, ("lam", 9, formula, ("hyp", 9)))
    assert Logic().key(LogicState([goal], TacticRun(0, {}), None))


def test_a_deadline_stops_what_ticks_and_an_earlier_one_stays():
    started = time.monotonic()
    with pytest.raises(OutOfTimeError), deadline(0.05), deadline(10):
        while True:
            tick()
    assert time.monotonic() - started < 1
    for _ in range(1000):
        tick()  # no deadline is left


def test_waiting_does_not_use_up_processor_time():
    with processor_deadline(0.05):
        time.sleep(0.1)
        for _ in range(1000):
            tick()
    begun = time.thread_time()
    with pytest.raises(OutOfTimeError), processor_deadline(0.05), processor_deadline(10):
        while True:
            tick()
    assert 0.04 < time.thread_time() - begun < 1
    for _ in range(1000):
        tick()  # no limit is left


def test_every_call_ends_in_time():
    logic = Logic(timeout=1e-9)
    usual = Logic()
    text = Statement("p → " * 60 + "True", "(p : Prop)")
    assert logic.start(text).outcome is Outcome.TIMEOUT
    state = usual.start(THEOREM).state
    assert logic.apply(state, LINES).outcome is Outcome.TIMEOUT
    assert logic.verify(THEOREM, LINES + "constructor").outcome is Outcome.TIMEOUT
    proof = nested(500, lambda t: ("let", 10, P, t, ("hyp", 10)), ("true",))
    assert logic.verify_term(Statement("True", "(p : Prop)"), proof).outcome is Outcome.TIMEOUT
    with pytest.raises(SettingError):
        Logic(timeout=0)


def hard(size):
    left, right = "p0", f"p{size - 1}"
    for index in range(1, size):
        left, right = f"({left} ↔ p{index})", f"({right} ↔ p{size - 1 - index})"
    return f"{left} ↔ {right}"


def test_the_decision_procedure_has_a_deadline():
    with pytest.raises(OutOfTimeError), deadline(0.1):
        prove(root(read_statement(hard(20))).target)
    started = time.monotonic()
    found = find_proof(read_statement(hard(20)), Logic(), budget=SearchBudget(10**6, 0.3))
    assert not found.proved and not found.unprovable and "time is up" in found.reason
    assert time.monotonic() - started < 2


def pigeons(holes):
    """If each of so many pigeons and one more sits in a hole, two of them share one."""
    range_ = range(holes)
    sits = " ∧ ".join("(" + " ∨ ".join(f"o{i}{j}" for j in range_) + ")" for i in range(holes + 1))
    shared = " ∨ ".join(f"(o{i}{j} ∧ o{k}{j})" for j in range_ for i in range(holes + 1) for k in range(i))
    return f"({sits}) → {shared}"


def de_bruijn(size):
    both = " ∧ ".join(f"p{index}" for index in range(size))
    steps = [f"((p{index} ↔ p{(index + 1) % size}) → {both})" for index in range(size)]
    return " → ".join([*steps, f"({both})"])


PELLETIER_17 = "¬¬((p ∧ (q → r) → s) ↔ ((¬p ∨ q ∨ s) ∧ (¬p ∨ ¬r ∨ s)))"


@pytest.mark.parametrize("text", [PELLETIER_17, pigeons(4), de_bruijn(5)], ids=["Pelletier", "pigeons", "de Bruijn"])
def test_what_is_found_is_proved_whatever_the_length_of_its_script(text):
    found = find_proof(read_statement(text), Logic())
    assert found.proved and bool(found.script) != bool(found.unwritten)


def test_a_script_that_is_too_long_gives_way_to_the_term(monkeypatch):
    statement = read_statement("p ∧ q → q ∧ p")
    monkeypatch.setattr(render, "LONGEST", 10)
    found = find_proof(statement, Logic())
    assert found.proved and not found.script and "characters" in found.unwritten
    assert not Logic().verify_term(statement, ("true",)).proved
    assert not Logic().verify_term(Statement("p", ""), ("true",)).proved
    assert FALSE is not TRUE


def test_names_never_run_out():
    found = find_proof(read_statement("(¬∀ x, P x) → ∃ x, ¬P x"), Logic(), budget=SearchBudget(1200, 60))
    assert not found.proved and found.applications == 1200
