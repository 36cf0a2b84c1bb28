"""The constants that terms may use, with the types that Lean's library gives them."""
# ruff: noqa: RUF001 - the letters of Lean

from __future__ import annotations

import re

from lean_ebm.proving.logic.formulas import (
    FALSE,
    TRUE,
    Kind,
    atom,
    conjunction,
    disjunction,
    equivalence,
    implication,
    negation,
)
from lean_ebm.proving.logic.lemmas import EXPLICIT, LEMMAS, Scheme
from lean_ebm.proving.logic.unify import TacticError, Unsupported
from lean_ebm.proving.parser import Tree

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
    **LEMMAS,
}
NAMESPACES = frozenset(name.partition(".")[0] for name in CONSTANTS if "." in name) | {"Exists"}
CONNECTIVES = {"And": conjunction, "Or": disjunction, "Iff": equivalence}
DATA: frozenset[Tree] = frozenset(
    ("proj", ("name", name.partition(".")[0]), name.partition(".")[2]) if "." in name else ("name", name)
    for name in EXPLICIT
)
"""Constants with propositions as explicit arguments."""
NAMES = {Kind.AND: "And", Kind.OR: "Or", Kind.IFF: "Iff", Kind.NOT: "Not", Kind.FALSE: "False", Kind.TRUE: "True"}
"""The namespace of each connective."""


def _places() -> dict[str, int]:
    """For each constant in the namespace of a connective, the place of its first argument with that connective."""
    found = {}
    for name, (implicit, _, build) in CONSTANTS.items():
        arguments, _, _ = build(*(atom(index) for index in range(len(implicit))))
        for place, argument in enumerate(arguments):
            if NAMES.get(argument.kind) == name.partition(".")[0]:
                found[name] = place
                break
    return found


SELF = _places()
"""For each constant that can be written as ``h.name``, the place of ``h`` among its arguments."""

TAKEN = frozenset(name for implicit, explicit, _ in CONSTANTS.values() for name in (*implicit, *explicit)) | {
    *("inl", "inr", "intro", "left", "right", "mp", "mpr", "refine"),
}
"""Names that Lean gives to what it is to find, and to goals."""

_OWN = re.compile(r"(?!(?:id|mt|IO|Eq|Or|Ne|em|ne|le|lt)$)(?:h[a-z]{0,2}|[A-Za-zα-ωΑ-Ω]{1,2})[0-9₀-₉'_]*")


def unknown_name(name: str) -> Exception:
    """The error for a name that is neither in the context nor in this file.

    Lean may know it, unless it is so short that Lean's library has nothing of that name.
    """
    if _OWN.fullmatch(name):
        return TacticError(f"unknown identifier {name}")
    return Unsupported(f"the name {name}, which may be one of Lean's library")
