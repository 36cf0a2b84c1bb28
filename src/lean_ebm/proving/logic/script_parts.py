"""Helpers of the script renderer: facts about parts of proofs, and the layout of texts."""

from __future__ import annotations

from lean_ebm.proving.logic.clock import tick
from lean_ebm.proving.logic.formulas import FALSE, Expr, Kind, negation, rebuilt
from lean_ebm.proving.logic.kernel import ProofTerm


class PartsOfProof:
    """Facts that are computed once for each part of a proof."""

    def __init__(self) -> None:
        self._parts: dict[int, tuple[ProofTerm, frozenset[int], bool, int]] = {}

    def _of(self, proof: ProofTerm) -> tuple[ProofTerm, frozenset[int], bool, int]:
        found = self._parts.get(id(proof))
        if found is None:
            tick()
            free = frozenset((proof[1],)) if proof[0] == "hyp" else frozenset()
            term, size = proof[0] not in ("let", "or", "elim"), 1
            for part in proof:
                if type(part) is tuple:
                    _, its, also, count_ = self._of(part)
                    free, term, size = free | its, term and also, size + count_
            found = self._parts[id(proof)] = proof, free, term, size
        return found

    def free(self, proof: ProofTerm) -> frozenset[int]:
        """The hypotheses that a part uses, including its own."""
        return self._of(proof)[1]

    def is_term(self, proof: ProofTerm) -> bool:
        """Whether a part can be written as a term, without tactics."""
        return self._of(proof)[2]

    def is_short(self, proof: ProofTerm) -> bool:
        """Whether a part should be written as a term on one line."""
        return self._of(proof)[3] < 150


def with_negations(formula: Expr, known: dict[Expr, Expr]) -> Expr:
    """Write ``¬p`` for ``p → False`` in a formula; ``known`` has the parts that are done."""
    if formula.kind <= Kind.ATOM:
        return formula
    found = known.get(formula)
    if found is None:
        if formula.kind is Kind.IMPLIES and formula.b is FALSE:
            found = negation(with_negations(formula.a, known))
        else:
            found = rebuilt(formula, lambda part, _: with_negations(part, known))
        known[formula] = found
    return found


def bulleted(lines: list[str]) -> list[str]:
    """Put lines under a bullet."""
    first, *rest = lines
    return [f"· {first}", *(f"  {line}" for line in rest)]


def as_argument(text: str) -> str:
    """Put brackets around a term if it needs them as an argument."""
    return f"({text})" if " " in text and not _enclosed(text) else text


def _enclosed(text: str) -> bool:
    """Whether one pair of brackets encloses the whole text."""
    depth = 0
    for position, character in enumerate(text):
        depth += (character in "(⟨") - (character in ")⟩")
        if depth == 0:
            return position == len(text) - 1
    return False
