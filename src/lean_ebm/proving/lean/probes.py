"""Many tactics tried in one state by one text.

The script that leads to the state runs once. Then each tactic is tried, prints the goals that it leaves, and is undone:
``first | (tactic; trace_state; fail) | skip``. What a tactic does counts only if the goals are printed in its own line,
so that nothing that goes wrong without a message looks like success. ``first`` lets no tactic recover from an error.
At the end stands a name that does not exist. If Lean complains about that name only, all tactics were tried.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from lean_ebm.proving.lean.messages import LeanMessage, secret_name
from lean_ebm.proving.statements import Statement

_INDENT = " " * 4


class Probe:
    """A state with the tactics to try in it.

    Args:
        statement: The statement, from :func:`~lean_ebm.proving.lean.messages.admitted`.
        script: The script that leads to the state, from there as well.
        tactics: The tactics, each as the lines that stand after the script.

    Attributes:
        text: The source, to stand after the header.
    """

    def __init__(self, statement: Statement, script: str, tactics: Sequence[Sequence[str]]) -> None:
        self._secret = secret_name()
        preamble = statement.preamble.strip("\n")
        lines = preamble.split("\n") if preamble else []
        lines += [f"theorem _root_.{self._secret} {statement.binders} : (", *statement.proposition.split("\n")]
        lines += [") := by", *(f"  {line}" for line in script.split("\n") if line)]
        self._begin = len(lines)
        self._lines: list[int] = []  # in which the goals of each tactic are printed
        for tactic in tactics:
            body = [f"{_INDENT}{line}" for part in tactic for line in part.split("\n")]
            lines += ["  first", "  |", f"{_INDENT}(", *body, f"{_INDENT})"]
            self._lines.append(len(lines))
            lines += [f"{_INDENT}trace_state", f"{_INDENT}fail", "  | skip"]
        self._end = len(lines)
        lines.append(f"  all_goals exact {self._secret}_end")
        self.text = "".join(f"{line}\n" for line in lines)

    def goals(self, messages: Sequence[LeanMessage]) -> list[tuple[str, ...] | None] | None:
        """Read Lean's messages on the source.

        Args:
            messages: The messages, their lines counted from 0 at the start of :attr:`text`.

        Returns:
            For each tactic, the goals that it leaves, or None if it fails. None in place of all if not all were tried.
        """
        found: dict[int, tuple[str, ...]] = {}
        errors: list[LeanMessage] = []
        for message in messages:
            if message.severity == "error":
                errors.append(message)
            elif message.severity == "information" and message.column == len(_INDENT):
                text = message.text.rstrip("\n")
                found[message.line] = tuple(text.split("\n\n")) if text else ()
        if not errors or any(each.line != self._end or f"{self._secret}_end" not in each.text for each in errors):
            return None
        return [found.get(line) for line in self._lines]

    def culprit(self, messages: Sequence[LeanMessage]) -> int | None:
        """The number of the tactic that has the first error, such as one that cannot be parsed; None if none has."""
        first = min((message.line for message in messages if message.severity == "error"), default=self._end)
        number = bisect_left(self._lines, first)  # the line in which a tactic's goals are printed is its last but two
        return number if self._begin <= first < self._end and number < len(self._lines) else None
