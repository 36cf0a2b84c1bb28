"""The theorems that a proof may use, as rules of rewriting."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple, Protocol

from lean_ebm.proving.numbers.reading import closed_formula
from lean_ebm.proving.numbers.rules import Rule, rule_of
from lean_ebm.proving.numbers.terms import Term, TermKind
from lean_ebm.proving.statements import Statement


class NamedTheorem(Protocol):
    """A theorem with a name, such as a :class:`.Lemma`."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def statement(self) -> Statement:
        """Its statement."""
        ...


class NamedRule(NamedTuple):
    """A lemma as a rule.

    Args:
        name: The name of the lemma.
        backwards: Whether the rule rewrites the right side to the left one.
        rule: The rule.
    """

    name: str
    backwards: bool
    rule: Rule


class Lemmas:
    """Lemmas in their order.

    Attributes:
        formulas: Their formulas by name, without those that are outside of the fragment.
        rules: Those that are equations as rules, forwards and backwards, without the rules that would rewrite any term
            or leave a metavariable.
    """

    def __init__(self, lemmas: Iterable[NamedTheorem]) -> None:
        self.formulas: dict[str, Term] = {}
        for lemma in lemmas:
            formula = closed_formula(lemma.statement)
            if formula is not None:
                self.formulas[lemma.name] = formula
        self.rules: list[NamedRule] = []
        self._by_kind: dict[TermKind, list[Rule]] = {}
        for name, formula in self.formulas.items():
            for backwards in (False, True):
                rule = usable_rule(formula, backwards)
                if rule is not None:
                    self.rules.append(NamedRule(name, backwards, rule))
                    self._by_kind.setdefault(rule.left.kind, []).append(rule)

    def replacements(self, term: Term) -> tuple[Term, ...]:
        """List the terms to which a whole term can be rewritten, each once. Results are cached."""
        found: tuple[Term, ...] | None = term.memory.get(self)
        if found is None:
            instances = [rule.instance(term) for rule in self._by_kind.get(term.kind, ())]
            made = dict.fromkeys([instance[1] for instance in instances if instance is not None])
            made.pop(term, None)
            found = term.memory[self] = tuple(made)
        return found


def usable_rule(formula: Term, backwards: bool) -> Rule | None:
    """Read an equation as a rule. None if its left side is an unknown, or if a match would leave unknowns."""
    rule = rule_of(formula, (), backwards)
    return None if rule is None or rule.bare or rule.lost else rule


@lru_cache(256)
def lemmas_of(theorems: tuple[NamedTheorem, ...]) -> Lemmas:
    """Make :class:`Lemmas`. Results are cached."""
    return Lemmas(theorems)
