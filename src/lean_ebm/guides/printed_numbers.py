"""A trained guide for goals about numbers as Lean prints them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from lean_ebm.guides.network import NetworkGuide
from lean_ebm.proving.lexer import SyntaxProblem
from lean_ebm.proving.logic.unify import TacticError, Unsupported
from lean_ebm.proving.numbers.candidates import NumberWriter
from lean_ebm.proving.numbers.goals import TYPE, NumberGoal
from lean_ebm.proving.numbers.lemmas import Lemmas, lemmas_of
from lean_ebm.proving.numbers.levels import lemmas
from lean_ebm.proving.numbers.reading import goal_of
from lean_ebm.proving.numbers.texts import read_printed
from lean_ebm.proving.numbers.world import NumberProblem
from lean_ebm.proving.search import Advice, OpenGoal, StateGoal, Tactic
from lean_ebm.proving.statements import Statement


class PrintedNumbersGuide:
    """Asks a trained guide about Lean's goals that are equations. In other goals all tactics are equally likely.

    An equation is read with those of its hypotheses that the embedded engine reads, without the others. The trained
    guide's tactics get its probabilities. Other texts that are listed for the goal share the probability ``rest``.
    Goals are not judged.

    Args:
        guide: A guide that was trained on numbers.
        statement: The statement that is to be proved; its proof may use the levels before it.
        rest: The probability of all other texts together, above 0 and below 1.
    """

    def __init__(self, guide: NetworkGuide, statement: Statement, rest: float = 0.1) -> None:
        self.guide, self.rest = guide, rest
        self._lemmas = lemmas_of(tuple(lemmas(statement)))

    def advise(self, goals: Sequence[OpenGoal]) -> list[Advice]:
        """Give advice about each goal."""
        problems = {
            index: problem
            for index, goal in enumerate(goals)
            if isinstance(goal, StateGoal) and (problem := problem_of(goal.state.goals[goal.first], self._lemmas))
        }
        told = dict(zip(problems, self.guide.advise(list(problems.values())), strict=True))
        return [
            self._known(goal, problems[index], told[index]) if index in told else _alike(goal)
            for index, goal in enumerate(goals)
        ]

    def _known(self, goal: OpenGoal, problem: NumberProblem, advice: Advice) -> Advice:
        """The advice of the trained guide, as texts, with what else is listed behind it."""
        writer = NumberWriter(problem.goal, problem.lemmas)
        priors: dict[Tactic, float] = {}
        for tactic, prior in zip(advice.tactics, advice.log_priors, strict=True):
            priors.setdefault(writer.write(tactic), prior + math.log1p(-self.rest))
        others = [text for text in goal.tactics if text not in priors]
        share = math.log(self.rest / len(others)) if others else 0.0
        priors.update(dict.fromkeys(others, share))
        return Advice(list(priors), list(priors.values()), None, advice.cost)


def _alike(goal: OpenGoal) -> Advice:
    number = len(goal.tactics)
    return Advice(goal.tactics, [-math.log(number)] * number if number else [])


@lru_cache(10_000)
def problem_of(printed: str, lemmas: Lemmas) -> NumberProblem | None:
    """Read a goal about numbers as Lean prints it.

    Args:
        printed: The goal.
        lemmas: The theorems that its proof may use.

    Returns:
        The goal, without hypotheses that the embedded engine does not read; None if it does not read the target.
    """
    names, hypotheses, target = read_printed(printed)
    numbers = [f"({name} : {TYPE})" for name in names]
    formulas = [f"({name} : {text})" for name, text in hypotheses]
    kept = [formula for formula in formulas if _read([*numbers, formula], "0 = 0") is not None]
    goal = _read([*numbers, *kept], target)
    return None if goal is None else NumberProblem(goal, lemmas)


def _read(binders: Sequence[str], target: str) -> NumberGoal | None:
    try:
        return goal_of(Statement.of(f"{' '.join(binders)} : {target}"))
    except (SyntaxProblem, TacticError, Unsupported, RecursionError):
        return None
