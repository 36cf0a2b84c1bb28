"""The embedded engine of arithmetic: a fast environment with Lean's rules for rewriting and induction.

Statements are about ``MyNat``, the natural numbers of the prelude; lemmas are given as data::

    lemmas = [Lemma("add_zero", Statement.of("(a : MyNat) : a + 0 = a"))]
    with Numbers(lemmas) as numbers:
        assert numbers.verify(Statement.of("(x : MyNat) : x + 0 + 0 = x"), "rw [add_zero, add_zero]").proved

Its ``verify`` runs the whole script again. It trusts the lemmas and its own rules, which a test compares with Lean's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

from lean_ebm import __version__
from lean_ebm.proving.environment import Environment
from lean_ebm.proving.forbidden import refuse
from lean_ebm.proving.lexer import SyntaxProblem, plain
from lean_ebm.proving.logic.unify import TacticError, Unsupported
from lean_ebm.proving.numbers.goals import NumberGoal
from lean_ebm.proving.numbers.lemmas import Lemmas, NamedTheorem, lemmas_of
from lean_ebm.proving.numbers.parsing import parsed_script
from lean_ebm.proving.numbers.reading import goal_of
from lean_ebm.proving.numbers.tactics import run_block
from lean_ebm.proving.parser_base import OutsideProblem, Tree
from lean_ebm.proving.source.commands import only_opens
from lean_ebm.proving.statements import Outcome, State, Statement, Step, Verdict

VERIFIER = f"numbers of lean-ebm {__version__}"


class NumberState(State):
    """A state of the engine. Its goals are printed only when ``goals`` is read.

    Attributes:
        open: The goals.
        lemmas: The theorems that the proof may use.
    """

    __slots__ = ("lemmas", "open")

    open: tuple[NumberGoal, ...]
    lemmas: Lemmas

    def __init__(self, goals: tuple[NumberGoal, ...], lemmas: Lemmas) -> None:
        object.__setattr__(self, "open", goals)
        object.__setattr__(self, "lemmas", lemmas)

    @property
    def goals(self) -> tuple[str, ...]:
        """The goals as Lean prints them, each entry in one line."""
        return tuple([str(goal) for goal in self.open])

    def sizes(self) -> list[tuple[int, int]]:
        """Count the parts of the target of each goal, and of its hypotheses together."""
        return [goal.sizes() for goal in self.open]


class Numbers(Environment):
    """An environment for equations of numbers: ``rw``, ``induction``, ``rfl``, ``exact``, ``intro``, ``symm``.

    Args:
        lemmas: The theorems that proofs may use, or a function that says which ones the proof of a statement may use.
            Those that are outside of the fragment are left out.
    """

    def __init__(self, lemmas: Iterable[NamedTheorem] | Callable[[Statement], Iterable[NamedTheorem]]) -> None:
        self._lemmas = lemmas if callable(lemmas) else tuple(lemmas)

    def lemmas(self, statement: Statement) -> Lemmas:
        """The theorems that the proof of a statement may use."""
        return lemmas_of(tuple(self._lemmas(statement)) if callable(self._lemmas) else self._lemmas)

    def start(self, statement: Statement) -> Step:
        """Start a proof."""
        try:
            reason = refuse(plain(str(statement)))
            if reason is not None:
                return Step(Outcome.FORBIDDEN, None, reason)
            if not only_opens(statement.preamble):
                return Step(Outcome.PARSE_ERROR, None, "outside of the fragment: a preamble")
            return Step(Outcome.OK, NumberState((goal_of(statement),), self.lemmas(statement)))
        except (SyntaxProblem, TacticError) as error:
            return Step(Outcome.PARSE_ERROR, None, str(error))
        except Unsupported as error:
            return Step(Outcome.PARSE_ERROR, None, f"outside of the fragment: {error}")
        except RecursionError:
            return Step(Outcome.PARSE_ERROR, None, "nested too deep")

    def apply(self, state: State, tactic: str, goal: int = 0) -> Step:
        """Apply one tactic, or several lines of them, to one goal."""
        if not isinstance(state, NumberState):
            raise ValueError("the state is of another environment")
        goals = state.open
        if not 0 <= goal < len(goals):
            raise ValueError(f"goal is {goal}, expected 0 to {len(goals) - 1}")
        tree = _parsed(tactic)
        if isinstance(tree, Step):
            return tree
        try:
            left = run_block([goals[goal]] if goal else list(goals), tree, state.lemmas)
        except TacticError as error:
            return Step(Outcome.TACTIC_ERROR, None, str(error))
        except Unsupported as error:
            return Step(Outcome.PARSE_ERROR, None, f"outside of the fragment: {error}")
        except RecursionError:
            return Step(Outcome.PARSE_ERROR, None, "outside of the fragment: what is nested so deep")
        made = (*goals[:goal], *left, *goals[goal + 1 :]) if goal else tuple(left)
        return Step(Outcome.OK if made else Outcome.SOLVED, NumberState(made, state.lemmas))

    def verify(self, statement: Statement, script: str) -> Verdict:
        """Run the whole script from the statement."""
        step = self.start(statement)
        if step.state is not None:
            step = self.apply(step.state, script)
        if step.outcome is Outcome.SOLVED:
            return Verdict(True, VERIFIER, outcome=Outcome.SOLVED)
        if step.outcome is Outcome.OK:
            return Verdict(False, VERIFIER, "goals are left", Outcome.TACTIC_ERROR)
        return Verdict(False, VERIFIER, step.message, step.outcome)


@lru_cache(100_000)
def _parsed(tactic: str) -> Tree | Step:
    """Parse a tactic; the step that refuses it if that cannot be."""
    try:
        text = plain(tactic)
        reason = refuse(text)
        return parsed_script(text) if reason is None else Step(Outcome.FORBIDDEN, None, reason)
    except SyntaxProblem as error:
        # Lean may read what this parser does not, so nothing here means that Lean refuses it.
        said = str(error) if isinstance(error, OutsideProblem) else f"outside of the fragment, or not Lean: {error}"
        return Step(Outcome.PARSE_ERROR, None, said)
