"""The tactics of the wide set as texts, which the embedded logic and Lean run."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from lean_ebm.proving.candidates.matching import Fit, fit_premise, fit_target
from lean_ebm.proving.candidates.sequents import named
from lean_ebm.proving.candidates.templates import Candidate, Template
from lean_ebm.proving.logic.formulas import PROPOSITION, Expr, Kind
from lean_ebm.proving.logic.goals import Goal, Printer, displayed

_PLAIN = {
    Template.CONSTRUCTOR: "constructor",
    Template.LEFT: "left",
    Template.RIGHT: "right",
    Template.EXFALSO: "exfalso",
}


class Writer:
    """Writes tactics for one goal. New hypotheses are called ``h1``, ``h2``, ...; new individuals ``x1``, ``x2``, ...

    Args:
        goal: The goal.
    """

    def __init__(self, goal: Goal) -> None:
        self.goal = goal
        self._taken = frozenset(displayed(goal.context))
        entries = named(goal)
        self._hypotheses = {local.formula.key: local.name for local in entries if local.formula is not None}
        self._printer = Printer({local.number: local.name for local in entries}, typed=True)

    def text(self, candidate: Candidate) -> str:
        """Write a tactic that is listed for the goal."""
        template, first, second = candidate
        if template in _PLAIN:
            return _PLAIN[template]
        if template is Template.INTRO:
            return f"intro {next(self._new('h' if self.goal.target.key.kind is Kind.IMPLIES else 'x'))}"
        assert first is not None
        if template is Template.WITNESS:
            return f"refine ⟨{self._term(first, self.goal.target.key.b)}, ?_⟩"
        if template is Template.CUT:
            return f"have {next(self._new('h'))} : {self._printer.formula(first)} := ?_"
        return self._with_hypothesis(template, self._hypotheses[first], first, second)

    def _with_hypothesis(self, template: Template, name: str, first: Expr, second: Expr | None) -> str:
        if template is Template.EXACT:
            return f"exact {name}"
        if template is Template.CASES:
            return f"cases {name}{self._alternatives(first)}"
        if template is Template.APPLY:
            fit = fit_target(first, self.goal.target.key)
            assert fit is not None
            return f"{'refine' if fit.premises else 'exact'} {' '.join([name, *self._arguments(first, fit)])}"
        if template is Template.ABSURD:
            return f"refine absurd ?_ {name}"
        if template is Template.REPLACE:
            return f"replace {name} := {name} ?_"
        assert second is not None
        if template is Template.INSTANTIATE:
            return f"have {next(self._new('h'))} := {name} {self._term(second, first.b)}"
        return self._with_both(template, name, first, second)

    def _with_both(self, template: Template, name: str, first: Expr, second: Expr) -> str:
        """Write a tactic that applies the first hypothesis to the second one."""
        other = self._hypotheses[second]
        if first.kind is Kind.IMPLIES:
            return f"specialize {name} {other}" if template is Template.FORWARD else f"exact absurd {other} {name}"
        fit = fit_premise(first, second)
        assert fit is not None
        instance = " ".join([name, *self._arguments(first, fit)])
        if template is Template.FORWARD:
            return f"have {next(self._new('h'))} := {instance} {other}"
        return f"exact absurd {other} ({instance})"

    def _alternatives(self, formula: Expr) -> str:
        """The names of what ``cases`` makes."""
        kind, names = formula.kind, self._new("h")
        if kind is Kind.FALSE:
            return ""
        if kind is Kind.OR:
            name = next(names)
            return f" with | inl {name} => ?_ | inr {name} => ?_"
        first = next(self._new("x")) if kind is Kind.EXISTS else next(names)
        return f" with | intro {first} {next(names)} => ?_"

    def _arguments(self, formula: Expr, fit: Fit) -> Iterator[str]:
        """Write the arguments of a hypothesis, with holes for its premises."""
        for value in fit.values:
            yield "?_" if value is None else self._term(value, formula.b)
            formula = formula.b if value is None else formula.a

    def _term(self, term: Expr, sort: int) -> str:
        printer = self._printer
        return printer.formula(term, (), 1024) if sort == PROPOSITION else printer.individual(term, (), 1024)

    def _new(self, stem: str) -> Iterator[str]:
        """Names that nothing in the context has."""
        return (name for index in count(1) if (name := f"{stem}{index}") not in self._taken)
