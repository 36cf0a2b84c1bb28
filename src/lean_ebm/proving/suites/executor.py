"""Where attempts are made: in processes of this machine, each with a worker that stays."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Self

from lean_ebm.errors import RunError
from lean_ebm.proving.child import end_with
from lean_ebm.proving.suites.attempts import LOST, AttemptRecord, Equipment, Job, Worker, record_of

TRIES = 2
"""How often an attempt is begun, if the process that works on it dies or does not answer."""


class Executor(ABC):
    """Makes attempts, several at a time. It is a context manager that ends its workers."""

    @abstractmethod
    def run(self, jobs: Iterable[Job]) -> Iterator[AttemptRecord]:
        """Make attempts.

        Args:
            jobs: The attempts, taken one by one when a worker is free.

        Yields:
            The records, each when its attempt has ended. One whose worker was lost is begun again; after the second
            time its outcome is :data:`.LOST`.

        Raises:
            Exception: What a worker has raised.
        """

    @abstractmethod
    def close(self) -> None:
        """End the workers. May be called twice."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def limit_of(equipment: Equipment) -> float:
    """Seconds after which a worker that has not answered counts as hung: judges and their imports have time too."""
    return 2 * equipment.budget.seconds + 900.0


class LocalExecutor(Executor):
    """Processes of this machine.

    Args:
        equipment: What attempts are made with.
        processes: Number of processes, at least 1.
        limit: Seconds after which a worker that has not answered is killed. None: :func:`limit_of`.

    Raises:
        RunError: If the number is out of its range.
    """

    def __init__(self, equipment: Equipment, processes: int = 1, limit: float | None = None) -> None:
        if processes < 1:
            raise RunError(f"The number of processes is {processes}: expected at least 1.")
        self._equipment, self._processes = equipment, processes
        self._limit = limit_of(equipment) if limit is None else limit
        self._context = multiprocessing.get_context("spawn")  # nothing of this process, such as its threads, is copied
        self._workers: list[_Process] = []

    def run(self, jobs: Iterable[Job]) -> Iterator[AttemptRecord]:
        """Make attempts; see :meth:`.Executor.run`."""
        left = iter(jobs)
        while True:
            for worker in [*self._workers, *(None for _ in range(self._processes - len(self._workers)))]:
                if worker is None or worker.job is None:
                    job = next(left, None)
                    if job is None:
                        break
                    if worker is None:
                        worker = _Process(self._context, self._equipment)
                        self._workers.append(worker)
                    worker.give(job, self._limit)
            busy = [worker for worker in self._workers if worker.job is not None]
            if not busy:
                return
            ready = wait([worker.connection for worker in busy], min(worker.left() for worker in busy))
            for worker in busy:
                if worker.connection in ready or worker.left() <= 0:
                    record = self._answer(worker)
                    if record is not None:
                        yield record

    def close(self) -> None:
        """End the workers."""
        while self._workers:
            self._workers.pop().end()

    def _answer(self, worker: _Process) -> AttemptRecord | None:
        """The record of an attempt that has ended; None if it is begun again."""
        job, tries = worker.job, worker.tries
        assert job is not None
        try:
            if worker.left() <= 0:
                raise TimeoutError(f"it did not answer for {self._limit:.0f} seconds")
            answer = worker.connection.recv()
        except (EOFError, OSError) as error:
            worker.end()
            self._workers.remove(worker)
            if tries < TRIES:
                again = _Process(self._context, self._equipment)
                self._workers.append(again)
                again.give(job, self._limit, tries + 1)
                return None
            how = str(error) if isinstance(error, TimeoutError) else f"it ended with {worker.status}"
            return record_of(job, LOST, reason=f"its worker was lost {TRIES} times, the last time because {how}")
        worker.job = None
        if isinstance(answer, BaseException):
            raise answer
        assert isinstance(answer, AttemptRecord)
        return answer


class _Process:
    """A process with a worker.

    Attributes:
        connection: The other end of its pipe.
        job: The attempt that it works on; None if it is free.
        tries: How often that attempt was begun.
    """

    def __init__(self, context: multiprocessing.context.SpawnContext, equipment: Equipment) -> None:
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, equipment, os.getpid()), daemon=True)
        self._process.start()
        theirs.close()
        self.job: Job | None = None
        self.tries = 0
        self._end = 0.0

    @property
    def status(self) -> int | None:
        """Its exit status."""
        return self._process.exitcode

    def give(self, job: Job, limit: float, tries: int = 1) -> None:
        """Have it work on an attempt."""
        self.job, self.tries, self._end = job, tries, time.monotonic() + limit
        with contextlib.suppress(OSError):  # that it has died is noticed when its answer is read
            self.connection.send(job)

    def left(self) -> float:
        """Seconds that it may still take."""
        return self._end - time.monotonic()

    def end(self) -> None:
        """End it; one that works on something is killed."""
        if self.job is None:
            with contextlib.suppress(OSError):
                self.connection.send(None)
            self._process.join(5.0)
        self.connection.close()
        self._process.kill()
        self._process.join()


def _serve(connection: Connection, equipment: Equipment, parent: int) -> None:
    """Make the attempts that come through a pipe, until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent, which gets it too, ends this process
    end_with(parent, signal.SIGKILL)
    worker: Worker | None = None
    try:
        while (job := connection.recv()) is not None:
            try:
                if worker is None:
                    worker = Worker(equipment)
                answer: AttemptRecord | Exception = worker.attempt(job)
            except Exception as error:
                answer = _told(error)
            connection.send(answer)
    except (EOFError, OSError):
        pass
    finally:
        if worker is not None:
            worker.close()


def _told(error: Exception) -> Exception:
    """An error in a form that can be sent, with its traceback as a note."""
    import pickle
    import traceback

    text = "".join(traceback.format_exception(error))
    try:
        sent: Exception = pickle.loads(pickle.dumps(error))
    except Exception:
        sent = RuntimeError(f"{type(error).__name__}: {error}")
    sent.add_note(f"In a worker:\n{text}")
    return sent
