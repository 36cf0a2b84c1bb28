"""Goals as Lean's tactics leave them: a list of metavariables, of which some may be dormant, over the embedded logic.

The logic says what a tactic does to one goal. This file adds what Lean does to the list: tactics that move goals, work
on several of them, leave them as they are, or lose one. Names of goals are those of metavariables, as in the REPL.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lean_ebm.proving.logic.logic import Logic
from lean_ebm.proving.logic.state import LogicState
from lean_ebm.proving.statements import Outcome, Step

LOGIC = Logic()
_CASE = re.compile(r"case('?) (\S+) => (.*)", re.DOTALL)
_TURN = re.compile(r"(rotate_left|rotate_right|pick_goal)(?: (\d+))?")
_ON = re.compile(r"on_goal (\d+) => (.*)", re.DOTALL)


class TacticFailure(Exception):
    """A tactic failed.

    Args:
        step: What the logic said.
    """

    def __init__(self, step: Step) -> None:
        super().__init__(step.message)
        self.step = step


class Interrupted(Exception):
    """A tactic ran until the time limit, or, if it is stuck, past it."""

    def __init__(self, stuck: bool) -> None:
        super().__init__("interrupt")
        self.stuck = stuck


@dataclass(frozen=True)
class GoalList:
    """A state.

    Args:
        logic: The state of the logic, which has all open goals, dormant ones too.
        shown: Names of the goals that tactics may be applied to, in order.
        conversions: Names of those inside of a conversion.
        replaced: Names of goals that were replaced by one of another name that looks the same.
        opened: Whether ``open And`` is in force.
    """

    logic: LogicState
    shown: tuple[str, ...]
    conversions: frozenset[str] = frozenset()
    replaced: frozenset[str] = frozenset()
    opened: bool = False

    @classmethod
    def of(cls, logic: LogicState, opened: bool = False) -> GoalList:
        """The list of all goals of a state of the logic."""
        return cls(logic, tuple(_name(goal.number) for goal in logic.open), opened=opened)

    def texts(self) -> dict[str, str]:
        """The goals that are shown, as Lean prints them."""
        texts = {goal.number: text for goal, text in zip(self.logic.open, self.logic.goals, strict=True)}
        found = {name: texts[number_of(name)] for name in self.shown}
        return {name: _converted(text) if name in self.conversions else text for name, text in found.items()}

    def is_open(self, name: str) -> bool:
        """Whether a goal has no proof yet."""
        return name not in self.replaced and any(goal.number == number_of(name) for goal in self.logic.open)

    def knows(self, name: str) -> bool:
        """Whether there was such a goal on the way to this state."""
        return re.fullmatch(r"_uniq\.\d+(\.\d+)?", name) is not None and number_of(name) <= self.logic.next

    def focused(self, names: Sequence[str]) -> GoalList:
        """The same state with other goals shown; those that are closed are left out."""
        return replace(self, shown=tuple(name for name in names if self.is_open(name)))

    def run(self, tactic: str) -> GoalList:
        """Run one tactic or several lines of them.

        Raises:
            TacticFailure: If it fails.
            Interrupted: If it takes too long.
        """
        state = self
        for line in lines_of(tactic):
            state = state._line(line.strip())
        return state

    def convert(self, tactic: str) -> GoalList:
        """Run a step of the conversion of the main goal; there are some that change nothing."""
        if tactic not in ("lhs", "rhs", "skip"):
            raise _failed(f"no step of a conversion: {tactic}")
        return self

    def begin_conversion(self) -> GoalList:
        """Begin a conversion of the main goal."""
        if self.shown[0] in self.conversions:
            raise _failed("already in a conversion")
        state = self._renamed()
        return replace(state, conversions=state.conversions | {state.shown[0]})

    def end_conversion(self) -> GoalList:
        """End the conversion of the main goal."""
        return replace(self._renamed(), conversions=self.conversions - {self.shown[0]})

    def _renamed(self) -> GoalList:
        name = f"{_name(number_of(self.shown[0]))}.{len(self.replaced) + 1}"
        return replace(self, shown=(name, *self.shown[1:]), replaced=self.replaced | {self.shown[0]})

    def _line(self, tactic: str) -> GoalList:
        shown = self.shown
        if tactic.startswith("conv =>\n"):
            state = self.begin_conversion()
            for step in tactic.splitlines()[1:]:
                state = state.convert(step.strip())
            return state.end_conversion()
        if tactic in ("slow", "stuck"):
            raise Interrupted(tactic == "stuck")
        if tactic == "done":
            if shown:
                raise _failed("unsolved goals")
            return self
        if tactic.startswith("try "):
            try:
                return self._line(tactic[4:])
            except TacticFailure:
                return self
        if (word := tactic.partition(" ")[0]) in ("all_goals", "any_goals"):
            return self._all(tactic.removeprefix(word).strip(), word == "any_goals")
        if not shown:
            raise _failed("no goals to be proved")
        if tactic == "skip":
            return self
        if tactic == "lose":  # what no tactic of Lean's own does: the goal stays open and is listed no more
            return replace(self, shown=shown[1:])
        if " <;> " in tactic:
            first, _, rest = tactic.partition(" <;> ")
            made = self._alone(shown[0], first)
            made = made._all(rest, False)
            return made.focused((*made.shown, *shown[1:]))
        return self._moving(tactic) or self._core(tactic)

    def _moving(self, tactic: str) -> GoalList | None:
        """Run a tactic that moves goals or works on one in another place; None if it is another tactic."""
        shown = self.shown
        if tactic == "swap":
            if len(shown) < 2:
                raise _failed("there are less than two goals")
            return replace(self, shown=(shown[1], shown[0], *shown[2:]))
        if turn := _TURN.fullmatch(tactic):
            number = int(turn[2] or 1)
            if turn[1] == "pick_goal":
                if not 1 <= number <= len(shown):
                    raise _failed("not enough goals")
                return replace(self, shown=(shown[number - 1], *shown[: number - 1], *shown[number:]))
            number = (number if turn[1] == "rotate_left" else -number) % len(shown)
            return replace(self, shown=(*shown[number:], *shown[:number]))
        if tactic.startswith("· "):
            return self._closing(shown[0], tactic[2:])
        if case := _CASE.fullmatch(tactic):
            tags = {_name(goal.number): goal.tag for goal in self.logic.open}
            name = next((name for name in shown if tags[_name(number_of(name))] == case[2]), None)
            if name is None:
                raise _failed(f"there is no goal of the tag {case[2]}")
            if not case[1]:
                return self._closing(name, case[3])
            made = self._alone(name, case[3])
            return made.focused((*made.shown, *(other for other in shown if other != name)))
        if place := _ON.fullmatch(tactic):
            index = int(place[1]) - 1
            if not 0 <= index < len(shown):
                raise _failed("not enough goals")
            made = self._alone(shown[index], place[2])
            return made.focused((*shown[:index], *made.shown, *shown[index + 1 :]))
        return None

    def _all(self, tactic: str, some: bool) -> GoalList:
        state, shown, succeeded = self, [], not some
        for name in self.shown:
            if not state.is_open(name):
                continue
            try:
                state = state._alone(name, tactic)
            except TacticFailure:
                if not some:
                    raise
                shown.append(name)
            else:
                succeeded = True
                shown += state.shown
        if not succeeded:
            raise _failed("it failed on all goals")
        return state.focused(shown)

    def _alone(self, name: str, tactic: str) -> GoalList:
        """Run a tactic that sees one goal."""
        return replace(self, shown=(name,))._line(tactic)

    def _closing(self, name: str, tactic: str) -> GoalList:
        """Run a tactic that sees one goal and must close it."""
        made = self._alone(name, tactic)
        if made.shown:
            raise _failed("unsolved goals")
        return made.focused([other for other in self.shown if other != name])

    def _core(self, tactic: str) -> GoalList:
        """Run a tactic of the logic on the main goal."""
        if self.opened:
            tactic = re.sub(r"^(exact|apply) intro\b", r"\1 And.intro", tactic)
        numbers = [goal.number for goal in self.logic.open]
        step = LOGIC.apply(self.logic, tactic, numbers.index(number_of(self.shown[0])))
        if not isinstance(step.state, LogicState):
            raise TacticFailure(step)
        made = [_name(goal.number) for goal in step.state.open if goal.number not in numbers]
        return replace(self, logic=step.state).focused((*made, *self.shown))


def lines_of(script: str) -> list[str]:
    """Split a script into tactics, each with the lines that belong to it."""
    lines: list[str] = []
    for line in script.splitlines():
        if lines and (line[:1] in " |" or not line):
            lines[-1] += "\n" + line
        elif line:
            lines.append(line)
    return lines


def number_of(name: str) -> int:
    """The number in the logic of a goal."""
    return int(name.split(".")[1])


def _name(number: int) -> str:
    return f"_uniq.{number}"


def _converted(text: str) -> str:
    head, _, target = text.rpartition("⊢ ")
    return f"{head}| {target}"


def _failed(message: str) -> TacticFailure:
    return TacticFailure(Step(Outcome.TACTIC_ERROR, message=message))
