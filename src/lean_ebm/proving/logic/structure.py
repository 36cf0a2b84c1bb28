"""Tactics that run other tactics or choose goals: ``first``, ``case``, ``<;>`` and similar ones.

Each takes all goals and returns those that are left.
"""

from __future__ import annotations

from collections.abc import Callable

from lean_ebm.proving.logic.basic import current
from lean_ebm.proving.logic.goals import Context, Goal, Local
from lean_ebm.proving.logic.unify import RunBlock, TacticError, TacticRun, Unsupported
from lean_ebm.proving.parser import Tree

_REPEATS = 100  # times that `repeat` runs its tactics; Lean has a limit too


def closed(run: TacticRun, goal: Goal, block: Tree, run_block: RunBlock, where: str) -> None:
    """Run tactics that must close a goal."""
    if run_block(run, [goal], block):
        raise TacticError(f"unsolved goals {where}")


def attempted(run: TacticRun, goals: list[Goal], block: Tree, run_block: RunBlock) -> list[Goal] | None:
    """Run tactics. If they fail, return None and leave the run unchanged."""
    saved = run.next, run.unknown, dict(run.found), dict(run.parts)
    run.trying += 1
    try:
        return run_block(run, goals, block)
    except TacticError:
        run.next, run.unknown, run.found, run.parts = saved
        return None
    finally:
        run.trying -= 1


def main(goals: list[Goal]) -> Goal:
    """The first goal."""
    if not goals:
        raise TacticError("no goals to be proved")
    return goals[0]


def _focused(run: TacticRun, goals: list[Goal], tactic: Tree, run_block: RunBlock) -> list[Goal]:
    closed(run, main(goals), tactic[1], run_block, "under a bullet")
    return goals[1:]


def _paren(run: TacticRun, goals: list[Goal], tactic: Tree, run_block: RunBlock) -> list[Goal]:
    return run_block(run, goals, tactic[1])


def _focus(run: TacticRun, goals: list[Goal], tactic: Tree, run_block: RunBlock) -> list[Goal]:
    return run_block(run, [main(goals)], tactic[1]) + goals[1:]


def _then(run: TacticRun, goals: list[Goal], tactic: Tree, run_block: RunBlock) -> list[Goal]:
    made = run_block(run, [main(goals)], ("block", (tactic[1],)))
    return _each(run, made, ("block", (tactic[2],)), run_block) + goals[1:]


def _each(run: TacticRun, goals: list[Goal], block: Tree, run_block: RunBlock) -> list[Goal]:
    left: list[Goal] = []
    for goal in goals:
        if goal.number not in run.found:
            left += run_block(run, current(run, [goal]), block)
    return left


def _all_goals(run: TacticRun, goals: list[Goal], tactic: Tree, run_block: RunBlock) -> list[Goal]:
    return _each(run, goals, tactic[1], run_block)


_TERMLESS = frozenset(
    (
        "assumption",
        "constructor",
        "left",
        "right",
        "contradiction",
        "trivial",
        "rfl",
        "exfalso",
        "intros",
        "skip",
        "done",
    )
)


def _termless(tree: Tree) -> bool:
    """Whether tactics take no terms."""
    if tree[0] in ("block", "first"):
        return all(_termless(part) for part in tree[1])
    return tree[0] in _TERMLESS or (tree[0] in ("try", "paren", "repeat") and _termless(tree[1]))


def _any_goals(run: TacticRun, goals: list[Goal], tactic: Tree, run_block: RunBlock) -> list[Goal]:
    left: list[Goal] = []
    succeeded = False
    for goal in goals:
        if goal.number in run.found:
            continue
        made = attempted(run, current(run, [goal]), tactic[1], run_block)
        if made is None and not run.trying and not _termless(tactic[1]):
            raise Unsupported("any_goals with terms that fail on a goal")  # Lean may report that, and go on
        succeeded = succeeded or made is not None
        left += [goal] if made is None else made
    if not succeeded:
        raise TacticError("any_goals: failed on all goals")
    return left


def _first(run: TacticRun, goals: list[Goal], tactic: Tree, run_block: RunBlock) -> list[Goal]:
    *alternatives, last = tactic[1]
    for block in alternatives:
        left = attempted(run, goals, block, run_block)
        if left is not None:
            return left
    return run_block(run, goals, last)


def _try(run: TacticRun, goals: list[Goal], tactic: Tree, run_block: RunBlock) -> list[Goal]:
    left = attempted(run, goals, tactic[1], run_block)
    return goals if left is None else left


def _repeat(run: TacticRun, goals: list[Goal], tactic: Tree, run_block: RunBlock) -> list[Goal]:
    for _ in range(_REPEATS):
        left = attempted(run, goals, tactic[1], run_block)
        if left is None:
            return goals
        goals = left
    raise Unsupported("a repeat that does not end soon")


def _skip(_run: TacticRun, goals: list[Goal], _tactic: Tree, _block: RunBlock) -> list[Goal]:
    return goals


def _done(_run: TacticRun, goals: list[Goal], _tactic: Tree, _block: RunBlock) -> list[Goal]:
    if goals:
        raise TacticError("done: goals are left")
    return goals


def _rotate(_run: TacticRun, goals: list[Goal], tactic: Tree, _block: RunBlock) -> list[Goal]:
    if not goals:
        return goals
    count = tactic[1] % len(goals)
    return goals[count:] + goals[:count]


def _case(run: TacticRun, goals: list[Goal], tactic: Tree, run_block: RunBlock) -> list[Goal]:
    for tag, names in tactic[1]:
        goal = main(goals) if tag == "_" else _tagged(goals, tag)
        rest = [other for other in goals if other is not goal]
        renamed = Goal(goal.number, rename(run, goal.context, names), goal.target, "", goal.fresh)
        closed(run, renamed, tactic[2], run_block, f"in case {tag}")
        goals = current(run, rest)
    return goals


def _tagged(goals: list[Goal], tag: str) -> Goal:
    """Find the goal that Lean takes for a tag: one with that tag, or else one that ends with it, or starts with it."""
    parts = tag.split(".")
    tags = [goal.tag.split(".") if goal.tag else [] for goal in goals]
    count = len(parts)
    for found in (tags, [own[-count:] for own in tags], [own[:count] for own in tags]):
        if parts in found:
            return goals[found.index(parts)]
    raise TacticError(f"case tag {tag} not found")


def rename(run: TacticRun, context: Context, names: tuple[str, ...]) -> Context:
    """Name the last entries of a context that are inaccessible, like Lean's ``rename_i``."""
    left, found, seen = list(names), list(context), set()
    for index in range(len(found) - 1, -1, -1):
        if not left:
            break
        local = found[index]
        if not local.accessible or local.name in seen:
            name = left.pop()
            if name != "_":
                found[index] = Local(
                    local.number, name, True, local.what, local.formula, local.sort, local.text, local.raw
                )
        if local.accessible:
            seen.add(local.name)
    if left:
        if set(names) == {"_"}:
            raise Unsupported("more names _ than there are to give")
        raise run.failure("too many variable names provided")
    return tuple(found)


def _rename_i(run: TacticRun, goals: list[Goal], tactic: Tree, _: RunBlock) -> list[Goal]:
    goal = main(goals)
    if not tactic[1]:
        raise Unsupported("rename_i without names")
    return [Goal(goal.number, rename(run, goal.context, tactic[1]), goal.target, goal.tag, goal.fresh), *goals[1:]]


STRUCTURE: dict[str, Callable[[TacticRun, list[Goal], Tree, RunBlock], list[Goal]]] = {
    "focused": _focused,
    "paren": _paren,
    "focus": _focus,
    "then": _then,
    "first": _first,
    "try": _try,
    "repeat": _repeat,
    "all_goals": _all_goals,
    "any_goals": _any_goals,
    "skip": _skip,
    "done": _done,
    "rotate": _rotate,
    "case": _case,
    "rename_i": _rename_i,
}
