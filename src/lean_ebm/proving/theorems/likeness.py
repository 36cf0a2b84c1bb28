"""Finds theorems that are nearly the same, by a number that is equal for them.

Two theorems are alike if they differ only in names, in the order and grouping of what ``∧``, ``∨`` and ``↔`` join, in
the order of hypotheses, in whether hypotheses are joined by ``∧`` or come one after the other, in repetitions of all
these, and in hypotheses that their proofs do not use. Theorems that are alike have the same number::

    likeness(formula, proof) == likeness(other, proof_of_other)

Two others could have the same one, so a set that keeps one theorem of each number may lose a theorem but never has one
twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from lean_ebm.proving.candidates.invariants import mixed
from lean_ebm.proving.logic.formulas import PROPOSITION, Expr, Kind, implication, parts_of, variables
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.script_parts import PartsOfProof

_JOINS = (Kind.AND, Kind.OR)
_LEAVES = (Kind.ATOM, Kind.APPLY, Kind.VARIABLE)
_MARKED, _UNMARKED = 1, 2  # the color of the symbol that is looked at, and of the others


def likeness(formula: Expr, proof: ProofTerm) -> int:
    """Compute a number from 0 to 2^64 - 1 that is equal for theorems that are nearly the same.

    Args:
        formula: The theorem.
        proof: Its proof, which tells which hypotheses are used.
    """
    node = _Shapes().shape(_used(formula.key, proof))
    symbols = sorted(variables(formula))
    plain = dict.fromkeys(symbols, _UNMARKED)
    # Each symbol is told by how the theorem looks if this symbol is marked, whatever its name is.
    colors = {symbol: _color(node, {**plain, symbol: _MARKED}) for symbol in symbols}
    return _color(node, colors)


def _used(formula: Expr, proof: ProofTerm) -> Expr:
    """Leave out the hypotheses that a proof introduces first and does not use."""
    parts = PartsOfProof()
    kept = []
    while proof[0] == "lam" and formula.kind is Kind.IMPLIES:
        if proof[1] in parts.free(proof[3]):
            kept.append(formula.a)
        formula, proof = formula.b, proof[3]
    for hypothesis in reversed(kept):
        formula = implication(hypothesis, formula)
    return formula


class _Shape(NamedTuple):
    """What matters of a formula or an individual.

    Args:
        label: What it is.
        symbol: The number of its symbol; 0 if it has none.
        ordered: The parts whose order matters.
        others: The parts whose order does not matter, each once.
        number: Equal for shapes that are alike with the symbols that they have.
    """

    label: int
    symbol: int
    ordered: tuple[_Shape, ...]
    others: tuple[_Shape, ...]
    number: int


class _Shapes:
    """Makes shapes of the parts of one theorem, each once."""

    def __init__(self) -> None:
        self._known: dict[Expr, _Shape] = {}

    def shape(self, node: Expr) -> _Shape:
        """The shape of a formula or an individual, which is a key."""
        found = self._known.get(node)
        if found is None:
            found = self._known[node] = self._make(node)
        return found

    def _make(self, node: Expr) -> _Shape:
        kind = node.kind
        if kind in _JOINS:
            parts = self._each_once(_joined(node, kind))
            return parts[0] if len(parts) == 1 else _shape(kind, 0, (), parts)
        if kind is Kind.IFF:
            return _shape(kind, 0, (), (self.shape(node.a), self.shape(node.b)))
        if kind is Kind.IMPLIES:
            premises = []
            while node.kind is Kind.IMPLIES:
                premises += _joined(node.a, Kind.AND)
                node = node.b
            return _shape(kind, 0, (self.shape(node),), self._each_once(premises))
        if kind in _LEAVES:
            return _shape(kind, node.a, tuple([self.shape(part) for part in parts_of(node)]))
        if kind is Kind.ALL or kind is Kind.EXISTS:
            return _shape(kind if node.b == PROPOSITION else -kind, 0, (self.shape(node.a),))
        return _shape(mixed(kind, node.a or 0, 0))  # True, False, or a bound variable

    def _each_once(self, nodes: list[Expr]) -> tuple[_Shape, ...]:
        return tuple({shape.number: shape for shape in map(self.shape, nodes)}.values())


def _joined(node: Expr, kind: Kind) -> list[Expr]:
    """What a connective joins, however it is grouped."""
    return [*_joined(node.a, kind), *_joined(node.b, kind)] if node.kind is kind else [node]


def _shape(label: int, symbol: int = 0, ordered: tuple[_Shape, ...] = (), others: tuple[_Shape, ...] = ()) -> _Shape:
    number = _number(label, symbol, [part.number for part in ordered], [part.number for part in others])
    return _Shape(label, symbol, ordered, others, number)


def _number(label: int, symbol: int, ordered: list[int], others: list[int]) -> int:
    number = mixed(label, symbol, len(others))
    for part in ordered:
        number = mixed(number, part, 1)
    for part in sorted(others):
        number = mixed(number, part, 2)
    return number


def _color(shape: _Shape, colors: Mapping[int, int]) -> int:
    """The number of a shape with a color in the place of each symbol."""
    return _number(
        shape.label,
        colors.get(shape.symbol, 0),
        [_color(part, colors) for part in shape.ordered],
        [_color(part, colors) for part in shape.others],
    )
