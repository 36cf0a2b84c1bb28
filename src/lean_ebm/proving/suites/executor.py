"""Executors: run attempts in workers. Each worker is a process that may die or hang without harm to others."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Self

from lean_ebm.errors import SettingError
from lean_ebm.proving.child import end_with
from lean_ebm.proving.suites.attempts import LOST, AttemptRecord, Equipment, Job, Worker, record_of

TRIES = 2
"""How often an attempt is begun, if the process that works on it dies or does not answer."""

_MORE = 900.0  # seconds that a worker has for judges and their imports beside its searches


class LostWorkerError(Exception):
    """A worker has died."""


class Lane(ABC):
    """A worker that makes one attempt at a time.

    Attributes:
        job: The attempt that it works on; None if it is free.
        tries: How often that attempt was begun.
        end: When it counts as hung, by the monotonic clock.
    """

    job: Job | None = None
    tries: int = 0
    end: float = 0.0

    @abstractmethod
    def begin(self, job: Job) -> None:
        """Begin an attempt. If the worker has died, :meth:`answer` reports it."""

    @abstractmethod
    def answer(self) -> AttemptRecord:
        """The record of the attempt, which has ended.

        Raises:
            LostWorkerError: If the worker has died.
            Exception: What the worker has raised.
        """

    @abstractmethod
    def close(self) -> None:
        """End the worker. A busy worker is killed."""


class Executor(ABC):
    """Makes attempts, several at a time. It is a context manager that ends its workers.

    Args:
        equipment: What attempts are made with.
        workers: Number of workers, at least 1. Each starts when it is first needed.
        limit: Seconds after which a worker that has not answered is killed. None: twice the budget and 15 minutes,
            since judges and their imports take time too.

    Raises:
        SettingError: If the number is out of its range.
    """

    def __init__(self, equipment: Equipment, workers: int = 1, limit: float | None = None) -> None:
        if workers < 1:
            raise SettingError(f"The number of workers is {workers}: expected at least 1.")
        self.equipment, self.workers = equipment, workers
        self.limit = 2 * equipment.budget.seconds + _MORE if limit is None else limit
        self._lanes: list[Lane] = []

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
        left = iter(jobs)
        while True:
            while (lane := self._free()) is not None or len(self._lanes) < self.workers:
                job = next(left, None)
                if job is None:
                    break
                self._begin(lane or self._add(), job, 1)
            busy = [lane for lane in self._lanes if lane.job is not None]
            if not busy:
                return
            ready = self.ready(busy, max(min(lane.end for lane in busy) - time.monotonic(), 0.0))
            for lane in busy:
                late = lane not in ready and time.monotonic() >= lane.end
                if lane in ready or late:
                    record = self._answer(lane, late)
                    if record is not None:
                        yield record

    @abstractmethod
    def lane(self) -> Lane:
        """Start a worker."""

    @abstractmethod
    def ready(self, lanes: Sequence[Lane], seconds: float) -> list[Lane]:
        """Wait until workers have answers or have died, and return them. Empty if the seconds are over."""

    def close(self) -> None:
        """End the workers. May be called twice."""
        while self._lanes:
            self._lanes.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _free(self) -> Lane | None:
        return next((lane for lane in self._lanes if lane.job is None), None)

    def _add(self) -> Lane:
        self._lanes.append(self.lane())
        return self._lanes[-1]

    def _begin(self, lane: Lane, job: Job, tries: int) -> None:
        lane.job, lane.tries, lane.end = job, tries, time.monotonic() + self.limit
        lane.begin(job)

    def _answer(self, lane: Lane, late: bool) -> AttemptRecord | None:
        """The record of an attempt that has ended or is late; None if it is begun again."""
        job, tries = lane.job, lane.tries
        assert job is not None
        try:
            if late:
                raise LostWorkerError(f"it did not answer for {self.limit:.0f} seconds")
            record = lane.answer()
        except LostWorkerError as lost:
            self._lanes.remove(lane)
            lane.close()
            if tries < TRIES:
                self._begin(self._add(), job, tries + 1)
                return None
            return record_of(job, LOST, reason=f"its worker was lost {TRIES} times, the last time because {lost}")
        lane.job = None
        return record


class LocalExecutor(Executor):
    """Processes of this machine; see :class:`Executor`."""

    def lane(self) -> Lane:
        """Start a process."""
        return _Process(self.equipment)

    def ready(self, lanes: Sequence[Lane], seconds: float) -> list[Lane]:
        """Wait for an answer; see :meth:`.Executor.ready`."""
        connections = {lane.connection: lane for lane in lanes if isinstance(lane, _Process)}
        return [connections[each] for each in wait(list(connections), seconds) if isinstance(each, Connection)]


class _Process(Lane):
    """A process with a worker, and this end of its pipe."""

    def __init__(self, equipment: Equipment) -> None:
        context = multiprocessing.get_context("spawn")  # nothing of this process, such as its threads, is copied
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, equipment, os.getpid()), daemon=True)
        self._process.start()
        theirs.close()
        with contextlib.suppress(EOFError, OSError):
            self.connection.recv()  # it has started, and the clock of its first attempt may run

    def begin(self, job: Job) -> None:
        with contextlib.suppress(OSError):
            self.connection.send(job)

    def answer(self) -> AttemptRecord:
        try:
            answer = self.connection.recv()
        except (EOFError, OSError):
            self._process.join()
            raise LostWorkerError(f"it ended with {self._process.exitcode}") from None
        if isinstance(answer, BaseException):
            raise answer
        assert isinstance(answer, AttemptRecord)
        return answer

    def close(self) -> None:
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
    worker = Worker(equipment)
    try:
        connection.send(None)
        while (job := connection.recv()) is not None:
            try:
                answer: AttemptRecord | Exception = worker.attempt(job)
            except Exception as error:
                answer = _portable(error)
            connection.send(answer)
    except (EOFError, OSError):
        pass
    finally:
        worker.close()


def _portable(error: Exception) -> Exception:
    """An error in a form that can be sent to another process, with its traceback as a note."""
    text = "".join(traceback.format_exception(error))
    try:
        sent: Exception = pickle.loads(pickle.dumps(error))
    except Exception:  # whatever an error of the user's own raises
        sent = RuntimeError(f"{type(error).__name__}: {error}")
    sent.add_note(f"In a worker:\n{text}")
    return sent
