"""Attempts at problems: their equipment, the worker that makes them, and their records.

An attempt is isolated from all others. Its search starts from the statement, and what a Lean checks is one script in a
process in which nothing else was proved, so that no tactic that looks for lemmas can find another attempt.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

from lean_ebm.errors import SettingError
from lean_ebm.proving.environment import Environment
from lean_ebm.proving.judge import Judge
from lean_ebm.proving.lean import LeanEnvironment, LeanNotFoundError
from lean_ebm.proving.logic import Logic
from lean_ebm.proving.search import FoundProof, Prover, SearchBudget, find_proof
from lean_ebm.proving.statements import Outcome, Statement, Verdict
from lean_ebm.proving.suites.problem import Problem

PROVED = "proved"
UNPROVED = "unproved"
DISPUTED = "disputed"
LOST = "lost"
UNREAD = "unread"
NEEDS = "needs library"
OUTCOMES = {
    PROVED: "the judge says that the script proves the statement",
    UNPROVED: "no proof was found within the budget, or the decision procedure says that there is none",
    DISPUTED: "the judge accepts a proof that a second one refuses, so that it does not count",
    LOST: "the process that worked on it died or ran out of time, again and again",
    UNREAD: "the judge does not read the statement",
    NEEDS: "the statement needs a library that the judge does not have",
}
"""How an attempt can end. The last two say nothing about the prover, and are no tries."""

_JUDGES = 2  # judges that a worker keeps, each with its imports
_WARM_UP = 600.0  # seconds to import a library for the first time
_NEEDS_LEAN = "it needs Lean: the embedded logic does not read it, and --env lean may"
_OF_LEAN = ("Init", "Lean", "Std")  # modules that come with Lean itself


class Job(NamedTuple):
    """An attempt to be made.

    Args:
        problem: The problem.
        attempt: Its number among the attempts at this problem, from 1.
        seed: The seed of the prover.
    """

    problem: Problem
    attempt: int
    seed: int


@dataclass(frozen=True)
class AttemptRecord:
    """The record of an attempt: one line of a file of results.

    Args:
        problem: Name of the problem.
        split: Its split.
        attempt: Number of the attempt, from 1.
        seed: The seed of the prover.
        outcome: One of :data:`OUTCOMES`.
        script: The script that was found; empty if none was.
        verifier: Name and version of the judge; empty if it was not asked.
        second: Name and version of an independent judge that also accepts the script; empty if none was asked.
        reason: Why it is not proved, in words; empty if it is.
        applications: Number of tactic applications.
        evaluations: Number of evaluations by a guide.
        seconds: Seconds that the attempt took, with the judge.
    """

    problem: str
    split: str
    attempt: int
    seed: int
    outcome: str
    script: str = ""
    verifier: str = ""
    second: str = ""
    reason: str = ""
    applications: int = 0
    evaluations: int = 0
    seconds: float = 0.0

    @property
    def key(self) -> tuple[str, int]:
        """The problem and the number of the attempt."""
        return self.problem, self.attempt

    @property
    def proved(self) -> bool:
        """Whether the problem is proved."""
        return self.outcome == PROVED

    @property
    def tried(self) -> bool:
        """Whether the prover could try: the judge reads the statement."""
        return self.outcome not in (UNREAD, NEEDS)

    def line(self) -> dict[str, Any]:
        """The record as an object of JSON."""
        return asdict(self)


def record_of(job: Job, outcome: str, **more: Any) -> AttemptRecord:
    """Make the record of a job.

    Args:
        job: The job.
        outcome: One of :data:`OUTCOMES`.
        more: Other fields of :class:`AttemptRecord`.
    """
    return AttemptRecord(job.problem.name, job.problem.split, job.attempt, job.seed, outcome, **more)


class Equipment(ABC):
    """The equipment of attempts: it makes prover and judges in the process that uses it. It can be pickled."""

    @property
    @abstractmethod
    def budget(self) -> SearchBudget:
        """The limits of an attempt."""

    @property
    @abstractmethod
    def has_project(self) -> bool:
        """Whether the judge has a Lake project."""

    @abstractmethod
    def prover(self) -> Prover | None:
        """Make the prover; None for the decision procedure and best-first search."""

    @abstractmethod
    def judge(self, problem: Problem) -> Judge:
        """Make a judge for a problem: with its imports and, for a judge that takes no other, its preamble.

        Raises:
            LeanNotFoundError: If there is no Lean with such a library.
            SettingError: If the judge does not read the preamble.
        """

    @abstractmethod
    def kind(self, problem: Problem) -> object:
        """The properties that problems share if one judge can check them."""

    @abstractmethod
    def stated(self, problem: Problem) -> Statement:
        """The statement of a problem in the form that the judge accepts."""

    @abstractmethod
    def place(
        self, judge: Judge, statement: Statement, prover: Prover | None
    ) -> tuple[Environment | None, Prover | None]:
        """The environment for the search (None for the embedded logic), and the prover that searches there."""

    @abstractmethod
    def fresh(self, problem: Problem) -> Judge | None:
        """Make a fresh judge to check a proof again, if the usual judge keeps its processes. Otherwise None."""

    @abstractmethod
    def second(self, statement: Statement) -> Judge | None:
        """Make an independent second judge for a statement. None if none is available."""


class Worker:
    """Makes attempts one after the other, and keeps its judges between them.

    Args:
        equipment: What they are made with.
    """

    def __init__(self, equipment: Equipment) -> None:
        self._equipment = equipment
        self._prover: Prover | None = None
        self._ready = False
        self._judges: dict[object, Judge | str] = {}  # a text says why there is no judge

    def attempt(self, job: Job) -> AttemptRecord:
        """Make an attempt.

        Raises:
            UserError: If what the user has named is not there: a Lean, a project, a guide.
        """
        if not self._ready:  # made here, where what goes wrong is told as that of an attempt
            self._prover, self._ready = self._equipment.prover(), True
        begun = time.monotonic()
        record = self._made(job)
        return replace(record, seconds=round(time.monotonic() - begun, 4))

    def close(self) -> None:
        """End the judges."""
        while self._judges:
            self._end(self._judges.popitem()[1])

    def _made(self, job: Job) -> AttemptRecord:
        problem, equipment = job.problem, self._equipment
        foreign = [module for module in problem.imports if module.partition(".")[0] not in _OF_LEAN]
        if foreign and not equipment.has_project:
            return record_of(job, NEEDS, reason=_need(problem))
        try:
            judge = self._judge(problem)
        except LeanNotFoundError:
            if equipment.has_project or not problem.imports:
                raise
            return record_of(job, NEEDS, reason=_need(problem))
        except SettingError as error:
            return record_of(job, UNREAD, reason=str(error))
        if isinstance(judge, str):
            return record_of(job, NEEDS, reason=judge)
        statement = equipment.stated(problem)
        seed_with(self._prover, job.seed)
        place, prover = equipment.place(judge, statement, self._prover)
        try:
            found = find_proof(statement, judge, prover, equipment.budget, place)
        except SettingError as error:  # the world of the guide does not read the statement
            return record_of(job, UNREAD, reason=str(error))
        return self._checked(job, statement, _record(job, judge, found))

    def _judge(self, problem: Problem) -> Judge | str:
        kind = self._equipment.kind(problem)
        judge = self._judges.pop(kind, None)
        if judge is None:
            while len(self._judges) >= _JUDGES:
                self._end(self._judges.pop(next(iter(self._judges))))
            judge = self._equipment.judge(problem)
            if isinstance(judge, LeanEnvironment) and (reason := _warmed(judge)):
                judge.close()
                judge = f"it needs {_named(problem)}, which this Lean cannot import: {reason}"
        self._judges[kind] = judge  # the one that was used last stands last
        return judge

    def _end(self, judge: Judge | str) -> None:
        if not isinstance(judge, str):
            judge.close()

    def _checked(self, job: Job, statement: Statement, record: AttemptRecord) -> AttemptRecord:
        """Have a proof checked by further judges; one that was found but could not be written has no script."""
        if not record.proved or not record.script:
            return record
        fresh = self._equipment.fresh(job.problem)
        if fresh is not None:
            with fresh:
                verdict = fresh.verify(statement, record.script)
            if not verdict.proved:
                reason = f"a new process of {verdict.verifier} refuses the script: {verdict.message}"
                return replace(record, outcome=DISPUTED, reason=reason)
        second = self._equipment.second(statement)
        if second is None:
            return record
        with second:
            return seconded(record, second.verify(statement, record.script))


def seconded(record: AttemptRecord, verdict: Verdict) -> AttemptRecord:
    """The record of a proof with the verdict of a second judge.

    Args:
        record: The record.
        verdict: What the second judge says of the script.
    """
    if verdict.proved:
        return replace(record, second=verdict.verifier)
    reason = f"{verdict.verifier} refuses the script: {verdict.message}"
    return replace(record, outcome=DISPUTED, second=verdict.verifier, reason=reason)


def takes_seed(prover: Prover | None) -> bool:
    """Whether a prover depends on a seed: it or its guide has an attribute ``seed``."""
    return bool(_seeded(prover))


def seed_with(prover: Prover | None, seed: int) -> None:
    """Give a prover and its guide a seed, if they take one.

    Args:
        prover: The prover.
        seed: The seed.
    """
    for part in _seeded(prover):
        part.seed = seed


def _seeded(prover: Prover | None) -> list[Any]:
    return [part for part in (prover, getattr(prover, "guide", None)) if hasattr(part, "seed")]


def _record(job: Job, judge: Judge, found: FoundProof) -> AttemptRecord:
    """What is said of a search that has ended."""
    search, verdict = found.search, found.verdict
    costs = {} if search is None else {"applications": search.applications, "evaluations": search.evaluations}
    if found.proved:
        assert verdict is not None
        return record_of(job, PROVED, script=found.script, verifier=verdict.verifier, reason=found.unwritten, **costs)
    trusted = job.problem.statement.trusted  # so that some Lean reads it
    if found.unread:
        embedded = trusted and not isinstance(judge, LeanEnvironment)
        return (
            record_of(job, NEEDS, reason=_need(job.problem))
            if embedded
            else record_of(job, UNREAD, reason=found.unread)
        )
    if search is not None and verdict is not None and not verdict.verifier and not search.applications:
        # The search did not begin, since the environment did not start the statement.
        if verdict.outcome in (Outcome.TIMEOUT, Outcome.CRASH):
            return record_of(job, LOST, reason=verdict.message)
        if trusted and isinstance(judge, Logic):
            return record_of(job, NEEDS, reason=_need(job.problem) if job.problem.imports else _NEEDS_LEAN)
        if trusted and isinstance(judge, LeanEnvironment) and not judge.lean.has_library:
            return record_of(job, NEEDS, reason=_need(job.problem))
        return record_of(job, UNREAD, reason=verdict.message)
    return record_of(job, UNPROVED, reason=found.reason, verifier=verdict.verifier if verdict else "", **costs)


def _warmed(judge: LeanEnvironment) -> str:
    """Have a Lean import its library for the first time; returns why it cannot, empty if it can."""
    return judge.lean.warm_up(_WARM_UP) if judge.lean.has_library else ""


def _named(problem: Problem) -> str:
    """What library a problem needs."""
    if problem.needs_mathlib:
        return "Mathlib"
    return ", ".join(problem.imports) or "Lean's library"


def _need(problem: Problem) -> str:
    if problem.needs_mathlib or any(module.partition(".")[0] not in _OF_LEAN for module in problem.imports):
        return f"it needs {_named(problem)}: name a Lake project that has it, by --env lean --project DIR"
    return f"it needs {_named(problem)}: name a Lean 4 that has it, by --env lean --toolchain LEAN"
