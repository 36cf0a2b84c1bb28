"""A proof of a statement of the embedded logic, found by the decision procedure or a prover, in a form for readers."""

from __future__ import annotations

from dataclasses import dataclass

from lean_ebm.errors import SettingError
from lean_ebm.proving.environment import Environment
from lean_ebm.proving.judge import Judge
from lean_ebm.proving.lexer import SyntaxProblem
from lean_ebm.proving.logic.decide import prove
from lean_ebm.proving.logic.goals import Goal
from lean_ebm.proving.logic.infer import statement as with_binders
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.logic import Logic, proof_of, root
from lean_ebm.proving.logic.quantifiers import quantified
from lean_ebm.proving.logic.render import prefixed, script
from lean_ebm.proving.logic.state import LogicState
from lean_ebm.proving.logic.unify import TacticError, Unsupported
from lean_ebm.proving.search.provers import BestFirst, Prover, SearchBudget
from lean_ebm.proving.statements import Statement, Verdict


@dataclass(frozen=True)
class FoundProof:
    """The result of :func:`find_proof`.

    Args:
        verdict: The judge's verdict on the script; None if no script was found.
        statement: The statement that was judged.
        script: The script that was judged; empty if none was found.
        applications: Number of tactic applications of the search; None if there was no search.
        unprovable: Whether the decision procedure says that there is no proof.
        unread: Why the statement could not be read, in words; empty if it was.
    """

    verdict: Verdict | None
    statement: Statement
    script: str = ""
    applications: int | None = None
    unprovable: bool = False
    unread: str = ""

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
    """Read a statement, with binders or without; names without binders get the binders that their use asks for.

    Raises:
        SettingError: If the text is not a statement of the embedded logic.
    """
    try:
        statement = with_binders(text)
        root(statement)
    except (SyntaxProblem, TacticError, Unsupported) as error:
        raise SettingError(f"{text!r} is not a statement of this logic: {error}.") from error
    return statement


def find_proof(
    statement: Statement,
    judge: Judge,
    prover: Prover | None = None,
    budget: SearchBudget | None = None,
    environment: Environment | None = None,
    prefix: bool = False,
) -> FoundProof:
    """Find a proof and have it verified.

    The judge first gets a structured script, with a name for everything. If it refuses that script, it gets the one
    that the prover found.

    Args:
        statement: The statement, from :func:`read_statement`.
        judge: The judge.
        prover: The prover. None: the decision procedure, and best-first search if that finds no proof.
        budget: The limits of the search.
        environment: Where the prover searches. None: the embedded logic.
        prefix: Whether to write ``And p q`` in place of ``p ∧ q``, for a Lean without its library.
    """
    goal = root(statement)
    shown = prefixed(goal) if prefix else statement
    term = _decided(goal) if prover is None else None
    if term is not None:
        text = script(goal, term, prefix)
        return FoundProof(judge.verify(shown, text), shown, text)
    if prover is None and not quantified(goal.target, *(local.formula for local in goal.context)):
        return FoundProof(None, statement, unprovable=True)
    result = (prover or BestFirst()).prove(environment or Logic(), statement, budget)
    if not result.proved:
        return FoundProof(result.verdict, statement, applications=result.applications)
    term = _term(statement, result.script)
    if term is not None:
        text = script(goal, term, prefix)
        verdict = judge.verify(shown, text)
        if verdict.proved:
            return FoundProof(verdict, shown, text, result.applications)
    verdict = judge.verify(statement, result.script)
    return FoundProof(verdict, statement, result.script, result.applications)


def _decided(goal: Goal) -> ProofTerm | None:
    """The proof term that the decision procedure finds."""
    return prove(goal.target, {local.number: local.formula for local in goal.context if local.formula is not None})


def _term(statement: Statement, text: str) -> ProofTerm | None:
    """The proof term that a script builds in the embedded logic."""
    logic = Logic()
    start = logic.start(statement).state
    state = logic.apply(start, text).state if start is not None else None
    return proof_of(state) if isinstance(state, LogicState) and not state.open else None
