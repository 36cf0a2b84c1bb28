"""Earlier theorems of a file, as constants that terms may use."""

from __future__ import annotations

from collections.abc import Collection

from lean_ebm.proving.logic.formulas import PROPOSITION, Expr, Kind, implication, make, opened
from lean_ebm.proving.logic.goals import PROOF, Goal
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.lemmas import Instance, Scheme
from lean_ebm.proving.logic.quantifiers import abstracted
from lean_ebm.proving.logic.unify import Unsupported


class EarlierTheorem:
    """A proved theorem about propositions: a hypothesis of the kernel that every later proof may use.

    Args:
        goal: The goal of its statement.
        implicit: The names of its implicit binders.
        number: The number of the hypothesis.

    Attributes:
        formula: ``∀ p q, h → ... → conclusion``, over all of its propositions.
        scheme: The theorem as a constant.
        explicit: The names of the propositions that are explicit arguments.

    Raises:
        Unsupported: If it is about a type, or has a proposition after a hypothesis.
    """

    def __init__(self, goal: Goal, implicit: Collection[str], number: int) -> None:
        propositions = [local for local in goal.context if local.is_of(PROPOSITION)]
        hypotheses = goal.context[len(propositions) :]
        if any(local.what != PROOF for local in hypotheses):
            raise Unsupported("a theorem about a type, or with a proposition after a hypothesis")
        if any(local.name in implicit for local in hypotheses):
            raise Unsupported("a theorem with an implicit hypothesis")
        names = [local.name for local in hypotheses]
        conclusion = goal.target
        while conclusion.kind is Kind.IMPLIES:  # arguments without names
            names.append("a")
            conclusion = conclusion.b
        formula = goal.target
        for local in reversed(hypotheses):
            assert local.formula is not None
            formula = implication(local.formula, formula)
        for local in reversed(propositions):
            formula = make(Kind.ALL, abstracted(formula, local.number), PROPOSITION, local.name)
        self.formula, self.number = formula, number
        self.explicit = tuple(local.name for local in propositions if local.name not in implicit)
        self.scheme: Scheme = (tuple(local.name for local in propositions), tuple(names), self._instance)

    def _instance(self, *values: Expr) -> Instance:
        proof: ProofTerm = ("hyp", self.number)
        rest = self.formula
        for value in values:
            proof, rest = ("inst", proof, value), opened(rest.a, value)
        arguments = []
        for index in range(1, len(self.scheme[1]) + 1):
            proof = ("app", proof, ("hyp", -index))
            arguments.append(rest.a)
            rest = rest.b
        return tuple(arguments), rest, proof
