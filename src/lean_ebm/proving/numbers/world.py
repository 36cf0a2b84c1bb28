"""The world of numbers for searches: goals with the wide set of tactics, and proofs as scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lean_ebm.errors import SettingError
from lean_ebm.proving.candidates.goals import Listing
from lean_ebm.proving.candidates.templates import Candidate
from lean_ebm.proving.judge import Judge
from lean_ebm.proving.lexer import SyntaxProblem
from lean_ebm.proving.logic.unify import TacticError, Unsupported
from lean_ebm.proving.numbers.candidates import NumberWriter, number_candidates, number_goals_after
from lean_ebm.proving.numbers.engine import Numbers, NumberState
from lean_ebm.proving.numbers.goals import TYPE, NumberGoal
from lean_ebm.proving.numbers.graphs import number_listing
from lean_ebm.proving.numbers.lemmas import Lemmas, NamedTheorem
from lean_ebm.proving.numbers.levels import lemmas as earlier_levels
from lean_ebm.proving.numbers.reading import goal_of
from lean_ebm.proving.search.goals import OpenGoal, Tactic
from lean_ebm.proving.search.graph import GoalNode
from lean_ebm.proving.search.scripts import ProofStep, UnwrittenError, WritableGoal
from lean_ebm.proving.search.worlds import World
from lean_ebm.proving.statements import State, Statement


class NumberProblem(OpenGoal):
    """A goal about numbers, with the wide set of tactics.

    Args:
        goal: The goal.
        lemmas: The theorems that its proof may use.
    """

    __slots__ = ("_tactics", "goal", "key", "lemmas")

    world = "numbers"

    def __init__(self, goal: NumberGoal, lemmas: Lemmas) -> None:
        self.goal, self.lemmas = goal, lemmas
        # New variables get the first number that is free, so goals of the same key go on in the same way.
        numbers = frozenset([local.number for local in goal.context if local.formula is None])
        formulas = frozenset([local.formula for local in goal.context if local.formula is not None])
        self.key = (formulas, goal.target, numbers)
        self._tactics: list[Candidate] | None = None

    @property
    def tactics(self) -> list[Candidate]:
        """The wide set."""
        if self._tactics is None:
            self._tactics = number_candidates(self.goal, self.lemmas)
        return self._tactics

    def after(self, tactic: Tactic) -> list[OpenGoal] | None:
        """Apply a tactic.

        Raises:
            ValueError: If it is not one that may be listed.
        """
        if not isinstance(tactic, Candidate):
            raise ValueError(f"{tactic!r} is a text or a chunk: a goal about numbers takes the tactics that it lists")
        made = number_goals_after(self.goal, tactic)
        return None if made is None else [NumberProblem(goal, self.lemmas) for goal in made]

    def sizes(self) -> tuple[int, int]:
        """Count operations, numerals, variables, equations, implications and quantifiers."""
        return self.goal.sizes()

    def listing(self) -> Listing:
        """The goal and its tactics as integers."""
        return number_listing(self.goal, self.tactics)


class NumberWorld(World):
    """Natural numbers with equality, rewriting and induction.

    Args:
        lemmas: The theorems that proofs may use, or a function that says which ones the proof of a statement may use.
    """

    name = "numbers"

    def __init__(self, lemmas: Iterable[NamedTheorem] | Callable[[Statement], Iterable[NamedTheorem]]) -> None:
        self._lemmas = lemmas

    def read(self, text: str) -> Statement:
        """Read a statement, whose variables need binders; see :meth:`.World.read`."""
        try:
            statement = Statement.of(text)
            goal_of(statement)
        except (SyntaxProblem, TacticError, Unsupported) as error:
            raise SettingError(
                f"{text!r} is not an equation between natural numbers ({TYPE}), such as '(a b : {TYPE}) : a + b = b + "
                f"a': {error}."
            ) from error
        return statement

    def environment(self) -> Numbers:
        """Make the embedded engine."""
        return Numbers(self._lemmas)

    def judge(self) -> Judge:
        """Make a Lean of this world, or the embedded engine without Lean; see :meth:`.World.judge`."""
        from lean_ebm.proving.lean import Lean, LeanNotFoundError

        try:
            return Lean(world=self.name)
        except LeanNotFoundError:
            return self.environment()

    def first_goal(self, start: State) -> tuple[OpenGoal, WritableGoal]:
        """The goal with which a search begins; see :meth:`.World.first_goal`."""
        if not isinstance(start, NumberState):
            raise SettingError("A guide for numbers searches in the embedded engine: expected one of its states.")
        return NumberProblem(start.open[0], start.lemmas), NumberWriter(start.open[0], start.lemmas)

    def steps(self, start: State, proved: GoalNode) -> Iterator[ProofStep]:
        """Write a proof; see :meth:`.World.steps`. It is run again from the start, where goals have their names."""
        assert isinstance(start, NumberState)
        waiting = [(proved, start.open[0])]
        while waiting:
            node, goal = waiting.pop()
            assert node.proof is not None and isinstance(node.proof.tactic, Candidate)
            tactic = node.proof.tactic
            writer = NumberWriter(goal, start.lemmas)
            try:
                text = writer.write(tactic)
            except KeyError as error:
                raise UnwrittenError(f"a tactic mentions something that its goal does not have: {error}") from error
            yield ProofStep((text,), node, writer)
            made = number_goals_after(goal, tactic) or []
            waiting.extend(reversed(list(zip(node.proof.goals, made, strict=True))))

    def named_goals(self, start: State, root: GoalNode) -> Iterator[tuple[GoalNode, WritableGoal]]:
        """All goals of a search with names; see :meth:`.World.named_goals`."""
        assert isinstance(start, NumberState)
        waiting = [(root, start.open[0])]
        found = {root}
        for node, goal in waiting:
            yield node, NumberWriter(goal, start.lemmas)
            for tried in node.tried:
                if tried is None or not isinstance(tried.tactic, Candidate):
                    continue
                made = number_goals_after(goal, tried.tactic) or []
                for below, named in zip(tried.goals, made, strict=False):
                    if below not in found:
                        found.add(below)
                        waiting.append((below, named))


NUMBERS = NumberWorld(earlier_levels)
"""The world of numbers in which the levels are lemmas: all of them, or those before the statement if it is a level."""
