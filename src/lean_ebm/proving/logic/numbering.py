"""Renumbers the symbols of expressions."""

from __future__ import annotations

from lean_ebm.proving.logic.formulas import Expr, Kind, atom, make, variable


def with_numbers(node: Expr, numbers: dict[int, int]) -> Expr:
    """Renumber the symbols of an expression. Symbols without a new number keep their old one."""
    kind = node.kind
    if kind is Kind.VARIABLE:
        return variable(numbers.get(node.a, node.a))
    if kind is Kind.APPLY:
        arguments = tuple(with_numbers(part, numbers) for part in node.b)
        return make(kind, numbers.get(node.a, node.a), arguments)
    if kind is Kind.ATOM:
        return atom(numbers.get(node.a, node.a), *(with_numbers(part, numbers) for part in node.b))
    if not isinstance(node.a, Expr):
        return node
    if kind in (Kind.ALL, Kind.EXISTS):
        return make(kind, with_numbers(node.a, numbers), numbers.get(node.b, node.b), node.name)
    b = None if node.b is None else with_numbers(node.b, numbers)
    return make(kind, with_numbers(node.a, numbers), b, node.name)
