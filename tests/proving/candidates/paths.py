"""Proof terms as trees of tactics of the wide set, which shows that the set has all that such proofs need.

A term is normalized as it is read: what it binds by ``let`` or applies at once is put in its place. What is left are
eliminations of hypotheses. A hypothesis that a tactic has taken apart is not there any more, but its parts are, so a
fact counts as available if it can be put together again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lean_ebm.proving.candidates.moves import goals_after
from lean_ebm.proving.candidates.sequents import Sequent
from lean_ebm.proving.candidates.templates import Candidate, Template
from lean_ebm.proving.logic.formulas import FALSE, Expr, Kind, implication, opened, parts_of, variable
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.numbering import with_numbers


@dataclass(frozen=True)
class Tree:
    """A tactic for a sequent, and a tree for each goal that it leaves."""

    sequent: Sequent
    candidate: Candidate
    branches: tuple[Tree, ...]


@dataclass(frozen=True)
class Closure:
    """A term in an environment: what its hypotheses stand for, a formula or a closure, and its individuals."""

    term: ProofTerm
    facts: dict[int, Any]
    numbers: dict[int, int]

    def of(
        self, term: ProofTerm, facts: dict[int, Any] | None = None, numbers: dict[int, int] | None = None
    ) -> Closure:
        return Closure(term, {**self.facts, **(facts or {})}, {**self.numbers, **(numbers or {})})

    def expression(self, node: Expr) -> Expr:
        return with_numbers(node.key, self.numbers)


Neutral = tuple[Any, ...]
"""``("hyp", formula)``, ``("app", neutral, closure)``, ``("inst", neutral, term)`` or ``(projection, neutral)``."""

_GOALS = ("lam", "all", "and", "iff", "inl", "inr", "exists", "true", "false", "or", "elim", "let")


def path(sequent: Sequent, term: ProofTerm) -> Tree:
    """Turn a proof term of a sequent, which has no hypotheses, into tactics."""
    return _prove(sequent, Closure(term, {}, {}))


def _step(sequent: Sequent, candidate: Candidate, *rest: Callable[[Sequent], Tree]) -> Tree:
    goals = goals_after(sequent, candidate)
    assert len(goals) == len(rest)
    return Tree(sequent, candidate, tuple(prove(goal) for goal, prove in zip(goals, rest, strict=True)))


def _prove(sequent: Sequent, closure: Closure) -> Tree:
    target = sequent.target
    if _follows(sequent, target) or FALSE in sequent.known:
        return _put_together(sequent)
    head = _head(closure)
    if not isinstance(head, Closure):
        return _having(sequent, head, _put_together)
    term, rule = head.term, head.term[0]
    if rule == "lam":
        return _step(sequent, Candidate(Template.INTRO), lambda s: _prove(s, head.of(term[3], {term[1]: target.a})))
    if rule == "all":
        new = {term[1]: sequent.fresh}
        return _step(sequent, Candidate(Template.INTRO), lambda s: _prove(s, head.of(term[2], None, new)))
    if rule in ("and", "iff"):
        parts = [lambda s, part=part: _prove(s, head.of(part)) for part in term[1:]]
        return _step(sequent, Candidate(Template.CONSTRUCTOR), *parts)
    if rule == "true":
        return _step(sequent, Candidate(Template.CONSTRUCTOR))
    if rule in ("inl", "inr"):
        side = Template.LEFT if rule == "inl" else Template.RIGHT
        return _step(sequent, Candidate(side), lambda s: _prove(s, head.of(term[1])))
    if rule == "exists":
        witness = head.expression(term[1])
        return _step(sequent, Candidate(Template.WITNESS, witness), lambda s: _prove(s, head.of(term[2])))
    if rule == "false":
        if target is FALSE:
            return _prove(sequent, head.of(term[1]))
        return _step(sequent, Candidate(Template.EXFALSO), lambda s: _prove(s, head.of(term[1])))
    if rule == "let":
        _, number, formula, value, body = term
        major = _head(head.of(value))
        if isinstance(major, Closure):
            return _prove(sequent, head.of(body, {number: major}))
        fact = head.expression(formula)
        return _having(sequent, major, lambda s: _prove(s, head.of(body, {number: fact})))
    major = _head(head.of(term[1]))
    if rule == "or":
        _, _, left, first, right, second = term
        if isinstance(major, Closure):  # it is put together here
            chosen = (left, first) if major.term[0] == "inl" else (right, second)
            return _prove(sequent, head.of(chosen[1], {chosen[0]: major.of(major.term[1])}))
        formula = _formula(major)

        def by_cases(s: Sequent) -> Tree:
            branches = [(left, first, formula.a), (right, second, formula.b)]
            if formula not in s.known:  # it was taken apart before
                number, body, part = next(branch for branch in branches if _available(s, branch[2]))
                return _prove(s, head.of(body, {number: part}))
            proofs = [
                lambda s, number=number, body=body, part=part: _prove(s, head.of(body, {number: part}))
                for number, body, part in branches
            ]
            return _step(s, Candidate(Template.CASES, formula), *proofs)

        return _having(sequent, major, by_cases)
    assert rule == "elim"
    _, _, x, hypothesis, body = term
    if isinstance(major, Closure):
        raise NotImplementedError("a witness that is given and taken at once")
    formula = _formula(major)

    def by_witness(s: Sequent) -> Tree:
        if formula not in s.known:
            witness = next(i for i in _individuals(s) if _available(s, opened(formula.a, i)))
            return _prove(s, head.of(body, {hypothesis: opened(formula.a, witness)}, {x: witness.a}))
        individual, _ = s.introducing(formula.b)
        facts = {hypothesis: opened(formula.a, individual)}
        return _step(
            s, Candidate(Template.CASES, formula), lambda s: _prove(s, head.of(body, facts, {x: individual.a}))
        )

    return _having(sequent, major, by_witness)


def _head(closure: Closure) -> Closure | Neutral:
    """Evaluate a term until it is an elimination of a hypothesis, or puts something together."""
    term, rule = closure.term, closure.term[0]
    if rule == "hyp":
        fact = closure.facts[term[1]]
        return _head(fact) if isinstance(fact, Closure) else ("hyp", fact)
    if rule == "the":
        return _head(closure.of(term[2]))
    if rule in _GOALS:
        return closure
    inner = _head(closure.of(term[1]))
    while isinstance(inner, Closure) and inner.term[0] == "let":
        _, number, _, value, body = inner.term
        inner = _head(inner.of(body, {number: inner.of(value)}))
    if rule == "app":
        argument = closure.of(term[2])
        if isinstance(inner, Closure):
            return _head(inner.of(inner.term[3], {inner.term[1]: argument}))
        return ("app", inner, argument)
    if rule == "inst":
        individual = closure.expression(term[2])
        if isinstance(inner, Closure):
            raise NotImplementedError("a ∀ that is proved and used at once")
        return ("inst", inner, individual)
    if isinstance(inner, Closure):
        return _head(inner.of(inner.term[1 if rule in ("fst", "mp") else 2]))
    return (rule, inner)


def _formula(neutral: Neutral) -> Expr:
    """What an elimination proves."""
    rule = neutral[0]
    if rule == "hyp":
        return neutral[1]
    inner = _formula(neutral[1])
    if rule == "app":
        return inner.b
    if rule == "inst":
        return opened(inner.a, neutral[2])
    if rule in ("fst", "snd"):
        return inner.a if rule == "fst" else inner.b
    return implication(inner.a, inner.b) if rule == "mp" else implication(inner.b, inner.a)


def _having(sequent: Sequent, neutral: Neutral, rest: Callable[[Sequent], Tree]) -> Tree:
    """Make what an elimination proves available, and go on."""
    rule, formula = neutral[0], _formula(neutral)
    if FALSE in sequent.known:
        return _put_together(sequent)
    if rule == "hyp" or _follows(sequent, formula):
        return rest(sequent)
    inner = _formula(neutral[1])

    def eliminate(s: Sequent) -> Tree:
        if _follows(s, formula) or inner not in s.known:  # in the second case, it was used before
            return rest(s)
        if rule == "inst":
            return _step(s, Candidate(Template.INSTANTIATE, inner, neutral[2]), rest)
        if rule != "app":
            return _step(s, Candidate(Template.CASES, inner), rest)
        if formula is FALSE:
            template = Template.APPLY if s.target is FALSE else Template.ABSURD
            return _step(s, Candidate(template, inner), lambda s: _prove(s, neutral[2]))
        return _step(s, Candidate(Template.REPLACE, inner), rest, lambda s: _prove(s, neutral[2]))

    return _having(sequent, neutral[1], eliminate)


def _follows(sequent: Sequent, formula: Expr) -> bool:
    """Whether a formula is a hypothesis, or can be put together of some without a witness."""
    return _available(sequent, formula, witnesses=False)


def _available(sequent: Sequent, formula: Expr, witnesses: bool = True) -> bool:
    """Whether a formula is a hypothesis, or follows from the parts of one that was taken apart."""
    if formula in sequent.known:
        return True
    kind = formula.kind
    if kind is Kind.AND:
        return all(_available(sequent, part, witnesses) for part in (formula.a, formula.b))
    if kind is Kind.OR:
        return any(_available(sequent, part, witnesses) for part in (formula.a, formula.b))
    if kind is Kind.IFF:
        return all(_available(sequent, half, witnesses) for half in _halves(formula))
    if kind is Kind.IMPLIES:
        return _available(sequent, formula.b, witnesses)
    if kind is Kind.EXISTS and witnesses:
        return any(_available(sequent, opened(formula.a, individual)) for individual in _individuals(sequent))
    return False


def _individuals(sequent: Sequent) -> list[Expr]:
    """All individuals that occur, which a sequent does not list if nothing is quantified any more, and one more."""
    found = dict.fromkeys(individual for individual, _ in sequent.individuals)
    left = [*sequent.hypotheses, sequent.target]
    while left:
        node = left.pop()
        left += parts_of(node)
        if node.kind is Kind.VARIABLE:
            found[node] = None
    return [*found, variable(sequent.fresh)]  # a quantifier may bind a variable that does not occur


def _halves(formula: Expr) -> tuple[Expr, Expr]:
    return implication(formula.a, formula.b), implication(formula.b, formula.a)


def _put_together(sequent: Sequent) -> Tree:
    """Prove a target that is available."""
    target, kind = sequent.target, sequent.target.kind
    if FALSE in sequent.known:
        return _step(sequent, Candidate(Template.CASES, FALSE))
    if target in sequent.known:
        return _step(sequent, Candidate(Template.EXACT, target))
    if kind is Kind.OR:
        left = _follows(sequent, target.a) or not (_follows(sequent, target.b) or not _available(sequent, target.a))
        side = Template.LEFT if left else Template.RIGHT
        return _step(sequent, Candidate(side), _put_together)
    if kind is Kind.IMPLIES:
        return _step(sequent, Candidate(Template.INTRO), _put_together)
    if kind is Kind.EXISTS:
        witness = next(i for i in _individuals(sequent) if _available(sequent, opened(target.a, i)))
        return _step(sequent, Candidate(Template.WITNESS, witness), _put_together)
    return _step(sequent, Candidate(Template.CONSTRUCTOR), _put_together, _put_together)
