r"""What a prover sees: states, tactics, one judge. Read this file alone to plug in another prover or another Lean.

A prover starts a statement, applies tactics to goals, and hands what it found to :meth:`Environment.verify`::

    with Logic() as environment:
        statement = Statement.of("(p q : Prop) : p ∧ q → q ∧ p")
        step = environment.start(statement)
        for tactic in ("intro h", "exact ⟨h.2, h.1⟩"):
            step = environment.apply(step.state, tactic)
        assert step.outcome is Outcome.SOLVED                              # what the search believes
        verdict = environment.verify(statement, "intro h\nexact ⟨h.2, h.1⟩")
        assert verdict.proved                                              # what is so

A step that says ``SOLVED`` is the search's own book-keeping; only ``verify``, which runs the whole script again from
the statement, may say that something is proved.
"""
# ruff: noqa: RUF002 - the letters of Lean

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Any, NamedTuple, Self

from lean_ebm.proving.keys import canonical_key


class Outcome(Enum):
    """How one step ended."""

    OK = "ok"
    """The tactic ran and goals are left."""
    SOLVED = "solved"
    """The tactic ran and no goal of the state is left."""
    TACTIC_ERROR = "tactic_error"
    """The tactic was understood and failed; the state that it was applied to stays usable."""
    PARSE_ERROR = "parse_error"
    """The text is no tactic (or, for ``start``, no statement) of this environment's language."""
    FORBIDDEN = "forbidden"
    """The text was refused before anything ran: `sorry`, axioms, commands, metaprogramming."""
    TIMEOUT = "timeout"
    """The step ran past its time limit."""
    CRASH = "crash"
    """The process behind the environment died or talked nonsense; says nothing about the tactic."""

    @property
    def succeeded(self) -> bool:
        """Whether the step led to a new state."""
        return self in (Outcome.OK, Outcome.SOLVED)


@dataclass(frozen=True)
class Statement:
    """A theorem to prove: everything between ``theorem name`` and ``:= by``.

    Args:
        proposition: The proposition, such as ``p ∧ q → q ∧ p``.
        binders: What it is about, such as ``(p q : Prop)``; empty where the proposition is closed.
    """

    proposition: str
    binders: str = ""

    @classmethod
    def of(cls, text: str) -> Statement:
        """Split ``[theorem name] [binders :] proposition [:= by]`` at the colon after the binders.

        What stands before a colon is binders if all of it is in brackets: the colon of ``∀ x : α, p`` is another.
        """
        text = text.strip()
        head, _, rest = text.partition(" ")
        if head in ("theorem", "lemma", "example"):
            text = rest if head == "example" else rest.strip().partition(" ")[2]
        text = re.sub(r"\s*:=(\s*by)?$", "", text.strip())
        depth = 0
        for position, character in enumerate(text):
            depth += (character in "([{⟨") - (character in ")]}⟩")
            if depth == 0 and character == ":":
                return cls(text[position + 1 :].strip(), text[:position].strip())
            if depth == 0 and not character.isspace() and character not in ")]}⟩":
                break
        return cls(text)

    def theorem(self, name: str, script: str) -> str:
        """The Lean source of this statement proved by ``script`` (the lines after ``by``, not yet indented)."""
        head = f"theorem {name} {self.binders}" if self.binders else f"theorem {name}"
        body = "\n".join(f"  {line}" if line else line for line in script.strip("\n").splitlines())
        return f"{head} : {self.proposition} := by\n{body}\n"

    def __str__(self) -> str:
        return f"{self.binders} : {self.proposition}" if self.binders else self.proposition


@dataclass(frozen=True, eq=False)
class State:
    """Open goals, the main one first. States never change: a tactic leads to a new one.

    Args:
        goals: Each goal as Lean prints it: an optional line ``case tag``, hypotheses ``h : p ∧ q``, ``⊢ q ∧ p``.
        handle: What the environment needs to go on from here; opaque to everybody else.
    """

    goals: tuple[str, ...]
    handle: Any = None


@dataclass(frozen=True, eq=False)
class Step:
    """What came of a start or a tactic.

    Args:
        outcome: How it ended.
        state: The new state; None unless the outcome succeeded. A solved state has no goals.
        message: Why it failed, in words; warnings where it succeeded.
    """

    outcome: Outcome
    state: State | None = None
    message: str = ""


class Request(NamedTuple):
    """One tactic to apply: to goal number ``goal`` (0 is the main goal) of ``state``."""

    state: State
    tactic: str
    goal: int = 0


@dataclass(frozen=True)
class Verdict:
    """The judge's word on a whole script.

    Args:
        proved: Whether the script proves the statement.
        verifier: Who says so, with version, such as ``Lean 4.35.0``.
        message: Why not, in words, where it does not.
        outcome: How the check ended; ``SOLVED`` exactly where ``proved``.
    """

    proved: bool
    verifier: str
    message: str = ""
    outcome: Outcome = Outcome.TACTIC_ERROR

    def __post_init__(self) -> None:
        if self.proved != (self.outcome is Outcome.SOLVED):
            raise ValueError(
                f"proved is {self.proved} with outcome {self.outcome}: SOLVED goes with proved, and only it"
            )


class Environment(ABC):
    """A place where tactics are tried, and the judge of whole scripts.

    No method raises for what a prover sends: bad texts, dead processes and slow tactics come back as outcomes. What is
    wrong in the caller's program, such as a released state or a goal that is not there, raises ``ValueError``.
    """

    @abstractmethod
    def start(self, statement: Statement) -> Step:
        """The state whose one goal is ``statement``, its binders already hypotheses."""

    @abstractmethod
    def apply(self, state: State, tactic: str, goal: int = 0) -> Step:
        """Apply one tactic to one goal.

        The goals that it makes take the place of ``goal``; the others keep their order. A script made of the tactics
        applied to goal 0, one a line, is the whole proof.
        """

    def apply_many(self, requests: Sequence[Request]) -> list[Step]:
        """Apply many tactics, each for itself; the results are in the order of the requests.

        Environments that run several processes override this.
        """
        return [self.apply(*request) for request in requests]

    def key(self, state: State) -> str:
        """A text that two states share where they differ only in names of hypotheses and of bound variables."""
        return canonical_key(state.goals)

    def release(self, states: Iterable[State]) -> None:  # noqa: B027 - an environment without resources has none to free
        """Forget states that no search will come back to."""

    @abstractmethod
    def verify(self, statement: Statement, script: str) -> Verdict:
        """Check the whole script from the statement. Nothing else may say "proved"."""

    def close(self) -> None:  # noqa: B027 - the same
        """End what the environment runs; its states are worthless afterwards. May be called twice."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
