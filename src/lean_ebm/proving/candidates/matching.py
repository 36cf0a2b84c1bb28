"""Matches a hypothesis such as ``∀ x, p x → q x`` with a target or with another hypothesis."""

from __future__ import annotations

from typing import NamedTuple

from lean_ebm.proving.logic.formulas import Expr, Kind, opened


class Conclusion(NamedTuple):
    """A formula that a hypothesis proves if it gets enough arguments.

    Args:
        formula: The formula; its bound variables are those of the arguments that are individuals, the last one first.
        arguments: The premise of each argument that is a proof, with its bound variables; None for each individual.
    """

    formula: Expr
    arguments: tuple[Expr | None, ...]


def conclusions(formula: Expr) -> tuple[Conclusion, ...]:
    """List the formulas that a formula proves with one, two, ... arguments. Results are cached."""
    known: tuple[Conclusion, ...] | None = formula.memory.get("conclusions")
    if known is None:
        found: list[Conclusion] = []
        rest = formula
        arguments: tuple[Expr | None, ...] = ()
        while rest.kind is Kind.IMPLIES or rest.kind is Kind.ALL:
            if rest.kind is Kind.IMPLIES:
                rest, arguments = rest.b, (*arguments, rest.a)
            else:
                rest, arguments = rest.a, (*arguments, None)
            found.append(Conclusion(rest, arguments))
        known = formula.memory["conclusions"] = tuple(found)
    return known


class Fit(NamedTuple):
    """The arguments of a hypothesis.

    Args:
        values: The value of each argument that is an individual or a proposition; None for each that is a proof.
        premises: The formulas that are left to prove.
    """

    values: tuple[Expr | None, ...]
    premises: tuple[Expr, ...]


def fit_target(formula: Expr, target: Expr) -> Fit | None:
    """Find the fewest arguments with which a hypothesis proves the target, if the target fixes the individuals."""
    for conclusion in conclusions(formula):
        if conclusion.formula.loose or conclusion.formula is target:
            fit = _fit(conclusion.formula, conclusion.arguments, target)
            if fit is not None:
                return fit
    return None


def fit_premise(formula: Expr, known: Expr) -> Fit | None:
    """Find the individuals for which the first premise of a hypothesis is a known formula."""
    premise = first_premise(formula)
    return None if premise is None else _fit(premise.formula, premise.arguments, known)


def first_premise(formula: Expr) -> Conclusion | None:
    """The first premise of ``∀ x y, a → b``, and an argument for each of its individuals; None if it has no premise."""
    rest, count = formula, 0
    while rest.kind is Kind.ALL:
        rest, count = rest.a, count + 1
    return Conclusion(rest.a, (None,) * count) if rest.kind is Kind.IMPLIES else None


def applied(formula: Expr, values: tuple[Expr | None, ...]) -> Expr:
    """The formula that a formula proves, given individuals and (where a value is None) proofs of its premises."""
    for value in values:
        formula = formula.b if value is None else opened(formula.a, value)
    return formula


def _fit(pattern: Expr, arguments: tuple[Expr | None, ...], wanted: Expr) -> Fit | None:
    """Match a pattern, and open the premises with the values that were found."""
    if not pattern.loose:
        if pattern is not wanted or None in arguments:
            return None  # a variable that does not occur has no value
        return Fit((None,) * len(arguments), arguments)  # type: ignore[arg-type] # none of them is None
    found: dict[int, Expr] = {}
    if not _match(pattern, wanted, 0, found):
        return None
    count = arguments.count(None)
    if len(found) < count:
        return None
    # The variable of the last quantifier has index 0.
    values = [found[count - 1 - index] for index in range(count)]
    all_values: list[Expr | None] = []
    premises = []
    given = 0
    for argument in arguments:
        if argument is None:
            all_values.append(values[given])
            given += 1
        else:
            all_values.append(None)
            premises.append(_opened_by(argument, values[:given]))
    return Fit(tuple(all_values), tuple(premises))


def _opened_by(formula: Expr, values: list[Expr]) -> Expr:
    """Replace all bound variables, of which the value of the outermost quantifier comes first."""
    for value in reversed(values):
        formula = opened(formula, value)
    return formula


def _match(pattern: Expr, wanted: Expr, depth: int, found: dict[int, Expr]) -> bool:
    """Find values for the bound variables of a pattern with which it is the wanted expression.

    Args:
        pattern: The pattern.
        wanted: The expression.
        depth: Number of quantifiers of the pattern around this part of it.
        found: The values, by the index of the variable; more are added.
    """
    if pattern.loose <= depth:
        return pattern is wanted
    kind = pattern.kind
    if kind is Kind.BOUND or kind is Kind.BOUND_PROPOSITION:
        if pattern.a < depth:
            return pattern is wanted
        if wanted.loose:
            return False
        return found.setdefault(pattern.a - depth, wanted) is wanted
    if kind is not wanted.kind:
        return False
    if kind is Kind.ATOM or kind is Kind.APPLY:
        if pattern.a != wanted.a or len(pattern.b) != len(wanted.b):
            return False
        return all(_match(part, its, depth, found) for part, its in zip(pattern.b, wanted.b, strict=True))
    if kind is Kind.ALL or kind is Kind.EXISTS:
        return pattern.b == wanted.b and _match(pattern.a, wanted.a, depth + 1, found)
    return _match(pattern.a, wanted.a, depth, found) and _match(pattern.b, wanted.b, depth, found)
