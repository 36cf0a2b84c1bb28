"""Attempts on a cluster that runs Ray (the extra ``ray``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lean_ebm.errors import RunError, SettingError
from lean_ebm.proving.suites.attempts import AttemptRecord, Equipment, Job, Worker
from lean_ebm.proving.suites.executor import Executor, Lane, LostWorkerError


class RayExecutor(Executor):
    """Runs attempts in actors of Ray. Each has a worker that keeps its judges; see :class:`.Executor`.

    It uses the cluster that the environment variable ``RAY_ADDRESS`` names or that runs on this machine, and otherwise
    starts Ray on this machine. The package and the files that the arguments name must be there on each machine.

    Args:
        equipment: What attempts are made with.
        workers: Number of actors, at least 1, each with one CPU.
        limit: Seconds after which an actor that has not answered is killed; see :class:`.Executor`.
        memory: MiB that Ray sets aside for each actor and what it runs; None for none.

    Raises:
        SettingError: If a number is out of its range, or Ray is not installed.
        RunError: If Ray does not start.
    """

    def __init__(
        self, equipment: Equipment, workers: int = 1, limit: float | None = None, memory: int | None = None
    ) -> None:
        super().__init__(equipment, workers, limit)
        try:
            import ray
        except ImportError as error:
            raise SettingError("--executor ray needs Ray: pip install 'lean-ebm[ray]'.") from error
        self._ray: Any = ray
        self._started = not ray.is_initialized()
        if self._started:
            try:
                ray.init(log_to_driver=False, logging_level="ERROR")
            except Exception as error:  # it has no class of its own for this
                raise RunError(f"Ray does not start, or cannot be reached: {' '.join(str(error).split())}") from error
        options: dict[str, Any] = {"num_cpus": 1} | ({} if memory is None else {"memory": memory << 20})
        self._actor = ray.remote(**options)(Worker)

    def lane(self) -> Lane:
        """Start an actor."""
        return _Actor(self._ray, self._actor.remote(self.equipment))

    def ready(self, lanes: Sequence[Lane], seconds: float) -> list[Lane]:
        """Wait for an answer; see :meth:`.Executor.ready`."""
        waiting = {lane.answer_of: lane for lane in lanes if isinstance(lane, _Actor)}
        ready, _ = self._ray.wait(list(waiting), num_returns=1, timeout=seconds)
        return [waiting[each] for each in ready]

    def close(self) -> None:
        """End the actors, and Ray if it was started here."""
        super().close()
        if self._started and self._ray.is_initialized():
            self._ray.shutdown()


class _Actor(Lane):
    """An actor.

    Attributes:
        answer_of: Ray's reference to the answer that is waited for.
    """

    def __init__(self, ray: Any, actor: Any) -> None:
        self._ray, self._actor = ray, actor
        self.answer_of: Any = None

    def begin(self, job: Job) -> None:
        self.answer_of = self._actor.attempt.remote(job)

    def answer(self) -> AttemptRecord:
        errors = self._ray.exceptions
        try:
            record: AttemptRecord = self._ray.get(self.answer_of)
        except errors.RayTaskError as error:  # what the worker has raised
            error.cause.add_note(f"In a worker:\n{error}")  # its text has the traceback
            raise error.cause from None
        except (errors.RayActorError, errors.WorkerCrashedError, errors.OutOfMemoryError) as error:
            raise LostWorkerError(str(error).partition("\n")[0].strip().rstrip(".")) from None
        return record

    def close(self) -> None:
        if self.job is None:
            self._ray.wait([self._actor.close.remote()], timeout=5.0)  # it ends its judges
        self._ray.kill(self._actor)
