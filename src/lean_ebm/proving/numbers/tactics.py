"""The tactics of the world of numbers and their effects on goals."""

from __future__ import annotations

from lean_ebm.proving.logic.unify import TacticError, Unsupported
from lean_ebm.proving.numbers.goals import NumberGoal, NumberLocal
from lean_ebm.proving.numbers.lemmas import Lemmas
from lean_ebm.proving.numbers.normal import TooLargeError, alike
from lean_ebm.proving.numbers.parsing import TARGET
from lean_ebm.proving.numbers.reading import Names, names_of, read_term
from lean_ebm.proving.numbers.rules import Rule, rule_of
from lean_ebm.proving.numbers.terms import (
    NOUGHT,
    Term,
    TermKind,
    closed,
    equation,
    make,
    opened,
    substituted,
    successor,
    variable,
)
from lean_ebm.proving.parser_base import Tree


def run_block(goals: list[NumberGoal], tree: Tree, lemmas: Lemmas) -> list[NumberGoal]:
    """Run tactics one after the other, each on the first goal that is left.

    Raises:
        TacticError: If Lean would refuse one of them.
        Unsupported: If one is outside of the fragment.
    """
    for tactic in tree[1]:
        if not goals:
            raise TacticError("no goals are left")
        goals = [*run_tactic(goals[0], tactic, lemmas), *goals[1:]]
    return goals


def run_tactic(goal: NumberGoal, tree: Tree, lemmas: Lemmas) -> list[NumberGoal]:
    """Run one tactic; returns the goals that it leaves.

    Raises:
        TacticError: If Lean would refuse it.
        Unsupported: If it is outside of the fragment.
    """
    what = tree[0]
    if what == "rw" or what == "rewrite":
        return _rewritten(goal, tree, lemmas)
    if what == "induction":
        return _induction(goal, tree, lemmas)
    if what == "rfl":
        if goal.target.kind is not TermKind.EQUALS or not _alike(goal.target.a, goal.target.b):
            raise TacticError("the two sides are not equal by definition")
        return []
    if what == "exact":
        formula = proved_formula(tree[1], names_of(goal.context), lemmas)
        if not _alike(formula, goal.target):
            raise TacticError("this is a proof of something else")
        return []
    if what == "intro" or what == "intros":
        return [_introduced(goal, tree)]
    if what == "symm":
        if goal.target.kind is not TermKind.EQUALS:
            raise TacticError("symm is for equations")
        return [goal.proving(equation(goal.target.b, goal.target.a))]
    if what == "focused":
        if left := run_block([goal], tree[1], lemmas):
            raise TacticError(f"{len(left)} goals are left")
        return []
    if what == "paren":
        return run_block([goal], tree[1], lemmas)
    if what == "block":
        return run_block([goal], tree, lemmas)
    raise Unsupported(f"the tactic {what}")


def _alike(a: Term, b: Term) -> bool:
    try:
        return alike(a, b)
    except TooLargeError as error:
        raise Unsupported(str(error)) from error


def _introduced(goal: NumberGoal, tree: Tree) -> NumberGoal:
    names = tree[1]
    if tree[0] == "intros" and not names:
        while goal.target.kind in (TermKind.ALL, TermKind.IMPLIES):
            goal = _with_name(goal, None)
        return goal
    for name in names or ("_",):
        if not isinstance(name, str):
            raise Unsupported("a pattern in intro")
        goal = _with_name(goal, None if name == "_" else name)
    return goal


def _with_name(goal: NumberGoal, name: str | None) -> NumberGoal:
    """Take the premise of an implication, or the variable of a ``∀``, into the context."""
    target = goal.target
    if target.kind is TermKind.ALL:
        number = goal.fresh()
        local = NumberLocal(name or target.b, number, None, name is not None)
        return NumberGoal((*goal.context, local), opened(target.a, variable(number)), goal.tag)
    if target.kind is TermKind.IMPLIES:
        local = NumberLocal(name or "a", -1, target.a, name is not None)
        return NumberGoal((*goal.context, local), target.b, goal.tag)
    raise TacticError("there is nothing to introduce")


def proved_formula(tree: Tree, names: Names, lemmas: Lemmas) -> Term:
    """The formula that a term proves: the term is a hypothesis or a lemma, perhaps with arguments.

    Raises:
        TacticError: If the term is none.
        Unsupported: If it is outside of the fragment.
    """
    head, arguments = (tree[1], tree[2]) if tree[0] == "app" else (tree, ())
    formula = _named_formula(head, names, lemmas)
    for argument in arguments:
        if argument == ("_",) or argument[0] == "?_":
            raise Unsupported("an argument that is a metavariable")
        if formula.kind is TermKind.ALL:
            formula = opened(formula.a, read_term(argument, names))
        elif formula.kind is TermKind.IMPLIES:
            if not _alike(proved_formula(argument, names, lemmas), formula.a):
                raise TacticError("an argument is a proof of something else")
            formula = formula.b
        else:
            raise TacticError("too many arguments")
    return formula


def _named_formula(tree: Tree, names: Names, lemmas: Lemmas) -> Term:
    if tree[0] == "typed" or tree[0] != "name":
        raise Unsupported(f"a proof of the form {tree[0]}")
    found = names.get(tree[1])
    if found is None:
        formula = lemmas.formulas.get(tree[1])
        if formula is None:
            raise Unsupported(f"the name {tree[1]}, which is neither in the context nor one of the lemmas")
        return formula
    if isinstance(found, Term):
        raise TacticError(f"{tree[1]} is a number and not a proof")
    assert found.formula is not None
    return found.formula


def _rule(tree: Tree, backwards: bool, names: Names, lemmas: Lemmas) -> Rule:
    head, arguments = (tree[1], tree[2]) if tree[0] == "app" else (tree, ())
    formula = _named_formula(head, names, lemmas)
    values = tuple([None if argument == ("_",) else read_term(argument, names) for argument in arguments])
    rule = rule_of(formula, values, backwards)
    if rule is not None:
        return rule
    while formula.kind is TermKind.ALL:
        formula = formula.a
    if formula.kind is TermKind.EQUALS:
        raise TacticError("too many arguments")
    raise Unsupported("rewriting with an implication, which would leave its premise")


def _rewritten(goal: NumberGoal, tree: Tree, lemmas: Lemmas) -> list[NumberGoal]:
    word, rules, places = tree
    for backwards, term in rules:
        for place in places:
            names = names_of(goal.context)
            rule = _rule(term, backwards, names, lemmas)
            if rule.bare:
                raise TacticError("the rule would rewrite any term, because its side is a metavariable")
            if place == TARGET:
                formula = rewritten(rule, goal.target)
                goal = goal.proving(formula)
            else:
                goal = rewritten_at(goal, place, rule)
    target = goal.target
    return [] if word == "rw" and target.kind is TermKind.EQUALS and target.a is target.b else [goal]


def rewritten(rule: Rule, formula: Term) -> Term:
    """Rewrite a formula.

    Raises:
        TacticError: If it has no instance of the rule.
        Unsupported: If a metavariable would be left.
    """
    found = rule.rewrite(formula)
    if found is None:
        raise TacticError("the goal has no instance of this side of the rule")
    if rule.lost:
        raise Unsupported("rewriting that leaves a metavariable")
    return found


def rewritten_at(goal: NumberGoal, name: str, rule: Rule) -> NumberGoal:
    """Rewrite a hypothesis. As in Lean, it moves behind the variables that it then contains.

    Raises:
        TacticError: If there is no such hypothesis, or it has no instance of the rule.
        Unsupported: If a metavariable would be left.
    """
    context = goal.context
    index = len(context) - 1
    while index >= 0 and (context[index].name != name or not context[index].accessible):
        index -= 1
    local = context[index] if index >= 0 else None
    if local is None or local.formula is None:
        raise TacticError(f"there is no hypothesis {name}")
    formula = rewritten(rule, local.formula)
    last = index
    for place in range(index + 1, len(context)):
        if context[place].formula is None and context[place].number in formula.variables:
            last = place
    moved = (*context[:index], *context[index + 1 : last + 1], local._replace(formula=formula), *context[last + 1 :])
    return NumberGoal(moved, goal.target, goal.tag)


def _induction(goal: NumberGoal, tree: Tree, lemmas: Lemmas) -> list[NumberGoal]:
    _, term, generalized, alternatives = tree
    names = names_of(goal.context)
    if term[0] != "name" or not isinstance(names.get(term[1]), Term):
        raise Unsupported("induction on something other than a variable")
    chosen = [_variable(term[1], names), *[_variable(name, names) for name in generalized]]
    if len(set(chosen)) < len(chosen):
        raise TacticError("a variable occurs twice")
    blocks: dict[str, tuple[tuple[str, ...], Tree | None]] = {}
    for name, given, block in alternatives or (("zero", (), None), ("succ", (), None)):
        if name not in ("zero", "succ") or name in blocks or len(given) > 2 * (name == "succ"):
            raise TacticError(f"an alternative {name} {' '.join(given)}")
        blocks[name] = given, block
    if len(blocks) < 2:
        raise TacticError("an alternative is missing")
    left = []
    made = induction(goal, chosen[0], tuple(chosen[1:]), blocks["succ"][0])
    for case, (_, block) in zip(made, (blocks["zero"], blocks["succ"]), strict=True):
        if block is None:
            left.append(case)
        elif run_block([case], block, lemmas):
            raise TacticError("an alternative leaves goals")
    return left


def _variable(name: str, names: Names) -> int:
    found = names.get(name)
    if not isinstance(found, Term):
        raise TacticError(f"{name} is not a variable")
    return int(found.a)


def induction(
    goal: NumberGoal, number: int, generalized: tuple[int, ...] = (), names: tuple[str, ...] = ()
) -> tuple[NumberGoal, NumberGoal]:
    """Induction on a variable. The new variable gets its number.

    Hypotheses that mention it, or a generalized variable, become premises of the induction hypothesis.

    Args:
        goal: The goal.
        number: The number of the variable.
        generalized: The numbers of the variables over which the induction hypothesis is a ``∀``.
        names: The names of the new variable and of the induction hypothesis, as far as they are given.

    Raises:
        TacticError: If the target has no such variable.
    """
    kept, reverted = [], []
    moved = frozenset((number, *generalized))
    chosen: NumberLocal | None = None
    for local in goal.context:
        if local.formula is None:
            if local.number == number:
                chosen = local
            elif local.number in moved:
                reverted.append(local)
            else:
                kept.append(local)
        elif moved & local.formula.variables:
            reverted.append(local)
        else:
            kept.append(local)
    if chosen is None:
        raise TacticError("there is no such variable")
    claim = goal.target
    for local in reversed(reverted):
        if local.formula is None:
            claim = make(TermKind.ALL, closed(claim, local.number), local.name)
        else:
            claim = make(TermKind.IMPLIES, local.formula, claim)
    base = (*kept, *[_moved(local, number, NOUGHT) for local in reverted])
    following = successor(variable(number))
    step = (
        *kept,
        _local(names, 0, "n", number, None),
        _local(names, 1, "a", -1, claim),
        *[_moved(local, number, following) for local in reverted],
    )
    prefix = f"{goal.tag}." if goal.tag else ""
    return (
        NumberGoal(base, substituted(goal.target, number, NOUGHT), f"{prefix}zero"),
        NumberGoal(step, substituted(goal.target, number, following), f"{prefix}succ"),
    )


def _local(names: tuple[str, ...], index: int, otherwise: str, number: int, formula: Term | None) -> NumberLocal:
    given = names[index] if index < len(names) and names[index] != "_" else None
    return NumberLocal(given or otherwise, number, formula, given is not None)


def _moved(local: NumberLocal, number: int, value: Term) -> NumberLocal:
    return local if local.formula is None else local._replace(formula=substituted(local.formula, number, value))
