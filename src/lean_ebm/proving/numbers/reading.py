"""Converts syntax trees to terms, statements to goals, and theorems to lemmas."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from lean_ebm.proving.lexer import SyntaxProblem
from lean_ebm.proving.logic.goals import displayed
from lean_ebm.proving.logic.unify import TacticError, Unsupported
from lean_ebm.proving.numbers.goals import TYPE, NumberGoal, NumberLocal
from lean_ebm.proving.numbers.parsing import parsed_formula
from lean_ebm.proving.numbers.terms import ZERO, Term, TermKind, closed, make, numeral, successor, variable
from lean_ebm.proving.parser_base import Tree
from lean_ebm.proving.source.binders import parse_binders
from lean_ebm.proving.statements import Statement

Names = Mapping[str, "Term | NumberLocal"]
"""What names mean: variables are terms, hypotheses entries of the context."""

_BINARY = {"add": TermKind.ADD, "mul": TermKind.MUL, "pow": TermKind.POW}
_NATURALS = (("name", TYPE), None)


def names_of(context: tuple[NumberLocal, ...]) -> Names:
    """Map the names in a context to variables and hypotheses."""
    shown = displayed(context)
    return {
        local.name: variable(local.number) if local.formula is None else local
        for local, name in zip(context, shown, strict=True)
        if name == local.name
    }


def read_term(tree: Tree, names: Names) -> Term:
    """Read a number.

    Raises:
        TacticError: If it is a formula, or a hypothesis.
        Unsupported: If it has a name that is not known, or what the fragment has not.
    """
    what = tree[0]
    if what == "number":
        return numeral(tree[1])
    if what == "name":
        found = names.get(tree[1])
        if isinstance(found, Term):
            return found
        if found is not None:
            raise TacticError(f"{tree[1]} is a hypothesis and not a number")
        if tree[1] == "zero":
            return ZERO
        raise Unsupported(f"the name {tree[1]} of a number, which is not in the context")
    if what in _BINARY:
        return make(_BINARY[what], read_term(tree[1], names), read_term(tree[2], names))
    if what == "app":
        if len(tree[2]) == 1 and _is_successor(tree[1], names):
            return successor(read_term(tree[2][0], names))
        raise Unsupported("a function other than succ")
    if what == "proj":
        if tree == ("proj", ("name", TYPE), "zero"):
            return ZERO
        if tree[2] == "succ" and tree[1] != ("name", TYPE):
            return successor(read_term(tree[1], names))
    if what == "typed" and tree[2] == ("name", TYPE):
        return read_term(tree[1], names)
    if what in ("equals", "implies", "all"):
        raise TacticError("a formula where a number is expected")
    raise Unsupported(f"a term of the form {what}")


def _is_successor(tree: Tree, names: Names) -> bool:
    if tree == ("name", "succ"):
        return "succ" not in names
    return bool(tree == ("proj", ("name", TYPE), "succ"))


def read_formula(tree: Tree, names: Names, depth: int = 0) -> Term:
    """Read a formula.

    Args:
        tree: Its tree.
        names: What names mean.
        depth: Number of quantifiers around it.

    Raises:
        TacticError: If it is a number.
        Unsupported: If it has a name that is not known, or what the fragment has not.
    """
    what = tree[0]
    if what == "equals":
        return make(TermKind.EQUALS, read_term(tree[1], names), read_term(tree[2], names))
    if what == "implies":
        return make(TermKind.IMPLIES, read_formula(tree[1], names, depth), read_formula(tree[2], names, depth))
    if what == "all":
        _, name, domain, body = tree
        if domain not in _NATURALS:
            raise Unsupported(f"∀ over something other than {TYPE}")
        number = -1 - depth  # no free variable has a negative number
        inner = read_formula(body, {**names, name: variable(number)}, depth + 1)
        return make(TermKind.ALL, closed(inner, number), name)
    raise Unsupported(f"a formula of the form {what}")


def goal_of(statement: Statement) -> NumberGoal:
    """Make the goal of a statement.

    Raises:
        SyntaxProblem: If its text cannot be parsed.
        TacticError: If a name is used as something that it is not.
        Unsupported: If it is outside of the fragment.
    """
    context: tuple[NumberLocal, ...] = ()
    fresh = 0
    for names, domain, kind in parse_binders(statement.binders):
        if kind == "[":
            raise Unsupported("an instance binder")
        tree = parsed_formula(domain) if domain else None
        for name in names:
            shown = name != "_"
            if tree == ("name", TYPE):
                context = (*context, NumberLocal(name if shown else "x", fresh, None, shown))
                fresh += 1
            elif tree is None:
                raise Unsupported(f"a binder without a type, {name}")
            else:
                formula = read_formula(tree, names_of(context))
                context = (*context, NumberLocal(name if shown else "x", -1, formula, shown))
    return NumberGoal(context, read_formula(parsed_formula(statement.proposition), names_of(context)))


class Lemma(NamedTuple):
    """A theorem that proofs may use.

    Args:
        name: Its name.
        statement: Its statement.
    """

    name: str
    statement: Statement


@lru_cache(10_000)
def closed_formula(statement: Statement) -> Term | None:
    """Convert a theorem to a closed formula. None if it is outside of the fragment."""
    try:
        if any(kind != "(" for _, _, kind in parse_binders(statement.binders)):
            return None
        goal = goal_of(statement)
    except (Unsupported, TacticError, SyntaxProblem):
        return None
    formula = goal.target
    for local in reversed(goal.context):
        if local.formula is None:
            formula = make(TermKind.ALL, closed(formula, local.number), local.name)
        else:
            formula = make(TermKind.IMPLIES, local.formula, formula)
    return formula
