r"""The interface of environments, in which tactics are tried. Read this to write a prover or environment.

A prover starts a statement, applies tactics to goals, and has the script that it found verified::

    with Logic() as environment:
        statement = Statement.of("(p q : Prop) : p ∧ q → q ∧ p")
        step = environment.start(statement)
        for tactic in ("intro h", "exact ⟨h.2, h.1⟩"):
            step = environment.apply(step.state, tactic)
        assert step.outcome is Outcome.SOLVED                              # what the search believes
        verdict = environment.verify(statement, "intro h\nexact ⟨h.2, h.1⟩")
        assert verdict.proved                                              # what has been checked

A step that says ``SOLVED`` is the search's own book-keeping. Only ``verify``, which runs the whole script again from
the statement, may say that something is proved.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence

from lean_ebm.proving.judge import Judge
from lean_ebm.proving.keys import canonical_key
from lean_ebm.proving.statements import Request, State, Statement, Step


class Environment(Judge):
    """A judge in which tactics can also be tried one by one.

    No method raises for what a prover sends: bad texts, dead processes and slow tactics come back as outcomes. A
    mistake in the caller's program, such as a released state or a goal that does not exist, raises ``ValueError``.
    States cannot be used after :meth:`close`.
    """

    @abstractmethod
    def start(self, statement: Statement) -> Step:
        """Start a proof: the new state has one goal, ``statement``, with its binders as hypotheses."""

    @abstractmethod
    def apply(self, state: State, tactic: str, goal: int = 0) -> Step:
        """Apply one tactic to one goal.

        The goals that it makes take the place of ``goal``; the others keep their order. The tactics applied to goal 0,
        one a line, are the script of the whole proof.

        Args:
            state: The state; it stays usable.
            tactic: Text of the tactic.
            goal: Number of the goal; 0 is the main goal.
        """

    def apply_many(self, requests: Sequence[Request]) -> list[Step]:
        """Apply many tactics independently. The results are in the order of the requests.

        Environments that run several processes override this.
        """
        return [self.apply(*request) for request in requests]

    def key(self, state: State) -> str:
        """Compute a text that is equal for two states that differ only in names of hypotheses and bound variables."""
        return canonical_key(state.goals)

    def release(self, states: Iterable[State]) -> None:
        """Free states to which no more tactics will be applied."""
