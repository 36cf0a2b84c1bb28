"""Writes attempts as Lean source, and reads Lean's messages.

A script must not be able to change what it is taken to prove, whatever its text is. So each statement is elaborated by
itself, before any script, as a constant ``S : Prop``; then its theorem ``T`` is proved by the script; then ``T`` is
taken as a proof ``C`` of ``S``, and ``#print axioms`` is asked about ``C``. All have names that nobody can guess. It is
proved if Lean reports no error and says, in the line of that question, that ``C`` depends on no axioms but the allowed
ones. If Lean says nothing, it is not proved.

A trusted statement may depend on variables that its preamble declares, or that Lean binds because nothing else does.
Lean adds them to theorems, but not to the body of ``S : Prop``. So there ``S`` is a theorem with the statement and
``sorry`` for a proof, and ``C`` has the type of ``S``. Its name is one that ``exact?`` does not look at.
"""

from __future__ import annotations

import re
import secrets
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lean_ebm.proving.forbidden import refuse
from lean_ebm.proving.lean.worlds import LOGIC, LeanWorld
from lean_ebm.proving.lexer import SyntaxProblem, plain
from lean_ebm.proving.source.binders import parse_binders
from lean_ebm.proving.source.shape import check_shape
from lean_ebm.proving.statements import Attempt, Outcome, Statement, Verdict

STANDARD_AXIOMS = frozenset({"propext", "Classical.choice", "Quot.sound"})
"""The axioms on which nearly every theorem of Mathlib depends."""

HEADER = "set_option autoImplicit false\nset_option linter.all false\nuniverse u v w\n"
"""Stands above the theorems: a misspelt name is an error instead of a new variable, and linters are silent."""

_UNSOLVED = "unsolved goals\n"
_PARSE_ERROR = re.compile(r"unexpected |unknown tactic|expected |<input>|invalid |unterminated |missing ")
_UNKNOWN = re.compile(
    r"[Uu]nknown (?:identifier|constant|tactic|namespace)|The environment does not contain|expected token$"
    r"|unexpected token '(?:[-+*!]'|repeat)"
)
_AXIOMS = r"'(?:_root_\.)?{}' (?:does not depend on any axioms|depends on axioms: \[([^\]]*)\])"


@dataclass(frozen=True)
class LeanMessage:
    """One message of Lean.

    Args:
        severity: ``error``, ``warning`` or ``information``.
        text: The text of the message.
        line: From 0; in a report, the line of ``theorem ... := by`` is 0, and script lines start at 1.
        column: From 0, in code points.
    """

    severity: str
    text: str
    line: int
    column: int


@dataclass(frozen=True)
class LeanReport:
    """What Lean says about one attempt.

    Args:
        outcome: ``SOLVED`` if it is a proof; ``OK`` if every tactic ran and goals are left.
        goals: The goals that are left, as Lean prints them; empty unless ``OK``.
        messages: All of Lean's messages in the lines of this attempt.
        reason: Why it is not a proof, in words; empty if it is one.
    """

    outcome: Outcome
    goals: tuple[str, ...] = ()
    messages: tuple[LeanMessage, ...] = ()
    reason: str = ""

    def verdict(self, verifier: str) -> Verdict:
        """Turn the report into a verdict on the theorem.

        Args:
            verifier: Name and version of the Lean.
        """
        if self.outcome is Outcome.SOLVED:
            return Verdict(True, verifier, outcome=Outcome.SOLVED)
        outcome = Outcome.TACTIC_ERROR if self.outcome is Outcome.OK else self.outcome
        return Verdict(False, verifier, self.reason, outcome)


def admitted(attempt: Attempt) -> Attempt | LeanReport:
    """Prepare an attempt for :class:`LeanSource`, or report why it may not be sent to Lean.

    It gets rid of comments, and neither the script nor the statement can reach beyond its place in the source. A
    statement that is trusted stays as it is.
    """
    statement, script = attempt
    try:
        reason = None if statement.trusted else refuse(plain(f"{statement.binders} : {statement.proposition}"))
        reason = reason or refuse(plain(script))
        return LeanReport(Outcome.FORBIDDEN, reason=reason) if reason else _shaped(statement, script)
    except SyntaxProblem as problem:
        return LeanReport(Outcome.PARSE_ERROR, reason=str(problem))


def _shaped(statement: Statement, script: str) -> Attempt:
    if statement.trusted:
        check_shape(script := plain(script), "a proof")
        return Attempt(statement, script)
    groups = parse_binders(statement.binders)
    for group in groups:
        if group.domain:
            check_shape(group.domain, "a type")
    proposition, script = plain(statement.proposition), plain(script)
    check_shape(proposition, "a proposition")
    if not proposition.strip():
        raise SyntaxProblem("expected a proposition, found none")
    check_shape(script, "a proof")
    return Attempt(Statement(proposition, " ".join(group.source() for group in groups), statement.preamble), script)


def without_library(report: LeanReport, missing: str) -> LeanReport:
    """Add to a report of a Lean without library why a name, a tactic or a symbol may be unknown.

    Args:
        report: The report.
        missing: What to say.
    """
    errors = [report.reason, *(message.text for message in report.messages if message.severity == "error")]
    unknown = next((text for text in errors if _UNKNOWN.search(text)), None)
    if report.outcome is Outcome.SOLVED or unknown is None:
        return report
    reason = report.reason if unknown == report.reason else f"{unknown}; {report.reason}"
    return replace(report, reason=f"{reason} ({missing})")


def source_above(statement: Statement) -> str:
    """The source between :data:`HEADER` and a statement.

    Above one that is trusted, names that are not bound are bound by Lean, as in any file, unless its source says not.
    """
    above = "set_option autoImplicit true\n" if statement.trusted else ""
    return f"{above}{statement.preamble}".strip("\n")


class LeanSource:
    """Attempts as Lean source.

    Args:
        attempts: The attempts, from :func:`admitted`, all with the same preamble.
        world: The world whose theorems they may use.
        judged: Whether scripts are judged. If they are only tried, statements are not elaborated by themselves, which
            takes less time, and no report says ``SOLVED``: it is ``OK`` without goals instead.

    Attributes:
        text: The source, to stand after :data:`HEADER`.
    """

    def __init__(self, attempts: Sequence[Attempt], world: LeanWorld = LOGIC, judged: bool = True) -> None:
        self._world, self._statements = world, [attempt.statement for attempt in attempts]
        self._judged, self._asked = judged, "C" if judged else "T"
        secret = secret_name()
        self._names = [f"{secret}_{index}" for index in range(len(attempts))]
        preamble = source_above(attempts[0].statement) if attempts else ""
        parts = [f"{preamble}\n"] if preamble else []
        line = parts[0].count("\n") if parts else 0
        self._starts: list[tuple[int, int, str]] = [(0, -1, "preamble")]  # line, attempt, and what starts there
        self._by: list[int] = []
        for index, (name, (statement, _)) in enumerate(zip(self._names, attempts if judged else (), strict=judged)):
            if statement.trusted:
                stated = f"theorem _root_._S{name} {statement.binders} : (\n{statement.proposition}\n) := sorry\n"
            else:
                head = f"∀ {statement.binders}, " if statement.binders else ""
                stated = f"def _root_.S{name} : Prop := {head}(\n{statement.proposition}\n)\n"
            parts.append(stated)
            self._starts.append((line, index, "statement"))
            line += parts[-1].count("\n")
        for index, (name, (statement, script)) in enumerate(zip(self._names, attempts, strict=True)):
            head = f"theorem _root_.T{name} {statement.binders} : (\n{statement.proposition}\n) := by\n"
            body = "".join(f"  {each}\n" if each else "\n" for each in script.strip("\n").split("\n"))
            asked = f"type_of% @_root_._S{name}" if statement.trusted else f"@_root_.S{name}"
            check = f"theorem _root_.C{name} : {asked} := @_root_.T{name}\n" if judged else "\n"
            parts += head, body, check, f"{world.question} _root_.{self._asked}{name}\n"
            self._starts.append((line, index, "proof"))
            line += head.count("\n")
            self._by.append(line - 1)
            line += body.count("\n")
            self._starts += [(line, index, "check"), (line + 1, index, "axioms")]
            line += 2
        self.text = "".join(parts)

    def reports(self, messages: Sequence[LeanMessage], axioms: frozenset[str]) -> list[LeanReport]:
        """Read Lean's messages on the source.

        Args:
            messages: The messages, their lines counted from 0 at the start of :attr:`text`.
            axioms: The axioms on which a proof may depend.

        Returns:
            A report for each attempt.
        """
        return self._read(messages, axioms)[0]

    def finished(self, messages: Sequence[LeanMessage], axioms: frozenset[str]) -> list[LeanReport]:
        """Read the messages of a Lean that died. Returns a report for each attempt that it had finished."""
        reports, asked = self._read(messages, axioms)
        return reports[: asked.index(False)] if False in asked else reports

    def _read(self, messages: Sequence[LeanMessage], axioms: frozenset[str]) -> tuple[list[LeanReport], list[bool]]:
        """The reports, and for each attempt whether Lean answered the question on its axioms."""
        count = len(self._names)
        lines = [line for line, _, _ in self._starts]
        found: list[dict[str, list[LeanMessage]]] = [{} for _ in range(count)]
        common: list[LeanMessage] = []
        for message in messages:
            _, index, part = self._starts[max(bisect_right(lines, message.line) - 1, 0)]
            if index < 0:
                common.append(message)
            else:
                found[index].setdefault(part, []).append(message)
        failed = next((message for message in common if message.severity == "error"), None)
        if failed is not None:
            reason = f"Lean refuses what comes before the theorem: {failed.text}"
            report = LeanReport(Outcome.PARSE_ERROR, messages=tuple(common), reason=reason)
            return [report] * count, [True] * count
        reports = [self._report(index, found[index], axioms) for index in range(count)]
        return reports, ["axioms" in parts for parts in found]

    def _report(self, index: int, parts: dict[str, list[LeanMessage]], axioms: frozenset[str]) -> LeanReport:
        name = self._names[index]

        def shown(part: str) -> list[LeanMessage]:
            return [
                LeanMessage(
                    message.severity,
                    re.sub(rf"(?:_root_\.)?_?[STC]{name}\b", "theorem", message.text),
                    max(message.line - self._by[index], 0),
                    message.column,
                )
                for message in parts.get(part, [])
            ]

        proof = shown("proof")
        late = [message for message in shown("axioms") if message.severity == "error"]  # such as a proof cut short
        every = (*shown("statement"), *proof, *shown("check"), *late)
        wrong = [message for message in shown("statement") if message.severity == "error"]
        if wrong:
            return LeanReport(_outcome(wrong[0], Outcome.PARSE_ERROR), messages=every, reason=wrong[0].text)
        answers = parts.get("axioms", [])
        asked = _AXIOMS.format(f"{self._asked}{name}")
        answer = re.fullmatch(asked, answers[0].text.strip()) if len(answers) == 1 else None
        used = {axiom.strip() for axiom in ((answer and answer[1]) or "").split(",")} - {""}
        statement = self._statements[index]
        if later := sorted(used & self._world.refused(statement)):
            names = ", ".join(each.rpartition(".")[2] for each in later)
            reason = f"the proof uses {names}, and only what comes before the theorem may be used"
            return LeanReport(Outcome.FORBIDDEN, messages=every, reason=reason)
        errors = [message for message in every if message.severity == "error"]
        if errors:
            first = errors[0]
            if len(errors) == 1 and first.line == 0 and first.text.startswith(_UNSOLVED):
                goals = tuple(first.text.removeprefix(_UNSOLVED).split("\n\n"))
                return LeanReport(Outcome.OK, goals, every, first.text)
            return LeanReport(_outcome(first, Outcome.TACTIC_ERROR), messages=every, reason=first.text)
        if answer is None or answers[0].severity != "information":
            reason = "Lean ended before it said on which axioms the proof depends"
            return LeanReport(Outcome.CRASH, messages=every, reason=reason)
        if surplus := sorted(used - axioms - self._world.allowed(statement)):
            reason = f"the proof depends on {', '.join(surplus)}"
            return LeanReport(Outcome.FORBIDDEN, messages=every, reason=reason)
        return LeanReport(Outcome.SOLVED if self._judged else Outcome.OK, messages=every)


def secret_name() -> str:
    """Make a random name that a script cannot guess, so that it cannot use or print what has this name."""
    return f"t{secrets.token_hex(8)}"


def _outcome(error: LeanMessage, usual: Outcome) -> Outcome:
    """What an error of Lean means."""
    if "(deterministic) timeout" in error.text:
        return Outcome.TIMEOUT
    return Outcome.PARSE_ERROR if _PARSE_ERROR.match(error.text) else usual
