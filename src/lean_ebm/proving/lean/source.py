"""Lean files as a list of theorems with scripts."""

from __future__ import annotations

import re

from lean_ebm.errors import SettingError
from lean_ebm.proving.statements import Attempt, Statement

_THEOREM = re.compile(r"^(?:theorem|lemma)[ \t]+(\S+)[ \t\n]+(.*?):=[ \t]*by\b(.*)\Z", re.DOTALL)


def read_theorems(text: str) -> list[tuple[str, Attempt]]:
    """Read the theorems, each proved by tactics, of a Lean file that has nothing else in it but comments.

    Returns:
        The name, and the statement with its script, of each theorem.

    Raises:
        SettingError: If there is something else in the text, or no theorem.
    """
    text = re.sub(r"/-.*?-/", "", text, flags=re.DOTALL)
    text = re.sub(r"[ \t]*--[^\n]*", "", text)
    found = []
    for chunk in re.split(r"^(?=\S)", text, flags=re.MULTILINE):
        if not chunk.strip():
            continue
        match = _THEOREM.match(chunk)
        if match is None:
            raise SettingError(f"expected 'theorem name ... := by', found {chunk.strip()[:60]!r}")
        found.append((match[1], Attempt(Statement.of(match[2]), _dedented(match[3]))))
    if not found:
        raise SettingError("expected 'theorem name ... := by', found no theorem")
    return found


def _dedented(text: str) -> str:
    """The tactic block without its indentation."""
    lines = [line for line in text.splitlines() if line.strip()]
    indentation = min((len(line) - len(line.lstrip(" ")) for line in lines), default=0)
    return "\n".join(line[indentation:].rstrip() for line in lines)
