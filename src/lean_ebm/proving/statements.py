"""The data that provers, environments and judges exchange: statements, states, steps and verdicts."""
# ruff: noqa: RUF002 - the letters of Lean

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from lean_ebm.proving.source.statement import split_statement
from lean_ebm.proving.views import GoalView, view_of


class Outcome(Enum):
    """The outcome of one step."""

    OK = "ok"
    """The tactic ran and goals are left."""
    SOLVED = "solved"
    """The tactic ran and no goal of the state is left."""
    TACTIC_ERROR = "tactic_error"
    """The tactic was understood and failed; the state that it was applied to stays usable."""
    PARSE_ERROR = "parse_error"
    """The text is not a tactic (or, for ``start``, not a statement) in this environment's language."""
    FORBIDDEN = "forbidden"
    """The text was refused before anything ran: `sorry`, axioms, commands, metaprogramming."""
    TIMEOUT = "timeout"
    """The step ran past its time limit."""
    CRASH = "crash"
    """The process behind the environment died or broke the protocol; this says nothing about the tactic."""

    @property
    def succeeded(self) -> bool:
        """Whether the step led to a new state."""
        return self in (Outcome.OK, Outcome.SOLVED)


@dataclass(frozen=True)
class Statement:
    """A theorem to prove: everything between ``theorem name`` and ``:= by``.

    Args:
        proposition: The proposition, such as ``p ∧ q → q ∧ p``.
        binders: The variables that it is about, such as ``(p q : Prop)``; empty if the proposition is closed.
        preamble: Lean source that comes before the theorem, such as ``open Nat`` or the theorems that it uses. It is
            trusted: it comes from a file that the user names, never from a prover.
        trusted: Whether binders and proposition are as well. A Lean then gets them as they are, and nothing that it
            reads is refused because of a character or a word.
    """

    proposition: str
    binders: str = ""
    preamble: str = ""
    trusted: bool = False

    @classmethod
    def of(cls, text: str) -> Statement:
        r"""Split ``[theorem name] [binders :] proposition [:= by]`` at the colon after the binders.

        The text before a colon is binders if all of it is in brackets: the colon of ``∀ x : α, p`` is another one.
        Comments are left out, and ASCII spellings such as ``/\`` become those of Lean's library.
        """
        binders, proposition = split_statement(text)
        return cls(proposition, binders)

    def theorem(self, name: str, script: str) -> str:
        """Write this statement, proved by ``script``, as Lean source.

        Args:
            name: Name of the theorem.
            script: The lines after ``by``, not yet indented.
        """
        head = f"theorem {name} {self.binders}" if self.binders else f"theorem {name}"
        body = "\n".join(f"  {line}" if line else line for line in script.strip("\n").splitlines())
        return f"{head} : {self.proposition} := by\n{body}\n"

    def __str__(self) -> str:
        return f"{self.binders} : {self.proposition}" if self.binders else self.proposition


class Attempt(NamedTuple):
    """A statement and a script that may prove it.

    Args:
        statement: The statement.
        script: The lines after ``by``.
    """

    statement: Statement
    script: str


@dataclass(frozen=True, eq=False)
class State:
    """Open goals, the main one first. States never change: a tactic leads to a new one.

    Args:
        goals: Each goal as Lean prints it: an optional line ``case tag``, hypotheses ``h : p ∧ q``, ``⊢ q ∧ p``.
        handle: What the environment needs to apply tactics to the state; of no meaning to anything else.
    """

    goals: tuple[str, ...]
    handle: Any = None

    def view(self, goal: int = 0) -> GoalView | None:
        """Take a goal apart into the parts that a search needs.

        This default parses the printed goal. Environments that know their goals otherwise override it.

        Args:
            goal: Number of the goal; 0 is the main goal.

        Returns:
            The view; None if there is no such goal.
        """
        return view_of(self.goals[goal]) if 0 <= goal < len(self.goals) else None

    def sizes(self) -> list[tuple[int, int]]:
        """Measure each goal: the size of its target, and the size of its hypotheses together.

        This default counts the words of the printed target and does not count hypotheses. Environments that know the
        formulas override it and count connectives, quantifiers and atoms.
        """
        return [(len(goal.rpartition("⊢")[2].split()), 0) for goal in self.goals]


@dataclass(frozen=True, eq=False)
class Step:
    """The result of starting a proof or of applying a tactic.

    Args:
        outcome: How it ended.
        state: The new state; None unless the outcome succeeded. A solved state has no goals.
        message: Why it failed, in words; warnings if it succeeded.
    """

    outcome: Outcome
    state: State | None = None
    message: str = ""


class Request(NamedTuple):
    """One tactic to apply.

    Args:
        state: The state.
        tactic: Text of the tactic.
        goal: Number of the goal; 0 is the main goal.
    """

    state: State
    tactic: str
    goal: int = 0


@dataclass(frozen=True)
class Verdict:
    """A judge's verdict on a whole script.

    Args:
        proved: Whether the script proves the statement.
        verifier: Name and version of the judge, such as ``Lean 4.35.0``.
        message: Why the script was not accepted, in words; empty if it was.
        outcome: How the check ended; ``SOLVED`` if and only if ``proved``.
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
