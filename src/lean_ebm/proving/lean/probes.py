"""Tries many tactics in one state with one text.

The script that leads to the state runs once. Then each tactic is tried, prints the goals that it leaves, and is undone:
``first | (tactic; trace_state; fail) | skip``. What a tactic does counts only if the goals are printed in its own line,
so that nothing that goes wrong without a message looks like success. At the end stands a name that does not exist. If
Lean complains about that name only, all tactics were tried.

Messages of a tactic are undone with it, also its errors. In ``first``, an error ends a tactic instead of being
recovered from; but there are tactics that complain and go on nevertheless, and terms that Lean comes back to later.
Those are not simple (:func:`is_simple`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence, Set

from lean_ebm.proving.lean.messages import LeanMessage, secret_name, source_above
from lean_ebm.proving.lexer import tokenize
from lean_ebm.proving.statements import Statement

_INDENT = " " * 4
_TACTICS_TEXT = """
    apply assumption cases change clear congr constructor contradiction decide exact exfalso exists have induction
    injection intro intros left obtain rcases refine replace revert rewrite rfl right rw rwa show skip specialize subst
    symm trivial unfold use
"""
_TACTICS = frozenset(_TACTICS_TEXT.split())
_PATTERNS = frozenset(["obtain", "rcases"])
_CAREFUL_TEXT = """
    all_goals and_intros any_goals by_cases calc case case' delta dsimp expose_names fail_if_success first focus funext
    generalize infer_instance injections iterate next refine' rename rename_i repeat repeat' repeat1' rintro simp
    simp_all simpa solve subst_vars suffices try
"""
_CAREFUL = frozenset(_CAREFUL_TEXT.split())
_SYMBOLS_TEXT = "( ) [ ] , ← = ≠ + * ^ ≤ < ≥ > ∧ ∨ ¬ ↔ → ∃ ∀ : := | => ?_ ⊢ at with generalizing exists"
_SYMBOLS = frozenset(_SYMBOLS_TEXT.split())


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
        preamble = source_above(statement)
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
        """The number of the tactic with the first error, such as a parse error. None without errors."""
        first = min((message.line for message in messages if message.severity == "error"), default=self._end)
        number = bisect_left(self._lines, first)  # the line in which a tactic's goals are printed is its last but two
        return number if self._begin <= first < self._end and number < len(self._lines) else None


def is_simple(tactic: str, names: Set[str]) -> bool:
    """Whether the printed goals of a tactic are enough; otherwise its whole script must be checked.

    Its terms are applications of names. Proofs after ``by`` recover from errors, and Lean may come back later to ``▸``,
    ``fun`` and ``⟨⟩``; a text that is indented may belong to the line before. All of that is not simple.

    Args:
        tactic: The tactic, from :func:`~lean_ebm.proving.source.shape.check_shape`.
        names: Names whose use is only known from a whole script.
    """
    tokens = tokenize(tactic)
    if not tokens or tokens[0].start > 0 or tokens[0].text not in _TACTICS:
        return False
    symbols = _SYMBOLS | {"⟨", "⟩"} if tokens[0].text in _PATTERNS else _SYMBOLS
    return all(
        token.text in symbols
        or token.kind == "number"
        or (token.kind == "name" and token.text not in _CAREFUL and token.text not in names)
        or (token.kind == "projection" and token.glued and token.text[1:] not in names)
        for token in tokens
    )
