"""Theorems that are nearly the same have the same number, and others have another one."""

from itertools import permutations
from random import Random

import pytest

from lean_ebm.proving.logic.decide import prove
from lean_ebm.proving.logic.formulas import Kind, make, parts_of, rebuilt, variables
from lean_ebm.proving.logic.logic import root
from lean_ebm.proving.logic.numbering import with_numbers
from lean_ebm.proving.search import read_statement
from lean_ebm.proving.theorems.likeness import likeness
from lean_ebm.proving.theorems.signature import Signature


def number(text):
    formula = root(read_statement(text)).target
    proof = prove(formula)
    return likeness(formula, proof if proof is not None else ("true",))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("p ∧ q → q ∨ r", "s ∧ t → p ∨ s"),
        ("p → q → p ∧ q", "q ∧ p → p ∧ q"),
        ("p → q → p ∧ q", "p → p → q → q ∧ (p ∧ q)"),
        ("p ∧ q → r ∧ p → q ∧ r", "(r ∧ p) ∧ q ∧ p → r ∧ q"),
        ("(p ↔ q) → q → p", "q → (q ↔ p) → p"),
        ("p → q → p ∨ r", "p → r ∨ p"),
        ("(p → False) → p → q", "¬r → r → s"),
        ("(∀ x, P x ∧ Q x) → ∀ y, P y", "(∀ z, R z ∧ P z) → ∀ x, P x"),
    ],
)
def test_theorems_that_are_alike(first, second):
    assert number(first) == number(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("p → q → p ∧ q", "p → p ∧ p"),
        ("p → p ∨ q", "p → p ∧ p"),
        ("(p → q) → p → q", "(p → q) → ¬q → ¬p"),
        ("p ∧ q → p", "p ∨ q → q ∨ p"),
        ("(p → q) → (p → r) → p → q ∧ r", "(p → q) → (q → r) → p → q ∧ r"),
        ("(∀ x, P x) → ∃ x, P x", "(∃ x, P x) → ∃ x, P x"),
        ("(∀ x y, R x y) → ∀ x, R x x", "(∀ x y, R x y) → ∀ x y, R y x"),
    ],
)
def test_theorems_that_are_not(first, second):
    assert number(first) != number(second)


def shuffled(random, node):
    """The same formula with the parts of some connectives the other way round, and some of them twice."""
    kind = node.kind
    node = rebuilt(node, lambda part, _: shuffled(random, part))
    if kind in (Kind.AND, Kind.OR, Kind.IFF) and random.random() < 0.5:
        node = make(kind, node.b, node.a)
    if kind is Kind.AND and random.random() < 0.2:
        node = make(kind, node, node.a)
    return node


def test_names_order_and_repetition_do_not_matter():
    random, signature = Random(0), Signature(4, first_order=True)
    props = [signature.number[name] for name in "pqrs"]
    for _ in range(100):
        formula = signature.formula(random, random.randint(4, 25)).key
        moved = dict(zip(props, random.sample(props, 4), strict=True))
        assert likeness(with_numbers(shuffled(random, formula), moved), ("true",)) == likeness(formula, ("true",))


def canonical(formula):
    """The class of a propositional formula, by brute force over all names."""

    def text(node, names):
        kind = node.kind
        if kind in (Kind.AND, Kind.OR):
            parts = sorted({text(part, names) for part in joined(node, kind)})
            return parts[0] if len(parts) == 1 else f"{kind.name}({','.join(parts)})"
        if kind is Kind.IFF:
            return f"IFF({','.join(sorted(text(part, names) for part in parts_of(node)))})"
        if kind is Kind.IMPLIES:
            premises = set()
            while node.kind is Kind.IMPLIES:
                premises |= {text(part, names) for part in joined(node.a, Kind.AND)}
                node = node.b
            return f"IF({','.join(sorted(premises))};{text(node, names)})"
        return names[node.a] if kind is Kind.ATOM else kind.name

    def joined(node, kind):
        return [*joined(node.a, kind), *joined(node.b, kind)] if node.kind is kind else [node]

    symbols = sorted(variables(formula))
    return min(text(formula, dict(zip(symbols, names, strict=True))) for names in permutations("abc"[: len(symbols)]))


def test_numbers_tell_the_classes_that_brute_force_finds():
    random, signature = Random(1), Signature(3)
    formulas = {signature.formula(random, random.randint(2, 9)).key for _ in range(700)}
    by_number, by_class = {}, {}
    for formula in formulas:
        found, right = likeness(formula, ("true",)), canonical(formula)
        assert by_number.setdefault(found, right) == right
        assert by_class.setdefault(right, found) == found
    assert 150 < len(by_class) < len(formulas)
