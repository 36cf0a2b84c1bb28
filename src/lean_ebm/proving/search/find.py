"""Finds readable proofs in the embedded logic, by the decision procedure or a prover."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lean_ebm.proving.environment import Environment
from lean_ebm.proving.judge import Judge
from lean_ebm.proving.lexer import SyntaxProblem
from lean_ebm.proving.logic.clock import OutOfTimeError, deadline
from lean_ebm.proving.logic.decide import prove
from lean_ebm.proving.logic.goals import Goal
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.logic import Logic, root
from lean_ebm.proving.logic.quantifiers import quantified
from lean_ebm.proving.logic.render import TooLongError, prefixed, script
from lean_ebm.proving.logic.unify import TacticError, Unsupported
from lean_ebm.proving.search.budget import SearchBudget
from lean_ebm.proving.search.guided import GuidedProver
from lean_ebm.proving.search.provers import BestFirst, Prover, SearchResult
from lean_ebm.proving.search.worlds import LOGIC
from lean_ebm.proving.source.commands import only_opens
from lean_ebm.proving.statements import Outcome, Statement, Verdict


@dataclass(frozen=True)
class FoundProof:
    """The result of :func:`find_proof`.

    Args:
        verdict: The judge's verdict on the script; None if no script was found.
        statement: The statement that was judged.
        script: The script that was judged; empty if none was found.
        unprovable: Whether the decision procedure says that there is no proof.
        unread: Why the statement could not be read, in words; empty if it was.
        unwritten: Why there is no script although the statement is proved, in words: the judge then checked the proof
            term itself. Empty if there is one.
        search: The result of the search, whose own script may be another one; None if there was no search.
    """

    verdict: Verdict | None
    statement: Statement
    script: str = ""
    unprovable: bool = False
    unread: str = ""
    unwritten: str = ""
    search: SearchResult | None = None

    @property
    def applications(self) -> int | None:
        """Number of tactic applications of the search; None if there was no search."""
        return None if self.search is None else self.search.applications

    @property
    def proved(self) -> bool:
        """Whether the statement is proved."""
        return self.verdict is not None and self.verdict.proved

    @property
    def reason(self) -> str:
        """Why the statement is not proved, in words; empty if it is."""
        if self.proved or self.unread:
            return self.unread
        if self.unprovable:
            return "it has no proof in intuitionistic logic: the decision procedure says so"
        searched = "no search" if self.applications is None else f"{self.applications} tactic applications"
        refused = f": {self.verdict.message}" if self.verdict is not None else ""
        return f"no proof found with {searched}{refused}"


def read_statement(text: str) -> Statement:
    """Read a statement. Names without binders get the binders that fit their use.

    Raises:
        SettingError: If the text is not a statement of the embedded logic.
    """
    return LOGIC.read(text)


def find_proof(
    statement: Statement,
    judge: Judge,
    prover: Prover | None = None,
    budget: SearchBudget | None = None,
    environment: Environment | None = None,
    prefix: bool = False,
) -> FoundProof:
    """Find a proof and verify it.

    The judge first gets a structured script, with a name for everything. If it refuses that script, it gets the one
    that the prover found. If neither can be written or read, because it is too long, the embedded logic as a judge gets
    the proof term.

    Args:
        statement: The statement, from :func:`read_statement`; or one outside of the embedded logic, for which a prover
            searches in the environment.
        judge: The judge.
        prover: The prover. None: the decision procedure, and best-first search if that finds no proof.
        budget: The limits. Its seconds are those of everything together; if a proof is found, there is a second more to
            write and verify it.
        environment: Where the prover searches. None: the embedded logic, which must know the statement then.
        prefix: Whether to write ``And p q`` in place of ``p ∧ q``, for a Lean without its library.
    """
    budget = budget or SearchBudget()
    end = time.monotonic() + budget.seconds
    goal = _goal(statement)
    if goal is None:
        if environment is None:
            return FoundProof(None, statement, unread=_OUTSIDE)
        result = (prover or BestFirst()).prove(environment, statement, budget)
        return _finished(statement, None, result, judge, end, prefix)
    if prover is None:
        decided = _decided(goal, budget.seconds)
        if isinstance(decided, Verdict):
            return FoundProof(decided, statement)
        if decided is not None:
            return _judged(_Written(statement, goal, decided, prefix), judge, end)
        if not quantified(goal.target, *(local.formula for local in goal.context)):
            return FoundProof(None, statement, unprovable=True)
    left = end - time.monotonic()
    if left <= 0:
        return FoundProof(_OUT_OF_TIME, statement)
    try:
        with deadline(left):
            result = (prover or BestFirst()).prove(environment or Logic(), statement, replace(budget, seconds=left))
    except OutOfTimeError:
        return FoundProof(_OUT_OF_TIME, statement)
    return _finished(statement, goal, result, judge, end, prefix)


def find_proofs(
    statements: Sequence[Statement],
    judge: Judge,
    prover: GuidedProver,
    budget: SearchBudget | None = None,
    environment: Environment | None = None,
    prefix: bool = False,
) -> Iterator[tuple[int, FoundProof]]:
    """Find proofs of many statements in parallel, and verify them; see :func:`find_proof`.

    Yields:
        The index of a statement and its result, each when its search has ended.
    """
    goals = [_goal(statement) for statement in statements]
    read = [
        index for index, goal in enumerate(goals) if goal is not None or (environment is not None and _is_free(prover))
    ]
    for index in sorted(set(range(len(goals))) - set(read)):
        yield index, FoundProof(None, statements[index], unread=_OUTSIDE)
    searched = [statements[index] for index in read]
    for number, result in prover.prove_many(environment or Logic(), searched, budget):
        statement, goal = statements[read[number]], goals[read[number]]
        yield read[number], _finished(statement, goal, result, judge, time.monotonic() + _MORE, prefix)


def _is_free(prover: GuidedProver) -> bool:
    """Whether a prover also takes statements that the embedded logic does not read."""
    return prover.narrow or prover.world is not LOGIC


def is_read(statement: Statement) -> bool:
    """Whether the embedded logic can read a statement."""
    return _goal(statement) is not None


def _goal(statement: Statement) -> Goal | None:
    """The goal of a statement in the embedded logic; None if it is not one of it."""
    try:
        return root(statement) if only_opens(statement.preamble) else None
    except (SyntaxProblem, TacticError, Unsupported, RecursionError):
        return None


def _finished(
    statement: Statement, goal: Goal | None, result: SearchResult, judge: Judge, end: float, prefix: bool
) -> FoundProof:
    """Have the judge verify what a search has found, in the form for readers if that can be."""
    if not result.proved:
        return FoundProof(result.verdict, statement, search=result)
    term = None if goal is None else _term(statement, result.script)
    if goal is not None and term is not None:
        found = _judged(_Written(statement, goal, term, prefix), judge, end)
        if found.proved:
            return replace(found, search=result)
    return FoundProof(judge.verify(statement, result.script), statement, result.script, search=result)


_OUTSIDE = "it is not a statement of the embedded logic, which searches"
_OUT_OF_TIME = Verdict(False, "", "the time is up", Outcome.TIMEOUT)
_MORE = 1.0  # seconds to write and verify a proof that was found in the last moment


@dataclass(frozen=True)
class _Written:
    """A proof that is to be written as a script."""

    statement: Statement
    goal: Goal
    term: ProofTerm
    prefix: bool


def _judged(proof: _Written, judge: Judge, end: float) -> FoundProof:
    """Write a proof term as a script and have it verified, or the term itself if the script is too long."""
    shown = proof.statement
    if proof.prefix:
        shown = replace(prefixed(proof.goal), preamble=shown.preamble)
    left = max(_MORE, end - time.monotonic())
    text, unwritten = "", ""
    verdict = _OUT_OF_TIME
    try:
        with deadline(left):
            text = script(proof.goal, proof.term, proof.prefix)
            verdict = judge.verify(shown, text)
    except OutOfTimeError as error:
        text, unwritten = "", str(error)
    except TooLongError as error:
        text, unwritten = "", str(error)
        verdict = Verdict(False, "", unwritten)
    if verdict.proved or not isinstance(judge, Logic):
        return FoundProof(verdict, shown, text)
    with deadline(left):
        checked = judge.verify_term(proof.statement, proof.term)
    if not checked.proved:
        return FoundProof(verdict, shown, text)
    return FoundProof(checked, proof.statement, unwritten=unwritten or verdict.message)


def _decided(goal: Goal, seconds: float) -> ProofTerm | Verdict | None:
    """The proof term that the decision procedure finds; None if there is none; a verdict if it found no answer."""
    hypotheses = {local.number: local.formula for local in goal.context if local.formula is not None}
    try:
        with deadline(seconds):
            return prove(goal.target, hypotheses)
    except OutOfTimeError:
        return _OUT_OF_TIME
    except RecursionError:
        return Verdict(False, "", "the decision procedure was nested too deep", Outcome.TIMEOUT)


def _term(statement: Statement, text: str) -> ProofTerm | None:
    """The proof term that a script builds in the embedded logic."""
    made = Logic().term(statement, text)
    return None if isinstance(made, Verdict) else made
