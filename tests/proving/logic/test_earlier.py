"""Theorems that use earlier ones of the same file, in the embedded logic and in Lean."""
# ruff: noqa: RUF001 - the letters of Lean

from helpers import needs_lean
from lean_ebm.proving.lean import Lean
from lean_ebm.proving.logic import Logic
from lean_ebm.proving.source.checking import check_file
from lean_ebm.proving.source.files import read_file
from lean_ebm.proving.statements import Statement

FILE = """
theorem swap {p q : Prop} (h : p ∧ q) : q ∧ p := ⟨h.2, h.1⟩
theorem swapE (p q : Prop) : p ∧ q → q ∧ p := fun h => swap h
theorem lost (p : Prop) : ¬¬p → p := fun h => h
namespace Foo
variable (r s : Prop)
theorem bar (h : r ∧ s) : s ∧ r := by
  exact swapE r s h
theorem baz (h : r ∧ s) : s ∧ r := by
  apply bar
  assumption
theorem wrong (h : r) : s := bar r s h
theorem uses_lost (h : ¬¬r) : r := lost r h
end Foo
theorem both (a b : Prop) : a ∧ b ↔ b ∧ a := ⟨swapE _ _, @swapE b a⟩
theorem named (a b : Prop) (h : a ∧ b) : b ∧ a := Foo.bar (h := h) (r := a) (s := b)
theorem shadowed (swap : Prop) (h : swap) : swap := h
"""
PROVED = ["swap", "swapE", "Foo.bar", "Foo.baz", "both", "named", "shadowed"]


def proved_by(judge):
    return [
        result.entry.name for result in check_file(read_file(FILE), judge) if result.verdict and result.verdict.proved
    ]


def test_later_theorems_use_earlier_ones():
    assert proved_by(Logic()) == PROVED


@needs_lean
def test_lean_says_the_same():
    with Lean() as lean:
        assert proved_by(lean) == PROVED


def test_what_an_earlier_theorem_says_is_proved_anew():
    """A preamble is trusted to define, not to prove: its theorems are checked before they are used."""
    statement = Statement("p", "(p : Prop)", "theorem cheat (p : Prop) : p := by\n  exact h")
    verdict = Logic().verify(statement, "exact cheat p")
    assert not verdict.proved and "the earlier theorem cheat, which is not proved" in verdict.message
    axiom = Statement("p", "(p : Prop)", "axiom cheat (p : Prop) : p")
    verdict = Logic().verify(axiom, "exact cheat p")
    assert not verdict.proved and "outside of the fragment" in verdict.message


def test_an_earlier_theorem_about_types_is_outside():
    preamble = "theorem fo (α : Type) (P : α → Prop) (x : α) (h : ∀ y, P y) : P x := by\n  exact h x"
    statement = Statement("P a", "(α : Type) (P : α → Prop) (a : α) (h : ∀ y, P y)", preamble)
    verdict = Logic().verify(statement, "exact fo α P a h")
    assert not verdict.proved and verdict.message.startswith("outside of the fragment: a theorem about a type")
