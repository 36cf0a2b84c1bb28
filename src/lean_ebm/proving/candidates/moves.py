"""Applies a tactic of the wide set to a sequent, without names and texts."""

from __future__ import annotations

from collections.abc import Callable

from lean_ebm.proving.candidates.matching import Fit, applied, fit_premise, fit_target
from lean_ebm.proving.candidates.sequents import Sequent
from lean_ebm.proving.candidates.templates import Candidate, Template
from lean_ebm.proving.logic.formulas import FALSE, Expr, Kind, implication, opened

Goals = tuple[Sequent, ...]


def goals_after(sequent: Sequent, candidate: Candidate) -> Goals:
    """Apply a listed tactic to a sequent and return the sequents left to prove; none if it closes the goal."""
    return _MOVES[candidate.template](sequent, candidate)


def _intro(sequent: Sequent, _: Candidate) -> Goals:
    target = sequent.target
    if target.kind is Kind.IMPLIES:
        return (sequent.having(target.a).proving(target.b),)
    individual, inner = sequent.introducing(target.b)
    return (inner.proving(opened(target.a, individual)),)


def _constructor(sequent: Sequent, _: Candidate) -> Goals:
    target = sequent.target
    if target.kind is Kind.TRUE:
        return ()
    return tuple([sequent.proving(part) for part in _halves(target)])


def _halves(formula: Expr) -> tuple[Expr, Expr]:
    """The parts of a conjunction; the two implications of an equivalence."""
    if formula.kind is Kind.AND:
        return formula.a, formula.b
    return implication(formula.a, formula.b), implication(formula.b, formula.a)


def _cases(sequent: Sequent, candidate: Candidate) -> Goals:
    formula = _given(candidate.first)
    kind = formula.kind
    if kind is Kind.FALSE:
        return ()
    if kind is Kind.OR:
        return (sequent.having(formula.a, without=formula), sequent.having(formula.b, without=formula))
    if kind is Kind.EXISTS:
        individual, inner = sequent.introducing(formula.b)
        return (inner.having(opened(formula.a, individual), without=formula),)
    return (sequent.having(*_halves(formula), without=formula),)


def _apply(sequent: Sequent, candidate: Candidate) -> Goals:
    fit = fit_target(_given(candidate.first), sequent.target)
    assert fit is not None
    return tuple([sequent.proving(premise) for premise in fit.premises])


def _replace(sequent: Sequent, candidate: Candidate) -> Goals:
    formula = _given(candidate.first)
    return (sequent.having(formula.b, without=formula), sequent.proving(formula.a))


def _forward(sequent: Sequent, candidate: Candidate) -> Goals:
    formula, known = _given(candidate.first), _given(candidate.second)
    if formula.kind is Kind.IMPLIES:
        return (sequent.having(formula.b, without=formula),)
    fit = fit_premise(formula, known)
    assert isinstance(fit, Fit)
    return (sequent.having(applied(formula, (*fit.values, None))),)


def _instantiate(sequent: Sequent, candidate: Candidate) -> Goals:
    return (sequent.having(opened(_given(candidate.first).a, _given(candidate.second))),)


def _cut(sequent: Sequent, candidate: Candidate) -> Goals:
    formula = _given(candidate.first)
    return (sequent.having(formula), sequent.proving(formula))


def _given(pointer: Expr | None) -> Expr:
    assert pointer is not None
    return pointer


_MOVES: dict[Template, Callable[[Sequent, Candidate], Goals]] = {
    Template.INTRO: _intro,
    Template.CONSTRUCTOR: _constructor,
    Template.LEFT: lambda sequent, _: (sequent.proving(sequent.target.a),),
    Template.RIGHT: lambda sequent, _: (sequent.proving(sequent.target.b),),
    Template.EXFALSO: lambda sequent, _: (sequent.proving(FALSE),),
    Template.EXACT: lambda _sequent, _: (),
    Template.CASES: _cases,
    Template.APPLY: _apply,
    Template.ABSURD: lambda sequent, candidate: (sequent.proving(_given(candidate.first).a),),
    Template.REPLACE: _replace,
    Template.FORWARD: _forward,
    Template.CONTRADICTION: lambda _sequent, _: (),
    Template.INSTANTIATE: _instantiate,
    Template.WITNESS: lambda sequent, candidate: (sequent.proving(opened(sequent.target.a, _given(candidate.first))),),
    Template.CUT: _cut,
}
