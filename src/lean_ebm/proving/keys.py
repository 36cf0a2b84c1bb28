"""A key of printed goals that does not depend on the names of hypotheses and bound variables.

It is computed from the goals that Lean prints, so it works in every environment; the embedded logic computes its own
key from the formulas. Names are replaced by numbers that say to which binder they belong, and nothing else is replaced:
two states with the same key are the same up to renaming. Two states that are the same up to renaming may have different
keys if Lean printed them differently; then a search visits both.
"""
# ruff: noqa: RUF003 - the letters of Lean

from __future__ import annotations

import re
from collections.abc import Sequence

_TOKEN = re.compile(r"[^\W\d][\w'!?✝⁻¹²³⁴⁵⁶⁷⁸⁹⁰]*(?:\.[^\W\d][\w'!?✝⁻¹²³⁴⁵⁶⁷⁸⁹⁰]*)*|\d+|\S")
_HYPOTHESES = re.compile(r"^(?P<names>\S+(?: [^\s:]+)*) :(?P<type> .*|$)", re.DOTALL)
_BINDERS = frozenset("∀∃λΣΠ") | {"fun"}
_OPEN, _CLOSE = frozenset("([{⟨"), frozenset(")]}⟩")


def canonical_key(goals: Sequence[str]) -> str:
    """Compute the key of a state from its goals as Lean prints them."""
    return "\n\n".join(_goal_key(goal) for goal in goals)


def _goal_key(goal: str) -> str:
    names: dict[str, str] = {}
    lines = []
    for entry in entries_of(goal):
        if entry.startswith("case "):
            continue  # a tag is a name on which the success of no tactic depends
        if entry.startswith("⊢"):
            lines.append("⊢ " + _term_key(entry[1:], names))
            continue
        match = _HYPOTHESES.match(entry)
        if match is None:
            lines.append(_term_key(entry, names))
            continue
        for name in match["names"].split():
            text = _term_key(match["type"], names)
            lines.append(text)
            names[name] = f"#{len(lines)}"
    return "\n".join(lines)


def entries_of(goal: str) -> list[str]:
    """Split a goal into its hypotheses and target, each with its indented continuation lines."""
    entries: list[str] = []
    for line in goal.splitlines():
        if entries and line[:1].isspace():
            entries[-1] += " " + line.strip()
        elif line.strip():
            entries.append(line)
    return entries


def _term_key(text: str, names: dict[str, str]) -> str:
    """Replace bound names by their binder's depth and hypotheses by their number."""
    tokens = _TOKEN.findall(text)
    scope = dict(names)
    saved: list[dict[str, str]] = []
    out: list[str] = []
    binding = False  # between a binder and its comma or arrow
    typed = 0  # whether a ':' came since the binder; after it stands a type and not names
    depth = 0
    fresh = 0
    for position, token in enumerate(tokens):
        if token in _BINDERS:
            binding, typed, depth = True, 0, 0
        elif token in _OPEN:
            saved.append(scope)
            scope = dict(scope)
            depth += binding
        elif token in _CLOSE and saved:
            inner, outer = scope, saved.pop()
            # Names bound in the `(x : α)` of a binder stay bound after the bracket.
            scope = inner if binding and depth else outer
            if binding and depth:
                depth -= 1
                typed = 0
        elif binding and token == ":":
            typed = 1
        elif binding and not depth and (token in (",", "↦") or (token == "=" and tokens[position + 1] == ">")):
            binding = False
        elif binding and not typed and (token[0].isalpha() or token[0] == "_"):
            scope[token] = f"%{fresh}"
            fresh += 1
            out.append("%")
            continue
        head, dot, rest = token.partition(".")
        out.append(scope[head] + dot + rest if head in scope else token)
    return " ".join(out)
