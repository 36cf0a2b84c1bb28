"""Tactics as texts, for goals about numbers that only Lean can read: with ≤, ∃, ∨ and similar symbols."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from lean_ebm.proving.keys import entries_of
from lean_ebm.proving.lexer import tokenize
from lean_ebm.proving.numbers.levels import NUMBERS, Level, lemmas
from lean_ebm.proving.statements import State, Statement

_OPERATIONS = frozenset(["+", "*", "^", "succ"])
_RELATIONS = frozenset(["≤", "<", "∃"])
_CASES = {"∨": "| inl {0} => ?_ | inr {0} => ?_", "∧": "| intro {0} {1} => ?_", "↔": "| intro {0} {1} => ?_"}


def read_printed(goal: str) -> tuple[list[str], list[tuple[str, str]], str]:
    """Split a goal about numbers as Lean prints it.

    Args:
        goal: The goal.

    Returns:
        The names of numbers, the names of hypotheses with their formulas, and the target. What has no name that can be
        written (``n✝``) is left out.
    """
    numbers: list[str] = []
    hypotheses: list[tuple[str, str]] = []
    target = ""
    for entry in entries_of(goal):
        if entry.startswith("⊢"):
            target = entry[1:].strip()
        elif not entry.startswith("case "):
            names, _, text = entry.partition(" : ")
            known = [name for name in names.split() if "✝" not in name]
            if text == NUMBERS:
                numbers += known
            else:
                hypotheses += [(name, text) for name in known]
    return numbers, hypotheses, target


class TextTactics:
    """Lists the tactics that may help in a goal, read from the goal as Lean prints it.

    Called with a state, it lists the tactics for the main goal, without trying any. Those that close a goal come first,
    then those that its form and its hypotheses ask for, then the theorems, the latest first. A theorem is only listed
    if all operations of what it rewrites or proves occur in the goal.

    Args:
        statement: The statement; its proof may use :func:`~.levels.lemmas`.
    """

    def __init__(self, statement: Statement) -> None:
        self._equations: list[tuple[str, frozenset[str], frozenset[str]]] = []
        self._others: list[str] = []
        for level in reversed(lemmas(statement)):
            if (sides := _sides(level)) is not None:
                self._equations.append((level.name, *sides))
            else:
                self._others.append(level.name)

    def __call__(self, state: State, number: int = 0) -> list[str]:
        """List the tactics for a goal of a state.

        Args:
            state: The state.
            number: Number of the goal; 0 is the main goal.
        """
        return list(dict.fromkeys(self._tactics(state.goals[number])))

    def _tactics(self, goal: str) -> Iterator[str]:
        numbers, hypotheses, target = read_printed(goal)
        taken = {*numbers, *(name for name, _ in hypotheses)}
        fresh = (name for index in count(1) if (name := f"h{index}") not in taken)
        first, second = next(fresh), next(fresh)
        words = _words(target)
        yield from (f"exact {name}" for name, text in hypotheses if text == target)
        yield from ("rfl", "contradiction")
        yield from _for_target(target, words, numbers, first)
        for name, text in hypotheses:
            yield from _for_hypothesis(name, _words(text), first, second)
        for name in numbers:
            yield f"induction {name} with | zero => ?_ | succ {name} ih{name} => ?_"
            yield f"cases {name} with | zero => ?_ | succ {name} => ?_"
        yield from self._theorems(frozenset(words), [(name, frozenset(_words(text))) for name, text in hypotheses])

    def _theorems(self, target: frozenset[str], hypotheses: list[tuple[str, frozenset[str]]]) -> Iterator[str]:
        for name, left, right in self._equations:
            if left <= target:
                yield f"rw [{name}]"
            if right and right <= target:
                yield f"rw [← {name}]"
        yield from (f"apply {name}" for name in self._others)
        for name, left, _ in self._equations:
            yield from (f"rw [{name}] at {hypothesis}" for hypothesis, words in hypotheses if left <= words)


def _for_target(target: str, words: list[str], numbers: list[str], first: str) -> Iterator[str]:
    """Tactics that the form of the target asks for."""
    if "→" in words or words[:1] in (["∀"], ["¬"]) or "≠" in words:
        yield f"intro {first}"
    if "∧" in words or "↔" in words:
        yield "constructor"
    if "∨" in words:
        yield from ("left", "right")
    if not _RELATIONS.isdisjoint(words):
        yield from (f"exists {value}" for value in (*numbers, "0", "1"))
    if "=" in words or "≠" in words:
        yield "symm"
    if target != "False":
        yield "exfalso"


def _for_hypothesis(name: str, words: list[str], first: str, second: str) -> Iterator[str]:
    """Tactics that use a hypothesis."""
    if "→" in words or "¬" in words or "≠" in words or "∀" in words:
        yield f"apply {name}"
        return
    for symbol, patterns in _CASES.items():
        if symbol in words:
            yield f"cases {name} with {patterns.format(first, second)}"
            return
    if not _RELATIONS.isdisjoint(words):
        yield f"cases {name} with | intro c{name} {first} => ?_"
    elif "=" in words:
        yield from (f"rw [{name}]", f"rw [← {name}]", f"symm at {name}", f"injection {name} with {first}")


def _sides(level: Level) -> tuple[frozenset[str], frozenset[str]] | None:
    """The operations and numerals on both sides of an equation; None if the level is none."""
    words = _words(level.statement.proposition)
    if level.kind == "other" or "=" not in words:
        return None
    at = words.index("=")
    return _operations(words[:at]), _operations(words[at + 1 :])


def _operations(words: list[str]) -> frozenset[str]:
    return frozenset([word for word in words if word in _OPERATIONS or word[0].isdigit()])


def _words(text: str) -> list[str]:
    return [token.text for token in tokenize(text)]
