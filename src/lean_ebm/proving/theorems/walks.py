"""Random equations between numbers, made by walks: the proof is the walk in reverse.

A walk begins with ``t = t``. Each step puts one term in the place of an equal one, somewhere on one of both sides, so
that the reverse of the step is one rewriting by a lemma. An equation of k steps therefore has a proof of k rewritings,
and perhaps a shorter one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

from lean_ebm.proving.candidates.invariants import invariant
from lean_ebm.proving.candidates.templates import Candidate, Template
from lean_ebm.proving.numbers.goals import TYPE, NumberGoal, NumberLocal, printer_of
from lean_ebm.proving.numbers.graphs import number_listing
from lean_ebm.proving.numbers.lemmas import Lemmas, NamedRule
from lean_ebm.proving.numbers.levels import levels
from lean_ebm.proving.numbers.normal import TooLargeError, alike
from lean_ebm.proving.numbers.reading import closed_formula, goal_of
from lean_ebm.proving.numbers.terms import (
    Term,
    TermKind,
    equation,
    filled,
    make,
    numeral,
    replaced,
    successor,
    unknowns_in,
    variable,
)
from lean_ebm.proving.statements import Statement

NAMES = "abcd"
"""Names of the variables that an equation can have."""

_TRIES = 60  # for each step
_OPERATIONS = (TermKind.ADD, TermKind.ADD, TermKind.ADD, TermKind.MUL, TermKind.MUL, TermKind.POW)
_NUMERALS = (0, 1, 1, 2, 2, 3)


@dataclass(frozen=True)
class Walk:
    """An equation with a proof.

    Args:
        goal: The equation, with its variables.
        path: The rewritings that prove it.
        used: The names of the lemmas that they use.
    """

    goal: NumberGoal
    path: tuple[Candidate, ...]
    used: frozenset[str]

    @property
    def number(self) -> int:
        """Its :func:`.invariant`, which does not depend on names of variables or the order of sides."""
        return number_of(self.goal)


def number_of(goal: NumberGoal) -> int:
    """The :func:`.invariant` of a goal."""
    return invariant(number_listing(goal, []).graph)


def random_walk(random: Random, lemmas: Lemmas, steps: int, size: int = 6, largest: int = 24) -> Walk | None:
    """Make a walk of a given number of steps. None if it gets stuck or both sides are equal by definition.

    Args:
        random: The random generator.
        lemmas: The lemmas that the proof may use.
        steps: Number of steps, at least 1.
        size: Largest number of parts of the term with which the walk begins.
        largest: Largest number of parts of each of both sides.
    """
    variables = [variable(number) for number in range(random.randint(1, len(NAMES)))]
    term = random_number(random, variables, random.randint(1, size))
    target = equation(term, term)
    seen = {target}
    path: list[Candidate] = []
    used = set()
    for _ in range(steps):
        for _ in range(_TRIES):
            named = random.choice(lemmas.rules)
            found = _step(random, target, named, variables)
            if found is None or found[0] in seen or max(found[0].a.size, found[0].b.size) > largest:
                continue
            target, tactic = found
            seen |= {target, equation(target.b, target.a)}
            path.append(tactic)
            used.add(named.name)
            break
        else:
            return None
    try:
        if alike(target.a, target.b):
            return None
    except TooLargeError:
        return None
    return Walk(_goal(target), tuple(reversed(path)), frozenset(used))


def _goal(target: Term) -> NumberGoal:
    context = [NumberLocal(name, number) for number, name in enumerate(NAMES) if number in target.variables]
    return NumberGoal(tuple(context), target)


def random_number(random: Random, variables: list[Term], size: int) -> Term:
    """A random term of this many parts."""
    if size <= 1:
        return random.choice(variables) if random.random() < 0.75 else numeral(random.choice(_NUMERALS))
    if size == 2 or random.random() < 0.15:
        return successor(random_number(random, variables, size - 1))
    kind = random.choice(_OPERATIONS)
    left = random.randint(1, size - 2)
    return make(kind, random_number(random, variables, left), random_number(random, variables, size - 1 - left))


def _step(random: Random, target: Term, named: NamedRule, variables: list[Term]) -> tuple[Term, Candidate] | None:
    """Undo a rewriting at a random place; returns what it rewrote, and the rewriting."""
    rule = named.rule
    places = [
        (index, values)
        for index, term in enumerate(_parts(target))
        if index and (values := rule.undone(term)) is not None
    ]
    if not places:
        return None
    index, values = random.choice(places)
    for unknown in unknowns_in(rule.left):
        if unknown not in values:
            values[unknown] = random_number(random, variables, random.choice((1, 1, 3)))
    old, new = filled(rule.left, values), filled(rule.right, values)
    before = _put(target, index, old)
    if old is new or replaced(before, old, new) is not target:
        return None
    return before, Candidate(Template.REWRITE, old, new)


def _parts(term: Term) -> list[Term]:
    """All parts of a term or equation in pre-order, as often as they occur."""
    found = [term]
    if term.kind >= TermKind.SUCC:
        found += _parts(term.a)
        if type(term.b) is Term:
            found += _parts(term.b)
    return found


def _put(term: Term, index: int, new: Term) -> Term:
    """Put another term in the place of the part of this index in pre-order."""
    if index == 0:
        return new
    if index <= term.a.size:
        return make(term.kind, _put(term.a, index - 1, new), term.b)
    return make(term.kind, term.a, _put(term.b, index - 1 - term.a.size, new))


@cache
def level_numbers() -> frozenset[int]:
    """The :func:`.invariant` of each level that is an equation. Training data must not contain them."""
    found = []
    for level in levels():
        if closed_formula(level.statement) is not None:
            found.append(number_of(goal_of(level.statement)))
    return frozenset(found)


def statement_of(goal: NumberGoal) -> Statement:
    """Write a goal without hypotheses as a statement."""
    names = " ".join([local.name for local in goal.context])
    return Statement(printer_of(goal.context).text(goal.target), f"({names} : {TYPE})" if names else "")
