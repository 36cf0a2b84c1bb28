"""The changes that one step makes, and unification, which assigns unknowns as Lean's ``isDefEq`` does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from lean_ebm.proving.logic.clock import tick
from lean_ebm.proving.logic.formulas import (
    FALSE,
    Expr,
    Kind,
    make,
    replaced,
    unknowns,
    variables,
)
from lean_ebm.proving.logic.goals import Context, Goal
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.lemmas import Scheme
from lean_ebm.proving.parser import Tree

Earlier = Mapping[str, tuple[Scheme, tuple[str, ...]]]
"""Earlier theorems as constants, by name, each with the names of the propositions that are explicit arguments."""

_NONE: Earlier = MappingProxyType({})


class TacticError(Exception):
    """The tactic fails, as in Lean."""


class Unsupported(Exception):
    """The text is outside of the fragment that this logic implements; Lean may accept it."""


class Unknown:
    """An unknown individual or proposition: a goal that asks for one, or a part of a term that unification must find.

    Attributes:
        scope: Numbers of the entries, of the context in which it was made, that may occur in its value.
        target: The sort of its value, as the target of a goal.
        opaque: Whether it was written ``?_``; unification assigns such an unknown only in a tactic's last comparison.
        name: Lean's name for it.
    """

    __slots__ = ("name", "opaque", "scope", "target")

    def __init__(self, scope: frozenset[int], target: Expr, opaque: bool, name: str) -> None:
        self.scope, self.target, self.opaque, self.name = scope, target, opaque, name


RunBlock = Callable[["TacticRun", list[Goal], Tree], list[Goal]]
"""Runs a block of tactics on goals; returns the goals that are left."""


class TacticRun:
    """The changes that one step makes. The state before the step is not changed.

    Attributes:
        next: The number last used for a goal or an unknown.
        unknown: All unknowns, by number.
        found: The values found for unknowns, by number.
        parts: The proofs, with holes, of goals, by number.
        trying: Number of tactics around the present one that try alternatives.
        block: What runs nested tactics; None where there are none.
        earlier: The theorems that come before the statement, by name.
        named: The names of all holes such as ``?x`` that were written so far.
    """

    __slots__ = ("_same", "block", "earlier", "found", "named", "next", "parts", "trying", "unknown")

    def __init__(
        self,
        following: int,
        unknown: dict[int, Unknown],
        block: RunBlock | None = None,
        earlier: Earlier = _NONE,
    ) -> None:
        self.next = following
        self.block = block
        self.named: frozenset[str] = frozenset()
        self.unknown = unknown
        self.earlier = earlier
        self.found: dict[int, Expr] = {}
        self.parts: dict[int, ProofTerm] = {}
        self.trying = 0

    def number(self) -> int:
        """Make a number for a goal or an unknown."""
        self.next += 1
        return self.next

    def new(self, context: Context, target: Expr, opaque: bool, name: str = "") -> Expr:
        """Make an unknown."""
        number = self.number()
        scope = frozenset(local.number for local in context)
        self.unknown = {**self.unknown, number: Unknown(scope, target, opaque, name)}
        return make(Kind.UNKNOWN if target.kind is Kind.INDIVIDUALS else Kind.HOLE, number)

    def failure(self, message: str) -> Exception:
        """The error for problems that Lean may report without stopping.

        Whoever tries alternatives must not take that for a failure that another alternative mends.
        """
        if self.trying:
            return Unsupported(f"an error inside of an alternative that is tried: {message}")
        return TacticError(message)

    def nested(self, goal: Goal, block: Tree) -> list[Goal]:
        """Run nested tactics on a goal; returns the goals that are left."""
        if self.block is None:
            raise Unsupported("tactics in a statement")
        return self.block(self, [goal], block)

    def open_unknowns(self) -> dict[int, Unknown]:
        """The unknowns that have no value yet."""
        return {number: unknown for number, unknown in self.unknown.items() if number not in self.found}

    def whnf(self, node: Expr) -> Expr:
        """Replace an unknown proposition by its value, if it has one."""
        while node.kind is Kind.HOLE and node.a in self.found:
            node = self.found[node.a]
        return node

    # Unification

    def unify(self, a: Expr, b: Expr, opaque: bool = False) -> bool:
        """Assign unknowns so that two expressions are equal to Lean; returns False and assigns none if that fails."""
        if a.key is b.key:
            return True
        if not (a.unknown or b.unknown):
            return False
        saved = self.found
        self.found = dict(saved)
        self._same: set[tuple[Expr, Expr]] = set()  # pairs that were made equal, which formulas may share
        if self._unify(a, b, opaque):
            return True
        self.found = saved
        return False

    def _unify(self, a: Expr, b: Expr, opaque: bool) -> bool:
        if a.key is b.key:
            return True
        if not (a.unknown or b.unknown):
            return False
        a, b = self._value(a), self._value(b)
        if a is b or (a, b) in self._same:
            return True
        if not self._unify_values(a, b, opaque):
            return False
        self._same.add((a, b))
        return True

    def _unify_values(self, a: Expr, b: Expr, opaque: bool) -> bool:
        tick()
        first = self._assignable(a, opaque)
        second = self._assignable(b, opaque)
        if first and second and self.unknown[a.a].opaque and not self.unknown[b.a].opaque:
            first = False
        if first and self._assign(a, b):
            return True
        if second and self._assign(b, a):
            return True
        if first or second or a.kind in (Kind.UNKNOWN, Kind.HOLE) or b.kind in (Kind.UNKNOWN, Kind.HOLE):
            return False
        if a.kind is not b.kind:
            if a.kind is Kind.NOT and b.kind is Kind.IMPLIES:
                return self._unify(a.a, b.a, opaque) and self._unify(FALSE, b.b, opaque)
            if b.kind is Kind.NOT and a.kind is Kind.IMPLIES:
                return self._unify(a.a, b.a, opaque) and self._unify(a.b, FALSE, opaque)
            return False
        if a.kind in (Kind.APPLY, Kind.ATOM):
            pairs = zip(a.b, b.b, strict=False)
            return a.a == b.a and len(a.b) == len(b.b) and all(self._unify(x, y, opaque) for x, y in pairs)
        if a.kind in (Kind.AND, Kind.OR, Kind.IFF, Kind.IMPLIES):
            return self._unify(a.a, b.a, opaque) and self._unify(a.b, b.b, opaque)
        if a.kind in (Kind.ALL, Kind.EXISTS, Kind.NOT):
            return bool(a.b == b.b) and self._unify(a.a, b.a, opaque)
        return False

    def _value(self, node: Expr) -> Expr:
        while node.kind in (Kind.UNKNOWN, Kind.HOLE) and node.a in self.found:
            node = self.found[node.a]
        return node

    def _assignable(self, node: Expr, opaque: bool) -> bool:
        return node.kind in (Kind.UNKNOWN, Kind.HOLE) and (opaque or not self.unknown[node.a].opaque)

    def _assign(self, unknown: Expr, value: Expr) -> bool:
        value = replaced(value, self.found)
        if value.loose:
            return False
        scope = self.unknown[unknown.a].scope
        if value.kind in (Kind.UNKNOWN, Kind.HOLE) and value.a == unknown.a:
            return False
        if value.unknown:
            for number in unknowns(value):
                if number == unknown.a:
                    return False
                if not self.unknown[number].scope <= scope:
                    raise Unsupported(
                        "an unknown whose scope is larger than that of the unknown that it would be assigned to"
                    )
        if not variables(value) <= scope:
            return False
        self.found[unknown.a] = value
        return True
