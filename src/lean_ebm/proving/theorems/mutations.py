"""Conjectures made from theorems: by generalising, specialising, composing, weakening and strengthening them.

What is specialised, composed or weakened is a theorem again. What is generalised or strengthened may be none: that
has to be proved. All formulas are keys (see :class:`.Expr`), in which negations are implications::

    mutated = generalise(random, formula, number)  # p ∧ q → p becomes r → p, or p ∧ q → r
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any, NamedTuple

from lean_ebm.proving.candidates.listing import closed_parts
from lean_ebm.proving.candidates.sequents import Sequent
from lean_ebm.proving.logic.formulas import (
    Expr,
    Kind,
    atom,
    conjunction,
    disjunction,
    equivalence,
    implication,
    make,
    parts_of,
    rebuilt,
    variables,
)
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.theorems.terms import Fact

_SMALL = 4  # size of a part of which new formulas are made, at most
_BREAKS = 3  # attempts in a row to strengthen a theorem that break it, after which it counts as strong

_JOINED: tuple[Callable[[Expr, Expr], Expr], ...] = (conjunction, disjunction, implication)


class FormulaPlace(NamedTuple):
    """A place in a formula.

    Args:
        path: Which part to take at each level, 0 or 1.
        part: What is there.
        sign: 1 if a weaker part makes the formula weaker, -1 if it makes it stronger, 0 if it may do either.
    """

    path: tuple[int, ...]
    part: Expr
    sign: int


def places(formula: Expr) -> Iterator[FormulaPlace]:
    """All places of formulas in a formula, in pre-order."""
    waiting = [FormulaPlace((), formula, 1)]
    while waiting:
        path, part, sign = place = waiting.pop()
        yield place
        kind = part.kind
        if kind > Kind.ATOM:
            below = parts_of(part)
            signs = (-sign, sign) if kind is Kind.IMPLIES else (0, 0) if kind is Kind.IFF else (sign, sign)
            waiting += [FormulaPlace((*path, index), below[index], signs[index]) for index in range(len(below))][::-1]


def put(formula: Expr, path: tuple[int, ...], new: Expr) -> Expr:
    """Replace the part at a place of a formula."""
    if not path:
        return new
    if path[0]:
        return make(formula.kind, formula.a, put(formula.b, path[1:], new), formula.name)
    return make(formula.kind, put(formula.a, path[1:], new), formula.b, formula.name)


def substituted(node: Expr, values: Mapping[int, Expr]) -> Expr:
    """Replace propositions by formulas without free bound variables, all at once."""
    if values.keys().isdisjoint(variables(node)):
        return node
    if node.kind is Kind.ATOM and not node.b:
        return values.get(node.a, node)
    return rebuilt(node, lambda part, _: substituted(part, values))


def substituted_in(fact: Fact, values: Mapping[int, Expr]) -> Fact:
    """Replace propositions by formulas in a theorem and in its proof."""

    def changed(part: Any) -> Any:
        if isinstance(part, Expr):
            return substituted(part, values)
        return tuple([changed(inner) for inner in part]) if isinstance(part, tuple) else part

    formula, proof = fact
    made: ProofTerm = changed(proof)
    return substituted(formula, values), made


def generalise(random: Random, formula: Expr, number: int) -> Expr | None:
    """Replace a part of a formula by a proposition, wherever the part occurs.

    Args:
        random: The random generator.
        formula: The formula.
        number: The number of the proposition, which does not occur in the formula.

    Returns:
        The formula, which may be no theorem; None if there is no part to replace.
    """
    parts = [part for part in _closed(formula) if part is not formula and (part.kind > Kind.ATOM or part.b)]
    if not parts:
        return None
    old, new = random.choice(parts), atom(number)

    def change(part: Expr, _: int) -> Expr:
        return new if part is old else rebuilt(part, change)

    return change(formula, 0)


def specialise(random: Random, fact: Fact) -> Fact | None:
    """Replace a proposition by a formula made of parts of the theorem; None if there is no proposition.

    Args:
        random: The random generator.
        fact: The theorem and its proof.
    """
    formula, _ = fact
    propositions = [part.a for part in _closed(formula) if part.kind is Kind.ATOM and not part.b]
    if not propositions:
        return None
    value = random.choice(_JOINED)(_part(random, formula), _part(random, formula))
    return substituted_in(fact, {random.choice(propositions): value})


def compose(random: Random, first: Fact, second: Fact) -> tuple[Expr, list[Fact]] | None:
    """Use the conclusion of a theorem as a premise of another theorem.

    From ``h → d`` and ``b → c`` comes ``h → c`` if ``d`` is ``b`` with formulas in the place of propositions, which
    are then put into ``c`` too. Without ``h`` this is condensed detachment (Prior 1956; Kalman 1983, "Condensed
    detachment as a rule of inference").

    Args:
        random: The random generator.
        first: The theorem that concludes, and its proof.
        second: The theorem that has premises, and its proof.

    Returns:
        The new theorem, and the two theorems from which it follows, with formulas put in; None if they do not fit.
    """
    conclusions = list(_chain(first[0]))
    premises = [part.a for part in _chain(second[0]) if part.kind is Kind.IMPLIES]
    pairs = [(given, premise) for given in range(len(conclusions)) for premise in range(len(premises))]
    random.shuffle(pairs)
    for given, premise in pairs:
        values: dict[int, Expr] = {}
        pattern, wanted = premises[premise], conclusions[given]
        if not _matched(pattern, wanted, values) or substituted(pattern, values) is not wanted:
            continue
        used = substituted_in(second, values)
        *others, last = _chain(used[0])
        new = last
        for part in reversed([part.a for index, part in enumerate(others) if index != premise]):
            new = implication(part, new)
        for part in reversed(conclusions[:given]):
            new = implication(part.a, new)
        return new, [first, used]
    return None


def weaken(random: Random, formula: Expr) -> Expr:
    """Make a formula weaker at a random place, for example by another hypothesis or alternative.

    The formula implies the new one.
    """
    part, other = _part(random, formula), None
    place = random.choice([place for place in places(formula) if place.sign])
    old = place.part
    if place.sign > 0:
        made = [disjunction(old, part), disjunction(part, old), implication(part, old)]
        other = Kind.AND
    else:
        made = [conjunction(old, part), conjunction(part, old)]
        other = Kind.OR
    if old.kind is other:
        made += [old.a, old.b]
    return put(formula, place.path, random.choice(made))


def strengthened(formula: Expr) -> list[Expr]:
    """List slightly stronger formulas: each implies the formula.

    A hypothesis or an alternative is left out, a hypothesis loses a part, ``→`` becomes ``↔``, or ``↔`` becomes ``→``
    in a hypothesis.
    """
    found: dict[Expr, None] = {}
    for path, part, sign in places(formula):
        kind = part.kind
        made: tuple[Expr, ...] = ()
        if (kind is Kind.OR and sign > 0) or (kind is Kind.AND and sign < 0):
            made = (part.a, part.b)
        elif kind is Kind.IMPLIES and sign > 0:
            made = (part.b, equivalence(part.a, part.b))
        elif kind is Kind.IFF and sign < 0:
            made = (implication(part.a, part.b), implication(part.b, part.a))
        found.update(dict.fromkeys([put(formula, path, new) for new in made]))
    return list(found)


def strengthen(random: Random, formula: Expr, proved: Callable[[Expr], bool]) -> Expr | None:
    """Make a theorem stronger, step by step, until it cannot be proved.

    Args:
        random: The random generator.
        formula: The theorem.
        proved: Whether a formula can be proved.

    Returns:
        The last formula that was proved; None if the first steps already break the theorem.
    """
    strongest, breaks = formula, 0
    waiting = strengthened(formula)
    random.shuffle(waiting)
    while waiting and breaks < _BREAKS:
        tried = waiting.pop()
        if proved(tried):
            strongest, breaks = tried, 0
            waiting = strengthened(tried)
            random.shuffle(waiting)
        else:
            breaks += 1
    return None if strongest is formula else strongest


def _closed(formula: Expr) -> list[Expr]:
    """The parts of a formula without free bound variables."""
    return list(closed_parts(Sequent((), formula)))


def _part(random: Random, formula: Expr) -> Expr:
    """A small part of a formula; the formula if it has none."""
    small = [part for part in _closed(formula) if part.size <= _SMALL]
    return random.choice(small) if small else formula


def _chain(formula: Expr) -> Iterator[Expr]:
    """``a → b → c``, ``b → c`` and ``c``."""
    while formula.kind is Kind.IMPLIES:
        yield formula
        formula = formula.b
    yield formula


def _matched(pattern: Expr, node: Expr, values: dict[int, Expr]) -> bool:
    """Find formulas for the propositions of a pattern with which it is another formula, as far as it is seen here."""
    if pattern.kind is Kind.ATOM and not pattern.b:
        return not node.loose and values.setdefault(pattern.a, node) is node
    if pattern.kind is not node.kind:
        return False
    if pattern.kind in (Kind.AND, Kind.OR, Kind.IFF, Kind.IMPLIES):
        return _matched(pattern.a, node.a, values) and _matched(pattern.b, node.b, values)
    return pattern is node
