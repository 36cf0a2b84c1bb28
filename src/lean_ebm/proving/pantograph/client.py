"""PyPantograph as an environment. Searches survive processes that hang, crash or leak memory.

This is a client of the REPL that PyPantograph 0.3.15 builds. It uses no other part of PyPantograph: the search agents
there can report success while a sibling goal is open. Here a step that solves its state proves nothing;
:meth:`Pantograph.verify` has Lean check the whole script as a theorem and asks for its axioms. That happens in other
processes, in which no tactic was tried and which read the header anew for each script: a slow script costs no state.

A state is known by the tactics that lead to it. Its number in a process is only a shortcut: if the process is lost, the
state is made again in another one.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from lean_ebm.errors import SettingError
from lean_ebm.proving.environment import Environment
from lean_ebm.proving.forbidden import refuse
from lean_ebm.proving.lean.messages import LeanMessage, LeanReport, LeanSource, admitted
from lean_ebm.proving.lean.toolchain import LeanNotFoundError
from lean_ebm.proving.lexer import SyntaxProblem, plain
from lean_ebm.proving.pantograph.pool import PoolSettings, ReplPool, StatePath, Target
from lean_ebm.proving.pantograph.protocol import read_failure, read_messages, source_command
from lean_ebm.proving.pantograph.repl import Repl, ReplLostError
from lean_ebm.proving.pantograph.steps import StateMaker, misplaced
from lean_ebm.proving.statements import Attempt, Outcome, Request, State, Statement, Step, Verdict

T = TypeVar("T")


class _HeaderError(ReplLostError):
    """The process cannot be used since Lean refuses the header."""


class AsyncPantograph:
    """The client for use within one event loop; :class:`Pantograph` does the same without one.

    Args:
        repl: Path of the REPL, or a whole command as a list. None: the one in the installed package.
        settings: How processes are run.

    Raises:
        LeanNotFoundError: If there is no REPL.
    """

    def __init__(self, repl: str | Path | Sequence[str] | None = None, settings: PoolSettings | None = None) -> None:
        self.settings = settings = settings or PoolSettings()
        if repl is None or isinstance(repl, (str, Path)):
            # Options on the command line bound the steps and the depth of tactics; those in the header do the rest.
            command = [str(find_repl(repl)), *settings.imports, *(f"--{option}" for option in settings.core_options)]
        else:
            command = list(repl)
        if settings.project is not None:
            command = ["lake", "env", *command]  # Lake sets Lean's search path to that of the project
        grace = settings.timeout - settings.tactic_timeout
        self.pool = ReplPool(command, settings, self._prepare, settings.timeout)
        self.judges = ReplPool(command, settings, self._prepare_judge, settings.verify_timeout + grace)
        self.verifier = "PyPantograph"
        self._states = StateMaker(self.pool)
        self._axioms = frozenset(settings.axioms)

    async def open(self) -> None:
        """Start the first process, to check that the REPL works.

        Raises:
            LeanNotFoundError: If there is none.
            SettingError: If Lean refuses the header.
        """

        async def version(repl: Repl) -> list[LeanMessage]:
            command = source_command("#eval Lean.versionString")
            return read_messages(await repl.ask("frontend.process", command, self.settings.timeout), repl)

        try:
            messages = await self.pool.first(version)
        except _HeaderError as refused:
            await self.close()
            raise SettingError(f"PoolSettings: {refused}.") from refused
        except ReplLostError as lost:
            await self.close()
            raise LeanNotFoundError(f"{' '.join(self.pool.command)} is not PyPantograph's REPL: {lost}.") from lost
        text = " ".join(message.text.strip().strip('"') for message in messages)
        self.verifier = f"Lean {text} in PyPantograph" if text[:1].isdigit() else text or self.verifier

    async def start(self, statement: Statement) -> Step:
        """Start a proof."""
        attempt = admitted(Attempt(statement, ""))
        if isinstance(attempt, LeanReport):
            return Step(attempt.outcome, message=attempt.reason)
        if statement.preamble:
            return Step(Outcome.PARSE_ERROR, message="PyPantograph starts no statement that has a preamble")
        path = StatePath(attempt.statement)
        return await self._step(path, lambda repl: self._states.make(path, repl))

    async def load_sorry(self, source: str) -> list[Step]:
        """Start proofs of the goals that a Lean source leaves open with ``sorry``.

        Args:
            source: Definitions and theorems, which are trusted, may use what the header defines, and open what they
                need themselves. What depends on each other, such as a definition and a theorem on it, is one proof.

        Returns:
            A step for each proof, in the order of the source; one step that says why if Lean refuses the source.
        """

        async def load(repl: Repl) -> list[Step]:
            made = await self._states.distil(source, repl)
            if isinstance(made, Step):
                return [made]
            return self._states.adopt([StatePath(Target(source, index)) for index in range(len(made))], made, repl)

        try:
            return await self.pool.run(load)
        except ReplLostError as lost:
            return [_lost(lost)]

    async def apply(self, state: State, tactic: str, goal: int = 0) -> Step:
        """Apply one tactic to one goal.

        A tactic on goal 0 sees all goals, as a line of the script does: ``case right => exact h``, ``rotate_left`` and
        ``all_goals`` do to the others what they do in Lean. A tactic on another goal sees that goal alone.
        """
        parent = state.handle
        if not isinstance(parent, StatePath):
            raise ValueError("The state is not one of Pantograph: apply tactics to the states that it returned.")
        if parent.released:
            raise ValueError("The state was released: keep the states that tactics are still to be applied to.")
        if not 0 <= goal < len(parent.goals):
            raise ValueError(f"There is no goal {goal} in a state of {len(parent.goals)}: goals count from 0.")
        try:
            tactic = plain(tactic)
        except SyntaxProblem as problem:
            return Step(Outcome.PARSE_ERROR, message=str(problem))
        if reason := refuse(tactic):
            return Step(Outcome.FORBIDDEN, message=reason)
        if reason := misplaced(parent, tactic, goal):
            return Step(Outcome.PARSE_ERROR, message=reason)
        path = StatePath(parent.origin, parent, tactic, goal, depth=parent.depth + 1)

        async def make(repl: Repl) -> Step:
            await self._states.recreate(parent, repl)
            return await self._states.make(path, repl)

        return await self._step(parent, make)

    async def verify(self, statement: Statement, script: str) -> Verdict:
        """Let Lean check the whole script as a theorem, in a process in which no tactic was tried."""
        attempt = admitted(Attempt(statement, script))
        if isinstance(attempt, LeanReport):
            return attempt.verdict(self.verifier)
        source, header = LeanSource([attempt]), self.settings.source
        command = source_command(header + source.text)

        async def check(repl: Repl) -> tuple[list[LeanMessage], Step | None, float]:
            began = time.monotonic()
            repl.checked += 1
            answer = await repl.ask("frontend.process", command, self.judges.timeout)
            failure = read_failure(answer, Outcome.CRASH, repl) if "error" in answer else None
            messages = read_messages(answer, repl, header) if failure is None else []
            return messages, failure, time.monotonic() - began

        try:
            messages, failure, seconds = await self.judges.run(check)
        except ReplLostError as lost:
            failure, messages, seconds = _lost(lost), [], 0.0
        if failure is None:
            verdict = source.reports(messages, self._axioms)[0].verdict(self.verifier)
        else:
            verdict = Verdict(False, self.verifier, failure.message, failure.outcome)
        if verdict.proved or seconds < self.settings.verify_timeout:
            return verdict
        # Lean's frontend reports no error for a command that it gave up, and skips those after it.
        reason = f"Lean gave up the script after {self.settings.verify_timeout:.3g} seconds"
        return Verdict(False, self.verifier, reason, Outcome.TIMEOUT)

    def release(self, states: Iterable[State]) -> None:
        """Forget states; the processes are told with their next request."""
        for state in states:
            path = state.handle
            if isinstance(path, StatePath) and not path.released:
                path.released = True
                self.pool.forget(path)

    async def close(self) -> None:
        """End all processes."""
        await asyncio.gather(self.pool.close(), self.judges.close())

    async def _step(self, path: StatePath, work: Callable[[Repl], Awaitable[Step]]) -> Step:
        """Do something in the pool; the outcome says so if the process was lost each time."""
        try:
            return await self.pool.run(work, path)
        except ReplLostError as lost:
            return _lost(lost)

    async def _prepare(self, repl: Repl) -> None:
        """Have a new process read the header for the statements and tactics that it will get."""
        command = source_command(self.settings.source, keep=True)
        answer = await repl.ask("frontend.process", command, self.settings.start_timeout)
        for message in read_messages(answer, repl):
            if message.severity == "error":
                raise _HeaderError(f"Lean refuses the header: {message.text}")
        await self._set_options(repl, self.settings.tactic_timeout)

    async def _prepare_judge(self, repl: Repl) -> None:
        await self._set_options(repl, self.settings.verify_timeout)

    async def _set_options(self, repl: Repl, timeout: float) -> None:
        # Lean's own limit, in milliseconds, ends a tactic and keeps the process; ours ends the process.
        options = {"timeout": int(timeout * 1000), "automaticMode": True}
        answer = await repl.ask("options.set", options, self.settings.timeout)
        if "error" in answer:
            raise repl.lose(f"it answered options.set with {answer}")


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

    def load_sorry(self, source: str) -> list[Step]:
        """Start proofs of what a Lean source leaves open; see :meth:`AsyncPantograph.load_sorry`."""
        return self._run(self._client.load_sorry(source))

    def apply(self, state: State, tactic: str, goal: int = 0) -> Step:
        """Apply one tactic to one goal; see :meth:`AsyncPantograph.apply`."""
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
