"""Expressions, which are formulas and individuals: immutable and hash-consed, so equal ones are the same object.

The logic is intuitionistic and first-order, over any number of types, of which nothing is known, not even that they are
inhabited; quantifiers may also be over propositions. Bound variables are de Bruijn indices; a quantifier keeps the name
with which it was written, which Lean prints but does not compare. Free variables (types, individuals, predicates,
functions, propositions) are numbers; a context names them.

A *sort* is what a quantifier, an argument or a goal is about: the number of a type, or :data:`PROPOSITION`. All
functions take time linear in the number of distinct parts, however often a formula shares them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import IntEnum
from typing import Any
from weakref import WeakValueDictionary

from lean_ebm.proving.logic.clock import tick

PROPOSITION = 0
"""The sort of propositions; other sorts are numbers of types, which are positive."""

# The functions of the logic recurse on formulas and terms, with a few frames of Python a level.
sys.setrecursionlimit(max(sys.getrecursionlimit(), 20_000))

_MOST = 10**9  # sizes are not counted beyond this


class Kind(IntEnum):
    """The kind of an expression: the first two are types of goals, the next four individuals, the others formulas."""

    INDIVIDUALS = -2  # a type, as the target of a goal
    PROPOSITIONS = -1
    VARIABLE = 0
    APPLY = 1
    BOUND = 2
    UNKNOWN = 3  # an unknown individual: Lean's `?w`
    ATOM = 4
    AND = 5
    OR = 6
    IFF = 7
    NOT = 8
    IMPLIES = 9
    TRUE = 10
    FALSE = 11
    ALL = 12
    EXISTS = 13
    HOLE = 14  # an unknown proposition: Lean's `?a`
    BOUND_PROPOSITION = 15


class Expr:
    """An expression: a formula or an individual. Only the functions of this module make expressions.

    Attributes:
        kind: Its kind.
        a: The number of a variable, symbol, unknown or type; the index of a bound variable; or the first part.
        b: The arguments of a symbol, the sort of a quantifier, or the second part.
        name: The bound variable's name, of a quantifier; the name of the hypothesis, of ``∀ h : p, q``, which is
            ``p → q``.
        loose: Number of enclosing quantifiers that it needs; 0 if no bound variable is free in it.
        unknown: Whether it contains an unknown.
        key: The expression without names, and with ``¬a`` as ``a → False``: two formulas are equal to Lean if their
            keys are the same object.
        size: Number of connectives, atoms and quantifiers, at most a billion; 0 for individuals.
        length: Number of all parts, individuals included, at most a billion.
        memory: Results computed from it, such as its free variables; freed with it.
    """

    __slots__ = ("__weakref__", "a", "b", "key", "kind", "length", "loose", "memory", "name", "size", "unknown")

    kind: Kind
    a: Any
    b: Any
    name: str
    loose: int
    unknown: bool
    key: Expr
    size: int
    length: int
    memory: dict[Any, Any]

    def __repr__(self) -> str:
        if self.length > 200:
            return f"{self.kind.name}(...)"
        parts = [repr(part) for part in (self.a, self.b, self.name) if part not in (None, "")]
        return f"{self.kind.name}({', '.join(parts)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return make, (self.kind, self.a, self.b, self.name)


# Weak references, so that a search that runs for days does not keep all formulas that it has ever seen. Keys have the
# addresses of the parts, which are valid as long as the expression lives, since it keeps its parts. If keys held the
# parts, a collection of garbage would free only the outermost expressions: each refers to itself, as its own key.
_NODES: WeakValueDictionary[tuple[Kind, Any, Any, str], Expr] = WeakValueDictionary()


def make(kind: Kind, a: Any = None, b: Any = None, name: str = "") -> Expr:
    """Return the unique expression with these parts."""
    first = id(a) if type(a) is Expr else a
    second = id(b) if type(b) is Expr else tuple(map(id, b)) if type(b) is tuple else b
    identity = (kind, first, second, name)
    node = _NODES.get(identity)
    if node is None:
        node = _NODES[identity] = _new(kind, a, b, name)
    return node


def _new(kind: Kind, a: Any, b: Any, name: str) -> Expr:
    tick()
    node = Expr()
    node.kind, node.a, node.b, node.name = kind, a, b, name
    node.memory = {}
    node.key = node
    if kind is Kind.APPLY or kind is Kind.ATOM:
        parts = b
    elif isinstance(b, Expr):
        parts = (a, b)
    else:
        parts = (a,) if isinstance(a, Expr) else ()
    loose, unknown, size, length = 0, kind is Kind.UNKNOWN or kind is Kind.HOLE, 1 if kind >= Kind.ATOM else 0, 1
    for part in parts:
        if part.loose > loose:
            loose = part.loose
        unknown = unknown or part.unknown
        size += part.size
        length += part.length
    node.unknown = unknown
    node.size, node.length = min(size, _MOST), min(length, _MOST)
    if kind is Kind.BOUND or kind is Kind.BOUND_PROPOSITION:
        loose = a + 1
    elif kind is Kind.ALL or kind is Kind.EXISTS:
        loose = max(0, loose - 1)
        if name or a.key is not a:
            node.key = make(kind, a.key, b)
    elif kind is Kind.NOT:
        node.key = make(Kind.IMPLIES, a.key, FALSE)
    elif kind in _BINARY and (name or a.key is not a or b.key is not b):
        node.key = make(kind, a.key, b.key)
    node.loose = loose
    return node


_BINARY = frozenset((Kind.AND, Kind.OR, Kind.IFF, Kind.IMPLIES))
PROPOSITIONS = make(Kind.PROPOSITIONS)
TRUE = make(Kind.TRUE)
FALSE = make(Kind.FALSE)


def asked(sort: int) -> Expr:
    """The target of a goal that asks for an individual of a type, or for a proposition."""
    return make(Kind.INDIVIDUALS, sort) if sort else PROPOSITIONS


def is_data(target: Expr) -> bool:
    """Whether a goal with this target asks for an individual or a proposition, and not for a proof."""
    return target.kind < Kind.VARIABLE


def element(number: int, sort: int) -> Expr:
    """The individual of this number, or the proposition if the sort is that of propositions."""
    return make(Kind.VARIABLE, number) if sort else make(Kind.ATOM, number, ())


def bound(index: int, sort: int) -> Expr:
    """A bound variable."""
    return make(Kind.BOUND if sort else Kind.BOUND_PROPOSITION, index)


def variable(number: int) -> Expr:
    """An individual by its number."""
    return make(Kind.VARIABLE, number)


def atom(number: int, *arguments: Expr) -> Expr:
    """The predicate of this number, applied to arguments; without arguments, the proposition."""
    return make(Kind.ATOM, number, arguments)


def conjunction(a: Expr, b: Expr) -> Expr:
    """``a ∧ b``."""
    return make(Kind.AND, a, b)


def disjunction(a: Expr, b: Expr) -> Expr:
    """``a ∨ b``."""
    return make(Kind.OR, a, b)


def equivalence(a: Expr, b: Expr) -> Expr:
    """``a ↔ b``."""
    return make(Kind.IFF, a, b)


def negation(a: Expr) -> Expr:
    """``¬a``."""
    return make(Kind.NOT, a)


def implication(a: Expr, b: Expr) -> Expr:
    """``a → b``."""
    return make(Kind.IMPLIES, a, b)


def parts_of(node: Expr) -> tuple[Expr, ...]:
    """The parts of an expression that are expressions."""
    if node.kind is Kind.APPLY or node.kind is Kind.ATOM:
        arguments: tuple[Expr, ...] = node.b
        return arguments
    if isinstance(node.b, Expr):
        return (node.a, node.b)
    return (node.a,) if isinstance(node.a, Expr) else ()


def rebuilt(node: Expr, change: Callable[[Expr, int], Expr], depth: int = 0) -> Expr:
    """Make an expression again with its parts changed.

    Args:
        node: The expression.
        change: Gives the new part for a part and its depth.
        depth: Number of quantifiers around the expression.
    """
    kind = node.kind
    if kind is Kind.APPLY or kind is Kind.ATOM:
        return make(kind, node.a, tuple([change(part, depth) for part in node.b])) if node.b else node
    if kind is Kind.ALL or kind is Kind.EXISTS:
        return make(kind, change(node.a, depth + 1), node.b, node.name)
    if not isinstance(node.a, Expr):
        return node
    return make(kind, change(node.a, depth), None if node.b is None else change(node.b, depth), node.name)


def opened(body: Expr, value: Expr) -> Expr:
    """Replace the bound variable in the body of a quantifier by an individual or formula without bound variables."""
    if not body.loose:
        return body
    known: Expr | None = body.memory.get(value)
    if known is None:
        known = body.memory[value] = _open(body, value, 0, {})
    return known


def _open(node: Expr, value: Expr, depth: int, known: dict[tuple[Expr, int], Expr]) -> Expr:
    if node.loose <= depth:
        return node
    kind = node.kind
    if kind is Kind.BOUND or kind is Kind.BOUND_PROPOSITION:
        return value if node.a == depth else make(kind, node.a - 1)
    found = known.get((node, depth))
    if found is None:
        if kind is Kind.APPLY or kind is Kind.ATOM:
            found = make(kind, node.a, tuple([_open(part, value, depth, known) for part in node.b]))
        elif kind is Kind.ALL or kind is Kind.EXISTS:
            found = make(kind, _open(node.a, value, depth + 1, known), node.b, node.name)
        else:
            b = None if node.b is None else _open(node.b, value, depth, known)
            found = make(kind, _open(node.a, value, depth, known), b, node.name)
        known[node, depth] = found
    return found


def replaced(node: Expr, found: dict[int, Expr]) -> Expr:
    """Replace unknowns by the values found for them, until no unknown with a value is left."""
    return node if not found or not node.unknown else _replaced(node, found, {})


def _replaced(node: Expr, found: dict[int, Expr], known: dict[Expr, Expr]) -> Expr:
    if not node.unknown:
        return node
    done = known.get(node)
    if done is None:
        if node.kind is Kind.UNKNOWN or node.kind is Kind.HOLE:
            value = found.get(node.a)
            done = node if value is None else _replaced(value, found, known)
        else:
            done = rebuilt(node, lambda part, _: _replaced(part, found, known))
        known[node] = done
    return done


def variables(node: Expr) -> frozenset[int]:
    """The numbers of all free variables and symbols; numbers of types do not count."""
    known: frozenset[int] | None = node.memory.get("variables")
    if known is None:
        if node.kind is Kind.VARIABLE:
            known = frozenset((node.a,))
        else:
            known = frozenset((node.a,)) if node.kind is Kind.APPLY or node.kind is Kind.ATOM else frozenset()
            for part in parts_of(node):
                known |= variables(part)
        node.memory["variables"] = known
    return known


def unknowns(node: Expr) -> frozenset[int]:
    """The numbers of all unknowns."""
    if not node.unknown:
        return frozenset()
    known: frozenset[int] | None = node.memory.get("unknowns")
    if known is None:
        known = frozenset((node.a,)) if node.kind is Kind.UNKNOWN or node.kind is Kind.HOLE else frozenset()
        for part in parts_of(node):
            known |= unknowns(part)
        node.memory["unknowns"] = known
    return known


def bound_in(node: Expr) -> frozenset[int]:
    """The indices of bound variables of enclosing quantifiers that occur."""
    if not node.loose:
        return frozenset()
    known: frozenset[int] | None = node.memory.get("bound")
    if known is None:
        if node.kind is Kind.BOUND or node.kind is Kind.BOUND_PROPOSITION:
            known = frozenset((node.a,))
        else:
            known = frozenset()
            for part in parts_of(node):
                known |= bound_in(part)
            if node.kind is Kind.ALL or node.kind is Kind.EXISTS:
                known = frozenset([index - 1 for index in known if index])
        node.memory["bound"] = known
    return known
