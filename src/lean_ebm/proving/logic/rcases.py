"""The tactics ``rcases``, ``obtain`` and ``rintro``, by the rules of Lean's own.

A pattern is matched with the constructors of a hypothesis's formula: ``a | b`` with one constructor after the other,
``⟨a, b⟩`` with the fields of a constructor. The last constructor gets the alternatives that are left, the last field
the patterns that are left; what is missing is ``_``.
"""

from __future__ import annotations

from lean_ebm.proving.logic.basic import intro_one, proposition, tagged
from lean_ebm.proving.logic.elaborate import Elaborator
from lean_ebm.proving.logic.elaborate_blocks import INFERABLE
from lean_ebm.proving.logic.elaborate_formulas import lookup
from lean_ebm.proving.logic.formulas import Expr, replaced, variables
from lean_ebm.proving.logic.goals import PROOF, Context, Goal, Local
from lean_ebm.proving.logic.inductive import FIELDS, case_proof, field_formulas
from lean_ebm.proving.logic.unify import TacticError, TacticRun, Unsupported
from lean_ebm.proving.parser import Tree

_ANY: Tree = ("name", "_")


def rcases(run: TacticRun, goal: Goal, tactic: Tree) -> list[Goal]:
    """Run ``rcases`` or ``obtain``."""
    _, tree, pattern = tactic
    proposition(goal)
    _known(goal)
    pattern = pattern or ("tuple", ())
    local = lookup(goal.context, tree[1]) if tree[0] == "name" else None
    if local is not None and local.formula is not None:
        if pattern == _ANY:
            raise Unsupported("rcases with the pattern _")
        return _matched(run, goal, local, pattern)
    elaborator = Elaborator(run, goal, holes=True)
    if tree[0] not in INFERABLE or elaborator.is_data(tree, goal.context):
        raise Unsupported("rcases of such a term")
    try:
        proof, formula = elaborator.inferred(tree, goal.context)
        elaborator.finish()
        if elaborator.goals:
            raise Unsupported("rcases with ?_")
    except TacticError as error:
        raise run.failure(str(error)) from error
    try:
        elaborator.all_found()
    except TacticError as error:
        raise Unsupported("rcases with a _ that is not determined") from error
    formula = replaced(formula, run.found)
    if formula.unknown or pattern in (_ANY, ("clear",)):
        raise Unsupported("rcases of a term with nothing to take apart")
    number, new = elaborator.new_number(), run.number()
    name = _name(pattern)
    made = Local(number, name if name != "_" else "x", name != "_", PROOF, formula)
    run.parts[goal.number] = ("let", number, formula, proof, ("?", new))
    inner = Goal(new, (*goal.context, made), goal.target, goal.tag, elaborator.fresh)
    return _matched(run, inner, made, pattern)


def rintro(run: TacticRun, goal: Goal, tactic: Tree) -> list[Goal]:
    """Run ``rintro``."""
    goals = [goal]
    for pattern in tactic[1]:
        made: list[Goal] = []
        for each in goals:
            inner = intro_one(run, each, _name(pattern))
            _known(inner)
            made += _matched(run, inner, inner.context[-1], pattern)
        goals = made
    return goals


def _matched(run: TacticRun, goal: Goal, local: Local, pattern: Tree) -> list[Goal]:
    """Match one entry of the context with a pattern, and clear what is matched with ``-``."""
    cleared: list[Local] = []
    return [_cleared(run, made, cleared) for made in _destructured(run, goal, local, pattern, cleared)]


def _cleared(run: TacticRun, goal: Goal, cleared: list[Local]) -> Goal:
    """Clear individuals, and everything that mentions them."""
    numbers = {local.number for local in goal.context if local in cleared}
    if not numbers:
        return goal
    context = tuple(
        local
        for local in goal.context
        if local.number not in numbers and (local.formula is None or numbers.isdisjoint(variables(local.formula)))
    )
    if not numbers.isdisjoint(variables(goal.target)):
        raise Unsupported("the pattern - for an individual of which the goal speaks")
    new = run.number()
    run.parts[goal.number] = ("?", new)
    return Goal(new, context, goal.target, goal.tag, goal.fresh)


def _known(goal: Goal) -> None:
    formulas = (goal.target, *(local.formula for local in goal.context if local.formula is not None))
    if any(formula.unknown for formula in formulas):
        raise Unsupported("rcases with a metavariable")


def _destructured(run: TacticRun, goal: Goal, local: Local, pattern: Tree, cleared: list[Local]) -> list[Goal]:
    """Match one entry of the context with a pattern; individuals that are to be cleared are put into a list."""
    what = pattern[0]
    if what == "name":
        return [goal]
    if what == "clear":
        if local.formula is None:
            cleared.append(local)
            return [goal]
        new = run.number()
        run.parts[goal.number] = ("?", new)
        return [Goal(new, _without(goal.context, local), goal.target, goal.tag, goal.fresh)]
    if what == "typed":
        return _typed(run, goal, local, pattern, cleared)
    formula = local.formula
    constructors = FIELDS.get(formula.kind) if formula is not None else None
    if formula is None or constructors is None:
        raise TacticError(f"rcases: {local.name} is not of an inductive type")
    patterns = list(pattern[1]) if what == "either" else [pattern]
    return _split(run, goal, local, formula, patterns, cleared)


def _typed(run: TacticRun, goal: Goal, local: Local, pattern: Tree, cleared: list[Local]) -> list[Goal]:
    if local.formula is None:
        assert local.sort is not None
        if Elaborator(run, goal, holes=False).domain(pattern[2], goal.context) not in (local.sort[1], None):
            raise TacticError("rcases: type mismatch")
        return _destructured(run, goal, local, pattern[1], cleared)
    try:
        formula = Elaborator(run, goal, holes=False).formula(pattern[2], goal.context)
    except TacticError as error:
        raise run.failure(str(error)) from error
    if formula.unknown:
        raise Unsupported("a pattern with a type with holes")
    if formula.key is not local.formula.key:
        raise TacticError("rcases: type mismatch")
    typed = Local(local.number, local.name, local.accessible, PROOF, formula)
    context = tuple(typed if other is local else other for other in goal.context)
    new = run.number()
    run.parts[goal.number] = ("?", new)
    return _destructured(run, Goal(new, context, goal.target, goal.tag, goal.fresh), typed, pattern[1], cleared)


def _split(
    run: TacticRun, goal: Goal, local: Local, formula: Expr, patterns: list[Tree], cleared: list[Local]
) -> list[Goal]:
    """Make a goal for each constructor, and match its fields."""
    constructors = FIELDS[formula.kind]
    context = _without(goal.context, local)
    left: list[Goal] = []
    holes, numbers = [], []
    for index, (constructor, fields) in enumerate(constructors):
        own: tuple[Tree, ...]
        if index == len(constructors) - 1 and len(patterns) > 1:
            own = (("either", tuple(patterns)),)
        else:
            own = _tuple(patterns[0]) if patterns else ()
            patterns = patterns[1:]
        parts = _fields(own, len(fields))
        names = tuple(_name(part) for part in parts)
        made = tuple(range(goal.fresh, goal.fresh + len(fields)))
        locals_ = [
            Local(made.number, made.name, made.accessible, made.what, made.formula, made.sort)
            for made in field_formulas(formula, constructor, fields, names, made)
        ]
        new = run.number()
        tag = tagged(goal.tag, constructor) if len(constructors) > 1 else goal.tag
        goals = [Goal(new, (*context, *locals_), goal.target, tag, goal.fresh + len(fields))]
        for field, part in zip(locals_, parts, strict=True):
            goals = [done for each in goals for done in _destructured(run, each, field, part, cleared)]
        left += goals
        holes.append(new)
        numbers.append(made)
    run.parts[goal.number] = case_proof(formula, ("hyp", local.number), holes, numbers)
    return left


def _name(pattern: Tree) -> str:
    """The name that a pattern gives to what it matches."""
    if pattern[0] == "typed":
        return _name(pattern[1])
    return str(pattern[1]) if pattern[0] == "name" else "_"


def _tuple(pattern: Tree) -> tuple[Tree, ...]:
    items: tuple[Tree, ...] = pattern[1] if pattern[0] == "tuple" else (pattern,)
    return items


def _fields(patterns: tuple[Tree, ...], count: int) -> tuple[Tree, ...]:
    """A pattern for each field of a constructor."""
    if len(patterns) > count > 0:
        return (*patterns[: count - 1], ("tuple", patterns[count - 1 :]))
    return (*patterns, *[_ANY] * (count - len(patterns)))[:count]


def _without(context: Context, local: Local) -> Context:
    return tuple(other for other in context if other is not local)
