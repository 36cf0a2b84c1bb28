"""A real Lean as an environment: slow, but what it says is what Lean does.

A state is the script that leads to it, and each call runs that script again in a new process: about 0.1 s for a call
with any number of requests. Searches use the embedded logic or PyPantograph; this environment checks what those should
have done, and works wherever :class:`~lean_ebm.proving.lean.judge.Lean` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lean_ebm.proving.environment import Environment
from lean_ebm.proving.lean.judge import Lean
from lean_ebm.proving.lean.messages import LeanReport
from lean_ebm.proving.statements import Attempt, Outcome, Request, State, Statement, Step, Verdict


@dataclass(frozen=True)
class _Handle:
    """The handle of a state: the script that leads to it."""

    statement: Statement
    script: str


class LeanEnvironment(Environment):
    """Tries tactics by running whole scripts.

    Args:
        lean: The Lean to use, closed with the environment. None: ``Lean()``.
    """

    def __init__(self, lean: Lean | None = None) -> None:
        self.lean = lean or Lean()

    def start(self, statement: Statement) -> Step:
        """Start a proof."""
        (report,) = self.lean.check([Attempt(statement, "")])
        return _step(_Handle(statement, ""), report)

    def apply(self, state: State, tactic: str, goal: int = 0) -> Step:
        """Apply one tactic to one goal by running the whole script."""
        return self.apply_many([Request(state, tactic, goal)])[0]

    def apply_many(self, requests: Sequence[Request]) -> list[Step]:
        """Apply many tactics in one process."""
        handles = [_extended(*request) for request in requests]
        # An empty tactic is a parse error, but as a line of a script it would be ignored.
        reports = self.lean.check([Attempt(handle.statement, handle.script) for handle in handles])
        return [
            _step(handle, report)
            if request.tactic.strip()
            else Step(Outcome.PARSE_ERROR, message="the tactic is empty")
            for request, handle, report in zip(requests, handles, reports, strict=True)
        ]

    def verify(self, statement: Statement, script: str) -> Verdict:
        """Have Lean check the whole script."""
        return self.lean.verify(statement, script)

    def verify_many(self, attempts: Sequence[Attempt]) -> list[Verdict]:
        """Have Lean check many scripts, in one process for each batch."""
        return self.lean.verify_many(attempts)

    def close(self) -> None:
        """Close the Lean."""
        self.lean.close()


def _extended(state: State, tactic: str, goal: int) -> _Handle:
    handle = state.handle
    if not isinstance(handle, _Handle):
        raise ValueError("The state is not one of LeanEnvironment: apply tactics to the states that it returned.")
    if not 0 <= goal < len(state.goals):
        raise ValueError(f"There is no goal {goal} in a state of {len(state.goals)}: goals count from 0.")
    # Afterwards the goals before the chosen one return to the front, unless the tactic closed one of them too.
    lines = [tactic] if goal == 0 else [f"rotate_left {goal}", tactic, f"rotate_right {goal}"]
    return _Handle(handle.statement, "\n".join([handle.script, *lines] if handle.script else lines))


def _step(handle: _Handle, report: LeanReport) -> Step:
    if report.outcome.succeeded:
        return Step(report.outcome, State(report.goals, handle))
    return Step(report.outcome, message=report.reason)
