"""Lists the wide set of tactics: all tactics that may help in a goal (most of them do not).

Every theorem of intuitionistic propositional logic has a proof made of these tactics, since they are the rules of a
cut-free sequent calculus (G3i; Troelstra and Schwichtenberg 2000, "Basic Proof Theory", section 3.5) with cuts in
addition. For quantifiers there are the terms that occur in the goal. No tactic leaves a metavariable, so the goals
that a tactic leaves are independent of each other.
"""

from __future__ import annotations

from lean_ebm.proving.candidates.matching import applied, first_premise, fit_premise, fit_target
from lean_ebm.proving.candidates.sequents import Sequent
from lean_ebm.proving.candidates.templates import Candidate, Template
from lean_ebm.proving.logic.clock import tick
from lean_ebm.proving.logic.formulas import FALSE, PROPOSITION, TRUE, Expr, Kind, opened, parts_of

APART = frozenset((Kind.AND, Kind.OR, Kind.IFF, Kind.EXISTS, Kind.FALSE))
"""The kinds of formulas that ``cases`` takes apart."""

_LONGEST = 1_000  # parts of a formula that is written in a tactic, which is far below what parsers refuse


def candidates(sequent: Sequent) -> list[Candidate]:
    """List the tactics of the wide set for a sequent, in a fixed order."""
    found: list[Candidate] = []
    _on_target(sequent, found)
    for formula in sequent.hypotheses:
        tick()
        kind = formula.kind
        if kind in APART:
            found.append(Candidate(Template.CASES, formula))
        elif kind is Kind.IMPLIES or kind is Kind.ALL:
            _on_function(sequent, formula, found)
    parts = closed_parts(sequent)
    known, target = sequent.known, sequent.target
    found += [Candidate(Template.CUT, part) for part in parts if part not in known and part is not target]
    return found


def _on_target(sequent: Sequent, found: list[Candidate]) -> None:
    """The tactics that look at the target only, and those that close the goal by a hypothesis that is the target."""
    target = sequent.target
    kind = target.kind
    if kind is Kind.IMPLIES or kind is Kind.ALL:
        found.append(Candidate(Template.INTRO))
    elif kind is Kind.AND or kind is Kind.IFF or kind is Kind.TRUE:
        found.append(Candidate(Template.CONSTRUCTOR))
    elif kind is Kind.OR:
        found.append(Candidate(Template.LEFT))
        found.append(Candidate(Template.RIGHT))
    elif kind is Kind.EXISTS:
        found += [Candidate(Template.WITNESS, term) for term in terms(sequent, target.b)]
    if target is not FALSE:
        found.append(Candidate(Template.EXFALSO))
    if target in sequent.known:
        found.append(Candidate(Template.EXACT, target))


def _on_function(sequent: Sequent, formula: Expr, found: list[Candidate]) -> None:
    """The tactics that use an implication, a negation or a ∀."""
    target, known = sequent.target, sequent.known
    if fit_target(formula, target) is not None:
        found.append(Candidate(Template.APPLY, formula))
    if formula.kind is Kind.ALL:
        for term in terms(sequent, formula.b):
            if opened(formula.a, term) not in known:
                found.append(Candidate(Template.INSTANTIATE, formula, term))
        premise = first_premise(formula)
        if premise is not None and premise.formula.loose:
            for other in sequent.hypotheses:
                tick()
                fit = fit_premise(formula, other)
                if fit is not None and applied(formula, (*fit.values, None)) not in known:
                    found.append(Candidate(_forward(formula), formula, other))
        return
    premise, conclusion = formula.a, formula.b
    if conclusion is FALSE:
        if target is not FALSE:
            found.append(Candidate(Template.ABSURD, formula))
        if premise in known:
            found.append(Candidate(Template.CONTRADICTION, formula, premise))
    elif conclusion not in known:
        found.append(Candidate(Template.REPLACE, formula))
        if premise in known:
            found.append(Candidate(Template.FORWARD, formula, premise))


def _forward(formula: Expr) -> Template:
    while formula.kind is Kind.ALL:
        formula = formula.a
    return Template.CONTRADICTION if formula.b is FALSE else Template.FORWARD


def closed_parts(sequent: Sequent) -> dict[Expr, None]:
    """The closed formulas that occur in a sequent, except True and False, as keys in order."""
    found: dict[Expr, None] = {}
    for formula in sequent.hypotheses:
        found.update(_closed_parts(formula))
    found.update(_closed_parts(sequent.target))
    return found


def _closed_parts(formula: Expr) -> dict[Expr, None]:
    known: dict[Expr, None] | None = formula.memory.get("closed")
    if known is None:
        known = {}
        if formula.kind > Kind.ATOM:
            for part in parts_of(formula):
                known.update(_closed_parts(part))
        if not formula.loose and formula.length <= _LONGEST and formula is not TRUE and formula is not FALSE:
            known[formula] = None
        formula.memory["closed"] = known
    return known


def terms(sequent: Sequent, sort: int) -> list[Expr]:
    """The individuals of a type that occur in a sequent or may be used, or its formulas if the sort is Prop."""
    if sort == PROPOSITION:
        return [TRUE, FALSE, *closed_parts(sequent)]
    found = dict.fromkeys([individual for individual, its in sequent.individuals if its == sort])
    for formula in (*sequent.hypotheses, sequent.target):
        for term in _applications(formula):
            if sequent.functions[term.a] == sort:
                found[term] = None
    return list(found)


def _applications(formula: Expr) -> dict[Expr, None]:
    """The values of functions, without free bound variables, that occur in an expression; remembered."""
    known: dict[Expr, None] | None = formula.memory.get("applications")
    if known is None:
        known = {}
        for part in parts_of(formula):
            known.update(_applications(part))
        if formula.kind is Kind.APPLY and not formula.loose:
            known[formula] = None
        formula.memory["applications"] = known
    return known
