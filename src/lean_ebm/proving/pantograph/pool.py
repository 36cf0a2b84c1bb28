"""A pool of REPL processes, which may hang, crash and leak memory: a request survives the loss of its process.

A request whose process was lost is tried again in another one. A process is replaced when it is lost, and after it has
made a certain number of states, since the REPL's memory grows with them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from lean_ebm.errors import SettingError
from lean_ebm.proving.pantograph.repl import Repl, ReplLostError
from lean_ebm.proving.statements import Statement

T = TypeVar("T")


@dataclass(frozen=True)
class PoolSettings:
    """How REPL processes are run.

    Args:
        project: Folder of a Lake project; needs ``lake`` on PATH.
        imports: Modules that Lean imports.
        axioms: Axioms on which a proof may depend; with Mathlib
            :data:`~lean_ebm.proving.lean.messages.STANDARD_AXIOMS`.
        processes: Number of processes, at least 1.
        timeout: Seconds after which a process that has not answered is killed.
        tactic_timeout: Seconds, less than ``timeout``, after which Lean itself gives up a tactic and the process stays.
        start_timeout: Seconds until a process must be ready; importing Mathlib takes a while.
        memory: MiB of resident memory at which a process is killed; 0 for no limit.
        recycle: Goal states, at least 1, after which a process is replaced by a new one.
        retries: How many times, at least 0, a request is tried again after its process was lost.

    Raises:
        SettingError: If a setting is out of its range.
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
            raise SettingError(
                f"PoolSettings: processes={self.processes}, recycle={self.recycle}, retries={self.retries}, "
                f"memory={self.memory}; expected at least 1, 1, 0 and 0."
            )
        if not 0 < self.tactic_timeout < self.timeout or not self.start_timeout > 0:
            raise SettingError(
                f"PoolSettings: tactic_timeout={self.tactic_timeout}, timeout={self.timeout} and "
                f"start_timeout={self.start_timeout}; expected all above 0 and timeout above tactic_timeout: the "
                "process must live longer than the tactic."
            )


@dataclass(frozen=True)
class Place:
    """Where a state lives in one process.

    Args:
        state: Its number there.
        indices: The index there of each of its goals, in our order.
        names: The name there of each of its goals, in our order.
    """

    state: int
    indices: tuple[int, ...]
    names: tuple[str, ...]


@dataclass(eq=False, repr=False)
class StatePath:
    """A state, known by the tactics that lead to it, and the places where it lives.

    Args:
        statement: The statement from which it starts.
        parent: The state to which the last tactic was applied; None at the start.
        tactic: The last tactic.
        goal: Number of the goal to which it was applied.
        goals: The goals, as Lean prints them.
        places: Where the state lives, by the number of the process.
        depth: Number of tactics since the start.
        released: Whether the caller said that no tactic will be applied to it any more.
    """

    statement: Statement
    parent: StatePath | None = None
    tactic: str = ""
    goal: int = 0
    goals: tuple[str, ...] = ()
    places: dict[int, Place] = field(default_factory=dict)
    depth: int = 0
    released: bool = False


class Slot:
    """A place in the pool, where one process follows another.

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
    """Runs requests in a number of processes.

    Args:
        command: The command of the REPL.
        settings: How processes are run.
    """

    def __init__(self, command: Sequence[str], settings: PoolSettings) -> None:
        self.command, self.settings = list(command), settings
        self.slots = [Slot() for _ in range(settings.processes)]
        self._closed = False

    async def first(self, work: Callable[[Repl], Awaitable[T]]) -> T:
        """Do something in the first process, once.

        Raises:
            ReplLostError: If the process is lost, or cannot be started.
        """
        slot = self.slots[0]
        async with slot.lock:
            return await work(await self._running(slot))

    async def run(self, path: StatePath, work: Callable[[Repl], Awaitable[T]]) -> T:
        """Do something in the process that can do it first, and again if the process is lost.

        Args:
            path: The state that the work is about.
            work: What to do.

        Raises:
            ReplLostError: If the process was lost each time.
        """
        lost: ReplLostError | None = None
        for _ in range(self.settings.retries + 1):
            # A request waits for those before it, or until its state is made again, which takes a request a tactic.
            slot = min(self.slots, key=lambda slot: slot.waiting + (0 if slot.holds(path) else path.depth + 1))
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
        """Have the processes in which a state lives delete it before their next request."""
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
        """The process of a slot; a new one if it was lost or has made its share of states."""
        if self._closed:
            raise ReplLostError("the environment is closed")
        repl = slot.repl
        if repl is not None and repl.alive and repl.created < self.settings.recycle:
            return repl
        if repl is not None:
            await repl.close()
        slot.forgotten.clear()
        folder = None if self.settings.project is None else Path(self.settings.project)
        slot.repl = await Repl.start(
            self.command, cwd=folder, memory=self.settings.memory, timeout=self.settings.start_timeout
        )
        # Lean's own limit, in milliseconds, ends a tactic and keeps the process; ours ends the process.
        options = {"timeout": int(self.settings.tactic_timeout * 1000), "automaticMode": True}
        answer = await slot.repl.ask("options.set", options, self.settings.timeout)
        if "error" in answer:
            raise slot.repl.lose(f"it answered options.set with {answer}")
        return slot.repl

    async def _delete(self, slot: Slot, repl: Repl) -> None:
        states = [state for number, state in slot.forgotten if number == repl.number]
        slot.forgotten.clear()
        if states:
            await repl.ask("goal.delete", {"stateIds": states}, self.settings.timeout)
