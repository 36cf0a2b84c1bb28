"""PyPantograph as an environment: a pool of REPL processes that may hang, crash and leak, and a search that goes on.

This is a client of the REPL that PyPantograph 0.3.15 builds, and of no other part of it: PyPantograph's own search
agents can report success while a sibling goal is open. Here a step that solves its state claims nothing;
:meth:`Pantograph.verify` has Lean check the whole script as a theorem and asks for its axioms.

A state is known by the tactics that lead to it. Where it lives, as a number in a process, is only remembered: when the
process is gone, the state is made again in another. A request whose process died or hung is tried again in a new one
before it counts as the tactic's fault.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import shutil
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from lean_ebm.proving.environment import Environment, Outcome, Request, State, Statement, Step, Verdict
from lean_ebm.proving.forbidden import refuse
from lean_ebm.proving.lean import HEADER, LeanNotFoundError, Message, Proof, read_report, secret_name, theorem_source
from lean_ebm.proving.repl import Repl, ReplLostError

T = TypeVar("T")
_BINDER = re.compile(r"[({⦃]([^:(){}⦃⦄]+):|\[(?:\s*([^\s:\[\]]+)\s*:)?")
_SLOW = re.compile(r"timeout|interrupt|heartbeats", re.IGNORECASE)
_UNKNOWN = re.compile(r"\?[\w.✝]+")


@dataclass(frozen=True)
class _Place:
    """Where a state lives in one process: its number, and its goals, ours in order, by index and name there."""

    state: int
    indices: tuple[int, ...]
    names: tuple[str, ...]


@dataclass(eq=False, repr=False)
class _Node:
    """A state by the way to it: ``depth`` tactics from the statement, the last of them ``tactic``."""

    statement: Statement
    parent: _Node | None = None
    tactic: str = ""
    goal: int = 0
    goals: tuple[str, ...] = ()
    places: dict[int, _Place] = field(default_factory=dict)
    depth: int = 0
    released: bool = False


class _Slot:
    """A place in the pool, where one process follows another."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.repl: Repl | None = None
        self.waiting = 0
        self.forgotten: list[tuple[int, int]] = []

    def holds(self, node: _Node) -> bool:
        return self.repl is not None and self.repl.alive and self.repl.number in node.places


@dataclass(frozen=True)
class Pool:
    """How processes are run.

    Args:
        project: Folder of a Lake project; needs ``lake`` on PATH.
        imports: Modules that Lean imports.
        axioms: Axioms that a proof may depend on; :data:`lean_ebm.proving.lean.STANDARD_AXIOMS` with Mathlib.
        processes: Processes at a time.
        timeout: Seconds after which a process that has not answered is killed.
        tactic_timeout: Seconds after which Lean itself gives a tactic up; the process lives on.
        start_timeout: Seconds until a process must be ready; importing Mathlib takes a while.
        memory: MiB of resident memory at which a process is killed; 0 for no limit.
        recycle: Goal states after which a process is replaced by a new one.
        retries: Times that a request is tried again after its process was lost.

    Raises:
        ValueError: If a setting is out of its range.
    """

    project: str | Path | None = None
    imports: Sequence[str] = ("Init",)
    axioms: Iterable[str] = ()
    processes: int = 2
    timeout: float = 30.0
    tactic_timeout: float = 10.0
    start_timeout: float = 120.0
    memory: int = 8192
    recycle: int = 20_000
    retries: int = 1

    def __post_init__(self) -> None:
        if min(self.processes, self.recycle, self.retries + 1) < 1 or self.memory < 0:
            raise ValueError(
                f"Pool: processes={self.processes}, recycle={self.recycle}, retries={self.retries}, "
                f"memory={self.memory}; expected at least 1, 1, 0 and 0."
            )
        if not 0 < self.tactic_timeout < self.timeout:
            raise ValueError(
                f"Pool: tactic_timeout={self.tactic_timeout} and timeout={self.timeout}; expected both above 0, and "
                "the process to live longer than the tactic."
            )


class AsyncPantograph:
    """The client, for use within one event loop; :class:`Pantograph` is the same for everybody else.

    Args:
        repl: Path of the REPL, or a whole command (``[sys.executable, "-m", "lean_ebm.proving.serve"]``). None: the one
            in the installed package.
        pool: How processes are run.

    Raises:
        LeanNotFoundError: If there is no REPL.
    """

    def __init__(self, repl: str | Path | Sequence[str] | None = None, pool: Pool | None = None) -> None:
        self.pool = pool or Pool()
        if repl is None or isinstance(repl, (str, Path)):
            self.command = [str(find_repl(repl)), *self.pool.imports]
        else:
            self.command = list(repl)
        self._project = None if self.pool.project is None else Path(self.pool.project)
        if self._project is not None:
            self.command = ["lake", "env", *self.command]  # Lean's search path is what lake makes of the project
        self._axioms = frozenset(self.pool.axioms)
        self.verifier = "PyPantograph"
        self._slots = [_Slot() for _ in range(self.pool.processes)]
        self._closed = False

    async def open(self) -> None:
        """Start the first process, to see whether there is a REPL at all.

        Raises:
            LeanNotFoundError: If there is none.
        """
        slot = self._slots[0]
        try:
            async with slot.lock:
                repl = await self._running(slot)
                answer = await repl.ask("frontend.process", _source("#eval Lean.versionString"), self.pool.timeout)
        except ReplLostError as lost:
            await self.close()
            raise LeanNotFoundError(f"{' '.join(self.command)} is no REPL of PyPantograph: {lost}.") from lost
        version = " ".join(message.text.strip().strip('"') for message in _messages(answer, repl))
        self.verifier = f"Lean {version} in PyPantograph" if version[:1].isdigit() else version or self.verifier

    async def start(self, statement: Statement) -> Step:
        """The state whose one goal is the statement."""
        if reason := refuse(f"{statement.binders} : {statement.proposition}"):
            return Step(Outcome.FORBIDDEN, message=reason)
        node = _Node(statement)
        return await self._retried(node, lambda repl: self._make(node, repl))

    async def apply(self, state: State, tactic: str, goal: int = 0) -> Step:
        """Apply one tactic to one goal."""
        parent = state.handle
        if not isinstance(parent, _Node):
            raise ValueError("The state is not one of Pantograph: apply tactics to the states that it returned.")
        if parent.released:
            raise ValueError("The state was released: keep the states that tactics are still to be applied to.")
        if not 0 <= goal < len(parent.goals):
            raise ValueError(f"There is no goal {goal} in a state of {len(parent.goals)}: goals count from 0.")
        if reason := refuse(tactic):
            return Step(Outcome.FORBIDDEN, message=reason)
        node = _Node(parent.statement, parent, tactic, goal, depth=parent.depth + 1)

        async def make(repl: Repl) -> Step:
            await self._recreate(parent, repl)
            return await self._make(node, repl)

        return await self._retried(parent, make)

    async def verify(self, statement: Statement, script: str) -> Verdict:
        """Have Lean check the whole script as a theorem."""
        if reason := refuse(f"{statement.binders} : {statement.proposition}") or refuse(script):
            return Verdict(False, self.verifier, reason, Outcome.FORBIDDEN)
        name = secret_name()
        source = HEADER + theorem_source(name, Proof(statement, script))
        found: list[Message] = []

        async def check(repl: Repl) -> Step:
            answer = await repl.ask("frontend.process", _source(source), self.pool.timeout)
            found[:] = _messages(answer, repl)
            return Step(Outcome.OK)

        step = await self._retried(_Node(statement), check)
        if step.outcome is not Outcome.OK:
            return Verdict(False, self.verifier, step.message, step.outcome)
        report = read_report(name, found, self._axioms)
        if report.outcome is Outcome.SOLVED:
            return Verdict(True, self.verifier, outcome=Outcome.SOLVED)
        outcome = Outcome.TACTIC_ERROR if report.outcome is Outcome.OK else report.outcome
        return Verdict(False, self.verifier, report.reason, outcome)

    def release(self, states: Iterable[State]) -> None:
        """Forget states; the processes are told with their next request."""
        for state in states:
            node = state.handle
            if isinstance(node, _Node) and not node.released:
                node.released = True
                self._forget(node)

    async def close(self) -> None:
        """End all processes."""
        self._closed = True
        await asyncio.gather(*(slot.repl.close() for slot in self._slots if slot.repl is not None))
        for slot in self._slots:
            async with slot.lock:  # what was being started has got ready meanwhile
                if slot.repl is not None:
                    await slot.repl.close()

    async def _retried(self, node: _Node, work: Callable[[Repl], Awaitable[Step]]) -> Step:
        """Do something in the process that can do it first; again where the process is lost."""
        lost: ReplLostError | None = None
        for _ in range(self.pool.retries + 1):
            # A request waits for those before it, or for its state to be made again, about a request a tactic.
            slot = min(self._slots, key=lambda slot: slot.waiting + (0 if slot.holds(node) else node.depth + 1))
            slot.waiting += 1
            try:
                async with slot.lock:
                    repl = await self._running(slot)
                    await self._delete(slot, repl)
                    return await work(repl)
            except ReplLostError as error:
                lost = error
            finally:
                slot.waiting -= 1
        assert lost is not None
        outcome = Outcome.TIMEOUT if lost.timeout else Outcome.CRASH
        return Step(
            outcome, message=f"the process was lost {self.pool.retries + 1} times, the last time because {lost}"
        )

    async def _running(self, slot: _Slot) -> Repl:
        """The process of a slot; a new one where it is dead or has made its share of states."""
        if self._closed:
            raise ReplLostError("the environment is closed")
        repl = slot.repl
        if repl is not None and repl.alive and repl.created < self.pool.recycle:
            return repl
        if repl is not None:
            await repl.close()
        slot.forgotten.clear()
        slot.repl = await Repl.start(
            self.command, cwd=self._project, memory=self.pool.memory, timeout=self.pool.start_timeout
        )
        # Lean's own limit, in milliseconds, ends a tactic and keeps the process; ours ends the process.
        options = {"timeout": int(self.pool.tactic_timeout * 1000), "automaticMode": True}
        answer = await slot.repl.ask("options.set", options, self.pool.timeout)
        if "error" in answer:
            raise slot.repl.lose(f"it answered options.set with {answer}")
        return slot.repl

    async def _delete(self, slot: _Slot, repl: Repl) -> None:
        states = [state for number, state in slot.forgotten if number == repl.number]
        slot.forgotten.clear()
        if states:
            await repl.ask("goal.delete", {"stateIds": states}, self.pool.timeout)

    def _forget(self, node: _Node) -> None:
        for number, place in node.places.items():
            for slot in self._slots:
                if slot.repl is not None and slot.repl.number == number:
                    slot.forgotten.append((number, place.state))
        node.places.clear()

    async def _recreate(self, node: _Node, repl: Repl) -> None:
        """See to it that a state lives in a process."""
        missing: list[_Node] = []
        at: _Node | None = node
        while at is not None and repl.number not in at.places:
            missing.append(at)
            at = at.parent
        for again in reversed(missing):
            before = again.goals
            step = await self._make(again, repl)
            after, again.goals = again.goals, before
            if step.state is None or not _same(before, after):
                raise repl.lose(f"it did not make a state again: {step.message or after}")
        for again in missing:
            if again.released:
                self._forget(again)

    async def _make(self, node: _Node, repl: Repl) -> Step:
        """Make a state in a process in which its parent lives."""
        parent = node.parent
        if parent is None:
            return await self._make_root(node, repl)
        place = parent.places.get(repl.number)
        if place is None:
            return Step(Outcome.CRASH, message="the state was released while a tactic was on its way to it")
        answer = await self._tactic(repl, place.state, place.indices[node.goal], node.tactic)
        if isinstance(answer, Step):
            return answer
        state, goals = answer
        # The REPL puts new goals first. Here they take the place of the one that they came from.
        theirs = {goal["name"]: index for index, goal in enumerate(goals)}
        fresh = [name for name in theirs if name not in place.names]
        names: list[str] = []
        for index, name in enumerate(place.names):
            names += fresh if index == node.goal else [name] if name in theirs else []
        order = tuple(theirs[name] for name in names)
        node.places[repl.number] = _Place(state, order, tuple(names))
        node.goals = tuple(_printed(goals[index]) for index in order)
        return Step(Outcome.OK if names else Outcome.SOLVED, State(node.goals, node))

    async def _make_root(self, node: _Node, repl: Repl) -> Step:
        statement = node.statement
        text = f"∀ {statement.binders}, {statement.proposition}" if statement.binders else statement.proposition
        answer = await repl.ask("goal.start", {"expr": text}, self.pool.timeout)
        if "error" in answer:
            return _failure(answer, Outcome.PARSE_ERROR, repl)
        state = _number(answer, "stateId", repl)
        names = _names(statement.binders)
        if not names:
            name = str(answer.get("root", ""))
            goals: list[dict[str, Any]] = [{"name": name, "target": {"pp": statement.proposition}, "vars": []}]
        else:
            introduced = await self._tactic(repl, state, 0, f"intro {' '.join(names)}")
            await repl.ask("goal.delete", {"stateIds": [state]}, self.pool.timeout)
            if isinstance(introduced, Step):
                return Step(Outcome.PARSE_ERROR, message=introduced.message)
            state, goals = introduced
        indices = tuple(range(len(goals)))
        node.places[repl.number] = _Place(state, indices, tuple(goal["name"] for goal in goals))
        node.goals = tuple(map(_printed, goals))
        return Step(Outcome.OK, State(node.goals, node))

    async def _tactic(self, repl: Repl, state: int, goal: int, tactic: str) -> Step | tuple[int, list[dict[str, Any]]]:
        """Run a tactic: a new state with its goals, or a step that says why not."""
        payload = {"stateId": state, "goalId": goal, "tactic": tactic, "autoResume": True}
        answer = await repl.ask("goal.tactic", payload, self.pool.timeout)
        if "goals" not in answer or "nextStateId" not in answer:
            return _failure(answer, Outcome.TACTIC_ERROR, repl)
        number = _number(answer, "nextStateId", repl)
        goals = answer["goals"]
        if not _are_goals(goals):
            raise repl.lose(f"it answered goal.tactic with {str(goals)[:200]}")
        if answer.get("hasSorry") or answer.get("hasUnsafe"):
            await repl.ask("goal.delete", {"stateIds": [number]}, self.pool.timeout)
            return Step(Outcome.FORBIDDEN, message="the tactic closed a goal without a proof")
        return number, goals


class Pantograph(Environment):
    """Proofs in Lean through the REPL of PyPantograph; see :class:`AsyncPantograph`.

    Args:
        repl: Path of the REPL, or a whole command. None: the one in the installed package.
        pool: How processes are run.

    Raises:
        LeanNotFoundError: If there is no REPL.
    """

    def __init__(self, repl: str | Path | Sequence[str] | None = None, pool: Pool | None = None) -> None:
        self._client = AsyncPantograph(repl, pool)
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
        """The state whose one goal is the statement."""
        return self._run(self._client.start(statement))

    def apply(self, state: State, tactic: str, goal: int = 0) -> Step:
        """Apply one tactic to one goal."""
        return self._run(self._client.apply(state, tactic, goal))

    def apply_many(self, requests: Sequence[Request]) -> list[Step]:
        """Apply many tactics, as many at a time as there are processes that hold their states."""
        return self._run(self._gathered(requests))

    def verify(self, statement: Statement, script: str) -> Verdict:
        """Lean's word on the whole script."""
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

    async def _gathered(self, requests: Sequence[Request]) -> list[Step]:
        return list(await asyncio.gather(*(self._client.apply(*request) for request in requests)))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        if not self._open:
            work.close()
            raise ValueError("The environment is closed.")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def find_repl(path: str | Path | None = None) -> Path:
    """The REPL at a path, or the one of the installed package.

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
            f"There is no package pantograph here. {where}; not from PyPI, where that name is another thing."
        )
    program = Path(spec.origin).with_name("pantograph-repl")
    if not os.access(program, os.X_OK):
        raise LeanNotFoundError(
            f"The installed package pantograph ({program.parent}) has no pantograph-repl: the one on PyPI is another "
            f"thing, which only shares the name. {where}."
        )
    return program


def _source(text: str) -> dict[str, Any]:
    return {"file": text, "readHeader": False, "inheritEnv": False, "newConstants": False}


def _messages(answer: dict[str, Any], repl: Repl) -> list[Message]:
    """The messages in an answer to ``frontend.process``, lines counted from the one after the header."""
    first = HEADER.count("\n") + 1
    try:
        return [
            Message(
                str(message["severity"]),
                str(message["data"]),
                int(message["pos"]["line"]) - first,
                int(message["pos"]["column"]),
            )
            for unit in answer["units"]
            for message in unit["messages"]
        ]
    except (KeyError, TypeError, ValueError):
        raise repl.lose(f"it answered frontend.process with {str(answer)[:200]}") from None


def _failure(answer: dict[str, Any], outcome: Outcome, repl: Repl) -> Step:
    """The step of an answer that is no success."""
    if "error" in answer:
        kind, text = answer["error"], str(answer.get("desc", answer["error"]))
        if kind in ("io", "main", "command", "index"):  # of the process or of our bookkeeping, not of the tactic
            raise repl.lose(f"it answered {kind}: {text}")
        repl.skipped += 1
        return Step(Outcome.TIMEOUT if _SLOW.search(text) else outcome, message=text)
    if "parseError" in answer:
        return Step(Outcome.PARSE_ERROR, message=str(answer["parseError"]))
    messages = answer.get("messages", answer.get("tacticErrors"))
    if not isinstance(messages, list):
        raise repl.lose(f"it answered {str(answer)[:200]}")
    text = "\n".join(
        str(message.get("data", message)) if isinstance(message, dict) else str(message) for message in messages
    )
    return Step(Outcome.TIMEOUT if "(deterministic) timeout" in text else outcome, message=text)


def _number(answer: dict[str, Any], key: str, repl: Repl) -> int:
    """The number of a new state. The REPL counts, and so do we: any other number belongs to another answer."""
    number = answer.get(key)
    if not isinstance(number, int) or not 0 <= number - repl.created <= repl.skipped:
        raise repl.lose(f"it numbered a new state {number}, and {repl.created} comes next")
    repl.created, repl.skipped = number + 1, 0
    return number


def _are_goals(goals: Any) -> bool:
    """Whether goals have the shape that the protocol gives them, each with a name of its own."""
    try:
        for goal in goals:
            _printed(goal)
        return isinstance(goals, list) and len({goal["name"] for goal in goals}) == len(goals)
    except (KeyError, TypeError, AttributeError):
        return False


def _printed(goal: dict[str, Any]) -> str:
    """A goal as Lean prints it: neighbours of the same type on one line."""
    lines = [f"case {goal['userName']}"] if goal.get("userName") else []
    names: list[str] = []
    kind = ""
    for variable in goal["vars"]:
        text = variable["type"]["pp"]
        value = variable.get("value")
        if names and (value or text != kind):
            lines.append(f"{' '.join(names)} : {kind}")
            names = []
        if value:
            lines.append(f"{variable['userName']} : {text} := {value['pp']}")
        else:
            names.append(variable["userName"])
            kind = text
    if names:
        lines.append(f"{' '.join(names)} : {kind}")
    return "\n".join([*lines, "⊢ " + goal["target"]["pp"]])


def _names(binders: str) -> list[str]:
    """The names that binders bind, in order; ``_`` for an instance without a name."""
    names: list[str] = []
    depth = 0
    start = 0
    for position, character in enumerate(binders):
        if character in "([{⦃":
            if depth == 0:
                start = position
            depth += 1
        elif character in ")]}⦄":
            depth -= 1
            if depth == 0:
                match = _BINDER.match(binders, start)
                names += (match[1] or match[2] or "_").split() if match else []
    return names


def _same(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether a state made again is the one that it was; names that Lean makes up for unknowns may differ."""
    return [_UNKNOWN.sub("?", goal) for goal in before] == [_UNKNOWN.sub("?", goal) for goal in after]
