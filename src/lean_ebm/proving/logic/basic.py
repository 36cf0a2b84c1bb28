"""Simple tactics: ``exact``, ``refine``, ``have``, ``exists``, ``assumption``, ``contradiction`` and others."""

from __future__ import annotations

from lean_ebm.proving.logic.decide import decided
from lean_ebm.proving.logic.elaborate import Elaborator
from lean_ebm.proving.logic.elaborate_formulas import element_local, lookup, type_of
from lean_ebm.proving.logic.formulas import (
    FALSE,
    PROPOSITION,
    Expr,
    Kind,
    asked,
    element,
    implication,
    is_data,
    make,
    opened,
    replaced,
    unknowns,
)
from lean_ebm.proving.logic.goals import PROOF, Context, Goal, Local
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.unify import TacticError, TacticRun, Unsupported
from lean_ebm.proving.parser import Tree


def current(run: TacticRun, goals: list[Goal]) -> list[Goal]:
    """Replace unknowns in goals by their values, and drop goals whose own value was found."""
    return [_replaced(run, goal) for goal in goals if goal.number not in run.found]


def _replaced(run: TacticRun, goal: Goal) -> Goal:
    target = replaced(goal.target, run.found)
    context = goal.context
    if any(local.formula is not None and local.formula.unknown for local in context):
        context = tuple(
            Local(local.number, local.name, local.accessible, PROOF, replaced(local.formula, run.found), raw=local.raw)
            if local.formula is not None and local.formula.unknown
            else local
            for local in context
        )
    return Goal(goal.number, context, target, goal.tag, goal.fresh)


def proposition(goal: Goal) -> Expr:
    """Return the target of a goal; fail if it is not a proposition.

    Raises:
        Unsupported: If the goal asks for an individual or a proposition as data.
    """
    if is_data(goal.target):
        raise Unsupported("this tactic on a goal that wants an individual or a proposition")
    return goal.target


def tagged(tag: str, suffix: str) -> str:
    """The tag of a new goal, from the tag of the goal that it replaces."""
    return f"{tag}.{suffix}" if tag else suffix


def intro_one(run: TacticRun, goal: Goal, name: str) -> Goal:
    """Introduce one hypothesis or individual."""
    target = goal.target
    kind = target.kind
    accessible = name != "_"
    number = goal.fresh
    new = run.number()
    if kind is Kind.IMPLIES or kind is Kind.NOT:
        rest = target.b if kind is Kind.IMPLIES else FALSE
        local = Local(number, name if accessible else target.name or "a", accessible, PROOF, target.a)
        run.parts[goal.number] = ("lam", number, target.a, ("?", new))
    elif kind is Kind.ALL:
        rest = opened(target.a, element(number, target.b))
        local = element_local(number, name if accessible else target.name, accessible, target.b)
        run.parts[goal.number] = ("all", number, ("?", new))
    else:
        raise TacticError("intro: there are no additional binders in the goal to introduce")
    return Goal(new, (*goal.context, local), rest, goal.tag, number + 1)


# exact, refine, have, exists


def exact(run: TacticRun, goal: Goal, tactic: Tree) -> list[Goal]:
    """Run ``exact``."""
    tree = tactic[1]
    if tree[0] == "name":  # the common case, without an elaborator
        local = lookup(goal.context, tree[1])
        if local is not None and local.formula is not None and local.formula.key is goal.target.key:
            run.parts[goal.number] = ("hyp", local.number)
            return []
    elaborator = Elaborator(run, goal, holes=False)
    _close(run, goal, elaborator.whole(tree, goal.target, goal.context))
    return []


def _close(run: TacticRun, goal: Goal, value: ProofTerm) -> None:
    if value[0] == "node":
        if goal.number in unknowns(replaced(value[1], run.found)):
            raise TacticError("the value of an unknown contains that unknown")
        run.found[goal.number] = value[1]
    else:
        run.parts[goal.number] = value


def refine(run: TacticRun, goal: Goal, tactic: Tree) -> list[Goal]:
    """Run ``refine``."""
    elaborator = Elaborator(run, goal, holes=True)
    _close(run, goal, elaborator.whole(tactic[1], goal.target, goal.context))
    return refined(run, elaborator.goals, goal.tag, elaborator.fresh)


def refined(run: TacticRun, goals: list[Goal], tag: str, fresh: int) -> list[Goal]:
    """Tag the goals that come from ``?_``. Goals that come from ``?name`` keep their own tags."""
    goals = [goal for goal in goals if goal.number not in run.found]
    many = sum(not goal.tag for goal in goals) > 1
    found, index = [], 0
    for goal in goals:
        own = goal.tag
        if not own:
            index += 1
            own = tagged(tag, f"refine_{index}") if many else tag
        found.append(Goal(goal.number, goal.context, goal.target, own, fresh))
    return found


def have(run: TacticRun, goal: Goal, tactic: Tree) -> list[Goal]:
    """Run ``have``."""
    target = proposition(goal)
    _, name, domain, tree = tactic
    elaborator = Elaborator(run, goal, holes=True)
    sort = _individual_sort(tree, domain, goal.context)
    if sort is not None:
        return [_have_individual(run, goal, elaborator, name, tree, sort)]
    if domain is None:
        proof, formula = elaborator.inferred(tree, goal.context)
    else:
        formula = elaborator.formula(domain, goal.context)
        proof = elaborator.proof(tree, formula, goal.context)
    elaborator.finish()
    elaborator.all_found()
    formula = replaced(formula, run.found)
    number, new = elaborator.new_number(), run.number()
    local = Local(number, "x" if name == "_" else name or "this", name != "_", PROOF, formula)
    run.parts[goal.number] = ("let", number, formula, proof, ("?", new))
    rest = Goal(new, (*goal.context, local), target, "", elaborator.fresh)
    goals = refined(run, [*elaborator.goals, rest], goal.tag, elaborator.fresh)
    return [goals[-1], *goals[:-1]]


def _individual_sort(tree: Tree, domain: Tree | None, context: Context) -> int | None:
    """The type of a ``have`` of an individual; None if it is one of a proof."""
    if domain is not None:
        sort = type_of(domain, context)
        if sort == PROPOSITION:
            raise Unsupported("have of a proposition")
        return sort
    head = tree[1] if tree[0] == "app" else tree
    local = lookup(context, head[1]) if head[0] == "name" else None
    if local is None or local.sort is None:
        return None
    arguments, result = local.sort
    if result <= PROPOSITION or len(arguments) != (len(tree[2]) if tree[0] == "app" else 0):
        raise Unsupported("have of what is neither a proof nor an individual")
    return result


def _have_individual(
    run: TacticRun, goal: Goal, elaborator: Elaborator, name: str | None, tree: Tree, sort: int
) -> Goal:
    individual = elaborator.element(tree, goal.context, sort)
    elaborator.all_found()
    if elaborator.goals:
        raise Unsupported("have of an unknown individual")
    number, new = elaborator.new_number(), run.number()
    local = element_local(number, "x" if name == "_" else name or "this", name != "_", sort)
    step = make(Kind.ALL, goal.target, sort, "x")
    run.parts[goal.number] = ("inst", ("the", step, ("all", number, ("?", new))), individual)
    return Goal(new, (*goal.context, local), goal.target, goal.tag, elaborator.fresh)


def exists(run: TacticRun, goal: Goal, tactic: Tree) -> list[Goal]:
    """Run ``exists``, which is ``refine`` followed by Lean's ``trivial``."""
    proposition(goal)
    goals = refine(run, goal, ("refine", ("anonymous", (*tactic[1], ("?_",)))))
    if len(goals) != 1:
        raise Unsupported("?_ in exists")
    saved_found, saved_parts = run.found, dict(run.parts)
    goal = current(run, goals)[0]
    if try_trivial(run, goal):
        return []
    run.found, run.parts = saved_found, saved_parts
    return [goal]


def try_trivial(run: TacticRun, goal: Goal) -> bool:
    """Run Lean's ``trivial``, as the last step of ``exists``; returns whether it closed the goal."""
    if goal.target.unknown:
        raise Unsupported("exists with an unknown left")
    for tactic in (assumption, contradiction):
        try:
            tactic(run, goal, ())
            return True
        except TacticError:
            continue
    target = goal.target
    if target.kind is Kind.IFF and target.a.key is target.b.key:  # its `rfl`
        same: ProofTerm = ("lam", goal.fresh, target.a, ("hyp", goal.fresh))
        run.parts[goal.number] = ("iff", same, same)
        return True
    if target.kind is Kind.AND:
        parts = constructor(run, goal, ())
        return all(try_trivial(run, part) for part in parts)
    truth = decided(target)
    if truth is not None and truth[0]:
        run.parts[goal.number] = truth[1]
        return True
    return False


# assumption, contradiction, exfalso


def assumption(run: TacticRun, goal: Goal, _: Tree) -> list[Goal]:
    """Run ``assumption``, which uses the newest hypothesis that fits."""
    target = goal.target
    if is_data(target):
        sort = target.a or PROPOSITION
        for local in reversed(goal.context):
            if local.is_of(sort):
                run.found[goal.number] = element(local.number, sort)
                return []
        raise TacticError("assumption failed")
    for local in reversed(goal.context):
        if local.formula is not None and (
            local.formula.key is target.key or run.unify(target, local.formula, opaque=True)
        ):
            run.parts[goal.number] = ("hyp", local.number)
            return []
    raise TacticError("assumption failed")


def exfalso(run: TacticRun, goal: Goal, _: Tree) -> list[Goal]:
    """Run ``exfalso``."""
    target = proposition(goal)
    if target.kind is Kind.HOLE:
        if not run.unknown[target.a].scope >= {local.number for local in goal.context}:
            raise Unsupported("exfalso on an unknown that may not mention all hypotheses")
        raise TacticError("don't know how to synthesize implicit argument C")
    new = run.number()
    run.parts[goal.number] = ("false", ("?", new))
    return [Goal(new, goal.context, FALSE, goal.tag, goal.fresh)]


def contradiction(run: TacticRun, goal: Goal, _: Tree) -> list[Goal]:
    """Run ``contradiction``, which uses a hypothesis and its negation, or a hypothesis that is false by evaluation."""
    proposition(goal)
    for local in goal.context:
        formula = local.formula
        if formula is None:
            continue
        if formula.kind is Kind.NOT or (formula.kind is Kind.IMPLIES and formula.b is FALSE):
            for other in reversed(goal.context):
                if other.formula is not None and run.unify(formula.a, other.formula):
                    run.parts[goal.number] = ("false", ("app", ("hyp", local.number), ("hyp", other.number)))
                    return []
        proof: ProofTerm = ("hyp", local.number)
        if formula.kind is Kind.ALL and formula.a is FALSE:  # Lean takes it for a negation of the type
            for other in goal.context:
                if other.is_of(formula.b):
                    run.parts[goal.number] = ("false", ("inst", proof, element(other.number, formula.b)))
                    return []
        if formula is FALSE:
            run.parts[goal.number] = ("false", proof)
            return []
        truth = decided(formula)
        if truth is not None and not truth[0] and local.raw != "exists":
            run.parts[goal.number] = ("false", ("app", ("the", implication(formula, FALSE), truth[1]), proof))
            return []
    raise TacticError("contradiction failed")


# constructor, left, right


def constructor(run: TacticRun, goal: Goal, _: Tree) -> list[Goal]:
    """Run ``constructor``."""
    target = goal.target
    kind = target.kind
    if kind is Kind.TRUE:
        run.parts[goal.number] = ("true",)
        return []
    if kind is Kind.OR:
        return side(run, goal, "inl")
    if kind is Kind.AND or kind is Kind.IFF:
        if kind is Kind.AND:
            names, parts = ("left", "right"), (target.a, target.b)
        else:
            names, parts = ("mp", "mpr"), (implication(target.a, target.b), implication(target.b, target.a))
        pairs = zip(names, parts, strict=True)
        goals = [Goal(run.number(), goal.context, part, tagged(goal.tag, name), goal.fresh) for name, part in pairs]
        rule = "and" if kind is Kind.AND else "iff"
        run.parts[goal.number] = (rule, ("?", goals[0].number), ("?", goals[1].number))
        return goals
    if kind is Kind.EXISTS:
        unknown = run.new(goal.context, asked(target.b), False, tagged(goal.tag, "w"))
        body = Goal(run.number(), goal.context, opened(target.a, unknown), tagged(goal.tag, "h"), goal.fresh)
        run.parts[goal.number] = ("exists", unknown, ("?", body.number))
        return [body, Goal(unknown.a, goal.context, asked(target.b), tagged(goal.tag, "w"), goal.fresh)]
    raise TacticError("constructor failed, the target is not an inductive type with a constructor")


def side(run: TacticRun, goal: Goal, rule: str) -> list[Goal]:
    """Run ``left`` or ``right``."""
    target = goal.target
    if target.kind is not Kind.OR:
        raise TacticError("left and right work for types with exactly two constructors")
    new = run.number()
    run.parts[goal.number] = (rule, ("?", new))
    return [Goal(new, goal.context, target.a if rule == "inl" else target.b, goal.tag, goal.fresh)]
