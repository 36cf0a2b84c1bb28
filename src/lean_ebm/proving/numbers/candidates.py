"""The wide set of tactics in the world of numbers: the tactics that may help, and the goals that they leave.

A rewriting is listed once for each term of the goal that a rule fits: a lemma or a hypothesis, forwards or backwards.
It is described by this term and the new term, and so by the statement of its rule, not by its name. Rules that would
rewrite any term, or leave a metavariable, are not used.
"""

from __future__ import annotations

from lean_ebm.proving.candidates.chunks import Chunk
from lean_ebm.proving.candidates.templates import Candidate, Template
from lean_ebm.proving.logic.goals import displayed
from lean_ebm.proving.numbers.goals import NumberGoal, NumberLocal, NumberPrinter, printer_of
from lean_ebm.proving.numbers.lemmas import Lemmas, usable_rule
from lean_ebm.proving.numbers.normal import TooLargeError, alike
from lean_ebm.proving.numbers.rules import Rule
from lean_ebm.proving.numbers.tactics import induction
from lean_ebm.proving.numbers.terms import Term, TermKind, contains, equation, make, opened, replaced, variable


def subterms(formula: Term) -> dict[Term, None]:
    """List the terms that occur in a formula outside of quantifiers, in pre-order. Results are cached."""
    found: dict[Term, None] | None = formula.memory.get("parts")
    if found is None:
        kind = formula.kind
        found = {} if formula.loose or kind >= TermKind.EQUALS else {formula: None}
        if kind >= TermKind.SUCC:
            found.update(subterms(formula.a))
            if type(formula.b) is Term:
                found.update(subterms(formula.b))
        formula.memory["parts"] = found
    return found


def number_candidates(goal: NumberGoal, lemmas: Lemmas) -> list[Candidate]:
    """List the tactics of the wide set for a goal, in a fixed order.

    ``rfl`` and ``induction`` are listed for each equation, whether they help or not.
    """
    target = goal.target
    formulas = [local.formula for local in goal.context if local.formula is not None]
    found = [Candidate(Template.EXACT, target)] if target in formulas else []
    if target.kind is not TermKind.EQUALS:
        found.append(Candidate(Template.INTRO))
        return found
    if equation(target.b, target.a) in formulas:
        found.append(Candidate(Template.SYMM))
    found.append(Candidate(Template.RFL))
    own = [rule for formula in dict.fromkeys(formulas) for rule in _rules(formula)]
    for term in subterms(target):
        places = dict.fromkeys(lemmas.replacements(term))
        for rule in own:
            if (instance := rule.instance(term)) is not None and instance[1] is not term:
                places[instance[1]] = None
        found += [Candidate(Template.REWRITE, term, place) for place in places]
    found += [Candidate(Template.INDUCTION, variable(number)) for number in sorted(target.variables)]
    terms: dict[Term, None] = {}
    for formula in formulas:
        terms.update(subterms(formula))
    for term in terms:
        found += [Candidate(Template.REWRITE_AT, term, place) for place in lemmas.replacements(term)]
    return found


def _rules(formula: Term) -> tuple[Rule, ...]:
    """The rules that a hypothesis is; remembered."""
    found: tuple[Rule, ...] | None = formula.memory.get("rules")
    if found is None:
        both = (usable_rule(formula, backwards) for backwards in (False, True))
        found = formula.memory["rules"] = tuple([rule for rule in both if rule is not None])
    return found


def number_goals_after(goal: NumberGoal, tactic: Candidate) -> list[NumberGoal] | None:
    """Apply a tactic that is listed for a goal; None if it fails.

    What it introduces has made-up names. The new variable of an induction has the name of the old one.
    """
    template, first, second = tactic
    target = goal.target
    if template is Template.REWRITE:
        target = replaced(target, first, second)
        return [] if target.a is target.b else [goal.proving(target)]
    if template is Template.INDUCTION:
        name = next(local.name for local in goal.context if local.formula is None and local.number == first.a)
        return list(induction(goal, first.a, (), (name, new_name(goal, "ih"))))
    if template is Template.INTRO:
        return [_introduced(goal)]
    if template is Template.REWRITE_AT:
        context = goal.context
        for local in context:
            if local.formula is not None and contains(local.formula, first):
                context = _rewritten_at(context, local, first, second)
        return [] if target.a is target.b else [NumberGoal(context, target, goal.tag)]
    if template is Template.SYMM:
        return [goal.proving(equation(target.b, target.a))]
    if template is Template.RFL:
        try:
            return [] if alike(target.a, target.b) else None
        except TooLargeError:
            return None
    return []


def _introduced(goal: NumberGoal) -> NumberGoal:
    target = goal.target
    if target.kind is TermKind.ALL:
        number = goal.fresh()
        local = NumberLocal(_introduced_name(goal), number)
        return NumberGoal((*goal.context, local), opened(target.a, variable(number)), goal.tag)
    return NumberGoal((*goal.context, NumberLocal(_introduced_name(goal), -1, target.a)), target.b, goal.tag)


def _introduced_name(goal: NumberGoal) -> str:
    return new_name(goal, goal.target.b if goal.target.kind is TermKind.ALL else "h")


def _rewritten_at(
    context: tuple[NumberLocal, ...], local: NumberLocal, old: Term, new: Term
) -> tuple[NumberLocal, ...]:
    """Rewrite a hypothesis, which moves behind the variables that it has then."""
    assert local.formula is not None
    formula = replaced(local.formula, old, new)
    index = context.index(local)
    last = index
    for place in range(index + 1, len(context)):
        if context[place].formula is None and context[place].number in formula.variables:
            last = place
    return (*context[:index], *context[index + 1 : last + 1], local._replace(formula=formula), *context[last + 1 :])


def new_name(goal: NumberGoal, stem: str) -> str:
    """Make a name that the context does not contain."""
    taken = set(displayed(goal.context))
    if stem not in taken:
        return stem
    index = 1
    while f"{stem}{index}" in taken:
        index += 1
    return f"{stem}{index}"


class NumberWriter:
    """Writes tactics that are listed for a goal as texts.

    Args:
        goal: The goal.
        lemmas: The theorems that may be used.
    """

    def __init__(self, goal: NumberGoal, lemmas: Lemmas) -> None:
        self.goal, self.lemmas = goal, lemmas
        self._printer = printer_of(goal.context)

    def __str__(self) -> str:
        return str(self.goal)

    def write(self, tactic: Candidate | Chunk | str) -> str:
        """Write a tactic.

        Raises:
            KeyError: If it is not one of the goal.
            ValueError: If it is a chunk, which this world does not have.
        """
        if isinstance(tactic, str):
            return tactic
        if isinstance(tactic, Chunk):
            raise ValueError(f"{tactic} is a chunk of tactics, and goals about numbers take single ones")
        template, first, second = tactic
        if template is Template.REWRITE:
            return f"rw [{self._rule(first, second)}]"
        if template is Template.REWRITE_AT:
            places = [
                local.name
                for local in self.goal.context
                if local.formula is not None and contains(local.formula, first)
            ]
            return f"rw [{self._rule(first, second)}] at {' '.join(places)}"
        if template is Template.INDUCTION:
            name = self._printer.names[first.a]
            return f"induction {name} with | zero => ?_ | succ {name} {new_name(self.goal, 'ih')} => ?_"
        if template is Template.INTRO:
            return f"intro {_introduced_name(self.goal)}"
        if template is Template.EXACT:
            return f"exact {self._hypothesis(first)}"
        return "symm" if template is Template.SYMM else "rfl"

    def _hypothesis(self, formula: Term) -> str:
        for local in self.goal.context:
            if local.formula is formula:
                return local.name
        raise KeyError(str(formula))

    def _rule(self, term: Term, place: Term) -> str:
        """A rule that rewrites a term to another, with all of its arguments."""
        for name, formula in self._formulas():
            for backwards in (False, True):
                rule = usable_rule(formula, backwards)
                if rule is not None and rule.instance(term) == (term, place):
                    values = rule.values(term) or {}
                    arguments = [values[make(TermKind.UNKNOWN, index)] for index in range(_quantifiers(formula))]
                    texts = [_argument(self._printer, argument) for argument in arguments]
                    return " ".join([f"← {name}" if backwards else name, *texts])
        raise KeyError(f"{term} to {place}")

    def _formulas(self) -> list[tuple[str, Term]]:
        own = [(local.name, local.formula) for local in self.goal.context if local.formula is not None]
        return [*self.lemmas.formulas.items(), *own]


def _argument(printer: NumberPrinter, term: Term) -> str:
    return printer.text(term, 1024)


def _quantifiers(formula: Term) -> int:
    count = 0
    while formula.kind is TermKind.ALL:
        formula, count = formula.a, count + 1
    return count
