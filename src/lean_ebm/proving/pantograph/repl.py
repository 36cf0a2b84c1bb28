"""One REPL process of PyPantograph, which reads one JSON command a line and writes one JSON object a line.

The protocol has no request numbers, so a client that loses count takes one answer for another. Here a process that
answers late, unasked, twice, or not in JSON is killed with its whole group, and never asked again. A client cannot
notice one well-formed answer in the place of another. That may cost a search a branch, but never makes a proof.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lean_ebm.proving.processes import MemoryWatch, kill_group, limited

MAX_LINE = 64 << 20
"""Bytes in one answer; a process that answers more is killed."""
_WATCH = 0.1  # seconds between looks at the memory
_NUMBERS = itertools.count(1)


class ReplLostError(Exception):
    """The process has died, or was killed because it could not be trusted any more.

    Attributes:
        timeout: Whether it was killed because it did not answer in time.
    """

    def __init__(self, reason: str, *, timeout: bool = False) -> None:
        super().__init__(reason)
        self.timeout = timeout


class Repl:
    """A running process; made by :meth:`start`.

    Attributes:
        number: A number that no other process of this program has had, so that a state's number in a lost process
            cannot be taken for one in its successor.
        created: Number of goal states made in it, which is also the number that it must give the next one.
        skipped: How many numbers it may leave out before the next one, since an error may come after a state was
            numbered.
        checked: Number of scripts that it has checked.
    """

    def __init__(self, process: asyncio.subprocess.Process, memory: int) -> None:
        self.number = next(_NUMBERS)
        self.created = 0
        self.skipped = 0
        self.checked = 0
        self._process = process
        self._memory = memory
        self._answer: asyncio.Future[bytes] | None = None
        self._lost: ReplLostError | None = None
        self._said = b""
        self._tasks = [asyncio.create_task(task) for task in (self._read(), self._read_errors(), self._watch())]

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        *,
        cwd: Path | None = None,
        memory: int = 0,
        timeout: float = 60.0,
    ) -> Repl:
        """Start a process and wait until it is ready.

        Args:
            command: The program and its arguments.
            cwd: Its folder.
            memory: MiB of resident memory of its group at which it is killed; 0 for no limit.
            timeout: Seconds until it must be ready.

        Raises:
            ReplLostError: If it cannot be started or does not get ready.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *limited(memory, ["watch" if command[0] == "lake" else "exec", *command]),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd=cwd,
                limit=MAX_LINE,
                start_new_session=True,
            )
        except OSError as error:
            raise ReplLostError(f"it cannot be started: {error}") from error
        repl = cls(process, memory)
        try:
            line = await repl._exchange(b"", timeout)
            if line.strip() != b"ready.":
                raise repl.lose(f"it did not begin with 'ready.' but with {line[:200]!r}")
        except BaseException:
            await repl.close()
            raise
        return repl

    @property
    def alive(self) -> bool:
        """Whether the process is alive and can answer."""
        return self._lost is None

    async def ask(self, command: str, payload: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """Send one command and wait for its answer. Only one command may be sent at a time.

        Raises:
            ReplLostError: If there is no good answer in time; the process is dead then.
        """
        text = json.dumps(payload, ensure_ascii=False)
        try:
            request = f"{command} {text}\n".encode()
        except UnicodeEncodeError:
            return {"error": "command", "desc": "the text is not Unicode"}
        line = await self._exchange(request, timeout)
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise self.lose(f"it answered {line[:200]!r}")
        return answer

    async def close(self) -> None:
        """Kill and reap the process and all processes that it started."""
        self.lose("it was closed")
        await self._process.wait()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._process.stdin is not None:
            self._process.stdin.close()
            with contextlib.suppress(OSError):
                await self._process.stdin.wait_closed()

    async def _exchange(self, request: bytes, timeout: float) -> bytes:
        if self._lost is not None:
            raise ReplLostError(str(self._lost), timeout=self._lost.timeout)
        if self._answer is not None:
            raise RuntimeError("A REPL was asked while it was answering: ask one thing at a time.")
        self._answer = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout):
                if request:
                    assert self._process.stdin is not None
                    self._process.stdin.write(request)
                    await self._process.stdin.drain()
                line = await self._answer
        except TimeoutError:
            raise self.lose(f"it did not answer in {timeout:.3g} seconds", timeout=True) from None
        except OSError as error:
            raise self.lose(f"it ended: {error}") from None
        except asyncio.CancelledError:
            self.lose("the request was given up")  # or its answer would be taken for that of the next
            raise
        finally:
            self._answer = None
        if self._lost is not None:  # a second answer came with the first, and either may be the wrong one
            raise ReplLostError(str(self._lost))
        return line

    def lose(self, reason: str, *, timeout: bool = False) -> ReplLostError:
        """Kill the process; returns the error to raise, which keeps the first reason if there were several."""
        if self._lost is None:
            if self._said:
                reason += f"; it had said: {self._said.decode(errors='replace').strip()[-300:]}"
            self._lost = ReplLostError(reason, timeout=timeout)
            kill_group(self._process.pid)
            if self._answer is not None and not self._answer.done():
                self._answer.set_exception(self._lost)
                self._answer.exception()  # or asyncio complains if no request waits for it any more
        return self._lost

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while True:
            try:
                line = await self._process.stdout.readline()
            except ValueError:
                self.lose(f"it answered more than {MAX_LINE} bytes")
                return
            if not line.endswith(b"\n"):
                self.lose("it ended")
                return
            if self._answer is None or self._answer.done():
                self.lose(f"it spoke unasked: {line[:200]!r}")
                return
            self._answer.set_result(line)

    async def _read_errors(self) -> None:
        assert self._process.stderr is not None
        while chunk := await self._process.stderr.read(1 << 16):
            self._said = (self._said + chunk)[-2_000:]

    async def _watch(self) -> None:
        watch = MemoryWatch(self._process.pid)
        while self._memory and self._lost is None:
            await asyncio.sleep(_WATCH)
            if (used := watch.used()) > self._memory:
                self.lose(f"it used {used} MiB of memory, more than the {self._memory} MiB it may")
