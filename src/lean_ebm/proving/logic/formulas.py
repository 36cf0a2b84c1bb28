"""Expressions, which are formulas and individuals: immutable and hash-consed, so equal ones are the same object.

The logic is intuitionistic and first-order, over one type, of which nothing is known, not even that it is inhabited.
Bound variables are de Bruijn indices; a quantifier keeps the name with which it was written, which Lean prints but does
not compare. Free variables (individuals, predicates, functions, propositions) are numbers; a context names them.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any
from weakref import WeakValueDictionary


class Kind(IntEnum):
    """The kind of an expression: the first two are types of goals, the next four individuals, the others formulas."""

    INDIVIDUALS = -2  # the type of individuals, as the target of a goal
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


class Expr:
    """An expression: a formula or an individual. Only the functions of this module make expressions.

    Attributes:
        kind: Its kind.
        a: The number of a variable, symbol or unknown; the index of a bound variable; or the first part.
        b: The arguments of a symbol, or the second part.
        name: The bound variable's name; only of a quantifier.
        loose: Number of enclosing quantifiers that it needs; 0 if no bound variable is free in it.
        unknown: Whether it contains an unknown.
        key: The expression without names, and with ``¬a`` as ``a → False``: two formulas are equal to Lean if their
            keys are the same object.
        size: Number of connectives, atoms and quantifiers; 0 for individuals.
        memory: Results computed from it, such as its free variables; freed with it.
    """

    __slots__ = ("__weakref__", "a", "b", "key", "kind", "loose", "memory", "name", "size", "unknown")

    kind: Kind
    a: Any
    b: Any
    name: str
    loose: int
    unknown: bool
    key: Expr
    size: int
    memory: dict[Any, Any]

    def __repr__(self) -> str:
        parts = [repr(part) for part in (self.a, self.b, self.name) if part not in (None, "")]
        return f"{self.kind.name}({', '.join(parts)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return make, (self.kind, self.a, self.b, self.name)


# Weak references, so that a search that runs for days does not keep all formulas that it has ever seen.
_NODES: WeakValueDictionary[tuple[Kind, Any, Any, str], Expr] = WeakValueDictionary()


def make(kind: Kind, a: Any = None, b: Any = None, name: str = "") -> Expr:
    """The one expression with these parts."""
    identity = (kind, a, b, name)
    node = _NODES.get(identity)
    if node is None:
        node = _NODES[identity] = _new(kind, a, b, name)
    return node


def _new(kind: Kind, a: Any, b: Any, name: str) -> Expr:
    node = Expr()
    node.kind, node.a, node.b, node.name = kind, a, b, name
    node.memory = {}
    node.key = node
    parts = b if kind in (Kind.APPLY, Kind.ATOM) else [part for part in (a, b) if isinstance(part, Expr)]
    node.loose = max((part.loose for part in parts), default=0)
    node.unknown = kind in (Kind.UNKNOWN, Kind.HOLE) or any(part.unknown for part in parts)
    node.size = sum(part.size for part in parts) + (kind >= Kind.ATOM)
    if kind is Kind.BOUND:
        node.loose = a + 1
    elif kind in (Kind.ALL, Kind.EXISTS):
        node.loose = max(0, node.loose - 1)
        if name or a.key is not a:
            node.key = make(kind, a.key)
    elif kind is Kind.NOT:
        node.key = make(Kind.IMPLIES, a.key, FALSE)
    elif kind in (Kind.AND, Kind.OR, Kind.IFF, Kind.IMPLIES) and not (a.key is a and b.key is b):
        node.key = make(kind, a.key, b.key)
    return node


INDIVIDUALS = make(Kind.INDIVIDUALS)
PROPOSITIONS = make(Kind.PROPOSITIONS)
TRUE = make(Kind.TRUE)
FALSE = make(Kind.FALSE)


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


def opened(body: Expr, individual: Expr) -> Expr:
    """Replace the bound variable in the body of a quantifier by an individual without free bound variables."""
    if not body.loose:
        return body
    known: Expr | None = body.memory.get(individual)
    if known is None:
        known = body.memory[individual] = _open(body, individual, 0)
    return known


def _open(node: Expr, individual: Expr, depth: int) -> Expr:
    if node.loose <= depth:
        return node
    kind = node.kind
    if kind is Kind.BOUND:
        return individual if node.a == depth else make(Kind.BOUND, node.a - 1)
    if kind is Kind.APPLY or kind is Kind.ATOM:
        return make(kind, node.a, tuple(_open(part, individual, depth) for part in node.b))
    if kind is Kind.ALL or kind is Kind.EXISTS:
        return make(kind, _open(node.a, individual, depth + 1), None, node.name)
    b = None if node.b is None else _open(node.b, individual, depth)
    return make(kind, _open(node.a, individual, depth), b)


def abstracted(node: Expr, number: int, depth: int = 0) -> Expr:
    """Replace the individual of this number by a bound variable; the result is the body of a quantifier over it."""
    if number not in variables(node):
        return node
    kind = node.kind
    if kind is Kind.VARIABLE:
        return make(Kind.BOUND, depth) if node.a == number else node
    if kind is Kind.APPLY or kind is Kind.ATOM:
        return make(kind, node.a, tuple(abstracted(part, number, depth) for part in node.b))
    if kind is Kind.ALL or kind is Kind.EXISTS:
        return make(kind, abstracted(node.a, number, depth + 1), None, node.name)
    b = None if node.b is None else abstracted(node.b, number, depth)
    return make(kind, abstracted(node.a, number, depth), b)


def replaced(node: Expr, found: dict[int, Expr]) -> Expr:
    """Replace unknowns by the values found for them, until no unknown with a value is left."""
    if not node.unknown:
        return node
    kind = node.kind
    if kind is Kind.UNKNOWN or kind is Kind.HOLE:
        value = found.get(node.a)
        return node if value is None else replaced(value, found)
    if kind is Kind.APPLY or kind is Kind.ATOM:
        return make(kind, node.a, tuple(replaced(part, found) for part in node.b))
    b = None if node.b is None else replaced(node.b, found)
    return make(kind, replaced(node.a, found), b, node.name)


def variables(node: Expr) -> frozenset[int]:
    """The numbers of all free variables and symbols."""
    known: frozenset[int] | None = node.memory.get("variables")
    if known is None:
        if node.kind is Kind.VARIABLE:
            known = frozenset((node.a,))
        elif node.kind in (Kind.APPLY, Kind.ATOM):
            known = frozenset((node.a,)).union(*(variables(part) for part in node.b))
        else:
            known = frozenset().union(*(variables(part) for part in (node.a, node.b) if isinstance(part, Expr)))
        node.memory["variables"] = known
    return known


def unknowns(node: Expr) -> set[int]:
    """The numbers of all unknowns."""
    if not node.unknown:
        return set()
    if node.kind in (Kind.UNKNOWN, Kind.HOLE):
        return {node.a}
    parts = node.b if node.kind in (Kind.APPLY, Kind.ATOM) else [p for p in (node.a, node.b) if isinstance(p, Expr)]
    return set().union(*(unknowns(part) for part in parts))


def quantified(*nodes: Expr | None) -> bool:
    """Whether a quantifier occurs in one of the formulas; None counts as no formula."""
    return any(
        node is not None
        and (
            node.kind in (Kind.ALL, Kind.EXISTS)
            or (node.kind > Kind.ATOM and quantified(*(part for part in (node.a, node.b) if isinstance(part, Expr))))
        )
        for node in nodes
    )
