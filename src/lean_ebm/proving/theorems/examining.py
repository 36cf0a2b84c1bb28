"""Examines conjectures: whether they can be proved, whether they are trivial, and what a search spends.

No answer depends on a clock, so the same conjecture gets the same answers on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from lean_ebm.proving.candidates import (
    Candidate,
    Sequent,
    Template,
    candidates,
    goals_after,
    sequent_of,
    wide_tactics,
)
from lean_ebm.proving.logic.decide import FIRST_NUMBER, OutOfStepsError, prove
from lean_ebm.proving.logic.formulas import Expr, Kind
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.logic import Logic, root
from lean_ebm.proving.search.budget import SearchBudget
from lean_ebm.proving.search.provers import BestFirst, RandomWalk
from lean_ebm.proving.search.tactics import legal_tactics
from lean_ebm.proving.statements import Statement, Verdict
from lean_ebm.proving.steps.countermodels import Countermodels
from lean_ebm.proving.theorems.likeness import likeness
from lean_ebm.proving.theorems.terms import Fact

STEPS = 3_000
"""Steps of the decision procedure for a conjecture."""

WALK = 32
"""Applications of the random search that no trivial theorem survives."""

_GIVEN = 1_000  # number of the first theorem that a proof may use, above those of symbols


def refuted(formula: Expr) -> bool:
    """Whether a small model shows that a formula, which is a key, is not a theorem."""
    return Countermodels().refutes(Sequent((), formula))


def decided(formula: Expr) -> ProofTerm | None:
    """Find a proof by the decision procedure. None if none exists, or if it needs more than ``STEPS``.

    Args:
        formula: The formula, a key.
    """
    if refuted(formula):
        return None
    try:
        return prove(formula, steps=STEPS)
    except OutOfStepsError:
        return None


def derived(formula: Expr, given: Sequence[Fact]) -> ProofTerm | None:
    """Find a proof from given theorems, whose proofs become parts of it. None if none is found.

    Args:
        formula: The formula, a key.
        given: The theorems.
    """
    # A proof of a given theorem may itself use such theorems, whose numbers it must not see twice.
    first = 1 + max([_GIVEN - 1, *[number for _, its in given for number in _numbers(its) if number < FIRST_NUMBER]])
    try:
        proof = prove(formula, {first + index: fact[0] for index, fact in enumerate(given)}, STEPS)
    except OutOfStepsError:
        return None
    if proof is not None:
        for number, (stated, its) in enumerate(given, first):
            proof = ("let", number, stated, its, proof)
    return proof


def _numbers(proof: ProofTerm) -> Iterator[int]:
    """All numbers in a proof, apart from those in formulas."""
    parts: list[object] = [proof]
    while parts:
        part = parts.pop()
        if isinstance(part, int):
            yield part
        elif isinstance(part, tuple):
            parts.extend(part)


def searched(logic: Logic, statement: Statement, bound: int) -> ProofTerm | None:
    """Find a proof by best-first search on the narrow set of tactics. None if none is found."""
    result = BestFirst().prove(logic, statement, SearchBudget(bound, math.inf))
    if not result.proved:
        return None
    proof = logic.term(statement, result.script)
    assert not isinstance(proof, Verdict)  # it was verified
    return proof


def is_trivial(logic: Logic, statement: Statement) -> bool:
    """Whether a single tactic after all ``intro``, or a random search of ``WALK`` applications, proves a statement."""
    goal = sequent_of(root(statement))
    while goal.target.kind is Kind.IMPLIES or goal.target.kind is Kind.ALL:
        (goal,) = goals_after(goal, Candidate(Template.INTRO))
    if any(not goals_after(goal, tactic) for tactic in candidates(goal)):
        return True
    return RandomWalk().prove(logic, statement, SearchBudget(WALK, math.inf)).proved


def graded(logic: Logic, statement: Statement, bound: int) -> tuple[int | None, str | None]:
    """Find out what best-first search spends on a statement.

    The narrow set of tactics comes first, and the wide one only if that fails: where the narrow set leads to a proof,
    the wide one hardly ever needs fewer applications, and takes several times as long.

    Args:
        logic: The embedded logic.
        statement: The statement.
        bound: Applications on each set, at least 1.

    Returns:
        The applications with which it is proved, and the set; None and None if it is not proved.
    """
    for name, tactics in (("narrow", legal_tactics), ("wide", wide_tactics)):
        result = BestFirst(tactics=tactics).prove(logic, statement, SearchBudget(bound, math.inf))
        if result.proved:
            return result.applications, name
    return None, None


def verified_likeness(logic: Logic, statement: Statement, script: str) -> str | Verdict:
    """Let the kernel verify a script, and compute the :func:`.likeness` of the theorem.

    Args:
        logic: The embedded logic.
        statement: The statement.
        script: The script.

    Returns:
        The likeness as 16 hexadecimal digits; if the script is refused, the verdict.
    """
    proof = logic.term(statement, script)
    if isinstance(proof, Verdict):
        return proof
    verdict = logic.verify_term(statement, proof)
    return f"{likeness(root(statement).target, proof):016x}" if verdict.proved else verdict
