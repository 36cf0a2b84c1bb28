"""PyPantograph as an environment, in which searches survive processes that hang, crash and leak memory.

This is a client of the REPL that PyPantograph 0.3.15 builds. It uses no other part of PyPantograph: the search agents
there can report success while a sibling goal is open. Here a step that solves its state proves nothing;
:meth:`Pantograph.verify` has Lean check the whole script as a theorem and asks for its axioms.

A state is known by the tactics that lead to it. Its number in a process is only a shortcut: if the process is lost, the
state is made again in another one.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from lean_ebm.proving.environment import Environment
from lean_ebm.proving.forbidden import refuse
from lean_ebm.proving.lean.messages import HEADER, LeanMessage, read_report, secret_name, theorem_source
from lean_ebm.proving.lean.toolchain import LeanNotFoundError
from lean_ebm.proving.pantograph.pool import Place, PoolSettings, ReplPool, StatePath
from lean_ebm.proving.pantograph.protocol import (
    Answer,
    binder_names,
    printed_goal,
    read_failure,
    read_goals,
    read_messages,
    read_number,
    same_goals,
    source_command,
)
from lean_ebm.proving.pantograph.repl import Repl, ReplLostError
from lean_ebm.proving.statements import Attempt, Outcome, Request, State, Statement, Step, Verdict

T = TypeVar("T")


class AsyncPantograph:
    """The client for use within one event loop; :class:`Pantograph` does the same without one.

    Args:
        repl: Path of the REPL, or a whole command as a list. None: the one in the installed package.
        settings: How processes are run.

    Raises:
        LeanNotFoundError: If there is no REPL.
    """

    def __init__(self, repl: str | Path | Sequence[str] | None = None, settings: PoolSettings | None = None) -> None:
        self.settings = settings or PoolSettings()
        if repl is None or isinstance(repl, (str, Path)):
            command = [str(find_repl(repl)), *self.settings.imports]
        else:
            command = list(repl)
        if self.settings.project is not None:
            command = ["lake", "env", *command]  # Lake sets Lean's search path to that of the project
        self.pool = ReplPool(command, self.settings)
        self._axioms = frozenset(self.settings.axioms)
        self.verifier = "PyPantograph"

    async def open(self) -> None:
        """Start the first process, to find out whether there is a REPL.

        Raises:
            LeanNotFoundError: If there is none.
        """

        async def version(repl: Repl) -> list[LeanMessage]:
            command = source_command("#eval Lean.versionString")
            return read_messages(await repl.ask("frontend.process", command, self.settings.timeout), repl)

        try:
            messages = await self.pool.first(version)
        except ReplLostError as lost:
            await self.close()
            raise LeanNotFoundError(f"{' '.join(self.pool.command)} is not PyPantograph's REPL: {lost}.") from lost
        text = " ".join(message.text.strip().strip('"') for message in messages)
        self.verifier = f"Lean {text} in PyPantograph" if text[:1].isdigit() else text or self.verifier

    async def start(self, statement: Statement) -> Step:
        """Start a proof."""
        if reason := refuse(f"{statement.binders} : {statement.proposition}"):
            return Step(Outcome.FORBIDDEN, message=reason)
        path = StatePath(statement)
        return await self._step(path, lambda repl: self._make(path, repl))

    async def apply(self, state: State, tactic: str, goal: int = 0) -> Step:
        """Apply one tactic to one goal."""
        parent = state.handle
        if not isinstance(parent, StatePath):
            raise ValueError("The state is not one of Pantograph: apply tactics to the states that it returned.")
        if parent.released:
            raise ValueError("The state was released: keep the states that tactics are still to be applied to.")
        if not 0 <= goal < len(parent.goals):
            raise ValueError(f"There is no goal {goal} in a state of {len(parent.goals)}: goals count from 0.")
        if reason := refuse(tactic):
            return Step(Outcome.FORBIDDEN, message=reason)
        path = StatePath(parent.statement, parent, tactic, goal, depth=parent.depth + 1)

        async def make(repl: Repl) -> Step:
            await self._recreate(parent, repl)
            return await self._make(path, repl)

        return await self._step(parent, make)

    async def verify(self, statement: Statement, script: str) -> Verdict:
        """Have Lean check the whole script as a theorem."""
        if reason := refuse(f"{statement.binders} : {statement.proposition}") or refuse(script):
            return Verdict(False, self.verifier, reason, Outcome.FORBIDDEN)
        name = secret_name()
        command = source_command(HEADER + theorem_source(name, Attempt(statement, script)))

        async def check(repl: Repl) -> list[LeanMessage]:
            return read_messages(await repl.ask("frontend.process", command, self.settings.timeout), repl)

        try:
            messages = await self.pool.run(StatePath(statement), check)
        except ReplLostError as lost:
            step = _lost(lost)
            return Verdict(False, self.verifier, step.message, step.outcome)
        return read_report(name, messages, self._axioms).verdict(self.verifier)

    def release(self, states: Iterable[State]) -> None:
        """Forget states; the processes are told with their next request."""
        for state in states:
            path = state.handle
            if isinstance(path, StatePath) and not path.released:
                path.released = True
                self.pool.forget(path)

    async def close(self) -> None:
        """End all processes."""
        await self.pool.close()

    async def _step(self, path: StatePath, work: Callable[[Repl], Awaitable[Step]]) -> Step:
        """Do something in the pool; the outcome says so if the process was lost each time."""
        try:
            return await self.pool.run(path, work)
        except ReplLostError as lost:
            return _lost(lost)

    async def _recreate(self, path: StatePath, repl: Repl) -> None:
        """Make a state again in a process in which it does not live."""
        missing: list[StatePath] = []
        at: StatePath | None = path
        while at is not None and repl.number not in at.places:
            missing.append(at)
            at = at.parent
        for again in reversed(missing):
            before = again.goals
            step = await self._make(again, repl)
            after, again.goals = again.goals, before
            if step.state is None or not same_goals(before, after):
                raise repl.lose(f"it did not make a state again: {step.message or after}")
        for again in missing:
            if again.released:
                self.pool.forget(again)

    async def _make(self, path: StatePath, repl: Repl) -> Step:
        """Make a state in a process in which its parent lives."""
        parent = path.parent
        if parent is None:
            return await self._make_root(path, repl)
        place = parent.places.get(repl.number)
        if place is None:
            return Step(Outcome.CRASH, message="the state was released while a tactic was being applied to it")
        answer = await self._tactic(repl, place.state, place.indices[path.goal], path.tactic)
        if isinstance(answer, Step):
            return answer
        state, goals = answer
        # The REPL puts new goals first. Here they take the place of the goal that they came from.
        theirs = {goal["name"]: index for index, goal in enumerate(goals)}
        fresh = [name for name in theirs if name not in place.names]
        names: list[str] = []
        for index, name in enumerate(place.names):
            names += fresh if index == path.goal else [name] if name in theirs else []
        order = tuple(theirs[name] for name in names)
        path.places[repl.number] = Place(state, order, tuple(names))
        path.goals = tuple(printed_goal(goals[index]) for index in order)
        return Step(Outcome.OK if names else Outcome.SOLVED, State(path.goals, path))

    async def _make_root(self, path: StatePath, repl: Repl) -> Step:
        statement = path.statement
        text = f"∀ {statement.binders}, {statement.proposition}" if statement.binders else statement.proposition
        answer = await repl.ask("goal.start", {"expr": text}, self.settings.timeout)
        if "error" in answer:
            return read_failure(answer, Outcome.PARSE_ERROR, repl)
        state = read_number(answer, "stateId", repl)
        names = binder_names(statement.binders)
        if not names:
            name = str(answer.get("root", ""))
            goals: list[Answer] = [{"name": name, "target": {"pp": statement.proposition}, "vars": []}]
        else:
            introduced = await self._tactic(repl, state, 0, f"intro {' '.join(names)}")
            await repl.ask("goal.delete", {"stateIds": [state]}, self.settings.timeout)
            if isinstance(introduced, Step):
                return Step(Outcome.PARSE_ERROR, message=introduced.message)
            state, goals = introduced
        indices = tuple(range(len(goals)))
        path.places[repl.number] = Place(state, indices, tuple(goal["name"] for goal in goals))
        path.goals = tuple(map(printed_goal, goals))
        return Step(Outcome.OK, State(path.goals, path))

    async def _tactic(self, repl: Repl, state: int, goal: int, tactic: str) -> Step | tuple[int, list[Answer]]:
        """Run a tactic; returns the new state's number and goals, or a step that says why there is none."""
        payload = {"stateId": state, "goalId": goal, "tactic": tactic, "autoResume": True}
        answer = await repl.ask("goal.tactic", payload, self.settings.timeout)
        if "goals" not in answer or "nextStateId" not in answer:
            return read_failure(answer, Outcome.TACTIC_ERROR, repl)
        number = read_number(answer, "nextStateId", repl)
        goals = read_goals(answer, repl)
        if answer.get("hasSorry") or answer.get("hasUnsafe"):
            await repl.ask("goal.delete", {"stateIds": [number]}, self.settings.timeout)
            return Step(Outcome.FORBIDDEN, message="the tactic closed a goal without a proof")
        return number, goals


class Pantograph(Environment):
    """Proofs in Lean through the REPL of PyPantograph; see :class:`AsyncPantograph`.

    Args:
        repl: Path of the REPL, or a whole command. None: the one in the installed package.
        settings: How processes are run.

    Raises:
        LeanNotFoundError: If there is no REPL.
    """

    def __init__(self, repl: str | Path | Sequence[str] | None = None, settings: PoolSettings | None = None) -> None:
        self._client = AsyncPantograph(repl, settings)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="pantograph", daemon=True)
        self._thread.start()
        self._open = True
        try:
            self._run(self._client.open())
        except BaseException:
            self.close()
            raise

    def start(self, statement: Statement) -> Step:
        """Start a proof."""
        return self._run(self._client.start(statement))

    def apply(self, state: State, tactic: str, goal: int = 0) -> Step:
        """Apply one tactic to one goal."""
        return self._run(self._client.apply(state, tactic, goal))

    def apply_many(self, requests: Sequence[Request]) -> list[Step]:
        """Apply many tactics, one at a time in each process."""
        return self._run(self._gathered(requests))

    def verify(self, statement: Statement, script: str) -> Verdict:
        """Have Lean check the whole script."""
        return self._run(self._client.verify(statement, script))

    def release(self, states: Iterable[State]) -> None:
        """Forget states; applying a tactic to one later raises."""
        if self._open:
            self._loop.call_soon_threadsafe(self._client.release, list(states))

    def close(self) -> None:
        """End all processes."""
        if self._open:
            self._open = False
            asyncio.run_coroutine_threadsafe(self._client.close(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def verify_many(self, attempts: Sequence[Attempt]) -> list[Verdict]:
        """Have Lean check many scripts, one at a time in each process."""
        return self._run(self._verified(attempts))

    async def _gathered(self, requests: Sequence[Request]) -> list[Step]:
        return list(await asyncio.gather(*(self._client.apply(*request) for request in requests)))

    async def _verified(self, attempts: Sequence[Attempt]) -> list[Verdict]:
        return list(await asyncio.gather(*(self._client.verify(*attempt) for attempt in attempts)))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        if not self._open:
            work.close()
            raise ValueError("The environment is closed.")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def _lost(lost: ReplLostError) -> Step:
    return Step(Outcome.TIMEOUT if lost.timeout else Outcome.CRASH, message=str(lost))


def find_repl(path: str | Path | None = None) -> Path:
    """Find the REPL at a path or, without one, in the installed package ``pantograph``.

    Raises:
        LeanNotFoundError: If there is none; says where to get it.
    """
    where = (
        "Build PyPantograph 0.3.15 from https://github.com/stanford-centaur/PyPantograph, which makes pantograph-repl"
    )
    if path is not None:
        found = shutil.which(path)
        if found is None:
            raise LeanNotFoundError(f"There is no program {path}. {where}, and give its path.")
        return Path(found)
    spec = importlib.util.find_spec("pantograph")
    if spec is None or spec.origin is None:
        raise LeanNotFoundError(
            f"The package pantograph is not installed. {where}. The package of that name on PyPI is another project."
        )
    program = Path(spec.origin).with_name("pantograph-repl")
    if not os.access(program, os.X_OK):
        raise LeanNotFoundError(
            f"The installed package pantograph ({program.parent}) has no pantograph-repl: the one on PyPI is another "
            f"project, which only shares the name. {where}."
        )
    return program
