"""A real Lean behind the common interface: slow, and right by construction.

A state is the script that leads to it, and each tactic runs that script again in a fresh process: some 0.1 s a call,
however many requests it brings. For search there are the embedded logic and PyPantograph; this one settles what they
should have done, and works wherever :class:`~lean_ebm.proving.lean.Lean` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lean_ebm.proving.environment import Environment, Outcome, Request, State, Statement, Step, Verdict
from lean_ebm.proving.lean import Lean, Proof, Report


@dataclass(frozen=True)
class _Handle:
    """The proof so far."""

    statement: Statement
    script: str


class LeanEnvironment(Environment):
    """Tries tactics by replaying scripts.

    Args:
        lean: The Lean to use, closed with the environment. None: ``Lean()``.
    """

    def __init__(self, lean: Lean | None = None) -> None:
        self.lean = lean or Lean()

    def start(self, statement: Statement) -> Step:
        """The state whose one goal is the statement."""
        (report,) = self.lean.check([Proof(statement, "")])
        return _step(_Handle(statement, ""), report)

    def apply(self, state: State, tactic: str, goal: int = 0) -> Step:
        """Apply one tactic to one goal, by running the whole script."""
        return self.apply_many([Request(state, tactic, goal)])[0]

    def apply_many(self, requests: Sequence[Request]) -> list[Step]:
        """Apply many tactics in one process."""
        handles = [_extended(*request) for request in requests]
        # An empty tactic would be a no-op in a script, and a parse error by itself.
        reports = self.lean.check([Proof(handle.statement, handle.script) for handle in handles])
        return [
            _step(handle, report) if request.tactic.strip() else Step(Outcome.PARSE_ERROR, message="no tactic")
            for request, handle, report in zip(requests, handles, reports, strict=True)
        ]

    def verify(self, statement: Statement, script: str) -> Verdict:
        """Lean's word on the whole script."""
        return self.lean.verify(statement, script)

    def close(self) -> None:
        """Close the Lean."""
        self.lean.close()


def _extended(state: State, tactic: str, goal: int) -> _Handle:
    handle = state.handle
    if not isinstance(handle, _Handle):
        raise ValueError("The state is not one of LeanEnvironment: apply tactics to the states that it returned.")
    if not 0 <= goal < len(state.goals):
        raise ValueError(f"There is no goal {goal} in a state of {len(state.goals)}: goals count from 0.")
    # The goals before the chosen one come back to the front afterwards, unless the tactic closed one of them too.
    lines = [tactic] if goal == 0 else [f"rotate_left {goal}", tactic, f"rotate_right {goal}"]
    return _Handle(handle.statement, "\n".join([handle.script, *lines] if handle.script else lines))


def _step(handle: _Handle, report: Report) -> Step:
    if report.outcome.succeeded:
        return Step(report.outcome, State(report.goals, handle))
    return Step(report.outcome, message=report.reason)
