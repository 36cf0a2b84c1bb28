"""Tactics that restate a target or a hypothesis: ``show``, ``suffices``, ``have`` with a pattern."""

from __future__ import annotations

from lean_ebm.proving.logic.basic import have, intro_one, proposition, refined, try_trivial
from lean_ebm.proving.logic.contexts import destructured
from lean_ebm.proving.logic.elaborate import Elaborator
from lean_ebm.proving.logic.elaborate_blocks import INFERABLE
from lean_ebm.proving.logic.elaborate_formulas import lookup
from lean_ebm.proving.logic.formulas import Kind, implication, replaced
from lean_ebm.proving.logic.goals import PROOF, Context, Goal, Local
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.patterns import Column, PatternCompiler
from lean_ebm.proving.logic.structure import closed, main
from lean_ebm.proving.logic.unify import RunBlock, TacticError, TacticRun, Unsupported
from lean_ebm.proving.parser import Tree


def show(run: TacticRun, goals: list[Goal], tactic: Tree, _: RunBlock | None = None) -> list[Goal]:
    """Run ``show``: move the first goal of this form to the front, in the written form."""
    main(goals)
    for goal in goals:
        if goal.target.unknown or goal.target.kind < Kind.VARIABLE:
            raise Unsupported("show with a metavariable")
    saved = run.next, run.unknown, dict(run.found)
    for goal in goals:
        elaborator = Elaborator(run, goal, holes=False)
        try:
            formula = elaborator.formula(tactic[1], goal.context)
            fits = run.unify(formula, goal.target)
        except TacticError:
            fits = False
        if not fits:
            run.next, run.unknown, run.found = saved[0], saved[1], dict(saved[2])
            continue
        elaborator.all_found()
        new = run.number()
        run.parts[goal.number] = ("?", new)
        shown = Goal(new, goal.context, replaced(formula, run.found), goal.tag, elaborator.fresh)
        return [shown, *(other for other in goals if other is not goal)]
    raise TacticError("show: no goal is of this form")


def change(run: TacticRun, goal: Goal, tactic: Tree) -> list[Goal]:
    """Run ``change``."""
    return show(run, [goal], tactic)


def replace(run: TacticRun, goal: Goal, tactic: Tree) -> list[Goal]:
    """Run ``replace``: ``have``, without the older hypothesis of that name."""
    older = lookup(goal.context, tactic[1])
    if older is not None and older.formula is None:
        raise Unsupported("replace of something that is not a proof")
    if run.open_unknowns():
        raise Unsupported("replace with a metavariable")
    first, *others = have(run, goal, tactic)
    if older is None:
        return [first, *others]
    context = tuple(local for local in first.context if local is not older)
    new = run.number()
    run.parts[first.number] = ("?", new)
    return [Goal(new, context, first.target, first.tag, first.fresh), *others]


def suffices(run: TacticRun, goal: Goal, tactic: Tree) -> list[Goal]:
    """Run ``suffices h : T from e``."""
    _, name, domain, value = tactic
    if value is None:
        raise Unsupported("suffices without from or by")
    target = proposition(goal)
    elaborator = Elaborator(run, goal, holes=True)
    if elaborator.is_type(domain, goal.context):
        raise Unsupported("suffices of an individual")
    formula = elaborator.formula(domain, goal.context)
    number, new = elaborator.new_number(), run.number()
    accessible = name != "_"
    local = Local(number, (name or "this") if accessible else "x", accessible, PROOF, formula)
    rest = elaborator.proof(value, target, (*goal.context, local))
    elaborator.finish()
    elaborator.all_found()
    formula = replaced(formula, run.found)
    if elaborator.goals or formula.unknown:
        raise Unsupported("suffices with a metavariable")
    run.parts[goal.number] = ("let", number, formula, ("?", new), rest)
    return [Goal(new, goal.context, formula, goal.tag, elaborator.fresh)]


def have_pattern(run: TacticRun, goal: Goal, tactic: Tree) -> list[Goal]:
    """Run ``have`` with a pattern, such as ``have ⟨a, b⟩ := h``."""
    proposition(goal)
    _, pattern, tree = tactic
    elaborator = Elaborator(run, goal, holes=True)
    known = lookup(goal.context, tree[1]) if tree[0] == "name" else None
    if known is not None and known.formula is not None:
        return [destructured(run, goal, known, pattern, goal.context)]
    if tree[0] not in INFERABLE or elaborator.is_data(tree, goal.context):
        raise Unsupported("have with a pattern for such a term")
    proof, formula = elaborator.inferred(tree, goal.context)
    elaborator.finish()
    elaborator.all_found()
    formula = replaced(formula, run.found)
    number, new = elaborator.new_number(), run.number()
    local = Local(number, "x", False, PROOF, formula)
    run.parts[goal.number] = ("let", number, formula, proof, ("?", new))
    inner = Goal(new, (*goal.context, local), goal.target, "", elaborator.fresh)
    rest = destructured(run, inner, local, pattern, goal.context)
    goals = refined(run, [*elaborator.goals, rest], goal.tag, rest.fresh)
    return [goals[-1], *goals[:-1]]


def match(run: TacticRun, goal: Goal, tactic: Tree, run_block: RunBlock) -> list[Goal]:
    """Run ``match``, whose alternatives are tactics that close their goals."""
    _, discriminants, alternatives = tactic
    elaborator = Elaborator(run, goal, holes=False)
    elaborator.known(proposition(goal))
    columns, wrapped = elaborator.discriminants(discriminants, goal.context)
    elaborator.all_found()
    proof = _matched(run, goal, elaborator, columns, alternatives, run_block)
    run.parts[goal.number] = elaborator.wrap(proof, wrapped)
    return []


def intro_match(run: TacticRun, goal: Goal, tactic: Tree, run_block: RunBlock) -> list[Goal]:
    """Run ``intro`` with alternatives: ``intro x``, then ``match x with`` the alternatives."""
    count = len(tactic[1][0][0])
    for _ in range(count):
        goal = intro_one(run, goal, "_")
    columns = goal.context[-count:]
    elaborator = Elaborator(run, goal, holes=False)
    elaborator.known(proposition(goal))
    for local in columns:
        if local.formula is None:
            raise Unsupported("a match of an individual")
        elaborator.known(local.formula)
    run.parts[goal.number] = _matched(run, goal, elaborator, columns, tactic[1], run_block)
    return []


def _matched(
    run: TacticRun, goal: Goal, elaborator: Elaborator, columns: Context, alternatives: Tree, run_block: RunBlock
) -> ProofTerm:
    def leaf(index: int, inner: Context) -> ProofTerm:
        number = run.number()
        block = alternatives[index][1]
        closed(run, Goal(number, inner, goal.target, goal.tag, elaborator.fresh), block, run_block, "in an alternative")
        return ("?", number)

    compiler = PatternCompiler(elaborator, goal.context, leaf)
    patterns = tuple(alternative[0] for alternative in alternatives)
    return compiler.compile(tuple(Column(local, True) for local in columns), patterns)


def rfl(run: TacticRun, goal: Goal, _: Tree) -> list[Goal]:
    """Run ``rfl``, which proves ``a ↔ a``."""
    target = proposition(goal)
    if target.unknown:
        raise Unsupported("rfl with a metavariable")
    if target.kind is not Kind.IFF or target.a.key is not target.b.key:
        raise TacticError("rfl: the goal is not a ↔ a")
    number = goal.fresh
    proof: ProofTerm = ("lam", number, target.a, ("hyp", number))
    step = implication(target.a, target.b)
    run.parts[goal.number] = (
        "iff",
        ("the", step, proof),
        ("the", implication(target.b, target.a), ("lam", number, target.b, ("hyp", number))),
    )
    return []


def trivial(run: TacticRun, goal: Goal, _: Tree) -> list[Goal]:
    """Run ``trivial``."""
    proposition(goal)
    if not try_trivial(run, goal):
        raise TacticError("trivial failed")
    return []
