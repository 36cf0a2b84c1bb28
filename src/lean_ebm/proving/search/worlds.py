"""Worlds: the interface between searches and a kind of mathematics.

A world reads statements, has an environment of its own, makes the goals that a search works on, and writes the proofs
that it finds. Its goals list tactics as templates with pointers, and are written as integers in the vocabulary that all
worlds share (:class:`.NodeKind`, :class:`.Template`); guides, searches and networks need nothing else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

from lean_ebm.errors import SettingError
from lean_ebm.proving.candidates.sequents import sequent_of
from lean_ebm.proving.environment import Environment
from lean_ebm.proving.judge import Judge
from lean_ebm.proving.lexer import SyntaxProblem
from lean_ebm.proving.logic.infer import statement as with_binders
from lean_ebm.proving.logic.logic import Logic, root
from lean_ebm.proving.logic.unify import TacticError, Unsupported
from lean_ebm.proving.search.goals import OpenGoal, SequentGoal
from lean_ebm.proving.search.graph import GoalNode
from lean_ebm.proving.search.provers import SearchResult
from lean_ebm.proving.search.scripts import (
    NamedGoal,
    ProofStep,
    WritableGoal,
    named_goal,
    named_goals_of_logic,
    steps_of_logic,
)
from lean_ebm.proving.statements import Attempt, State, Statement


class World(ABC):
    """A kind of mathematics.

    Attributes:
        name: Its name, as ``--world`` takes it.
    """

    name: str

    @abstractmethod
    def read(self, text: str) -> Statement:
        """Read a statement.

        Raises:
            SettingError: If the text is not a statement of this world.
        """

    @abstractmethod
    def environment(self) -> Environment:
        """Make the world's own, fast environment."""

    def judge(self) -> Judge:
        """Make the strictest available judge for finished scripts. By default the world's environment."""
        return self.environment()

    def confirmed(self, statements: Sequence[Statement], results: Mapping[int, SearchResult]) -> list[float]:
        """Let the judge check the proofs that searches have found.

        Args:
            statements: The statements.
            results: The result of the search for each statement, by its index.

        Returns:
            For each statement, 1 if the judge says that it is proved, and else 0.
        """
        found = [index for index in range(len(statements)) if results[index].proved]
        with self.judge() as judge:
            verdicts = judge.verify_many([Attempt(statements[index], results[index].script) for index in found])
        proved = {index for index, verdict in zip(found, verdicts, strict=True) if verdict.proved}
        return [float(index in proved) for index in range(len(statements))]

    @abstractmethod
    def first_goal(self, start: State) -> tuple[OpenGoal, WritableGoal]:
        """The goal with which a search begins, with the wide set of tactics; and the same goal with names.

        Args:
            start: The state of a statement, of whatever environment.

        Raises:
            SettingError: If the world does not read it.
        """

    @abstractmethod
    def steps(self, start: State, proved: GoalNode) -> Iterator[ProofStep]:
        """Write a proof. Each tactic works on the main goal that the tactics before it leave.

        Args:
            start: The state that the proof begins with.
            proved: The node of its main goal.

        Raises:
            UnwrittenError: If it cannot be written.
        """

    def named_goals(self, start: State, root: GoalNode) -> Iterator[tuple[GoalNode, WritableGoal]]:
        """All goals that a search has found, with names, the nearest to the root first. By default only the root.

        A goal that cannot be written is left out.

        Args:
            start: The state that the search begins with.
            root: The node of its main goal.
        """
        yield root, self.first_goal(start)[1]


class LogicWorld(World):
    """Intuitionistic logic."""

    name = "logic"

    def read(self, text: str) -> Statement:
        """Read a statement. Names without binders get the binders that fit their use. See :meth:`.World.read`."""
        try:
            statement = with_binders(text)
            root(statement)
        except (SyntaxProblem, TacticError, Unsupported) as error:
            raise SettingError(f"{text!r} is not a statement of this logic: {error}.") from error
        return statement

    def environment(self) -> Logic:
        """Make an embedded logic."""
        return Logic()

    def first_goal(self, start: State) -> tuple[OpenGoal, WritableGoal]:
        """The sequent with which a search begins; see :meth:`.World.first_goal`."""
        try:
            goal = named_goal(start)
            return SequentGoal(sequent_of(goal)), NamedGoal(goal, {})
        except Unsupported as error:
            raise SettingError(
                f"The wide set of tactics is for statements of the embedded logic, and this is {error}. Take the "
                "narrow set (--tactics narrow)."
            ) from error

    def steps(self, start: State, proved: GoalNode) -> Iterator[ProofStep]:
        """Write a proof; see :meth:`.World.steps`."""
        return steps_of_logic(named_goal(start), proved)

    def named_goals(self, start: State, root: GoalNode) -> Iterator[tuple[GoalNode, WritableGoal]]:
        """All goals of a search with names; see :meth:`.World.named_goals`."""
        return named_goals_of_logic(named_goal(start), root)


LOGIC = LogicWorld()
"""The world of logic."""
