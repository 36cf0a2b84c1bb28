"""Tactics that change the context: ``intro`` with patterns, ``intros``, ``clear``, ``revert``, ``specialize``."""

from __future__ import annotations

from lean_ebm.proving.logic.basic import intro_one
from lean_ebm.proving.logic.elaborate import Elaborator
from lean_ebm.proving.logic.elaborate_formulas import lookup
from lean_ebm.proving.logic.formulas import Kind, element, make, replaced, variables
from lean_ebm.proving.logic.goals import PROOF, Context, Goal, Local
from lean_ebm.proving.logic.kernel import TYPES, ProofTerm
from lean_ebm.proving.logic.patterns import Column, PatternCompiler
from lean_ebm.proving.logic.quantifiers import abstracted
from lean_ebm.proving.logic.unify import TacticError, TacticRun, Unsupported
from lean_ebm.proving.parser import Tree


def is_individual(local: Local) -> bool:
    """Whether an entry of a context is an individual, or a proposition."""
    return local.sort is not None and not local.sort[0] and local.sort[1] != TYPES


def introduce(run: TacticRun, goal: Goal, tactic: Tree) -> list[Goal]:
    """Run ``intro``."""
    for pattern in tactic[1] or ("_",):
        goal = intro_one(run, goal, pattern) if isinstance(pattern, str) else _intro_pattern(run, goal, pattern)
    return [goal]


def _intro_pattern(run: TacticRun, goal: Goal, pattern: Tree) -> Goal:
    if pattern[0] == "typed" and pattern[1][0] in ("name", "_"):
        named = intro_one(run, goal, pattern[1][1] if pattern[1][0] == "name" else "_")
        return _with_type(run, goal, named, pattern[2])
    inner = intro_one(run, goal, "_")
    local = inner.context[-1]
    if local.formula is None:
        raise Unsupported("intro with a pattern for an individual")
    return destructured(run, inner, local, pattern, goal.context)


def destructured(run: TacticRun, goal: Goal, local: Local, pattern: Tree, context: Context) -> Goal:
    """Take apart an entry by a pattern that leaves one goal. ``context`` may or may not contain the entry."""
    assert local.formula is not None
    if local.formula.unknown or goal.target.unknown:
        raise Unsupported("a pattern with a metavariable")
    elaborator = Elaborator(run, goal, holes=False)
    new = run.number()
    found: list[Context] = []

    def leaf(_: int, inner: Context) -> ProofTerm:
        found.append(inner)
        return ("?", new)

    compiler = PatternCompiler(elaborator, context, leaf)
    proof = compiler.compile((Column(local, True),), ((pattern,),))
    if len(found) != 1:
        raise Unsupported("a pattern that does not leave exactly one goal")
    run.parts[goal.number] = proof
    return Goal(new, found[0], goal.target, goal.tag, elaborator.fresh)


def _with_type(run: TacticRun, before: Goal, goal: Goal, tree: Tree) -> Goal:
    """Give the type that is written to the entry that was introduced last."""
    local = goal.context[-1]
    elaborator = Elaborator(run, before, holes=False)
    if local.formula is None:
        assert local.sort is not None
        if elaborator.domain(tree, before.context) not in (local.sort[1], None):
            raise TacticError("type mismatch")
        return goal
    formula = elaborator.formula(tree, before.context)
    if formula.unknown or local.formula.unknown:
        raise Unsupported("intro of a type with a metavariable")
    if formula.key is not local.formula.key:
        raise TacticError("type mismatch")
    typed = Local(local.number, local.name, local.accessible, PROOF, formula)
    return Goal(goal.number, (*before.context, typed), goal.target, goal.tag, goal.fresh)


def intros(run: TacticRun, goal: Goal, tactic: Tree) -> list[Goal]:
    """Run ``intros``."""
    if tactic[1]:
        for name in tactic[1]:
            goal = intro_one(run, goal, name)
        return [goal]
    while goal.target.kind in (Kind.IMPLIES, Kind.ALL):
        goal = intro_one(run, goal, "_")
    return [goal]


def _named(goal: Goal, names: tuple[str, ...]) -> list[Local]:
    if not names:
        raise Unsupported("no names")
    found: list[Local] = []
    for name in names:
        local = lookup(goal.context, name)
        if local is None:
            raise TacticError(f"unknown identifier {name}")
        if local in found:
            raise Unsupported("a name that is given twice")
        found.append(local)
    return found


def clear(run: TacticRun, goal: Goal, tactic: Tree) -> list[Goal]:
    """Run ``clear``."""
    locals_ = _named(goal, tactic[1])
    if goal.target.unknown or any(local.formula is not None and local.formula.unknown for local in goal.context):
        raise Unsupported("clear with a metavariable")
    context = goal.context
    for local in sorted(locals_, key=goal.context.index, reverse=True):
        context = tuple(other for other in context if other is not local)
        if local.formula is None:
            if not is_individual(local):
                raise Unsupported("clear of a type or a symbol")
            formulas = [goal.target, *(other.formula for other in context if other.formula is not None)]
            if any(local.number in variables(formula) for formula in formulas):
                raise TacticError(f"clear: something depends on {local.name}")
    new = run.number()
    run.parts[goal.number] = ("?", new)
    return [Goal(new, context, goal.target, goal.tag, goal.fresh)]


def revert(run: TacticRun, goal: Goal, tactic: Tree) -> list[Goal]:
    """Run ``revert``, which also reverts the entries that depend on the named ones."""
    locals_ = _named(goal, tactic[1])
    if run.open_unknowns():  # Lean makes new ones, without what is reverted
        raise Unsupported("revert with a metavariable")
    gone: list[Local] = []
    numbers = set()
    for local in goal.context:
        if local.formula is None and local in locals_:
            if not is_individual(local):
                raise Unsupported("revert of a type or a symbol")
            numbers.add(local.number)
            gone.append(local)
        elif local.formula is not None and (local in locals_ or not numbers.isdisjoint(variables(local.formula))):
            gone.append(local)
    target = goal.target
    for local in reversed(gone):
        if local.formula is not None:
            target = make(Kind.IMPLIES, local.formula, target, local.name)
        else:
            assert local.sort is not None
            target = make(Kind.ALL, abstracted(target, local.number), local.sort[1], local.name)
    new = run.number()
    proof: ProofTerm = ("the", target, ("?", new))
    for local in gone:
        if local.sort is None:
            proof = ("app", proof, ("hyp", local.number))
        else:
            proof = ("inst", proof, element(local.number, local.sort[1]))
    run.parts[goal.number] = proof
    context = tuple(local for local in goal.context if local not in gone)
    return [Goal(new, context, target, goal.tag, goal.fresh)]


def specialize(run: TacticRun, goal: Goal, tactic: Tree) -> list[Goal]:
    """Run ``specialize``: the new hypothesis replaces the old one, behind everything that it mentions."""
    tree = tactic[1]
    head = tree[1] if tree[0] == "app" else tree
    local = lookup(goal.context, head[1]) if head[0] == "name" else None
    if local is None:
        raise TacticError("specialize: expected a hypothesis with arguments")
    if local.formula is None:
        raise Unsupported("specialize of something that is not a proof")
    elaborator = Elaborator(run, goal, holes=True)
    proof, formula = elaborator.inferred(tree, goal.context)
    elaborator.finish()
    if elaborator.goals:
        raise Unsupported("specialize with ?_")
    try:
        elaborator.all_found()
    except TacticError as error:
        raise Unsupported("specialize with a _ that is not determined") from error
    formula = replaced(formula, run.found)
    if run.open_unknowns():
        raise Unsupported("specialize with a metavariable")
    number, new = elaborator.new_number(), run.number()
    made = Local(number, local.name, True, PROOF, formula)
    speaks = variables(formula)
    after = max(index for index, other in enumerate(goal.context) if other is local or other.number in speaks)
    context = tuple(
        other
        for index, entry in enumerate(goal.context)
        for other in ((entry, made) if index == after else (entry,))
        if other is not local
    )
    run.parts[goal.number] = ("let", number, formula, proof, ("?", new))
    return [Goal(new, context, goal.target, goal.tag, elaborator.fresh)]
