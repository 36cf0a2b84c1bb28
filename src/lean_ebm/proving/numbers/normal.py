"""Definitional equality, which ``rfl`` and ``exact`` use.

``+``, ``*`` and ``^`` recurse on their second argument. A normal form is some successors of ``zero``, of a variable, or
of an operation whose second argument is a variable or again such an operation. Two terms are equal for Lean if their
normal forms are the same, with one surprise: ``0 + y`` and ``1 * y`` are both the recursion from 0 that takes a
successor at each step.
"""

from __future__ import annotations

from lean_ebm.proving.numbers.terms import ZERO, Term, TermKind, make, plain

LARGEST = 150
"""Largest number for which this is computed. From about 225 on Lean's own recursion is too deep."""


class TooLargeError(Exception):
    """A number is too large to compute with successors."""


def alike(a: Term, b: Term) -> bool:
    """Whether two terms, or two formulas, are equal by definition.

    Raises:
        TooLargeError: If that needs a number above :data:`LARGEST`.
    """
    if a is b:
        return True
    kind = a.kind
    if kind is not b.kind and (kind > TermKind.SHIFT or b.kind > TermKind.SHIFT):
        return False
    if kind is TermKind.EQUALS or kind is TermKind.IMPLIES:
        return alike(a.a, b.a) and alike(a.b, b.b)
    if kind is TermKind.ALL:
        return plain(a) is plain(b) or alike(a.a, b.a)
    return normal(a) is normal(b)


def normal(term: Term) -> Term:
    """Compute the normal form of a term. Results are cached.

    Raises:
        TooLargeError: If that needs a number above :data:`LARGEST`.
    """
    found: Term | None = term.memory.get("normal")
    if found is None:
        found = term.memory["normal"] = _normal(term)
    return found


def _normal(term: Term) -> Term:
    kind = term.kind
    if kind is TermKind.NUMERAL:
        return _shifted(ZERO, term.a)
    if kind is TermKind.SUCC:
        core, count = _apart(normal(term.a))
        return _shifted(core, count + 1)
    if kind is TermKind.ADD:
        return _sum(normal(term.a), normal(term.b))
    if kind is TermKind.MUL:
        return _product(normal(term.a), normal(term.b))
    if kind is TermKind.POW:
        return _power(normal(term.a), normal(term.b))
    return term


def _apart(term: Term) -> tuple[Term, int]:
    return (term.a, term.b) if term.kind is TermKind.SHIFT else (term, 0)


def _shifted(core: Term, count: int) -> Term:
    if count > LARGEST:
        raise TooLargeError(f"a number above {LARGEST}, of which this would need all successors")
    return make(TermKind.SHIFT, core, count) if count else core


def _sum(a: Term, b: Term) -> Term:
    core, count = _apart(b)
    if core is ZERO:
        inner, more = _apart(a)
        return _shifted(inner, more + count)
    return _shifted(make(TermKind.ADD, a, core), count)


_ONE = make(TermKind.SHIFT, ZERO, 1)


def _product(a: Term, b: Term) -> Term:
    core, count = _apart(b)
    found = ZERO
    if core is not ZERO:
        found = make(TermKind.ADD, ZERO, core) if a is _ONE else make(TermKind.MUL, a, core)
    for _ in range(count):
        found = _sum(found, a)
    return found


def _power(a: Term, b: Term) -> Term:
    core, count = _apart(b)
    found = _ONE if core is ZERO else make(TermKind.POW, a, core)
    for _ in range(count):
        found = _product(found, a)
    return found
