"""Makes states in a process of the REPL, with goals in the order that environments promise.

The REPL names each goal after its metavariable, and goals are followed by these names. A tactic on the first goal sees
all goals, as a line of a script does, and may move or close any of them: the REPL's list after it is the new list. A
tactic on another goal sees that goal alone. The others are dormant in the REPL's answer, and ``goal.continue`` brings
them back in their order, except those that the tactic closed on the way. So the list in the REPL is always ours.

All complete tactics go to the REPL as text: ``have h : p := ?_``, ``let x : p := ?_`` and ``calc a = b := ?_`` leave
their parts as goals, as in a script. The REPL has modes for them too, which do the same and have no text that a script
could hold. Only a conversion can be written line by line: ``conv =>`` begins it, lines that begin with two blanks are
steps in it, and a line without blanks ends it, so that the lines together are again a script.
"""

from __future__ import annotations

from collections.abc import Sequence

from lean_ebm.proving.pantograph.pool import Place, ReplPool, StatePath, Target
from lean_ebm.proving.pantograph.protocol import (
    Answer,
    binder_names,
    printed_goal,
    read_failure,
    read_goals,
    read_number,
    same_goals,
)
from lean_ebm.proving.pantograph.repl import Repl
from lean_ebm.proving.statements import Outcome, State, Step

_CONV = "conv =>"
_INDENT = "  "

Made = tuple[int, list[Answer]]
"""A new state: its number in the process, and its goals."""


def misplaced(path: StatePath, tactic: str, goal: int) -> str:
    """Explain why a tactic that the REPL would run cannot be a line of the script. Empty if it can.

    Args:
        path: The state.
        tactic: Text of the tactic.
        goal: Number of the goal.
    """
    lines = [line for line in tactic.splitlines() if line.strip()]
    if not lines:
        return "expected a tactic, found nothing"
    if path.modes[goal] != "conv":
        return "" if not lines[0][:1].isspace() else "expected a tactic that begins in the first column, found blanks"
    if lines[0].startswith(_INDENT):
        good = all(line.startswith(_INDENT) for line in lines) and not lines[0].startswith(_INDENT + " ")
        return "" if good else "expected two blanks before each line inside of conv"
    if lines[0][:1].isspace():
        return "expected two blanks before a line inside of conv, or none to end it"
    return "expected a step of the conversion, which begins with two blanks" if path.tactic.strip() == _CONV else ""


class StateMaker:
    """Makes states in processes.

    Args:
        pool: The processes.
    """

    def __init__(self, pool: ReplPool) -> None:
        self._pool = pool

    async def recreate(self, path: StatePath, repl: Repl) -> None:
        """Make a state again in a process that does not have it.

        Raises:
            ReplLostError: If that gives something else.
        """
        missing: list[StatePath] = []
        at: StatePath | None = path
        while at is not None and repl.number not in at.places:
            missing.append(at)
            at = at.parent
        for again in reversed(missing):
            before = again.goals
            step = await self.make(again, repl)
            after, again.goals = again.goals, before
            if step.state is None or not same_goals(before, after):
                raise repl.lose(f"it did not make a state again: {step.message or after}")
        for again in missing:
            if again.released:
                self._pool.forget(again)

    async def make(self, path: StatePath, repl: Repl) -> Step:
        """Make a state in a process that has its parent."""
        parent = path.parent
        if parent is None:
            made = await self._root(path, repl)
        else:
            place = parent.places.get(repl.number)
            if place is None:
                return Step(Outcome.CRASH, message="the state was released while a tactic was being applied to it")
            made = await self._child(path, parent, place, repl)
        if isinstance(made, Step):
            return made
        if not made[1] and (hole := await self._hole(made[0], repl)):
            await self._delete([made[0]], repl)
            return hole
        return _placed(path, made, repl)

    async def distil(self, source: str, repl: Repl) -> Step | list[Made]:
        """Make states of all goals that a source leaves open with ``sorry``; otherwise a step with the reason."""
        answer = await self._ask(repl, "frontend.distil", file=source, ignoreValues=False)
        targets = answer.get("targets")
        if not isinstance(targets, list):
            return read_failure(answer, Outcome.PARSE_ERROR, repl)
        return [(read_number(target, "stateId", repl), read_goals(target, repl)) for target in targets]

    def adopt(self, paths: Sequence[StatePath], made: Sequence[Made], repl: Repl) -> list[Step]:
        """Take states that :meth:`distil` made as the starts of proofs."""
        return [_placed(path, state, repl) for path, state in zip(paths, made, strict=True)]

    async def _root(self, path: StatePath, repl: Repl) -> Step | Made:
        origin = path.origin
        if isinstance(origin, Target):
            targets = await self.distil(origin.source, repl)
            if isinstance(targets, Step) or len(targets) <= origin.index:
                return targets if isinstance(targets, Step) else Step(Outcome.CRASH, message="the source has changed")
            await self._delete([state for state, _ in targets if state != targets[origin.index][0]], repl)
            return targets[origin.index]
        text = f"∀ {origin.binders}, {origin.proposition}" if origin.binders else origin.proposition
        answer = await self._ask(repl, "goal.start", expr=text)
        if "error" in answer:
            return read_failure(answer, Outcome.PARSE_ERROR, repl)
        state = read_number(answer, "stateId", repl)
        names = binder_names(origin.binders)
        if not names:
            return state, read_goals(await self._ask(repl, "goal.print", stateId=state, goals=True), repl)
        made = await self._tactic(repl, state, 0, alone=False, tactic=f"intro {' '.join(names)}")
        await self._delete([state], repl)
        if isinstance(made, Step) and made.outcome is Outcome.TACTIC_ERROR:
            return Step(Outcome.PARSE_ERROR, message=made.message)
        return made

    async def _child(self, path: StatePath, parent: StatePath, place: Place, repl: Repl) -> Step | Made:
        """Apply a tactic to a goal, and put the goals in order."""
        goal, tactic, names = path.goal, path.tactic, place.names
        if parent.modes[goal] != "conv":
            return await self._apply(repl, place.state, goal, tactic, names)
        if tactic.startswith(_INDENT):
            lines = [line.removeprefix(_INDENT) for line in tactic.splitlines()]
            return await self._apply(repl, place.state, goal, "\n".join(lines), names)
        ended = await self._tactic(repl, place.state, goal, alone=True, mode="tactic")
        if isinstance(ended, Step):
            return ended
        state, goals = await self._resume(repl, ended, goal, names)
        main = next((index for index, item in enumerate(goals) if item["name"] not in names), 0)
        if goals and (goal == 0 or goals[main]["name"] not in names):
            made = await self._apply(repl, state, main, tactic, [item["name"] for item in goals])
        else:
            made = Step(Outcome.TACTIC_ERROR, message="the conversion has closed the goal")
        await self._delete([state], repl)
        return made

    async def _apply(self, repl: Repl, state: int, goal: int, tactic: str, names: Sequence[str]) -> Step | Made:
        shape = {"mode": "conv"} if tactic.strip() == _CONV else {"tactic": tactic}
        made = await self._tactic(repl, state, goal, alone=goal > 0, **shape)
        return made if isinstance(made, Step) or goal == 0 else await self._resume(repl, made, goal, names)

    async def _resume(self, repl: Repl, made: Made, goal: int, names: Sequence[str]) -> Made:
        """Wake the goals beside the one that a tactic saw alone; those that it closed on the way are left out."""
        state, own = made
        others = {*names[:goal], *names[goal + 1 :]}
        fresh = [item["name"] for item in own if item["name"] not in others]
        order = [*names[:goal], *fresh, *names[goal + 1 :]]
        answer = await self._ask(repl, "goal.continue", target=state, goals=order)
        await self._delete([state], repl)
        if "nextStateId" not in answer:
            raise repl.lose(f"it answered goal.continue with {str(answer)[:200]}")
        number, goals = read_number(answer, "nextStateId", repl), read_goals(answer, repl)
        left = [item["name"] for item in goals]
        if left != [name for name in order if name in left] or not set(fresh) <= set(left):
            raise repl.lose(f"it woke the goals {left}, expected {order} without those that are closed")
        return number, goals

    async def _tactic(self, repl: Repl, state: int, goal: int, *, alone: bool, **shape: str) -> Step | Made:
        """Run a tactic; returns the new state, or a step that says why there is none."""
        answer = await self._ask(repl, "goal.tactic", stateId=state, goalId=goal, autoResume=not alone, **shape)
        if "goals" not in answer or "nextStateId" not in answer:
            return read_failure(answer, Outcome.TACTIC_ERROR, repl)
        number = read_number(answer, "nextStateId", repl)
        goals = read_goals(answer, repl)
        if answer.get("hasSorry") or answer.get("hasUnsafe"):
            await self._delete([number], repl)
            return Step(Outcome.FORBIDDEN, message="the tactic closed a goal without a proof")
        return number, goals

    async def _hole(self, state: int, repl: Repl) -> Step | None:
        """Say what is missing in a proof of which the REPL lists no open goal; None if nothing is."""
        answer = await self._ask(repl, "goal.print", stateId=state, rootExpr=True)
        if "error" in answer:
            return read_failure(answer, Outcome.TACTIC_ERROR, repl)
        if answer.get("rootHasSorry") or answer.get("rootHasUnsafe"):
            return Step(Outcome.FORBIDDEN, message="the tactics closed a goal without a proof")
        if "root" not in answer or answer.get("rootHasMVar") is not False:
            return Step(Outcome.TACTIC_ERROR, message="no goal is listed, but the proof has holes")
        return None

    async def _delete(self, states: Sequence[int], repl: Repl) -> None:
        if states:
            await self._ask(repl, "goal.delete", stateIds=list(states))

    async def _ask(self, repl: Repl, command: str, **payload: object) -> Answer:
        return await repl.ask(command, payload, self._pool.timeout)


def _placed(path: StatePath, made: Made, repl: Repl) -> Step:
    """Record where a state lives."""
    number, goals = made
    path.places[repl.number] = Place(number, tuple(goal["name"] for goal in goals))
    path.goals = tuple(map(printed_goal, goals))
    path.modes = tuple(str(goal.get("fragment", "tactic")) for goal in goals)
    return Step(Outcome.OK if goals else Outcome.SOLVED, State(path.goals, path))
