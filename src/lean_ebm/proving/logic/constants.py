"""The constants that terms may use, with the types that Lean's library gives them."""

from __future__ import annotations

from collections.abc import Callable

from lean_ebm.proving.logic.formulas import (
    FALSE,
    TRUE,
    Expr,
    conjunction,
    disjunction,
    equivalence,
    implication,
    negation,
)
from lean_ebm.proving.logic.kernel import ProofTerm

Scheme = tuple[tuple[str, ...], tuple[str, ...], Callable[..., tuple[tuple[Expr, ...], Expr, ProofTerm]]]
"""A constant: the names of its implicit propositions, the names of its arguments, and a function from the propositions
to the arguments' formulas, the conclusion, and a proof of it.

The proofs number their hypotheses with negative numbers, which no goal uses.
"""
_A, _B, _C = (("hyp", -1), ("hyp", -2), ("hyp", -3))

CONSTANTS: dict[str, Scheme] = {
    "True.intro": ((), (), lambda: ((), TRUE, ("true",))),
    "trivial": ((), (), lambda: ((), TRUE, ("true",))),
    "And.intro": (("a", "b"), ("left", "right"), lambda a, b: ((a, b), conjunction(a, b), ("and", _A, _B))),
    "And.left": (("a", "b"), ("self",), lambda a, b: ((conjunction(a, b),), a, ("fst", _A))),
    "And.right": (("a", "b"), ("self",), lambda a, b: ((conjunction(a, b),), b, ("snd", _A))),
    "Or.inl": (("a", "b"), ("h",), lambda a, b: ((a,), disjunction(a, b), ("inl", _A))),
    "Or.inr": (("a", "b"), ("h",), lambda a, b: ((b,), disjunction(a, b), ("inr", _A))),
    "Or.elim": (
        ("a", "b", "c"),
        ("h", "left", "right"),
        lambda a, b, c: (
            (disjunction(a, b), implication(a, c), implication(b, c)),
            c,
            ("or", _A, -4, ("app", _B, ("hyp", -4)), -5, ("app", _C, ("hyp", -5))),
        ),
    ),
    "Iff.intro": (
        ("a", "b"),
        ("mp", "mpr"),
        lambda a, b: ((implication(a, b), implication(b, a)), equivalence(a, b), ("iff", _A, _B)),
    ),
    "Iff.mp": (("a", "b"), ("self", "a"), lambda a, b: ((equivalence(a, b), a), b, ("app", ("mp", _A), _B))),
    "Iff.mpr": (("a", "b"), ("self", "a"), lambda a, b: ((equivalence(a, b), b), a, ("app", ("mpr", _A), _B))),
    "False.elim": (("C",), ("h",), lambda c: ((FALSE,), c, ("false", _A))),
    "absurd": (("a", "b"), ("h₁", "h₂"), lambda a, b: ((a, negation(a)), b, ("false", ("app", _B, _A)))),
}
NAMESPACES = frozenset(name.partition(".")[0] for name in CONSTANTS if "." in name) | {"Exists"}
CONNECTIVES = {"And": conjunction, "Or": disjunction, "Iff": equivalence}
