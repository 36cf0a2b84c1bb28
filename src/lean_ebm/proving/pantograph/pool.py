"""A pool of REPL processes. They may hang, crash or leak memory; requests survive the loss of a process.

A request whose process was lost is tried again in another one. A process is replaced when it is lost, and after it has
made a certain number of states or checked a certain number of scripts, since the REPL's memory grows with them.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from lean_ebm.errors import SettingError
from lean_ebm.proving.lean.messages import HEADER
from lean_ebm.proving.pantograph.repl import Repl, ReplLostError
from lean_ebm.proving.statements import Statement

T = TypeVar("T")

_LEVEL = re.compile(r"[A-Za-z]\w*")
_OPTION = re.compile(r"[A-Za-z][\w.]*=(?:\d+|true|false)")


@dataclass(frozen=True)
class PoolSettings:
    """The settings of REPL processes.

    Args:
        project: Folder of a Lake project; needs ``lake`` on PATH.
        imports: Modules that Lean imports.
        header: Lean source that stands before every statement: ``open``, ``set_option``, ``namespace``, definitions. It
            is trusted. Variables that it declares are not known where tactics are tried.
        levels: Names of universe levels, beside ``u``, ``v`` and ``w``, that statements may use.
        core_options: Lean's options, each as ``name=value``, such as ``maxRecDepth=2000``; no texts.
        axioms: Axioms on which a proof may depend; with Mathlib
            :data:`~lean_ebm.proving.lean.messages.STANDARD_AXIOMS`.
        processes: Number of processes in which tactics are tried, at least 1. As many others check scripts; they are
            started if they are needed.
        timeout: Seconds after which a process that has not answered to a tactic is killed.
        tactic_timeout: Seconds, less than ``timeout``, after which Lean itself gives up a tactic and the process stays.
        verify_timeout: Seconds after which Lean itself gives up a script that it checks. A process that does not is
            killed later, after the time by which ``timeout`` is more than ``tactic_timeout``.
        start_timeout: Seconds until a process must be ready, and until it must have read the header; importing Mathlib
            takes a while.
        memory: MiB of resident memory at which a process is killed; 0 for no limit.
        recycle: Goal states or checked scripts, at least 1, after which a process is replaced by a new one.
        retries: How many times, at least 0, a request is tried again after its process was lost.

    Raises:
        SettingError: If a setting is out of its range.
    """

    project: str | Path | None = None
    imports: Sequence[str] = ("Init",)
    header: str = ""
    levels: Sequence[str] = ()
    core_options: Sequence[str] = ()
    axioms: Iterable[str] = ()
    processes: int = 2
    timeout: float = 30.0
    tactic_timeout: float = 10.0
    verify_timeout: float = 60.0
    start_timeout: float = 120.0
    memory: int = 8192
    recycle: int = 20_000
    retries: int = 1

    def __post_init__(self) -> None:
        if min(self.processes, self.recycle, self.retries + 1) < 1 or self.memory < 0:
            raise SettingError(
                f"PoolSettings: processes={self.processes}, recycle={self.recycle}, retries={self.retries}, "
                f"memory={self.memory}; expected at least 1, 1, 0 and 0."
            )
        if not 0 < self.tactic_timeout < self.timeout or not min(self.start_timeout, self.verify_timeout) > 0:
            raise SettingError(
                f"PoolSettings: tactic_timeout={self.tactic_timeout}, timeout={self.timeout}, "
                f"verify_timeout={self.verify_timeout} and start_timeout={self.start_timeout}; expected all above 0 "
                "and timeout above tactic_timeout: the process must live longer than the tactic."
            )
        for level in self.levels:
            if not _LEVEL.fullmatch(level) or level in ("u", "v", "w"):
                raise SettingError(
                    f"PoolSettings: levels has {level!r}; expected names such as u_1, other than u, v and w, which are "
                    "always there."
                )
        for option in self.core_options:
            if not _OPTION.fullmatch(option):
                raise SettingError(
                    f"PoolSettings: core_options has {option!r}; expected name=value, where the value is a number, "
                    "true or false, such as maxRecDepth=2000."
                )

    @property
    def source(self) -> str:
        """The Lean source before every statement; it ends with a line break."""
        lines = [f"set_option {name} {value}" for name, _, value in (text.partition("=") for text in self.core_options)]
        if self.levels:
            lines.append(f"universe {' '.join(self.levels)}")
        if self.header.strip():
            lines.append(self.header.strip("\n"))
        return HEADER + "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True)
class Target:
    """The start of a proof of a goal that a Lean source leaves open with ``sorry``.

    Args:
        source: The source.
        index: Which of its parts with ``sorry``, from 0.
    """

    source: str
    index: int


@dataclass(frozen=True)
class Place:
    """The copy of a state in one process. Its goals there have the same order as ours.

    Args:
        state: Its number there.
        names: The name there of each of its goals: that of the metavariable that the proof has in their place.
    """

    state: int
    names: tuple[str, ...]


@dataclass(eq=False, repr=False)
class StatePath:
    """A state: the tactics that lead to it, and its copies in processes.

    Args:
        origin: The statement, or part of a source, from which it starts.
        parent: The state to which the last tactic was applied; None at the start.
        tactic: The last tactic.
        goal: Number of the goal to which it was applied.
        goals: The goals, as Lean prints them.
        modes: The mode of each goal: ``tactic``, or ``conv`` inside of a conversion.
        places: Where the state lives, by the number of the process.
        depth: Number of tactics since the start.
        released: Whether the caller said that no tactic will be applied to it any more.
    """

    origin: Statement | Target
    parent: StatePath | None = None
    tactic: str = ""
    goal: int = 0
    goals: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    places: dict[int, Place] = field(default_factory=dict)
    depth: int = 0
    released: bool = False


class Slot:
    """A slot of the pool. When its process ends, another one takes its place.

    Attributes:
        lock: Held while a request uses the process.
        repl: The process; None before the first one is started.
        waiting: Number of requests that wait for it or use it.
        forgotten: States that the process is still to delete, as (number of the process, number of the state).
    """

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.repl: Repl | None = None
        self.waiting = 0
        self.forgotten: list[tuple[int, int]] = []

    def holds(self, path: StatePath) -> bool:
        """Whether a state lives in its process."""
        return self.repl is not None and self.repl.alive and self.repl.number in path.places


class ReplPool:
    """Runs requests in several processes. Each process starts when it is needed.

    Args:
        command: The command of the REPL.
        settings: How processes are run.
        prepare: What is done in each new process before its first request.
        timeout: Seconds after which a process that has not answered is killed.
    """

    def __init__(
        self,
        command: Sequence[str],
        settings: PoolSettings,
        prepare: Callable[[Repl], Awaitable[None]],
        timeout: float,
    ) -> None:
        self.command, self.settings, self.timeout = list(command), settings, timeout
        self.slots = [Slot() for _ in range(settings.processes)]
        self._prepare = prepare
        self._closed = False

    async def first(self, work: Callable[[Repl], Awaitable[T]]) -> T:
        """Do something in the first process, once.

        Raises:
            ReplLostError: If the process is lost, or cannot be started.
        """
        slot = self.slots[0]
        async with slot.lock:
            return await work(await self._running(slot))

    async def run(self, work: Callable[[Repl], Awaitable[T]], path: StatePath | None = None) -> T:
        """Run a request in the first process that is free; run it again if the process is lost.

        Args:
            work: What to do.
            path: The state that the work is about; None if it is about no state.

        Raises:
            ReplLostError: If the process was lost each time.
        """
        lost: ReplLostError | None = None
        for _ in range(self.settings.retries + 1):
            slot = min(self.slots, key=lambda slot: slot.waiting + _delay(slot, path))
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
        times = self.settings.retries + 1
        reason = f"the process was lost {times} times, the last time because {lost}"
        raise ReplLostError(reason, timeout=lost.timeout) from lost

    def forget(self, path: StatePath) -> None:
        """Let the processes that have a state delete it before their next request."""
        for number, place in path.places.items():
            for slot in self.slots:
                if slot.repl is not None and slot.repl.number == number:
                    slot.forgotten.append((number, place.state))
        path.places.clear()

    async def close(self) -> None:
        """End all processes."""
        self._closed = True
        await asyncio.gather(*(slot.repl.close() for slot in self.slots if slot.repl is not None))
        for slot in self.slots:
            async with slot.lock:  # a process that was being started is ready now
                if slot.repl is not None:
                    await slot.repl.close()

    async def _running(self, slot: Slot) -> Repl:
        """The process of a slot; a new one if it was lost or has done its share."""
        if self._closed:
            raise ReplLostError("the environment is closed")
        repl = slot.repl
        if repl is not None and repl.alive and repl.created + repl.checked < self.settings.recycle:
            return repl
        if repl is not None:
            await repl.close()
        slot.forgotten.clear()
        folder = None if self.settings.project is None else Path(self.settings.project)
        slot.repl = await Repl.start(
            self.command, cwd=folder, memory=self.settings.memory, timeout=self.settings.start_timeout
        )
        try:
            await self._prepare(slot.repl)
        except BaseException as error:
            slot.repl.lose(f"it was not made ready: {error}")
            raise
        return slot.repl

    async def _delete(self, slot: Slot, repl: Repl) -> None:
        states = [state for number, state in slot.forgotten if number == repl.number]
        slot.forgotten.clear()
        if states:
            await repl.ask("goal.delete", {"stateIds": states}, self.timeout)


def _delay(slot: Slot, path: StatePath | None) -> int:
    """How many requests it takes to make the state of a request again, one a tactic, if it does not live in a slot."""
    return 0 if path is None or slot.holds(path) else path.depth + 1
