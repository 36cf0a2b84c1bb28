"""Terms and formulas of arithmetic: immutable and hash-consed, so equal ones are the same object.

A formula is an equation, an implication or a ``∀`` over numbers. Bound variables are de Bruijn indices; a ``∀`` keeps
the name with which it was written, which is printed but not compared (see :func:`plain`). Free variables are numbers,
which a context names; unknowns stand for what a rule of rewriting has to find.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any
from weakref import WeakValueDictionary


class TermKind(IntEnum):
    """The kind of a term; the last three are formulas."""

    VARIABLE = 0
    BOUND = 1
    UNKNOWN = 2
    ZERO = 3  # the constructor `zero`, which is not the numeral 0
    NUMERAL = 4
    SUCC = 5
    ADD = 6
    MUL = 7
    POW = 8
    SHIFT = 9  # a normal form: some successors of a term that is no successor
    EQUALS = 10
    IMPLIES = 11
    ALL = 12


_NOTHING: frozenset[int] = frozenset()


class Term:
    """A term or a formula. Only the functions of this module make them.

    Attributes:
        kind: Its kind.
        a: The first part; the number of a variable, an unknown or a numeral; the index of a bound variable.
        b: The second part; the name of a ``∀``; None if it has none.
        loose: Number of enclosing quantifiers that it needs; 0 if no bound variable is free in it.
        unknown: Whether it has an unknown.
        size: Number of leaves, operations, equations, implications and quantifiers.
        variables: The numbers of the free variables in it.
        memory: Results computed from it, such as its normal form; freed with it.
    """

    __slots__ = ("__weakref__", "a", "b", "kind", "loose", "memory", "size", "unknown", "variables")

    kind: TermKind
    a: Any
    b: Any
    loose: int
    unknown: bool
    size: int
    variables: frozenset[int]
    memory: dict[Any, Any]

    def __repr__(self) -> str:
        parts = ", ".join([repr(part) for part in (self.a, self.b) if part is not None])
        return f"{self.kind.name}({parts})"

    def __reduce__(self) -> tuple[Any, ...]:
        return make, (self.kind, self.a, self.b)


# Weak references, so that a long search does not keep all terms that it has ever seen.
_TERMS: WeakValueDictionary[tuple[TermKind, Any, Any], Term] = WeakValueDictionary()
_REFERENCES = _TERMS.data  # type: ignore[attr-defined] # a look-up there costs half of one by its methods


def make(kind: TermKind, a: Any = None, b: Any = None) -> Term:
    """Return the unique term with these parts."""
    identity = (kind, a, b)
    reference = _REFERENCES.get(identity)
    term = None if reference is None else reference()
    if term is None:
        term = _TERMS[identity] = _new(kind, a, b)
    return term


def _new(kind: TermKind, a: Any, b: Any) -> Term:
    term = Term()
    term.kind, term.a, term.b = kind, a, b
    term.memory = {}
    if kind < TermKind.SUCC:
        term.loose = a + 1 if kind is TermKind.BOUND else 0
        term.unknown = kind is TermKind.UNKNOWN
        term.size = 1
        term.variables = frozenset((a,)) if kind is TermKind.VARIABLE else _NOTHING
    elif type(b) is Term:
        term.loose = max(a.loose, b.loose)
        term.unknown = a.unknown or b.unknown
        term.size = 1 + a.size + b.size
        first, second = a.variables, b.variables
        term.variables = first if second <= first else second if first <= second else first | second
    else:
        term.loose = max(a.loose - 1, 0) if kind is TermKind.ALL else a.loose
        term.unknown = a.unknown
        term.size = a.size + (b if kind is TermKind.SHIFT else 1)
        term.variables = a.variables
    return term


def variable(number: int) -> Term:
    """A free variable."""
    return make(TermKind.VARIABLE, number)


def numeral(value: int) -> Term:
    """A numeral, such as ``3``."""
    return make(TermKind.NUMERAL, value)


ZERO = make(TermKind.ZERO)
"""The constructor ``zero``."""

NOUGHT = numeral(0)
"""The numeral ``0``, which induction makes."""


def successor(term: Term) -> Term:
    """``succ t``."""
    return make(TermKind.SUCC, term)


def equation(left: Term, right: Term) -> Term:
    """``left = right``."""
    return make(TermKind.EQUALS, left, right)


def replaced(term: Term, old: Term, new: Term) -> Term:
    """Replace all occurrences of a term by another term. Neither has free bound variables."""
    if term is old:
        return new
    kind = term.kind
    if kind < TermKind.SUCC or term.size <= old.size:
        return term
    a, b = term.a, term.b
    first = replaced(a, old, new)
    if type(b) is not Term:
        return term if first is a else make(kind, first, b)
    second = replaced(b, old, new)
    return term if first is a and second is b else make(kind, first, second)


def contains(term: Term, part: Term) -> bool:
    """Whether a term occurs in another."""
    if term is part:
        return True
    if term.kind < TermKind.SUCC or term.size <= part.size:
        return False
    return contains(term.a, part) or (type(term.b) is Term and contains(term.b, part))


def opened(body: Term, value: Term, depth: int = 0) -> Term:
    """Instantiate a ``∀``: its body with a term for the variable. The term has no free bound variables."""
    if body.loose <= depth:
        return body
    kind, a, b = body.kind, body.a, body.b
    if kind is TermKind.BOUND:
        return value if a == depth else make(TermKind.BOUND, a - 1) if a > depth else body
    first = opened(a, value, depth + (kind is TermKind.ALL))
    return make(kind, first, opened(b, value, depth) if type(b) is Term else b)


def closed(term: Term, number: int, depth: int = 0) -> Term:
    """Make the body of a ``∀`` over a free variable of a formula."""
    if number not in term.variables:
        return term
    kind, a, b = term.kind, term.a, term.b
    if kind is TermKind.VARIABLE:
        return make(TermKind.BOUND, depth)
    first = closed(a, number, depth + (kind is TermKind.ALL))
    return make(kind, first, closed(b, number, depth) if type(b) is Term else b)


def substituted(term: Term, number: int, value: Term) -> Term:
    """Replace a free variable by a term."""
    if number not in term.variables:
        return term
    kind, a, b = term.kind, term.a, term.b
    if kind is TermKind.VARIABLE:
        return value
    first = substituted(a, number, value)
    return make(kind, first, substituted(b, number, value) if type(b) is Term else b)


def filled(term: Term, values: dict[Term, Term]) -> Term:
    """Replace unknowns by their values. Unknowns without a value stay."""
    if not term.unknown:
        return term
    kind, a, b = term.kind, term.a, term.b
    if kind is TermKind.UNKNOWN:
        return values.get(term, term)
    first = filled(a, values)
    return make(kind, first, filled(b, values) if type(b) is Term else b)


def unknowns_in(term: Term) -> frozenset[Term]:
    """The unknowns in a term."""
    if not term.unknown:
        return frozenset()
    if term.kind is TermKind.UNKNOWN:
        return frozenset((term,))
    found = unknowns_in(term.a)
    return found | unknowns_in(term.b) if type(term.b) is Term else found


def plain(formula: Term) -> Term:
    """Remove the names of bound variables, so that formulas that differ only in them are equal."""
    kind = formula.kind
    if kind is TermKind.ALL:
        return make(TermKind.ALL, plain(formula.a), "")
    if kind is TermKind.IMPLIES:
        return make(TermKind.IMPLIES, plain(formula.a), plain(formula.b))
    return formula
