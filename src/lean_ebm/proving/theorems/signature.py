"""Random formulas over a signature of symbols."""
# ruff: noqa: RUF001 - the letters of Lean

from __future__ import annotations

from random import Random

from lean_ebm.proving.logic.formulas import (
    FALSE,
    TRUE,
    Expr,
    Kind,
    atom,
    conjunction,
    disjunction,
    equivalence,
    implication,
    make,
    negation,
    variable,
)

PROPOSITIONS = "pqrst"
"""Names of the propositions that a signature can have."""

_WEIGHTS = ((implication, 5), (conjunction, 3), (disjunction, 3), (equivalence, 1))
_BINARY = [connective for connective, weight in _WEIGHTS for _ in range(weight)]


class Signature:
    """The symbols of which random formulas are made.

    Args:
        propositions: Number of propositions ``p``, ``q``, ..., up to 5.
        first_order: Whether there is also a type with an individual ``a``, a function ``f``, predicates ``P`` and ``Q``
            of one argument, and ``R`` of two.
        constants: Whether True and False occur.

    Attributes:
        names: The name of each symbol, by its number.
        number: The number of each symbol, by its name.
        binders: The symbols as a statement's binders.
    """

    def __init__(self, propositions: int = 3, first_order: bool = False, constants: bool = True) -> None:
        self.first_order, self.constants = first_order, constants
        names = [(letter, "Prop") for letter in PROPOSITIONS[:propositions]]
        if first_order:
            names = [
                ("α", "Type"), ("P", "α → Prop"), ("Q", "α → Prop"), ("R", "α → α → Prop"), ("f", "α → α"), ("a", "α"),
                *names,
            ]  # fmt: skip
        self.names = {number: name for number, (name, _) in enumerate(names, 1)}
        self.number = {name: number for number, name in self.names.items()}
        self._propositions = [number for number, (_, text) in enumerate(names, 1) if text == "Prop"]
        groups: list[tuple[str, list[str]]] = []
        for name, text in names:
            if groups and groups[-1][0] == text:
                groups[-1][1].append(name)
            else:
                groups.append((text, [name]))
        self.binders = " ".join(f"({' '.join(group)} : {text})" for text, group in groups)

    def formula(self, random: Random, size: int, bound: int = 0) -> Expr:
        """Make a random formula.

        Args:
            random: The random generator.
            size: Number of connectives, quantifiers and atoms.
            bound: Number of quantifiers around the formula.
        """
        if size <= 1:
            return self._atom(random, bound)
        if self.first_order and random.random() < 0.25:
            kind = Kind.ALL if random.random() < 0.5 else Kind.EXISTS
            return make(kind, self.formula(random, size - 1, bound + 1), self.number["α"], "xyz"[bound % 3])
        if size == 2 or random.random() < 0.15:
            return negation(self.formula(random, size - 1, bound))
        left = random.randrange(1, size - 1)
        connective = random.choice(_BINARY)
        return connective(self.formula(random, left, bound), self.formula(random, size - 1 - left, bound))

    def _atom(self, random: Random, bound: int) -> Expr:
        if self.constants and random.random() < 0.08:
            return random.choice((TRUE, FALSE))
        if self.first_order and (not self._propositions or random.random() < 0.6):
            name = random.choice("PPQQR")
            arguments = [self._individual(random, bound) for _ in range(2 if name == "R" else 1)]
            return atom(self.number[name], *arguments)
        return atom(random.choice(self._propositions))

    def _individual(self, random: Random, bound: int) -> Expr:
        if random.random() < 0.12:
            return make(Kind.APPLY, self.number["f"], (self._individual(random, bound),))
        if bound and random.random() < 0.8:
            return make(Kind.BOUND, random.randrange(bound))
        return variable(self.number["a"])
