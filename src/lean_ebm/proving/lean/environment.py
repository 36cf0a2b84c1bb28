"""A real Lean as an environment. It is slower than an embedded environment, but exact.

A state is the script that leads to it. With the Lean of the wheel, a process stays (:mod:`~.session`): for each state
it runs the script once and tries all tactics that were asked for there (:mod:`~.probes`). What needs more care is
checked as a whole script, as a judge does, and so is every step that closes the last goal. With a toolchain, each call
runs all scripts in a new process. Either way, tactics tried together cost far less than tactics tried one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from queue import SimpleQueue

from lean_ebm.errors import SettingError
from lean_ebm.proving.environment import Environment
from lean_ebm.proving.forbidden import refuse
from lean_ebm.proving.lean.judge import Lean
from lean_ebm.proving.lean.messages import LeanMessage, LeanReport, LeanSource, admitted, without_library
from lean_ebm.proving.lean.probes import Probe, is_simple
from lean_ebm.proving.lean.session import LeanSession
from lean_ebm.proving.lexer import SyntaxProblem, plain
from lean_ebm.proving.processes import ProcessFailedError
from lean_ebm.proving.source.shape import check_shape
from lean_ebm.proving.statements import Attempt, Outcome, Request, State, Statement, Step, Verdict

_TOGETHER = 64  # most tactics in one text: they share Lean's limit of steps
_FEW = 8  # for fewer tactics than that, a second process has more to do than it saves
_FAILED = "Lean refuses the tactic here; apply it by itself to see Lean's message"


@dataclass(frozen=True)
class _Handle:
    """The handle of a state: the script that leads to it."""

    statement: Statement
    script: str


@dataclass(frozen=True)
class _Try:
    """A tactic to try: the lines that apply it, and the handle of the state after it."""

    request: Request
    lines: tuple[str, ...]
    after: _Handle


class LeanEnvironment(Environment):
    """Tries tactics in a Lean.

    Args:
        lean: The Lean to use, closed with the environment. None: ``Lean()``.
        processes: Processes that try tactics at the same time, at least 1. Each starts when it is first needed.

    Raises:
        SettingError: If the number of processes is out of its range.
    """

    def __init__(self, lean: Lean | None = None, processes: int = 1) -> None:
        if processes < 1:
            raise SettingError(f"LeanEnvironment: processes={processes}; expected at least 1.")
        self.lean = lean or Lean()
        self._sessions = [session for _ in range(processes) if (session := self.lean.session()) is not None]
        self._free: SimpleQueue[LeanSession] = SimpleQueue()
        for session in self._sessions:
            self._free.put(session)
        self._threads = ThreadPoolExecutor(processes)

    def start(self, statement: Statement) -> Step:
        """Start a proof."""
        handle = _Handle(statement, "")
        return _step(handle, self._checked(handle))

    def apply(self, state: State, tactic: str, goal: int = 0) -> Step:
        """Apply one tactic to one goal. If it fails, the message comes from Lean."""
        tried = _tried(Request(state, tactic, goal))
        return refused if (refused := _refused(tactic)) else _step(tried.after, self._checked(tried.after))

    def apply_many(self, requests: Sequence[Request]) -> list[Step]:
        """Apply many tactics; those to the same goal of the same state are tried together."""
        tries = [_tried(request) for request in requests]
        steps = [_refused(request.tactic) for request in requests]
        left = [index for index, step in enumerate(steps) if step is None]
        if not self._sessions:
            after = [tries[index].after for index in left]
            reports = self.lean.check([Attempt(handle.statement, handle.script) for handle in after])
            for index, handle, report in zip(left, after, reports, strict=True):
                steps[index] = _step(handle, report)
            return [step for step in steps if step is not None]
        groups: dict[tuple[Statement, str], list[int]] = {}
        for index in left:
            handle = tries[index].request.state.handle
            groups.setdefault((handle.statement, handle.script), []).append(index)
        size = min(_TOGETHER, max(_FEW, -(-len(left) // len(self._sessions))))
        parts = [group[start : start + size] for group in groups.values() for start in range(0, len(group), size)]
        made = self._threads.map(self._together, [[tries[index] for index in part] for part in parts])
        for index, step in zip(chain(*parts), chain(*made), strict=True):
            steps[index] = step
        return [step for step in steps if step is not None]

    def verify(self, statement: Statement, script: str) -> Verdict:
        """Have Lean check the whole script in a new process."""
        return self.lean.verify(statement, script)

    def verify_many(self, attempts: Sequence[Attempt]) -> list[Verdict]:
        """Have Lean check many scripts, in a new process for each batch."""
        return self.lean.verify_many(attempts)

    def close(self) -> None:
        """End the processes and close the Lean."""
        self._threads.shutdown()
        for session in self._sessions:
            session.close()
        self.lean.close()

    def _together(self, tries: Sequence[_Try]) -> list[Step]:
        """Apply tactics to one state."""
        steps: list[Step | None] = [None] * len(tries)
        handle = tries[0].request.state.handle
        later = {name.rpartition(".")[2] for name in self.lean.world.refused(handle.statement)}
        probed = [number for number, each in enumerate(tries) if is_simple(each.request.tactic, later)]
        for number, left in self._probed(handle, {number: tries[number].lines for number in probed}).items():
            if left is None:
                steps[number] = Step(Outcome.TACTIC_ERROR, message=_FAILED)
            elif left and not any("?" in goal for goal in left):  # a metavariable may never get a value
                steps[number] = Step(Outcome.OK, State(left, tries[number].after))
        return [step or _step(each.after, self._checked(each.after)) for each, step in zip(tries, steps, strict=True)]

    def _probed(self, handle: _Handle, tactics: Mapping[int, tuple[str, ...]]) -> dict[int, tuple[str, ...] | None]:
        """The goals that tactics leave, None if they fail; tactics of which this is not known are left out."""
        checked = admitted(Attempt(handle.statement, handle.script))
        left = dict(tactics)
        while len(left) > 1 and not isinstance(checked, LeanReport):
            numbers = list(left)
            probe = Probe(*checked, [[_plain(line) for line in lines] for lines in left.values()])
            messages = self._messages(probe.text)
            if messages is None:
                break
            goals = probe.goals(messages)
            if goals is not None:
                return dict(zip(numbers, goals, strict=True))
            culprit = probe.culprit(messages)
            if culprit is None:
                break
            del left[numbers[culprit]]
        return {}

    def _checked(self, handle: _Handle) -> LeanReport:
        """Check the script that leads to a state as a whole."""
        attempt = Attempt(handle.statement, handle.script)
        checked = admitted(attempt)
        if isinstance(checked, LeanReport):
            return checked
        for judged in (False, True):
            source = LeanSource([checked], self.lean.world, judged)
            messages = self._messages(source.text)
            if messages is None:  # a process of its own says what is wrong
                return self.lean.check([attempt])[0]
            report = source.reports(messages, self.lean.axioms)[0]
            if report.goals or not report.outcome.succeeded:
                break
        return without_library(report, self.lean.world.missing)

    def _messages(self, text: str) -> list[LeanMessage] | None:
        """Lean's messages on a text; None if there is no process that stays, or it failed."""
        if not self._sessions:
            return None
        session = self._free.get()
        try:
            return session.messages(text)
        except ProcessFailedError:
            return None
        finally:
            self._free.put(session)


def _tried(request: Request) -> _Try:
    state, tactic, goal = request
    handle = state.handle
    if not isinstance(handle, _Handle):
        raise ValueError("The state is not one of LeanEnvironment: apply tactics to the states that it returned.")
    if not 0 <= goal < len(state.goals):
        raise ValueError(f"There is no goal {goal} in a state of {len(state.goals)}: goals count from 0.")
    # Afterwards the goals before the chosen one return to the front, unless the tactic closed one of them too.
    lines = (tactic,) if goal == 0 else (f"rotate_left {goal}", tactic, f"rotate_right {goal}")
    script = "\n".join([handle.script, *lines] if handle.script else lines)
    return _Try(request, lines, _Handle(handle.statement, script))


@lru_cache(10_000)
def _refused(tactic: str) -> Step | None:
    """What is said of a tactic that Lean does not get; None if it gets it."""
    if not tactic.strip():  # as a line of a script it would be ignored
        return Step(Outcome.PARSE_ERROR, message="the tactic is empty")
    try:
        if reason := refuse(plain(tactic)):
            return Step(Outcome.FORBIDDEN, message=reason)
        check_shape(plain(tactic), "a proof")
    except SyntaxProblem as problem:
        return Step(Outcome.PARSE_ERROR, message=str(problem))
    return None


_plain = lru_cache(10_000)(plain)


def _step(handle: _Handle, report: LeanReport) -> Step:
    if report.outcome.succeeded:
        return Step(report.outcome, State(report.goals, handle))
    return Step(report.outcome, message=report.reason)
