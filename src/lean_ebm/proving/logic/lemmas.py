"""Theorems of Lean's library about connectives, as constants that terms may use.

Each has its binders as in Lean 4.35, and is one that the library proves without axioms. None is taken on trust: their
proofs are found by the decision procedure.
"""
# ruff: noqa: RUF001 - the letters of Lean

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from lean_ebm.proving.logic.decide import prove
from lean_ebm.proving.logic.formulas import (
    FALSE,
    TRUE,
    Expr,
    atom,
    conjunction,
    disjunction,
    equivalence,
    implication,
    negation,
    rebuilt,
)
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.parser import Tree, parse_term
from lean_ebm.proving.source.binders import parse_binders

_LEMMAS = """
id {α : Prop} (a : α) : α
mt {a b : Prop} (h₁ : a → b) (h₂ : ¬b) : ¬a
not_false : ¬False
not_not_intro {p : Prop} (h : p) : ¬¬p
Not.elim {a : Prop} {α : Prop} (H1 : ¬a) (H2 : a) : α
Not.intro {a : Prop} (h : a → False) : ¬a
Not.imp {a b : Prop} (H2 : ¬b) (H1 : a → b) : ¬a
And.elim {a b : Prop} {α : Prop} (f : a → b → α) (h : a ∧ b) : α
Iff.refl (a : Prop) : a ↔ a
Iff.rfl {a : Prop} : a ↔ a
Iff.trans {a b c : Prop} (h₁ : a ↔ b) (h₂ : b ↔ c) : a ↔ c
Iff.symm {a b : Prop} (h : a ↔ b) : b ↔ a
Iff.comm {a b : Prop} : (a ↔ b) ↔ (b ↔ a)
iff_comm {a b : Prop} : (a ↔ b) ↔ (b ↔ a)
And.symm {a b : Prop} : a ∧ b → b ∧ a
And.comm {a b : Prop} : a ∧ b ↔ b ∧ a
and_comm {a b : Prop} : a ∧ b ↔ b ∧ a
Or.symm {a b : Prop} : a ∨ b → b ∨ a
Or.comm {a b : Prop} : a ∨ b ↔ b ∨ a
or_comm {a b : Prop} : a ∨ b ↔ b ∨ a
And.imp {a c b d : Prop} (f : a → c) (g : b → d) (h : a ∧ b) : c ∧ d
And.imp_left {a b c : Prop} (h : a → b) : a ∧ c → b ∧ c
And.imp_right {a b c : Prop} (h : a → b) : c ∧ a → c ∧ b
Or.imp {a c b d : Prop} (f : a → c) (g : b → d) (h : a ∨ b) : c ∨ d
Or.imp_left {a b c : Prop} (f : a → b) : a ∨ c → b ∨ c
Or.imp_right {b c a : Prop} (f : b → c) : a ∨ b → a ∨ c
Or.resolve_left {a b : Prop} (h : a ∨ b) (na : ¬a) : b
Or.resolve_right {a b : Prop} (h : a ∨ b) (nb : ¬b) : a
Or.neg_resolve_left {a b : Prop} (h : ¬a ∨ b) (ha : a) : b
Or.neg_resolve_right {a b : Prop} (h : a ∨ ¬b) (nb : b) : a
Or.intro_left {a : Prop} (b : Prop) (h : a) : a ∨ b
Or.intro_right {b : Prop} (a : Prop) (h : b) : a ∨ b
iff_of_true {a b : Prop} (ha : a) (hb : b) : a ↔ b
iff_of_false {a b : Prop} (ha : ¬a) (hb : ¬b) : a ↔ b
iff_true_left {a b : Prop} (ha : a) : (a ↔ b) ↔ b
iff_true_right {a b : Prop} (ha : a) : (b ↔ a) ↔ b
iff_false_left {a b : Prop} (ha : ¬a) : (a ↔ b) ↔ ¬b
iff_false_right {a b : Prop} (ha : ¬a) : (b ↔ a) ↔ ¬b
of_iff_true {a : Prop} (h : a ↔ True) : a
iff_true_intro {a : Prop} (h : a) : a ↔ True
iff_false_intro {a : Prop} (h : ¬a) : a ↔ False
iff_def {a b : Prop} : (a ↔ b) ↔ (a → b) ∧ (b → a)
iff_not_self {a : Prop} : ¬(a ↔ ¬a)
not_iff_self {a : Prop} : ¬(¬a ↔ a)
not_congr {a b : Prop} (h : a ↔ b) : ¬a ↔ ¬b
not_not_not {a : Prop} : ¬¬¬a ↔ ¬a
not_not_em (a : Prop) : ¬¬(a ∨ ¬a)
imp_not_self {a : Prop} : (a → ¬a) ↔ ¬a
imp_iff_right {b a : Prop} (ha : a) : (a → b) ↔ b
imp_false {a : Prop} : (a → False) ↔ ¬a
imp_not_comm {a b : Prop} : (a → ¬b) ↔ (b → ¬a)
imp_congr {a c b d : Prop} (h₁ : a ↔ c) (h₂ : b ↔ d) : (a → b) ↔ (c → d)
and_assoc {a b c : Prop} : (a ∧ b) ∧ c ↔ a ∧ (b ∧ c)
or_assoc {a b c : Prop} : (a ∨ b) ∨ c ↔ a ∨ (b ∨ c)
and_left_comm {a b c : Prop} : a ∧ b ∧ c ↔ b ∧ a ∧ c
and_right_comm {a b c : Prop} : (a ∧ b) ∧ c ↔ (a ∧ c) ∧ b
and_congr {a c b d : Prop} (h₁ : a ↔ c) (h₂ : b ↔ d) : a ∧ b ↔ c ∧ d
and_iff_left {b a : Prop} (hb : b) : a ∧ b ↔ a
and_iff_right {a b : Prop} (ha : a) : a ∧ b ↔ b
and_not_self {a : Prop} : ¬(a ∧ ¬a)
not_and_self {a : Prop} : ¬(¬a ∧ a)
and_imp {a b c : Prop} : (a ∧ b → c) ↔ (a → b → c)
not_and {a b : Prop} : ¬(a ∧ b) ↔ (a → ¬b)
not_and_of_not_left {a : Prop} (b : Prop) : ¬a → ¬(a ∧ b)
not_and_of_not_right (a : Prop) {b : Prop} : ¬b → ¬(a ∧ b)
not_and_of_not_or_not {a b : Prop} (h : ¬a ∨ ¬b) : ¬(a ∧ b)
not_or_intro {a b : Prop} (ha : ¬a) (hb : ¬b) : ¬(a ∨ b)
or_congr {a c b d : Prop} (h₁ : a ↔ c) (h₂ : b ↔ d) : (a ∨ b) ↔ (c ∨ d)
or_iff_left {b a : Prop} (hb : ¬b) : a ∨ b ↔ a
or_imp {a b c : Prop} : (a ∨ b → c) ↔ (a → c) ∧ (b → c)
not_or {p q : Prop} : ¬(p ∨ q) ↔ ¬p ∧ ¬q
and_or_left {a b c : Prop} : a ∧ (b ∨ c) ↔ (a ∧ b) ∨ (a ∧ c)
or_and_left {a b c : Prop} : a ∨ (b ∧ c) ↔ (a ∨ b) ∧ (a ∨ c)
"""

Instance = tuple[tuple[Expr, ...], Expr, ProofTerm]
Scheme = tuple[tuple[str, ...], tuple[str, ...], Callable[..., Instance]]
"""A constant: the names of the propositions that it speaks of, the names of its arguments, and a function from the
propositions to the arguments' formulas, the conclusion, and a proof of it.

The proofs number their hypotheses with negative numbers, or with those of the decision procedure, which no goal uses.
"""


def _read(line: str) -> tuple[str, Scheme, tuple[str, ...]]:
    """Read a lemma; returns its name, its scheme, and the names of the propositions that are explicit arguments."""
    name, _, rest = line.partition(" ")
    head, _, conclusion = rest.rpartition(" : ") if " : " in rest else ("", "", rest.removeprefix(": "))
    propositions: list[str] = []
    explicit: list[str] = []
    names: list[str] = []
    stated: list[Tree] = []
    for own, domain, kind in parse_binders(head):
        if domain == "Prop":
            propositions += own
            explicit += own if kind == "(" else ()
        else:
            names += own
            stated += [parse_term(domain)] * len(own)
    end = parse_term(conclusion)
    while end[0] == "implies":  # arguments without names
        names.append("a")
        stated.append(end[1])
        end = end[2]

    @cache
    def general() -> tuple[tuple[Expr, ...], Expr, ProofTerm]:
        own = {proposition: -index for index, proposition in enumerate(propositions, 1)}
        arguments, result = tuple(_formula(tree, own) for tree in stated), _formula(end, own)
        whole = result
        for argument in reversed(arguments):
            whole = implication(argument, whole)
        found = prove(whole)
        assert found is not None, name
        proof: ProofTerm = ("the", whole, found)
        for index in range(1, len(arguments) + 1):
            proof = ("app", proof, ("hyp", -index))
        return arguments, result, proof

    def build(*values: Expr) -> Instance:
        arguments, result, proof = general()
        given = {-index: value for index, value in enumerate(values, 1)}
        return tuple(_filled(part, given) for part in arguments), _filled(result, given), _filled_proof(proof, given)

    return name, (tuple(propositions), tuple(names), build), tuple(explicit)


_BINARY = {"and": conjunction, "or": disjunction, "iff": equivalence, "implies": implication}


def _formula(tree: Tree, numbers: dict[str, int]) -> Expr:
    if tree[0] == "not":
        return negation(_formula(tree[1], numbers))
    if tree[0] == "name":
        return {"True": TRUE, "False": FALSE}.get(tree[1]) or atom(numbers[tree[1]])
    return _BINARY[tree[0]](_formula(tree[1], numbers), _formula(tree[2], numbers))


def _filled(node: Expr, values: dict[int, Expr]) -> Expr:
    value = values.get(node.a) if isinstance(node.a, int) else None
    return rebuilt(node, lambda part, _: _filled(part, values)) if value is None else value


def _filled_proof(proof: ProofTerm, values: dict[int, Expr]) -> ProofTerm:
    return tuple(
        _filled(part, values)
        if isinstance(part, Expr)
        else _filled_proof(part, values)
        if isinstance(part, tuple)
        else part
        for part in proof
    )


_ALL = [_read(line) for line in _LEMMAS.strip().splitlines()]
LEMMAS: dict[str, Scheme] = {name: scheme for name, scheme, _ in _ALL}
EXPLICIT: dict[str, tuple[str, ...]] = {name: explicit for name, _, explicit in _ALL if explicit}
"""For each lemma with propositions as explicit arguments, their names."""
