"""Makes random normal proof terms. Each gives a theorem together with its proof.

A term is normal if it takes nothing apart that it has just put together. Terms are made in the order in which a normal
proof is read: random hypotheses are taken apart at random, and a conclusion is put together from the parts. Nothing
has to be searched for, so theorems with quantifiers are as easy to make as those without.
"""
# ruff: noqa: RUF001 - the letters of Lean

from __future__ import annotations

from random import Random

from lean_ebm.proving.logic.formulas import (
    FALSE,
    Expr,
    Kind,
    conjunction,
    disjunction,
    implication,
    make,
    opened,
    variable,
    variables,
)
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.quantifiers import abstracted
from lean_ebm.proving.theorems.signature import Signature

Fact = tuple[Expr, ProofTerm]
"""A formula and a proof of it."""


def random_theorem(random: Random, signature: Signature, size: int) -> Fact | None:
    """Make a random theorem with its proof. None if this try failed.

    Args:
        random: The random generator.
        signature: The symbols of the theorem.
        size: Approximate number of connectives and atoms of all hypotheses together.
    """
    return _Maker(random, signature).theorem(size)


class _Maker:
    """Makes one theorem."""

    def __init__(self, random: Random, signature: Signature) -> None:
        self.random, self.signature = random, signature
        self.next = len(signature.names) + 1

    def number(self) -> int:
        self.next += 1
        return self.next - 1

    def theorem(self, size: int) -> Fact | None:
        hypotheses: list[tuple[int, Expr]] = []
        left = size
        while left > 0 and len(hypotheses) < 4:
            part = min(left, self.random.randrange(1, 8))
            hypotheses.append((self.number(), self.signature.formula(self.random, part)))
            left -= part
        made = self.conclude([(formula, ("hyp", number)) for number, formula in hypotheses], 3)
        if made is None:
            return None
        formula, proof = made
        used = _hypotheses(proof)
        if not used:
            return None
        for number, hypothesis in reversed(hypotheses):
            if number in used or self.random.random() < 0.2:
                formula, proof = implication(hypothesis, formula), ("lam", number, hypothesis, proof)
        return formula, proof

    def conclude(self, facts: list[Fact], depth: int) -> Fact | None:
        """Take facts apart a few times, then put a conclusion together."""
        facts = list(facts)
        random = self.random
        for _ in range(random.randrange(2, 8)):
            formula, proof = random.choice(facts)
            kind = formula.kind
            if kind is Kind.AND:
                facts += [(formula.a, ("fst", proof)), (formula.b, ("snd", proof))]
            elif kind is Kind.IFF:
                facts.append((implication(formula.a, formula.b), ("mp", proof)))
                facts.append((implication(formula.b, formula.a), ("mpr", proof)))
            elif kind in (Kind.IMPLIES, Kind.NOT):
                argument = self.argument(formula.a, facts)
                if argument is not None:
                    facts.append((formula.b if kind is Kind.IMPLIES else FALSE, ("app", proof, argument)))
            elif kind is Kind.ALL:
                individual = self.individual(facts)
                facts.append((opened(formula.a, individual), ("inst", proof, individual)))
            elif kind is Kind.OR and depth > 0 and random.random() < 0.5:
                return self.by_cases(formula, proof, facts, depth)
            elif kind is Kind.EXISTS and depth > 0:
                return self.by_witness(formula, proof, facts, depth)
        return self.put_together(facts, depth)

    def by_cases(self, formula: Expr, proof: ProofTerm, facts: list[Fact], depth: int) -> Fact | None:
        left, right = self.number(), self.number()
        a = self.conclude([*facts, (formula.a, ("hyp", left))], depth - 1)
        b = self.conclude([*facts, (formula.b, ("hyp", right))], depth - 1)
        if a is None or b is None:
            return None
        if a[0].key is b[0].key:
            return a[0], ("or", proof, left, a[1], right, b[1])
        return disjunction(a[0], b[0]), ("or", proof, left, ("inl", a[1]), right, ("inr", b[1]))

    def by_witness(self, formula: Expr, proof: ProofTerm, facts: list[Fact], depth: int) -> Fact | None:
        x, h = self.number(), self.number()
        made = self.conclude([*facts, (opened(formula.a, variable(x)), ("hyp", h))], depth - 1)
        if made is None:
            return None
        conclusion, inner = made
        if x in variables(conclusion):
            conclusion = make(Kind.EXISTS, abstracted(conclusion, x), formula.b, formula.name or "x")
            inner = ("exists", variable(x), inner)
        return conclusion, ("elim", proof, x, h, inner)

    def argument(self, wanted: Expr, facts: list[Fact]) -> ProofTerm | None:
        """Prove the premise of an implication from the facts, if that takes only a few steps."""
        for formula, proof in facts:
            if formula.key is wanted.key:
                return proof
        kind = wanted.kind
        if kind is Kind.TRUE:
            return ("true",)
        if kind is Kind.AND:
            a, b = self.argument(wanted.a, facts), self.argument(wanted.b, facts)
            return None if a is None or b is None else ("and", a, b)
        if kind is Kind.OR:
            for rule, part in (("inl", wanted.a), ("inr", wanted.b)):
                inner = self.argument(part, facts)
                if inner is not None:
                    return (rule, inner)
        if kind is Kind.IMPLIES:
            number = self.number()
            inner = self.argument(wanted.b, [*facts, (wanted.a, ("hyp", number))])
            return None if inner is None else ("lam", number, wanted.a, inner)
        return None

    def put_together(self, facts: list[Fact], depth: int) -> Fact | None:
        random = self.random
        choice = random.random()
        if depth <= 0 or choice < 0.35:
            # The later facts were derived, the earlier ones were given.
            formula, proof = random.choice(facts[len(facts) // 2 :])
            return formula, proof
        if choice < 0.55:
            a, b = self.put_together(facts, depth - 1), self.put_together(facts, depth - 1)
            return None if a is None or b is None else (conjunction(a[0], b[0]), ("and", a[1], b[1]))
        if choice < 0.7:
            made = self.put_together(facts, depth - 1)
            if made is None:
                return None
            other = self.signature.formula(random, random.randrange(1, 4))
            if random.random() < 0.5:
                return disjunction(made[0], other), ("inl", made[1])
            return disjunction(other, made[0]), ("inr", made[1])
        if choice < 0.8 and self.signature.first_order:
            return self.some(facts, depth)
        number, hypothesis = self.number(), self.signature.formula(random, random.randrange(1, 5))
        made = self.conclude([*facts, (hypothesis, ("hyp", number))], depth - 1)
        return None if made is None else (implication(hypothesis, made[0]), ("lam", number, hypothesis, made[1]))

    def some(self, facts: list[Fact], depth: int) -> Fact | None:
        made = self.put_together(facts, depth - 1)
        if made is None:
            return None
        individual = self.signature.number["a"]
        if individual not in variables(made[0]):
            return made
        body = abstracted(made[0], individual)
        return make(Kind.EXISTS, body, self.signature.number["α"], "w"), ("exists", variable(individual), made[1])

    def individual(self, facts: list[Fact]) -> Expr:
        """A random individual that occurs in a fact."""
        symbols = self.signature.names
        spoken = sorted(
            number for formula, _ in facts for number in variables(formula)
            if number not in symbols or symbols[number] == "a"
        )  # fmt: skip
        return variable(self.random.choice(spoken) if spoken else self.signature.number["a"])


def _hypotheses(proof: ProofTerm) -> set[int]:
    if proof[0] == "hyp":
        return {proof[1]}
    return set().union(*(_hypotheses(part) for part in proof if isinstance(part, tuple)))
