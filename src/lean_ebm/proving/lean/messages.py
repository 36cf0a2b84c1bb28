"""Lean's source and messages: how a theorem is put to Lean, and how its answer is read.

Each theorem gets a name that nobody can guess and is followed by ``#print axioms``. It is proved if Lean reports no
error in its lines and says that it depends on no axioms but the allowed ones. If Lean says nothing, it is not proved.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from lean_ebm.proving.statements import Attempt, Outcome, Statement, Verdict

STANDARD_AXIOMS = frozenset({"propext", "Classical.choice", "Quot.sound"})
"""The axioms on which nearly every theorem of Mathlib depends."""

HEADER = "set_option autoImplicit false\nset_option linter.all false\nuniverse u v w\n"
"""Stands above the theorems: a misspelt name is an error instead of a new variable, and linters are silent."""

_UNSOLVED = "unsolved goals\n"
_PARSE_ERROR = re.compile(r"unexpected |unknown tactic|expected |<input>|invalid |unterminated |missing ")
_DEPENDS = re.compile(r"'(\S+)' (?:does not depend on any axioms|depends on axioms: \[([^\]]*)\])")


@dataclass(frozen=True)
class LeanMessage:
    """One message of Lean.

    Args:
        severity: ``error``, ``warning`` or ``information``.
        text: The text of the message.
        line: From 0, the line of ``theorem ... := by``; script lines start at 1.
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


def theorem_source(name: str, attempt: Attempt) -> str:
    """Write an attempt as Lean source whose messages :func:`read_report` can read.

    Args:
        name: Name of the theorem, from :func:`secret_name`.
        attempt: The statement, which becomes the first line, and the script.
    """
    # On one line, so that an error in line 0 is an error in the statement.
    statement = Statement(" ".join(attempt.statement.proposition.split()), " ".join(attempt.statement.binders.split()))
    return f"{statement.theorem(name, attempt.script)}#print axioms {name}\n"


def secret_name() -> str:
    """Make up a theorem's name that no script can guess, so that none can use the theorem or print the name."""
    return f"t{secrets.token_hex(8)}"


def read_report(name: str, messages: Sequence[LeanMessage], axioms: frozenset[str]) -> LeanReport:
    """Read Lean's messages on the source that :func:`theorem_source` wrote.

    Args:
        name: The theorem's name in it.
        messages: The messages; none at all mean that it is not a proof.
        axioms: The axioms on which the proof may depend.
    """
    found = tuple(
        LeanMessage(message.severity, message.text.replace(name, "theorem"), message.line, message.column)
        for message in messages
    )
    errors = [message for message in found if message.severity == "error"]
    if errors:
        first = errors[0]
        if len(errors) == 1 and first.line == 0 and first.text.startswith(_UNSOLVED):
            goals = tuple(first.text.removeprefix(_UNSOLVED).split("\n\n"))
            return LeanReport(Outcome.OK, goals, found, first.text)
        return LeanReport(_outcome(first), messages=found, reason=first.text)
    dependencies = [match for message in messages if (match := _DEPENDS.search(message.text)) and match[1] == name]
    if len(dependencies) != 1:
        reason = "Lean ended before it said on which axioms the proof depends"
        return LeanReport(Outcome.CRASH, messages=found, reason=reason)
    used = {axiom.strip() for axiom in (dependencies[0][2] or "").split(",")} - {""}
    if surplus := sorted(used - axioms):
        reason = f"the proof depends on {', '.join(surplus)}"
        return LeanReport(Outcome.FORBIDDEN, messages=found, reason=reason)
    return LeanReport(Outcome.SOLVED, messages=found)


def _outcome(error: LeanMessage) -> Outcome:
    if "(deterministic) timeout" in error.text:
        return Outcome.TIMEOUT
    if error.line == 0 and not error.text.startswith(_UNSOLVED):
        return Outcome.PARSE_ERROR  # the statement itself
    return Outcome.PARSE_ERROR if _PARSE_ERROR.match(error.text) else Outcome.TACTIC_ERROR
