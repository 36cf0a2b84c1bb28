"""Random statements and tactics of the world of numbers, for the comparison of the engine with Lean."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from lean_ebm.proving.logic.goals import displayed
from lean_ebm.proving.numbers.goals import NumberGoal, NumberPrinter, printer_of
from lean_ebm.proving.numbers.lemmas import Lemmas
from lean_ebm.proving.numbers.reading import Lemma
from lean_ebm.proving.numbers.rules import rule_of
from lean_ebm.proving.numbers.terms import (
    ZERO,
    Term,
    TermKind,
    equation,
    make,
    numeral,
    opened,
    replaced,
    successor,
    variable,
)
from lean_ebm.proving.statements import Statement

NAMES = ("a", "b", "c", "x", "n")
_FRESH = ("n", "m", "a", "ih", "h", "x", "ih1", "_")


def random_term(random: Random, leaves: Sequence[Term], size: int) -> Term:
    """A random term of about this many parts."""
    if size <= 1:
        if leaves and random.random() < 0.7:
            return random.choice(leaves)
        return ZERO if random.random() < 0.05 else numeral(random.choice((0, 0, 0, 1, 1, 2, 2, 3, 4, 7)))
    if random.random() < 0.2:
        return successor(random_term(random, leaves, size - 1))
    kind = random.choice((TermKind.ADD, TermKind.ADD, TermKind.ADD, TermKind.MUL, TermKind.MUL, TermKind.POW))
    left = random.randrange(1, size)
    second = random_term(random, leaves, min(size - left, 2) if kind is TermKind.POW else size - left)
    return make(kind, random_term(random, leaves, left), second)


def subterms(term: Term) -> list[Term]:
    """The numbers without free bound variables that occur in a term or formula."""
    found = {} if term.loose or term.kind >= TermKind.EQUALS else {term: None}
    if term.kind >= TermKind.SUCC:
        for part in (term.a, term.b):
            if isinstance(part, Term):
                found |= dict.fromkeys(subterms(part))
    return list(found)


class NumberSampler:
    """Makes random statements, and random tactics for goals.

    Args:
        random: The random generator.
        lemmas: The lemmas that tactics name.
    """

    def __init__(self, random: Random, lemmas: Sequence[Lemma]) -> None:
        self.random = random
        self.lemmas = Lemmas(lemmas).formulas

    def statement(self) -> Statement:
        """A random statement: an equation that two walks make, or that nothing makes, perhaps with hypotheses."""
        random = self.random
        names = list(NAMES[: random.randrange(1, len(NAMES) + 1)])
        variables = [variable(number) for number in range(len(names))]
        printer = NumberPrinter(dict(enumerate(names)))
        groups = [f"({' '.join(names)} : MyNat)"]
        for index in range(random.choice((0, 0, 0, 1, 1, 2))):
            groups.append(f"({('h', 'g')[index]} : {printer.text(self._formula(variables, 5))})")
        if random.random() < 0.3:  # variables after hypotheses
            groups.insert(1, "(d : MyNat)") if random.random() < 0.5 else groups.append("(d : MyNat)")
        target = self._formula(variables, random.choice((5, 9, 13)))
        count = random.choice((0, 0, 0, 1, len(names)))
        text = printer.text(target)
        if count == len(names) and len(groups) == 1 and random.random() < 0.7:
            return Statement(f"∀ {' '.join(names)} : MyNat, {text}")
        if random.random() < 0.15:
            text = f"{printer.text(self._formula(variables, 5))} → {text}"
        return Statement(text, " ".join(groups))

    def _formula(self, variables: Sequence[Term], size: int) -> Term:
        random = self.random
        left = random_term(random, variables, random.randrange(1, size))
        right = left
        if random.random() < 0.35:
            right = random_term(random, variables, random.randrange(1, size))
        for _ in range(random.choice((0, 1, 2, 4))):
            right = self._walked(right)
        return equation(left, right)

    def _walked(self, term: Term) -> Term:
        """A term after a random lemma was used in it; itself if the lemma does not fit."""
        formula = self.random.choice(list(self.lemmas.values()))
        rule = rule_of(formula, (), self.random.random() < 0.4)
        if rule is None or rule.bare or rule.lost:
            return term
        places = [found for part in subterms(term) if (found := rule.instance(part)) is not None]
        return replaced(term, *self.random.choice(places)) if places else term

    def tactic(self, goal: NumberGoal) -> str:
        """A random tactic, which may make no sense."""
        random = self.random
        names = displayed(goal.context)
        variables = [name for local, name in zip(goal.context, names, strict=True) if local.formula is None]
        proofs = [
            name
            for local, name in zip(goal.context, names, strict=True)
            if local.formula is not None and name == local.name
        ]
        chance = random.random()
        if goal.target.kind in (TermKind.ALL, TermKind.IMPLIES) and chance < 0.5:
            return random.choice(("intro", "intros", f"intro {random.choice(_FRESH)}", "intro x y", "intro y _"))
        if chance < 0.62:
            return self._rewriting(goal, proofs)
        if chance < 0.66:
            return "rfl"
        if chance < 0.7:
            return "symm"
        if chance < 0.78:
            return self._exact(goal, proofs)
        if chance < 0.82:
            return random.choice(("intro", "intros", f"intro {random.choice(_FRESH)}"))
        return self._induction([name for name in variables if "✝" not in name] or ["a"])

    def _rewriting(self, goal: NumberGoal, proofs: Sequence[str]) -> str:
        random = self.random
        rules = ", ".join([self._rule(goal, proofs) for _ in range(random.choice((1, 1, 1, 2, 3)))])
        place = ""
        if proofs and random.random() < 0.25:
            chosen = [random.choice(proofs) for _ in range(random.choice((1, 1, 2)))]
            place = f" at {' '.join(chosen)}{random.choice(('', '', ' ⊢'))}"
        return f"{random.choice(('rw', 'rw', 'rw', 'rewrite'))} [{rules}]{place}"

    def _rule(self, goal: NumberGoal, proofs: Sequence[str]) -> str:
        random = self.random
        arrow = "← " if random.random() < 0.35 else ""
        if proofs and random.random() < 0.35:
            return arrow + random.choice(proofs)
        fitting = list(self.lemmas)
        if random.random() < 0.8:  # one that has an instance
            fitting = [
                name
                for name, formula in self.lemmas.items()
                if (rule := rule_of(formula, (), bool(arrow))) is not None and rule.first(goal.target) is not None
            ] or fitting
        name = random.choice(fitting)
        return f"{arrow}{name}{self._arguments(goal, name, bool(arrow))}"

    def _arguments(self, goal: NumberGoal, name: str, backwards: bool) -> str:
        random, formula = self.random, self.lemmas[name]
        if random.random() < 0.6:
            return ""
        count = 0
        while formula.kind is TermKind.ALL:
            formula, count = formula.a, count + 1
        texts = [self._number(goal) for _ in range(random.randrange(0, count + 1 + (random.random() < 0.05)))]
        rule = rule_of(self.lemmas[name], (), backwards)
        places = [] if rule is None else [part for part in subterms(goal.target) if rule.instance(part) is not None]
        if places and random.random() < 0.7:  # an instance that is there, but perhaps not the first
            texts = self._fitting(goal, self.lemmas[name], random.choice(places), backwards) or texts
            texts = texts[: random.randrange(0, len(texts) + 1)]
        return "".join([f" {'_' if random.random() < 0.15 else text}" for text in texts])

    def _fitting(self, goal: NumberGoal, formula: Term, place: Term, backwards: bool) -> list[str]:
        """The arguments with which a lemma rewrites a term."""
        values: dict[int, Term] = {}

        def fit(pattern: Term, term: Term) -> None:
            if pattern.kind is TermKind.BOUND:
                values[pattern.a] = term
            elif pattern.kind >= TermKind.SUCC:
                for part, other in ((pattern.a, term.a), (pattern.b, term.b)):
                    if isinstance(part, Term):
                        fit(part, other)

        count = 0
        while formula.kind is TermKind.ALL:
            formula, count = formula.a, count + 1
        fit(formula.b if backwards else formula.a, place)
        printer = printer_of(goal.context)
        texts = [printer.text(values[index], 1024) for index in reversed(range(count)) if index in values]
        return [] if "✝" in "".join(texts) else texts

    def _number(self, goal: NumberGoal) -> str:
        random = self.random
        variables = [variable(local.number) for local in goal.context if local.formula is None]
        parts = subterms(goal.target)
        term = random.choice(parts) if parts and random.random() < 0.6 else random_term(random, variables, 2)
        text = printer_of(goal.context).text(term, 1024)
        return "0" if "✝" in text else text  # a name that nothing can be called

    def _exact(self, goal: NumberGoal, proofs: Sequence[str]) -> str:
        random = self.random
        if proofs and random.random() < 0.7:
            name = random.choice(proofs)
            formula = next(
                local.formula
                for local, shown in zip(goal.context, displayed(goal.context), strict=True)
                if shown == name and local.formula is not None
            )
            arguments = []
            while formula.kind in (TermKind.ALL, TermKind.IMPLIES) and random.random() < 0.9:
                if formula.kind is TermKind.ALL:
                    arguments.append(self._number(goal))
                    formula = opened(formula.a, ZERO)
                else:
                    arguments.append(random.choice(proofs))
                    formula = formula.b
            return " ".join(["exact", name, *arguments])
        name = random.choice(list(self.lemmas))
        return f"exact {name}{self._arguments(goal, name, False)}"

    def _induction(self, variables: Sequence[str]) -> str:
        random = self.random
        name = random.choice(variables)
        general = f" generalizing {random.choice(variables)}" if random.random() < 0.2 else ""
        if random.random() < 0.3:
            return f"induction {name}{general}"
        first = random.choice(_FRESH)
        second = random.choice(_FRESH)
        given = random.choice((f" {first} {second}", f" {first} {second}", f" {first}", "", f" {name} ih"))
        return f"induction {name}{general} with | zero => ?_ | succ{given} => ?_"
