"""The tactics as Lean 4 runs them: the same new goals, in the same order, with the same names and tags.

A tactic takes the main goal and returns the goals that take its place. It puts the proof of the goal that it took, with
a hole for each new goal, into the run's ``parts``.
"""

from __future__ import annotations

from collections.abc import Callable

from lean_ebm.proving.logic.apply import apply
from lean_ebm.proving.logic.basic import (
    assumption,
    constructor,
    contradiction,
    current,
    exact,
    exfalso,
    exists,
    have,
    refine,
    side,
)
from lean_ebm.proving.logic.cases import cases
from lean_ebm.proving.logic.clock import tick
from lean_ebm.proving.logic.contexts import clear, introduce, intros, revert, specialize
from lean_ebm.proving.logic.goals import Goal
from lean_ebm.proving.logic.rcases import rcases, rintro
from lean_ebm.proving.logic.restated import (
    change,
    have_pattern,
    intro_match,
    match,
    replace,
    rfl,
    show,
    suffices,
    trivial,
)
from lean_ebm.proving.logic.structure import STRUCTURE
from lean_ebm.proving.logic.unify import RunBlock, TacticError, TacticRun
from lean_ebm.proving.parser import Tree

Tactic = Callable[[TacticRun, Goal, Tree], list[Goal]]
GoalsTactic = Callable[[TacticRun, list[Goal], Tree, RunBlock], list[Goal]]


def run_block(run: TacticRun, goals: list[Goal], block: Tree) -> list[Goal]:
    """Run tactics one after the other, each on the first goal or, if it is one of ``OVER_GOALS``, on all."""
    for tactic in block[1]:
        tick()
        simple = TACTICS.get(tactic[0])
        if simple is None:
            goals = OVER_GOALS[tactic[0]](run, goals, tactic, run_block)
        elif goals:
            goals = simple(run, goals[0], tactic) + goals[1:]
        else:
            raise TacticError("no goals to be proved")
        if run.found:
            goals = current(run, goals)
    return goals


TACTICS: dict[str, Tactic] = {
    "intro": introduce,
    "intros": intros,
    "rfl": rfl,
    "trivial": trivial,
    "suffices": suffices,
    "have_pattern": have_pattern,
    "match": lambda run, goal, tactic: match(run, goal, tactic, run_block),
    "intro_match": lambda run, goal, tactic: intro_match(run, goal, tactic, run_block),
    "change": change,
    "replace": replace,
    "clear": clear,
    "revert": revert,
    "specialize": specialize,
    "rcases": rcases,
    "rintro": rintro,
    "exact": exact,
    "apply": apply,
    "refine": refine,
    "assumption": assumption,
    "constructor": constructor,
    "left": lambda run, goal, _: side(run, goal, "inl"),
    "right": lambda run, goal, _: side(run, goal, "inr"),
    "cases": lambda run, goal, tactic: cases(run, goal, tactic, run_block),
    "exfalso": exfalso,
    "contradiction": contradiction,
    "have": have,
    "exists": exists,
}

OVER_GOALS: dict[str, GoalsTactic] = {**STRUCTURE, "show": show}
