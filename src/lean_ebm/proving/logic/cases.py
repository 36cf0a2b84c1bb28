"""The tactic ``cases``."""

from __future__ import annotations

from collections.abc import Callable

from lean_ebm.proving.logic.basic import proposition, tagged
from lean_ebm.proving.logic.elaborate import Elaborator
from lean_ebm.proving.logic.elaborate_formulas import lookup
from lean_ebm.proving.logic.formulas import (
    replaced,
)
from lean_ebm.proving.logic.goals import Goal
from lean_ebm.proving.logic.inductive import FIELDS, case_proof, field_formulas
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.unify import TacticError, TacticRun, Unsupported
from lean_ebm.proving.parser import Tree


def cases(
    run: TacticRun, goal: Goal, tactic: Tree, run_block: Callable[[TacticRun, list[Goal], Tree], list[Goal]]
) -> list[Goal]:
    """Run ``cases``; ``run_block`` runs the tactics of its alternatives."""
    _, tree, alternatives = tactic
    proposition(goal)
    elaborator = Elaborator(run, goal, holes=False)
    context = goal.context
    local = lookup(context, tree[1]) if tree[0] == "name" else None
    if local is not None:
        if local.formula is None:
            raise TacticError("cases: the type is not inductive")
        proof: ProofTerm = ("hyp", local.number)
        formula = local.formula
        context = tuple(other for other in context if other is not local)
    else:
        if tree[0] not in ("name", "app", "proj", "typed"):
            raise Unsupported("cases of such a term")
        proof, formula = elaborator.inferred(tree, context)
        elaborator.finish()
        try:
            elaborator.all_found()
        except TacticError as error:
            raise Unsupported("cases with a _ that is not determined") from error
        formula = replaced(formula, run.found)
    constructors = FIELDS.get(formula.kind)
    if constructors is None:
        raise TacticError("cases: the type is not inductive")
    if formula.unknown or goal.target.unknown or any(o.formula is not None and o.formula.unknown for o in context):
        # Lean generalizes, and keeps a hypothesis that may occur in the value of an unknown.
        raise Unsupported("cases with a metavariable")
    alternatives = None if alternatives is None else _expanded(alternatives, constructors)
    given = _given(alternatives, constructors)
    goals: dict[str, Goal] = {}
    holes: list[int] = []
    numbers: list[tuple[int, ...]] = []
    for constructor, fields in constructors:
        names = given[constructor][1] if alternatives is not None else ()
        fresh = elaborator.fresh
        made = tuple(range(fresh, fresh + len(fields)))
        locals_ = field_formulas(formula, constructor, fields, names, made)
        new = run.number()
        goals[constructor] = Goal(
            new, (*context, *locals_), goal.target, tagged(goal.tag, constructor), fresh + len(fields)
        )
        holes.append(new)
        numbers.append(made)
    run.parts[goal.number] = case_proof(formula, proof, holes, numbers)
    if alternatives is None:
        return list(goals.values())
    left: list[Goal] = []
    for constructor, _, tactics in alternatives:
        if tactics is None:
            left.append(goals[constructor])
        elif run_block(run, [goals[constructor]], tactics):
            raise TacticError(f"unsolved goals in alternative {constructor}")
    return left


def _expanded(
    alternatives: tuple[Tree, ...], constructors: tuple[tuple[str, tuple[str, ...]], ...]
) -> tuple[Tree, ...]:
    """Put the constructors that have no alternative in the place of the alternative ``_``."""
    named = [alternative[0] for alternative in alternatives]
    if "_" not in named:
        return alternatives
    left = [constructor for constructor, _ in constructors if constructor not in named]
    if not left or named.count("_") > 1:
        raise Unsupported("an alternative _ that is not needed")
    return tuple(
        (name, *alternative[1:])
        for alternative in alternatives
        for name in (left if alternative[0] == "_" else (alternative[0],))
    )


def _given(
    alternatives: tuple[Tree, ...] | None, constructors: tuple[tuple[str, tuple[str, ...]], ...]
) -> dict[str, Tree]:
    if alternatives is None:
        return {}
    given: dict[str, Tree] = {}
    fields = dict(constructors)
    for alternative in alternatives:
        name, names, _ = alternative
        if name not in fields or name in given:
            raise TacticError(f"invalid alternative name {name}")
        if len(names) > len(fields[name]):
            raise TacticError(f"too many variable names provided at alternative {name}")
        given[name] = alternative
    for name in fields:
        if name not in given:
            raise TacticError(f"alternative {name} has not been provided")
    return given
