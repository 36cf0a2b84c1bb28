"""Mutated proof terms, with quantifiers over two types: what the kernel accepts must be true in every finite structure.

A statement that is false in a finite structure has no proof, not even a classical one. That judges the kernel without
any of its code. Each proof is changed at random places and offered for statements that are false in a structure, for
statements that a wrong proof might prove, and for its own.
"""
# ruff: noqa: RUF001 - the letters of Lean

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from random import Random

from lean_ebm.proving.logic.decide import prove
from lean_ebm.proving.logic.formulas import (
    FALSE,
    PROPOSITION,
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
    opened,
    variable,
)
from lean_ebm.proving.logic.goals import SYMBOL, TYPE, Context, Local
from lean_ebm.proving.logic.kernel import TYPES, KernelError, ProofTerm, Sort, check

A, B = 1, 2  # the types
SYMBOLS: dict[int, Sort] = {
    A: ((), TYPES), B: ((), TYPES), 3: ((), 0), 4: ((A,), 0), 5: ((B,), 0), 6: ((A, B), 0), 7: ((A,), B), 8: ((), A),
}  # fmt: skip
"""Two types, a proposition, predicates of each type and of both, a function from one to the other, an individual."""


_NAMES = {A: "α", B: "β", 3: "p", 4: "P", 5: "Q", 6: "R", 7: "f", 8: "a"}
CONTEXT: Context = tuple(
    Local(number, name, True, SYMBOL if number > B else TYPE, None, SYMBOLS[number], "" if number > B else "Type")
    for number, name in _NAMES.items()
)
"""The symbols as a context, for a script of a proof."""


class Structure:
    """A finite structure for the symbols.

    Args:
        random: The random generator.
    """

    def __init__(self, random: Random) -> None:
        self.size = {A: random.randrange(1, 3), B: random.randrange(1, 3)}
        self.tables: dict[int, dict[tuple[int, ...], int]] = {}
        for number, (arguments, result) in SYMBOLS.items():
            if result != TYPES:
                places = product(*(range(self.size[sort]) for sort in arguments))
                most = 2 if result == PROPOSITION else self.size[result]
                self.tables[number] = {place: random.randrange(most) for place in places}

    def value(self, node: Expr, bound: tuple[int, ...] = ()) -> int:
        """The individual that an expression is, or whether a formula is true; ``bound`` is innermost last."""
        kind = node.kind
        if kind is Kind.BOUND or kind is Kind.BOUND_PROPOSITION:
            return bound[-1 - node.a]
        if kind in (Kind.VARIABLE, Kind.APPLY, Kind.ATOM):
            arguments = () if kind is Kind.VARIABLE else node.b
            return self.tables[node.a][tuple([self.value(part, bound) for part in arguments])]
        if kind is Kind.TRUE or kind is Kind.FALSE:
            return kind is Kind.TRUE
        if kind is Kind.ALL or kind is Kind.EXISTS:
            values = (self.value(node.a, (*bound, it)) for it in range(self.size[node.b] if node.b else 2))
            return all(values) if kind is Kind.ALL else any(values)
        a = self.value(node.a, bound)
        if kind is Kind.NOT:
            return not a
        b = self.value(node.b, bound)
        return {Kind.AND: a and b, Kind.OR: a or b, Kind.IMPLIES: not a or b, Kind.IFF: bool(a) == bool(b)}[kind]


class Writer:
    """Makes random formulas and proofs.

    Args:
        random: The random generator.
    """

    def __init__(self, random: Random) -> None:
        self.random = random
        self.numbers = 100

    def formula(self, size: int, bound: tuple[int, ...] = ()) -> Expr:
        """Make a formula under bound variables of these sorts, innermost last."""
        random = self.random
        if size <= 1:
            return self._atom(bound)
        kind = random.random()
        if kind < 0.35:
            sort = random.choice((A, A, B, B, PROPOSITION))
            return make(random.choice((Kind.ALL, Kind.EXISTS)), self.formula(size - 1, (*bound, sort)), sort, "x")
        if kind < 0.45:
            return negation(self.formula(size - 1, bound))
        left = random.randrange(1, size)
        connective = random.choice((implication, implication, conjunction, disjunction, equivalence))
        return connective(self.formula(left, bound), self.formula(size - left, bound))

    def _atom(self, bound: tuple[int, ...]) -> Expr:
        random = self.random
        propositions = [index for index, sort in enumerate(reversed(bound)) if sort == PROPOSITION]
        if propositions and random.random() < 0.4:
            return make(Kind.BOUND_PROPOSITION, random.choice(propositions))
        number = random.choice((3, 4, 4, 5, 5, 6, 6, 0))
        if not number:
            return random.choice((TRUE, FALSE))
        parts = [self.individual(sort, bound) for sort in SYMBOLS[number][0]]
        return atom(number, *parts)

    def individual(self, sort: int, bound: tuple[int, ...] = ()) -> Expr:
        """Make an individual."""
        random = self.random
        indices = [index for index, its in enumerate(reversed(bound)) if its == sort]
        if indices and random.random() < 0.8:
            return make(Kind.BOUND, random.choice(indices))
        return variable(8) if sort == A else make(Kind.APPLY, 7, (self.individual(A, bound),))

    def number(self) -> int:
        """Make a number for a hypothesis or an individual."""
        self.numbers += 1
        return self.numbers

    def proof(self) -> tuple[Expr, ProofTerm, list[Expr]] | None:
        """Make a provable formula with a proof, and what a wrong proof might prove; None if this try failed."""
        random = self.random
        sort = random.choice((A, B, PROPOSITION))
        body = self.formula(random.randrange(1, 4), (sort,))
        some, every = make(Kind.EXISTS, body, sort, "x"), make(Kind.ALL, body, sort, "x")
        it = self.formula(2) if sort == PROPOSITION else self.individual(sort)
        h, k, x = self.number(), self.number(), self.number()
        new = atom(x) if sort == PROPOSITION else variable(x)
        other = self.formula(random.randrange(1, 4))
        one = opened(body, it)
        wrong = [implication(one, every), implication(some, every), implication(some, one), every, some, one]
        made: list[tuple[Expr, ProofTerm]] = [
            (implication(every, opened(body, it)), ("lam", h, every, ("inst", ("hyp", h), it))),
            (implication(opened(body, it), some), ("lam", h, opened(body, it), ("exists", it, ("hyp", h)))),
            (
                implication(one, make(Kind.ALL, one, sort, "x")),
                ("lam", h, one, ("all", x, ("hyp", h))),
            ),
            (
                implication(some, make(Kind.ALL, some, sort, "x")),
                ("lam", h, some, ("elim", ("hyp", h), x, k, ("all", self.number(), ("exists", new, ("hyp", k))))),
            ),
            (
                implication(some, some),
                ("lam", h, some, ("elim", ("hyp", h), x, k, ("exists", new, ("hyp", k)))),
            ),
            (
                implication(every, make(Kind.ALL, disjunction(body, other), sort, "x")),
                ("lam", h, every, ("all", x, ("inl", ("inst", ("hyp", h), new)))),
            ),
            (
                implication(conjunction(every, some), make(Kind.EXISTS, conjunction(body, body), sort, "x")),
                (
                    "lam", h, conjunction(every, some),
                    ("elim", ("snd", ("hyp", h)), x, k,
                     ("exists", new, ("and", ("inst", ("fst", ("hyp", h)), new), ("hyp", k)))),
                ),
            ),
        ]  # fmt: skip
        formula, proof = random.choice(made)
        if random.random() < 0.5:
            return formula, proof, wrong
        second, its = random.choice(made)
        kind = random.randrange(3)
        if kind == 0:
            return conjunction(formula, second), ("and", proof, its), wrong
        if kind == 1:
            return disjunction(other, formula), ("inr", proof), wrong
        propositional = self.formula(random.randrange(2, 6))
        found = prove(implication(formula, propositional))
        return None if found is None else (implication(formula, propositional), found, wrong)


@dataclass
class Mutants:
    """What became of mutated proofs.

    Args:
        tried: Number of pairs of a proof and a statement that were checked.
        accepted: Number of those that the kernel accepts.
        changed: Number of accepted ones in which the proof is not the original one.
        unsound: Those that it accepts although the statement is false in a structure.
        sample: Some accepted pairs, for another judge.
    """

    tried: int
    accepted: int
    changed: int
    unsound: list[tuple[ProofTerm, Expr]]
    sample: list[tuple[ProofTerm, Expr]]


def try_mutants(seed: int, number: int) -> Mutants:
    """Offer mutated proofs to the kernel; depends only on the seed.

    Args:
        seed: Seed.
        number: Number of pairs of a proof and a statement.
    """
    random = Random(f"mutants {seed}")
    writer = Writer(random)
    structures = [Structure(random) for _ in range(24)]
    result = Mutants(0, 0, 0, [], [])
    wrong = _false_statements(writer, structures)
    while result.tried < number:
        made = writer.proof()
        if made is None:
            continue
        formula, proof, tempting = made
        check(proof, formula, {}, SYMBOLS)
        true = [structure.value for structure in structures]
        tempting = [other for other in tempting if not all(value(other) for value in true)] or [FALSE]
        near = [changed for changed in (_changed(random, formula, writer) for _ in range(6)) if changed is not formula]
        for _ in range(12):
            mutant = proof
            for _ in range(random.choice((1, 1, 2, 3))):
                mutant = _mutated(random, mutant, writer, [formula, *near, *tempting])
            for statement in (formula, random.choice([*near, *tempting]), random.choice(tempting), next(wrong)):
                result.tried += 1
                try:
                    check(mutant, statement, {}, SYMBOLS)
                except KernelError:
                    continue
                result.accepted += 1
                result.changed += mutant != proof
                if len(result.sample) < 300 and mutant != proof:
                    result.sample.append((mutant, statement))
                if not all(structure.value(statement) for structure in structures):
                    result.unsound.append((mutant, statement))
    return result


def _false_statements(writer: Writer, structures: list[Structure]) -> Iterator[Expr]:
    found: list[Expr] = []
    while len(found) < 400:
        formula = writer.formula(writer.random.randrange(2, 7))
        if not all(structure.value(formula) for structure in structures):
            found.append(formula)
    while True:
        yield writer.random.choice(found)


def _changed(random: Random, formula: Expr, writer: Writer) -> Expr:
    """Change one place of a formula: a quantifier, its sort, a connective, a symbol or an individual."""
    kind = formula.kind
    inner = isinstance(formula.a, Expr)
    if inner and random.random() < 0.7:
        if isinstance(formula.b, Expr) and random.random() < 0.5:
            return make(kind, formula.a, _changed(random, formula.b, writer), formula.name)
        return make(kind, _changed(random, formula.a, writer), formula.b, formula.name)
    if kind in (Kind.ALL, Kind.EXISTS):
        if random.random() < 0.5:
            return make(Kind.EXISTS if kind is Kind.ALL else Kind.ALL, formula.a, formula.b, formula.name)
        return make(kind, formula.a, random.choice((A, B, PROPOSITION, 8, -1)), formula.name)
    if kind in (Kind.AND, Kind.OR, Kind.IMPLIES, Kind.IFF):
        return make(random.choice((Kind.AND, Kind.OR, Kind.IMPLIES, Kind.IFF)), formula.a, formula.b)
    if kind is Kind.ATOM and formula.b:
        return random.choice((
            make(Kind.ATOM, random.choice((3, 4, 5, 6)), formula.b),
            make(Kind.ATOM, formula.a, tuple(reversed(formula.b))),
            make(Kind.ATOM, formula.a, (variable(8), *formula.b[1:])),
            make(Kind.ATOM, formula.a, (make(Kind.BOUND, random.randrange(3)), *formula.b[1:])),
        ))  # fmt: skip
    return random.choice((TRUE, FALSE, atom(3), make(Kind.BOUND_PROPOSITION, 0)))


def _with_number(random: Random, proof: ProofTerm, number: int) -> ProofTerm:
    """Put a number into a random place for one, where it may be in use already."""
    places = [index for index, part in enumerate(proof) if isinstance(part, int)]
    parts = [index for index, part in enumerate(proof) if type(part) is tuple]
    if not places and not parts:
        return proof
    index = random.choice(parts if parts and (not places or random.random() < 0.6) else places)
    new = _with_number(random, proof[index], number) if index in parts else number
    return (*proof[:index], new, *proof[index + 1 :])


_RULES = ("hyp", "app", "fst", "snd", "mp", "mpr", "inl", "inr", "false", "true", "and", "iff", "all", "inst", "exists")


def _mutated(random: Random, proof: ProofTerm, writer: Writer, formulas: list[Expr]) -> ProofTerm:
    """Change one place of a proof: its rule, a number, a formula, an individual, or a part."""
    if random.random() < 0.25:
        number = random.choice((8, random.randrange(writer.numbers - 4, writer.numbers + 1)))
        return _with_number(random, proof, number)
    places = [index for index, part in enumerate(proof) if type(part) is tuple]
    if places and random.random() < 0.65:
        index = random.choice(places)
        return (*proof[:index], _mutated(random, proof[index], writer, formulas), *proof[index + 1 :])
    other = [index for index, part in enumerate(proof) if index and type(part) is not tuple]
    if other and random.random() < 0.7:
        index = random.choice(other)
        part = proof[index]
        if not isinstance(part, Expr):
            new: object = random.choice((*range(writer.numbers - 4, writer.numbers + 1), 8, 8, 3, 99))
        elif part.kind < Kind.ATOM:
            new = random.choice((
                variable(8), variable(writer.numbers - random.randrange(4)), make(Kind.APPLY, 7, (part,)), atom(3),
                make(Kind.BOUND, 0), variable(3),
            ))  # fmt: skip
        else:
            new = random.choice((_changed(random, part, writer), *formulas))
        return (*proof[:index], new, *proof[index + 1 :])
    rule = random.choice(_RULES)
    inner = proof[places[-1]] if places else proof
    if rule == "true":
        return ("true",)
    if rule == "hyp":
        return ("hyp", writer.numbers - random.randrange(4))
    if rule in ("app", "and", "iff"):
        return (rule, inner, proof)
    if rule == "all":
        return ("all", random.choice((writer.numbers, 8, 99)), inner)
    if rule == "inst":
        return ("inst", inner, random.choice((variable(8), atom(3), variable(writer.numbers))))
    if rule == "exists":
        return ("exists", random.choice((variable(8), atom(3), variable(writer.numbers))), inner)
    return (rule, inner)
