"""Lemmas for tests of the world of numbers."""

from __future__ import annotations

from lean_ebm.proving.numbers.reading import Lemma
from lean_ebm.proving.statements import Statement

_TEXTS = {
    "add_zero": "(a : MyNat) : a + 0 = a",
    "add_succ": "(a b : MyNat) : a + succ b = succ (a + b)",
    "mul_zero": "(a : MyNat) : a * 0 = 0",
    "mul_succ": "(a b : MyNat) : a * succ b = a * b + a",
    "pow_zero": "(a : MyNat) : a ^ 0 = 1",
    "pow_succ": "(a b : MyNat) : a ^ succ b = a ^ b * a",
    "one_eq_succ_zero": "1 = succ 0",
    "two_eq_succ_one": "2 = succ 1",
    "succ_eq_add_one": "(n : MyNat) : succ n = n + 1",
    "zero_add": "(n : MyNat) : 0 + n = n",
    "succ_add": "(a b : MyNat) : succ a + b = succ (a + b)",
    "add_comm": "(a b : MyNat) : a + b = b + a",
    "add_assoc": "(a b c : MyNat) : a + b + c = a + (b + c)",
    "add_right_comm": "(a b c : MyNat) : a + b + c = a + c + b",
    "mul_one": "(m : MyNat) : m * 1 = m",
    "zero_mul": "(m : MyNat) : 0 * m = 0",
    "mul_comm": "(a b : MyNat) : a * b = b * a",
    "mul_add": "(a b c : MyNat) : a * (b + c) = a * b + a * c",
    "mul_assoc": "(a b c : MyNat) : a * b * c = a * (b * c)",
    "pow_one": "(a : MyNat) : a ^ 1 = a",
    "pow_two": "(a : MyNat) : a ^ 2 = a * a",
}
LEMMAS = [Lemma(name, Statement.of(text)) for name, text in _TEXTS.items()]


def before(name: str) -> list[Lemma]:
    """The lemmas before one of them."""
    return LEMMAS[: list(_TEXTS).index(name)]


def statement_of(name: str) -> Statement:
    """The statement of a lemma."""
    return Statement.of(_TEXTS[name])
