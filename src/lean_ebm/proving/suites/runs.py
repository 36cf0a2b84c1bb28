"""A run: all attempts at the problems of a suite, except those already in a file of results."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lean_ebm.errors import SettingError
from lean_ebm.proving.judge import Judge
from lean_ebm.proving.statements import Attempt
from lean_ebm.proving.suites.attempts import AttemptRecord, Job, seconded
from lean_ebm.proving.suites.executor import Executor
from lean_ebm.proving.suites.problem import Problem
from lean_ebm.proving.suites.results import ResultsWriter

SAMPLE = 300
"""Number of proofs by the embedded logic that a second judge checks."""


@dataclass(frozen=True)
class Attempts:
    """How many attempts are made at each problem.

    Args:
        number: Number of attempts, at least 1.
        seed: Seed, from which each attempt at each problem has a seed of its own.
        stop_early: Whether the attempts at a problem end with the first that proves it.

    Raises:
        SettingError: If the number is out of its range.
    """

    number: int = 1
    seed: int = 0
    stop_early: bool = False

    def __post_init__(self) -> None:
        if self.number < 1:
            raise SettingError(f"The number of attempts is {self.number}: expected at least 1.")

    def job(self, problem: Problem, attempt: int) -> Job:
        """An attempt at a problem, with its seed.

        Args:
            problem: The problem.
            attempt: The number of the attempt, from 1.
        """
        digest = hashlib.sha256(f"{self.seed} {problem.name} {attempt}".encode()).digest()
        return Job(problem, attempt, int.from_bytes(digest[:4]))


def fingerprint(problems: Sequence[Problem]) -> str:
    """Hash all problems, so that results on other problems are not mistaken for results on these."""
    digest = hashlib.sha256()
    for problem in problems:
        digest.update(f"{problem.name}\0{problem.split}\0{problem.place.source}\0".encode())
    return digest.hexdigest()[:16]


def make_attempts(
    problems: Sequence[Problem],
    attempts: Attempts,
    executor: Executor,
    results: ResultsWriter,
    tell: Callable[[AttemptRecord], None] = lambda _: None,
) -> None:
    """Make all attempts that the results do not have yet.

    First attempts at all problems come first, then second ones. What is done does not depend on which of them ends
    first, and so not on the number of workers.

    Args:
        problems: The problems.
        attempts: How many attempts are made at each.
        executor: Makes them.
        results: Where they are written.
        tell: Called with each new record.
    """
    rounds = range(1, attempts.number + 1)
    parts = [[number] for number in rounds] if attempts.stop_early else [list(rounds)]
    for part in parts:
        for record in executor.run(_jobs(problems, attempts, results, part)):
            results.append(record)
            tell(record)


def _jobs(
    problems: Sequence[Problem], attempts: Attempts, results: ResultsWriter, part: Sequence[int]
) -> Iterator[Job]:
    """The attempts of some rounds that are missing."""
    done = {record.key for record in results.records}
    solved = {record.problem for record in results.records if record.proved} if attempts.stop_early else set()
    for number in part:
        for problem in problems:
            if (problem.name, number) not in done and problem.name not in solved:
                yield attempts.job(problem, number)


def finish(
    problems: Sequence[Problem], results: ResultsWriter, second: Callable[[], Judge | None] = lambda: None
) -> None:
    """Sort the results, and let a second judge check a sample of the proofs without a second verdict.

    Args:
        problems: The problems.
        results: The results.
        second: Makes the second judge; None if there is none.
    """
    order = {problem.name: index for index, problem in enumerate(problems)}
    statements = {problem.name: problem.statement for problem in problems}
    records = sorted(results.records, key=lambda record: (order[record.problem], record.attempt))
    proofs = [index for index, record in enumerate(records) if record.proved and record.script]
    proofs.sort(key=lambda index: hashlib.sha256(repr(records[index].key).encode()).digest())
    sample = [index for index in proofs[:SAMPLE] if not records[index].second]
    judge = second() if sample else None
    if judge is not None:
        with judge:
            asked = [Attempt(statements[records[index].problem], records[index].script) for index in sample]
            for index, verdict in zip(sample, judge.verify_many(asked), strict=True):
                records[index] = seconded(records[index], verdict)
    results.finish(records)
