"""Goals of any environment, in the form for searches. Their tactics are texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lean_ebm.proving.candidates.goals import Listing, listed_goal
from lean_ebm.proving.environment import Environment
from lean_ebm.proving.logic.goals import Goal, displayed
from lean_ebm.proving.logic.state import LogicState, goals_key
from lean_ebm.proving.search.goals import OpenGoal, Tactic
from lean_ebm.proving.search.tactics import legal_tactics
from lean_ebm.proving.statements import State

ListTactics = Callable[[State, int], Iterable[str]]
"""Lists the tactics for a goal, given by its number, of a state."""


class StateGoal(OpenGoal):
    """A goal of a state, or several goals that may share an unknown.

    Two goals have the same key only if all names are the same too, so that the texts which prove one prove the other.
    The goals that a tactic leaves are separate problems if they have no metavariable (``?x``). Otherwise they are one
    problem together, whose first goal gets the next tactic. A tactic that changes a goal outside of the problem is
    refused.

    Args:
        environment: Where tactics are applied.
        state: The state.
        first: Number of the first goal in the state.
        count: Number of goals.
        listed: Lists the tactics.
    """

    def __init__(
        self,
        environment: Environment,
        state: State,
        first: int = 0,
        count: int = 1,
        listed: ListTactics = legal_tactics,
    ) -> None:
        self.environment, self.state, self.first, self.count = environment, state, first, count
        self._listed = listed
        self._tactics: list[str] | None = None
        if isinstance(state, LogicState):
            goals = state.open[first : first + count]
            names = [name for goal in goals for name in displayed(goal.context)]
            self.key = (*names, goals_key(goals))
        else:
            self.key = tuple([_untagged(goal) for goal in state.goals[first : first + count]])

    @property
    def tactics(self) -> list[str]:
        """The tactics that are listed for the first goal."""
        if self._tactics is None:
            self._tactics = list(self._listed(self.state, self.first))
        return self._tactics

    def after(self, tactic: Tactic) -> list[OpenGoal] | None:
        """Apply a tactic to the first goal.

        Raises:
            ValueError: If it is not a text.
        """
        if not isinstance(tactic, str):
            raise ValueError(f"{tactic} is not a text: a goal of an environment takes texts")
        state = self.environment.apply(self.state, tactic, self.first).state
        if state is None:
            return None
        before, now = _goals(self.state), _goals(state)
        behind = len(before) - self.first - self.count
        count = len(now) - self.first - behind
        if count < 0 or _texts(before[: self.first]) != _texts(now[: self.first]):
            return None
        if behind and _texts(before[-behind:]) != _texts(now[-behind:]):
            return None
        made = now[self.first : self.first + count]
        if any(_searches(goal) for goal in made):
            return [self._part(state, self.first, count)]
        return [self._part(state, self.first + index, 1) for index in range(count)]

    def sizes(self) -> tuple[int, int]:
        """Measure all its goals together, as the environment does."""
        sizes = self.state.sizes()[self.first : self.first + self.count]
        return sum([target for target, _ in sizes]), sum([hypotheses for _, hypotheses in sizes])

    def listing(self) -> Listing:
        """The first goal as integers, with the wide set, which must be what :attr:`tactics` lists.

        Raises:
            Unsupported: If the embedded logic does not read the goal.
        """
        return listed_goal(self.state, self.first).listing()

    def _part(self, state: State, first: int, count: int) -> StateGoal:
        return StateGoal(self.environment, state, first, count, self._listed)


def _goals(state: State) -> list[Goal] | tuple[str, ...]:
    return state.open if isinstance(state, LogicState) else state.goals


def _texts(goals: list[Goal] | tuple[str, ...]) -> list[object]:
    """What must not change in goals that a tactic is not about."""
    return [_untagged(goal) if isinstance(goal, str) else (goal.number, goal.target.key) for goal in goals]


def _untagged(goal: str) -> str:
    """A printed goal without its tag, on which the success of no tactic depends."""
    return goal.partition("\n")[2] if goal.startswith("case ") else goal


def _searches(goal: Goal | str) -> bool:
    """Whether a goal has a metavariable, or may have one."""
    if isinstance(goal, str):
        return "?" in goal
    return goal.target.unknown or any(local.formula is not None and local.formula.unknown for local in goal.context)
