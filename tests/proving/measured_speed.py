"""Rows of the table of ``make proving`` about speed."""
# ruff: noqa: RUF001 - the letters of Lean

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

from lean_ebm.proving.logic import Logic
from lean_ebm.proving.search import BreadthFirst, SearchBudget
from lean_ebm.proving.statements import Statement
from lean_ebm.proving.theorems import TheoremSettings, generate_theorems
from proving.measured_judgements import Row

_THEOREM = Statement.of(
    "(α : Type) (P Q : α → Prop) (p q r : Prop) (a : α) : "
    "(p ∨ q) ∧ (¬p → q) → (∃ x, P x) → (∀ x, P x → Q x) → (p → q → r) → ∃ x, Q x ∧ (q ∨ p)"
)
_PATH = ("intro h g k m", "cases g with | intro w hw => ?_", "refine ⟨w, ?_, ?_⟩", "apply k")
_MIX = (
    (0, "intro h"), (0, "intro h g k m"), (1, "intro x"), (1, "constructor"), (1, "left"), (1, "exfalso"),
    (1, "cases h with | intro b c => ?_"), (1, "cases h.left with | inl b => ?_ | inr b => ?_"),
    (2, "refine ⟨w, ?_, ?_⟩"), (2, "exists w"), (3, "apply k"), (1, "apply m"), (1, "apply h.2"),
    (4, "exact hw"), (3, "exact k w hw"), (1, "exact h"), (3, "exact ⟨k w hw, h.1⟩"), (4, "assumption"),
    (4, "contradiction"), (1, "have u := h.2"),
)  # fmt: skip
PROBLEMS = (
    "(p q r s : Prop) : (p → q) ∧ (r → s) → p ∨ r → (q ∨ s) ∧ (¬q → r)",
    "(p q r : Prop) : (p ∨ q → r) ↔ (p → r) ∧ (q → r)",
    "(p q r s : Prop) : (p → q → r) → (p ∧ s → q) → s → (r → ¬s) → ¬p",
    "(p q r : Prop) : ¬¬((p ∨ q) ∧ (p ∨ r) → p ∨ (q ∧ r))",
    "(p q r s : Prop) : (p ↔ q) → (r ↔ s) → (p ∧ r ↔ q ∧ s)",
    "(p q : Prop) : ¬¬(((p → q) → p) → p)",
    "(p q r s : Prop) : (p → q) → (q → r) → (r → s) → (p ∨ (q ∧ r)) → s ∧ (¬p → r)",
    "(α : Type) (P Q : α → Prop) : (∀ x, P x ∧ Q x) ↔ (∀ x, P x) ∧ ∀ x, Q x",
    "(α : Type) (P Q R : α → Prop) : (∀ x, P x → Q x) → (∃ x, P x ∧ R x) → ∃ x, Q x ∧ R x",
    "(α : Type) (P : α → Prop) (q : Prop) : (∃ x, P x) ∨ q → (∀ x, P x → q) → ¬¬q",
)
"""Problems of middle size; a search takes between 5 and 2,000 tactics for each of them, or gives up."""


def applications(seconds: float) -> Row:
    """Measure tactic applications a second: all tactics of the language, a third of them failing, texts parsed once."""
    logic = Logic()
    states = [logic.start(_THEOREM).state]
    for tactic in _PATH:
        assert states[-1] is not None
        states.append(logic.apply(states[-1], tactic).state)
    mix = [(state, tactic) for index, tactic in _MIX if (state := states[index]) is not None]
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        for state, tactic in mix:
            logic.apply(state, tactic)
        count += len(mix)
    rate = count / (time.perf_counter() - started)
    return Row("tactic applications a second, one core", "20,000", f"{rate:,.0f}, goals not printed", rate >= 20_000)


def searched(limit: int) -> Row:
    """Measure the tactics a second of whole searches, breadth first, failed ones included."""
    applications, seconds = 0, 0.0
    for text in PROBLEMS * 5:
        with Logic() as logic:
            started = time.perf_counter()
            result = BreadthFirst().prove(logic, Statement.of(text), SearchBudget(limit, float("inf")))
            seconds += time.perf_counter() - started
        applications += result.applications
    rate = applications / seconds
    return Row(
        "tactics a second in a search, end to end: breadth first, ten problems five times, narrow set, "
        "failed ones count",
        "40,000", f"{rate:,.0f} ({applications:,} tactics; parsing, keys and verification included)", rate >= 40_000,
    )  # fmt: skip


def cold_start() -> Row:
    """Measure ``lean-ebm prove`` from a cold start."""
    command = "import sys; from lean_ebm.cli.proving import main; sys.exit(main(['prove', 'p ∧ q → q ∧ p']))"
    best = _best(lambda: subprocess.run([sys.executable, "-c", command], capture_output=True, check=True))
    return Row("`lean-ebm prove 'p ∧ q → q ∧ p'` from a cold start", "under 2 s", f"{best:.2f} s", best < 2)


def _best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def generated(number: int, seed: int) -> Row:
    """Measure distinct theorems a second."""
    started = time.perf_counter()
    graded = sum(
        theorem.difficulty is not None
        for theorem in generate_theorems(TheoremSettings(seed=seed + 1), number, workers=2)
    )
    took = time.perf_counter() - started
    return Row(
        "distinct theorems in ten minutes, two cores", "100,000",
        f"{number:,} in {took:.1f} s, at that rate {600 * number / took:,.0f}; {graded / number:.0%} have a "
        "shortest script",
        600 * number / took >= 100_000,
    )  # fmt: skip
