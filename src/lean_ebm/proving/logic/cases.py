"""The tactic ``cases``."""

from __future__ import annotations

from collections.abc import Callable

from lean_ebm.proving.logic.basic import proposition, tagged
from lean_ebm.proving.logic.elaborate import Elaborator
from lean_ebm.proving.logic.elaborate_formulas import element_local, lookup
from lean_ebm.proving.logic.formulas import (
    TRUE,
    Expr,
    Kind,
    element,
    implication,
    opened,
    replaced,
)
from lean_ebm.proving.logic.goals import PROOF, Goal, Local
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.unify import TacticError, TacticRun, Unsupported
from lean_ebm.proving.parser import Tree

_RAW = {Kind.IFF: "iff", Kind.EXISTS: "exists"}
_FIELDS = {
    Kind.AND: (("intro", ("left", "right")),),
    Kind.IFF: (("intro", ("mp", "mpr")),),
    Kind.OR: (("inl", ("h",)), ("inr", ("h",))),
    Kind.EXISTS: (("intro", ("w", "h")),),
    Kind.TRUE: (("intro", ()),),
    Kind.FALSE: (),
}


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
    constructors = _FIELDS.get(formula.kind)
    if constructors is None:
        raise TacticError("cases: the type is not inductive")
    if formula.unknown or goal.target.unknown or any(o.formula is not None and o.formula.unknown for o in context):
        # Lean generalizes, and keeps a hypothesis that may occur in the value of an unknown.
        raise Unsupported("cases where something is to be found")
    given = _given(alternatives, constructors)
    goals: dict[str, Goal] = {}
    holes: list[int] = []
    numbers: list[tuple[int, ...]] = []
    for constructor, fields in constructors:
        names = given[constructor][1] if alternatives is not None else ()
        fresh = elaborator.fresh
        made = tuple(range(fresh, fresh + len(fields)))
        locals_ = _fields(formula, constructor, fields, names, made)
        new = run.number()
        goals[constructor] = Goal(
            new, (*context, *locals_), goal.target, tagged(goal.tag, constructor), fresh + len(fields)
        )
        holes.append(new)
        numbers.append(made)
    run.parts[goal.number] = _case_proof(formula, proof, holes, numbers)
    if alternatives is None:
        return list(goals.values())
    left: list[Goal] = []
    for constructor, _, tactics in alternatives:
        if tactics is None:
            left.append(goals[constructor])
        elif run_block(run, [goals[constructor]], tactics):
            raise TacticError(f"unsolved goals in alternative {constructor}")
    return left


def _given(
    alternatives: tuple[Tree, ...] | None, constructors: tuple[tuple[str, tuple[str, ...]], ...]
) -> dict[str, Tree]:
    if alternatives is None:
        return {}
    given: dict[str, Tree] = {}
    fields = dict(constructors)
    for alternative in alternatives:
        name, names, _ = alternative
        if name == "_":
            raise Unsupported("an alternative for all constructors that are left")
        if name not in fields or name in given:
            raise TacticError(f"invalid alternative name {name}")
        if len(names) > len(fields[name]):
            raise TacticError(f"too many variable names provided at alternative {name}")
        given[name] = alternative
    for name in fields:
        if name not in given:
            raise TacticError(f"alternative {name} has not been provided")
    return given


def _fields(
    formula: Expr, constructor: str, fields: tuple[str, ...], names: tuple[str, ...], made: tuple[int, ...]
) -> list[Local]:
    kind = formula.kind
    if kind is Kind.AND:
        types = [formula.a, formula.b]
    elif kind is Kind.IFF:
        types = [implication(formula.a, formula.b), implication(formula.b, formula.a)]
    elif kind is Kind.OR:
        types = [formula.a if constructor == "inl" else formula.b]
    elif kind is Kind.EXISTS:
        types = [TRUE, opened(formula.a, element(made[0], formula.b))]
    else:
        types = []
    found = []
    for index, (field, number) in enumerate(zip(fields, made, strict=True)):
        name = names[index] if index < len(names) else "_"
        accessible = name != "_"
        shown = name if accessible else field
        if kind is Kind.EXISTS and index == 0:
            found.append(element_local(number, shown, accessible, formula.b))
        else:
            found.append(Local(number, shown, accessible, PROOF, types[index], raw=_RAW.get(kind, "")))
    return found


def _case_proof(formula: Expr, proof: ProofTerm, holes: list[int], numbers: list[tuple[int, ...]]) -> ProofTerm:
    kind = formula.kind
    if kind is Kind.FALSE:
        return ("false", proof)
    body: ProofTerm = ("?", holes[0])
    if kind is Kind.OR:
        return ("or", proof, numbers[0][0], body, numbers[1][0], ("?", holes[1]))
    if kind is Kind.EXISTS:
        return ("elim", proof, *numbers[0], body)
    if kind is Kind.TRUE:
        return body
    first, second = numbers[0]
    a, b = formula.a, formula.b
    if kind is Kind.AND:
        return ("let", first, a, ("fst", proof), ("let", second, b, ("snd", proof), body))
    return (
        "let", first, implication(a, b), ("mp", proof),
        ("let", second, implication(b, a), ("mpr", proof), body),
    )  # fmt: skip
