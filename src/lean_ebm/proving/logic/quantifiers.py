"""Finds the quantifiers in a formula, and makes bodies of new quantifiers."""

from __future__ import annotations

from lean_ebm.proving.logic.formulas import Expr, Kind, make, parts_of, rebuilt, variables


def abstracted(node: Expr, number: int) -> Expr:
    """Make the body of a quantifier: replace the individual or proposition of this number by a bound variable."""
    known: dict[tuple[Expr, int], Expr] = {}

    def change(part: Expr, depth: int) -> Expr:
        if number not in variables(part):
            return part
        if part.kind is Kind.VARIABLE:
            return make(Kind.BOUND, depth)
        if part.kind is Kind.ATOM and part.a == number:
            return make(Kind.BOUND_PROPOSITION, depth)
        found = known.get((part, depth))
        if found is None:
            found = known[part, depth] = rebuilt(part, change, depth)
        return found

    return change(node, 0)


def types_in(node: Expr) -> frozenset[int]:
    """The sorts of all quantifiers."""
    known: frozenset[int] | None = node.memory.get("types")
    if known is None:
        known = frozenset((node.b,)) if node.kind is Kind.ALL or node.kind is Kind.EXISTS else frozenset()
        if node.kind > Kind.ATOM:
            for part in parts_of(node):
                known |= types_in(part)
        node.memory["types"] = known
    return known


def quantified(*nodes: Expr | None) -> bool:
    """Whether a quantifier occurs in one of the formulas; None counts as no formula."""
    left = [node for node in nodes if node is not None]
    seen = set(left)
    while left:
        node = left.pop()
        if node.kind is Kind.ALL or node.kind is Kind.EXISTS:
            return True
        if node.kind > Kind.ATOM:
            new = [part for part in parts_of(node) if part not in seen]
            seen.update(new)
            left += new
    return False
