"""Renames statements, so that names depend only on the order in which symbols occur."""
# ruff: noqa: RUF001 - the letters of Lean

from __future__ import annotations

import hashlib

from lean_ebm.proving.logic.formulas import Expr, Kind, make
from lean_ebm.proving.logic.goals import Printer
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.numbering import with_numbers
from lean_ebm.proving.logic.quantifiers import quantified
from lean_ebm.proving.statements import Statement
from lean_ebm.proving.theorems.signature import Signature

_LETTERS = "pqrstuv"


def renamed(formula: Expr, signature: Signature, proof: ProofTerm | None = None) -> tuple[Statement, dict[int, int]]:
    """Write a formula as a statement whose names depend only on the order in which its symbols occur.

    Two formulas that differ only in the names of symbols or bound variables give the same statement.

    Args:
        formula: The formula.
        signature: Its symbols.
        proof: A proof of it; the symbols that occur only there are declared too, such as an individual that shows that
            there is one.

    Returns:
        The statement, and the new number of each symbol by its old number.
    """
    order: list[int] = []
    _occurrences(formula, order)
    if proof is not None and signature.first_order:
        _occurrences_in_proof(proof, order)
    order = [number for number in order if number in signature.names]
    kinds: dict[str, list[int]] = {"Prop": [], "1": [], "2": [], "f": [], "a": []}
    for number in order:
        name = signature.names[number]
        kind = {"P": "1", "Q": "1", "R": "2", "f": "f", "a": "a"}.get(name, "Prop")
        kinds[kind].append(number)
    needs_type = signature.first_order and (len(order) > len(kinds["Prop"]) or quantified(formula))
    groups: list[tuple[list[str], str]] = [(["α"], "Type")] if needs_type else []
    numbers = {signature.number["α"]: 1} if needs_type else {}
    following = 2 if needs_type else 1
    names = {1: "α"} if needs_type else {}
    for kind, letters, text in (
        ("1", "PQ", "α → Prop"), ("2", "R", "α → α → Prop"), ("f", "f", "α → α"), ("a", "a", "α"),
        ("Prop", _LETTERS, "Prop"),
    ):  # fmt: skip
        if kinds[kind]:
            groups.append((list(letters[: len(kinds[kind])]), text))
            for letter, number in zip(letters, kinds[kind], strict=False):
                numbers[number] = following
                names[following] = letter
                following += 1
    canonical = _named(with_numbers(formula, numbers), 0)
    binders = " ".join(f"({' '.join(letters)} : {text})" for letters, text in groups)
    return Statement(Printer(names, typed=True).formula(canonical), binders), numbers


def hash_of(statement: Statement) -> str:
    """The hash of a statement of :func:`renamed`, which is equal for theorems that differ only in names."""
    return hashlib.sha256(str(statement).encode()).hexdigest()[:32]


def _occurrences(node: Expr, order: list[int]) -> None:
    if node.kind in (Kind.ATOM, Kind.APPLY, Kind.VARIABLE) and node.a not in order:
        order.append(node.a)
    parts = node.b if node.kind in (Kind.ATOM, Kind.APPLY) else (node.a, node.b)
    for part in parts:
        if isinstance(part, Expr):
            _occurrences(part, order)


def _occurrences_in_proof(proof: ProofTerm, order: list[int]) -> None:
    for part in proof:
        if isinstance(part, Expr):
            _occurrences(part, order)
        elif isinstance(part, tuple):
            _occurrences_in_proof(part, order)


def _named(node: Expr, depth: int) -> Expr:
    """Name bound variables by their depth, so that names do not tell theorems apart."""
    kind = node.kind
    if kind in (Kind.ALL, Kind.EXISTS):
        return make(kind, _named(node.a, depth + 1), node.b, "xyzuvw"[depth] if depth < 6 else f"x{depth}")
    if kind <= Kind.ATOM or not isinstance(node.a, Expr):
        return node
    return make(kind, _named(node.a, depth), None if node.b is None else _named(node.b, depth))


_APART = 10_000_000  # added to the numbers of hypotheses and individuals of a proof


def renumbered(proof: ProofTerm, numbers: dict[int, int]) -> ProofTerm:
    """Renumber the symbols of a proof. Its own hypotheses and individuals get numbers above all of them.

    Args:
        proof: The proof.
        numbers: The new number of each symbol by its old number, from :func:`renamed`.
    """

    def moved(part: object) -> object:
        if isinstance(part, Expr):
            return with_numbers(part, _Moved(numbers))
        if isinstance(part, tuple):
            return tuple(moved(inner) for inner in part)
        return part + _APART if isinstance(part, int) else part

    result: ProofTerm = tuple(moved(part) for part in proof)
    return result


class _Moved(dict[int, int]):
    """The new numbers of symbols; individuals of the proof move as its hypotheses do."""

    def get(self, number: int, default: object = None) -> int:
        return self[number] if number in self else number + _APART
