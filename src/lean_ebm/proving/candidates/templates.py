"""The forms that a tactic of the wide set can have, in all worlds."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple


class Template(IntEnum):
    """The form of a tactic, and what its pointers ``first`` and ``second`` point to.

    Networks learn an embedding of each form: new forms come last, so that trained networks keep their meaning.
    """

    INTRO = 0
    """``intro``: take the premise of an implication, or the variable of a ∀, into the context."""
    CONSTRUCTOR = 1
    """``constructor``: prove both parts of a conjunction or an equivalence; nothing is left of True."""
    LEFT = 2
    """``left``: prove the left part of a disjunction."""
    RIGHT = 3
    """``right``: prove the right part of a disjunction."""
    EXFALSO = 4
    """``exfalso``: prove False instead."""
    EXACT = 5
    """``exact h``: the first pointer is the hypothesis, which is the target."""
    CASES = 6
    """``cases h``: take the first hypothesis apart, which is made of ∧, ∨, ↔ or ∃, or is False."""
    APPLY = 7
    """``refine h ?_``: the first hypothesis has the target as its conclusion; its premises are left to prove."""
    ABSURD = 8
    """``refine absurd ?_ h``: the first hypothesis is ``¬a``, and ``a`` is left to prove."""
    REPLACE = 9
    """``replace h := h ?_``: the first hypothesis ``a → b`` becomes ``b``, and ``a`` is left to prove."""
    FORWARD = 10
    """``specialize h k``: the first hypothesis is applied to the second one."""
    CONTRADICTION = 11
    """``exact absurd k h``: the first hypothesis refutes the second one."""
    INSTANTIATE = 12
    """``have h' := h t``: the first hypothesis is a ∀, the second pointer a term for its variable."""
    WITNESS = 13
    """``refine ⟨t, ?_⟩``: the target is an ∃, the first pointer a term that shows it."""
    CUT = 14
    """``have h' : f := ?_``: the first pointer is a part of a formula, which is proved on the way."""
    REWRITE = 15
    """``rw [l]``: the first pointer is the term that is rewritten, the second one what comes in its place."""
    REWRITE_AT = 16
    """``rw [l] at h``: the same in all hypotheses that have the term."""
    INDUCTION = 17
    """``induction x``: the first pointer is the variable."""
    RFL = 18
    """``rfl``: the two sides of the target are equal by definition."""
    SYMM = 19
    """``symm``: the two sides of the target change places."""


class Candidate(NamedTuple):
    """A tactic of the wide set.

    Args:
        template: Its form.
        first: The first formula or term of its world to which it points; None if its form has no pointer.
        second: The second one.
    """

    template: Template
    first: Any = None
    second: Any = None


TEMPLATES = {"logic": Template.CUT + 1, "numbers": Template.SYMM + 1}
"""Number of forms up to the last one that a world has."""
