"""The tactic ``apply``: unifies a conclusion with the goal, and orders and tags the new goals as Lean does."""

from __future__ import annotations

from lean_ebm.proving.logic.basic import constructor, exact, tagged
from lean_ebm.proving.logic.constants import CONSTANTS
from lean_ebm.proving.logic.elaborate import Elaborator
from lean_ebm.proving.logic.elaborate_formulas import constant_name, lookup
from lean_ebm.proving.logic.formulas import (
    FALSE,
    PROPOSITIONS,
    Expr,
    Kind,
    asked,
    is_data,
    opened,
    replaced,
    unknowns,
)
from lean_ebm.proving.logic.goals import Context, Goal
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.unify import TacticError, TacticRun, Unsupported
from lean_ebm.proving.parser import Tree


def apply(run: TacticRun, goal: Goal, tactic: Tree) -> list[Goal]:
    """Run ``apply``."""
    tree = tactic[1]
    target, context = goal.target, goal.context
    if is_data(target):
        if tree[0] != "name" or (_is_known(run, tree[1]) and lookup(context, tree[1]) is None):
            raise Unsupported(
                "apply of a constant or with arguments on a goal that wants an individual or a proposition"
            )
        return exact(run, goal, tactic)
    head = tree[1] if tree[0] == "app" else tree
    constant = constant_name(head, context, run.earlier) or (
        head[1] if head[0] == "name" and _is_known(run, head[1]) and lookup(context, head[1]) is None else None
    )
    if constant is not None and constant.startswith("Exists."):
        return _apply_exists(run, goal, tree, constant)
    elaborator = Elaborator(run, goal, holes=True)
    major = elaborator.eliminated(tree, context)
    if major is not None:
        given = tree[2] if tree[0] == "app" else ()
        full = ("app", ("proj", ("name", "Exists"), "elim"), (major, *given))
        return _apply_exists(run, goal, full, "Exists.elim")
    implicit: tuple[Expr, ...] = ()
    if tree is head and constant is not None and _is_known(run, constant):
        proof, formula, implicit = elaborator.instance(constant, context)
        elaborator.natural.clear()
        elaborator.names = elaborator.scheme(constant)[1]
    elif tree[0] in ("name", "app", "proj", "typed"):
        if tree[0] != "name" and (target.unknown or any(o.formula is not None and o.formula.unknown for o in context)):
            raise Unsupported("apply of a term with a metavariable")  # Lean lists such a goal twice
        proof, formula = elaborator.inferred(tree, context)
        elaborator.finish()
    else:
        raise Unsupported("apply of such a term")
    return _applied(run, goal, elaborator, proof, formula, implicit, target)


def _is_known(run: TacticRun, name: str) -> bool:
    return name in CONSTANTS or name in run.earlier


def _applied(
    run: TacticRun, goal: Goal, elaborator: Elaborator, proof: ProofTerm, formula: Expr, implicit: tuple[Expr, ...],
    target: Expr,
) -> list[Goal]:  # fmt: skip
    context, tag, names = goal.context, goal.tag, elaborator.names
    formula = replaced(formula, run.found)
    count = _arguments(formula)
    # Lean first tries the number of arguments by which the formula exceeds the target, and then more. If the last
    # conclusion is an unknown, it tries only all arguments, except for a constant without arguments.
    unknown_end = not implicit and _ends_unknown(formula)
    first = count if unknown_end or _is_raw(proof, context) else max(0, count - _arguments(target))
    saved = run.found, run.unknown, run.next
    for tried in range(first, count + 1):
        run.found, run.unknown, run.next = saved
        made: list[tuple[Expr | int, str, Expr]] = []  # unknown or number of a goal, name, target
        term, rest = proof, formula
        for index in range(tried):
            if rest.kind is Kind.ALL:
                unknown = run.new(context, asked(rest.b), False, tagged(tag, rest.name))
                made.append((unknown, rest.name, asked(rest.b)))
                term, rest = ("inst", term, unknown), opened(rest.a, unknown)
            else:
                a, b = (rest.a, rest.b) if rest.kind is Kind.IMPLIES else (rest.a, FALSE)
                number = run.number()
                made.append((number, names[index] if index < len(names) else rest.name or "a", a))
                term, rest = ("app", term, ("?", number)), b
        if run.unify(rest, target):
            break
    else:
        raise TacticError("apply: could not unify the conclusion with the goal")
    run.parts[goal.number] = term
    made = [(node, name, PROPOSITIONS) for node, name in _named(implicit, run)] + made
    return _new_goals(run, goal, elaborator, made)


def _ends_unknown(formula: Expr) -> bool:
    while formula.kind in (Kind.IMPLIES, Kind.ALL):
        formula = formula.b if formula.kind is Kind.IMPLIES else formula.a
    return formula.kind is Kind.HOLE


def _is_raw(proof: ProofTerm, context: Context) -> bool:
    """Whether Lean cannot count the arguments of a hypothesis, because ``cases`` made it.

    The hypotheses that ``cases`` makes of ``a ↔ b`` have the type ``?a → ?b`` in Lean 4.35, with values for both
    unknowns. If ``b`` is not a function itself, ``apply`` takes its head for an unknown, and tries only all arguments.
    """
    if proof[0] != "hyp":
        return False
    local = next(local for local in context if local.number == proof[1])
    formula = local.formula
    if not local.raw or formula is None or formula.kind is not Kind.IMPLIES:
        return False
    return local.raw == "iff" and formula.b.kind not in (Kind.IMPLIES, Kind.NOT, Kind.ALL)


def _named(implicit: tuple[Expr, ...], run: TacticRun) -> list[tuple[Expr, str]]:
    return [(node, run.unknown[node.a].name) for node in implicit]


def _new_goals(
    run: TacticRun, goal: Goal, elaborator: Elaborator, made: list[tuple[Expr | int, str, Expr]]
) -> list[Goal]:
    """Order the new goals: those on which no other depends, then the others, then those of ``?_``."""
    found = run.found
    entries = [
        (node.a if isinstance(node, Expr) else node, name, replaced(wanted, found))
        for node, name, wanted in made
        if not (isinstance(node, Expr) and node.a in found)
    ]
    needed: set[int] = set()
    if any(wanted.unknown for _, _, wanted in entries):
        needed = set().union(*(unknowns(wanted) for _, _, wanted in entries))
    entries.sort(key=lambda entry: entry[0] in needed)
    many = len(entries) > 1
    context, tag, fresh = goal.context, goal.tag, elaborator.fresh
    goals = [
        Goal(number, context, wanted, tagged(tag, name) if many else tag, fresh) for number, name, wanted in entries
    ]
    others = [g for g in elaborator.goals if g.number not in found]
    left = [(name, number) for name, number in elaborator.natural if number not in found]
    if any(not name for name, _ in left) or (len(left) + len(others) > 1 and left):
        raise Unsupported("apply with a _ that is not determined")
    others += [Goal(number, context, run.unknown[number].target, "", fresh) for _, number in left]
    for _, number in elaborator.natural:
        if number in found and _still_open(run, elaborator, number):
            raise Unsupported("apply with a _ that is not determined")
    return goals + [Goal(g.number, g.context, g.target, g.tag, fresh) for g in others]


def _still_open(run: TacticRun, elaborator: Elaborator, number: int) -> bool:
    left = unknowns(replaced(run.found[number], run.found))
    return any(other in left for _, other in elaborator.natural if other not in run.found)


def _apply_exists(run: TacticRun, goal: Goal, tree: Tree, constant: str) -> list[Goal]:
    target = goal.target
    given = len(tree[2]) if tree[0] == "app" else 0
    if constant == "Exists.intro":
        if target.kind is not Kind.EXISTS:
            if target.kind in (Kind.HOLE, Kind.IMPLIES, Kind.NOT, Kind.ALL) or given > 1:
                raise Unsupported("Exists.intro here")
            raise TacticError("apply: could not unify the conclusion with the goal")
        if given == 0:
            return constructor(run, goal, ())
        elaborator = Elaborator(run, goal, holes=False)
        if given == 1:
            witness = elaborator.element(tree[2][0], goal.context, target.b)
            elaborator.all_found()
            new = run.number()
            run.parts[goal.number] = ("exists", witness, ("?", new))
            return [Goal(new, goal.context, opened(target.a, witness), goal.tag, goal.fresh)]
        return exact(run, goal, ("exact", tree))
    if constant == "Exists.elim" and given == 1:
        if target.kind in (Kind.HOLE, Kind.IMPLIES, Kind.NOT, Kind.ALL):
            raise Unsupported("Exists.elim here")
        elaborator = Elaborator(run, goal, holes=True)
        proof = elaborator.eliminate(tree[2][0], ("?_",), target, goal.context)
        elaborator.all_found()
        run.parts[goal.number] = proof
        return [Goal(g.number, g.context, g.target, goal.tag, elaborator.fresh) for g in elaborator.goals]
    raise Unsupported("Exists.elim here")


def _arguments(formula: Expr) -> int:
    """Count the arguments that a proof of the formula takes."""
    count = 0
    while True:
        kind = formula.kind
        if kind is Kind.IMPLIES:
            formula = formula.b
        elif kind is Kind.ALL:
            formula = formula.a
        else:
            return count + (kind is Kind.NOT)
        count += 1
