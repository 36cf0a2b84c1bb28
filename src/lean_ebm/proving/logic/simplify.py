"""Shorter proof terms, before they are written as scripts."""

from __future__ import annotations

from lean_ebm.proving.logic.formulas import Kind, implication
from lean_ebm.proving.logic.kernel import ProofTerm

ELIMINATIONS = frozenset(("hyp", "app", "inst", "fst", "snd", "mp", "mpr"))
"""The rules of terms whose formula can be inferred."""


def simplified(proof: ProofTerm) -> ProofTerm:
    """Remove detours from a proof term: functions that are applied at once, parts of pairs, needless ``let``."""
    for _ in range(50):
        smaller = _simplify(proof)
        if smaller == proof:
            break
        proof = smaller
    return proof


def _simplify(proof: ProofTerm) -> ProofTerm:
    proof = tuple(_simplify(part) if isinstance(part, tuple) else part for part in proof)
    rule = proof[0]
    if rule == "the" and proof[2][0] in ELIMINATIONS:
        inner_term: ProofTerm = proof[2]
        return inner_term
    if rule == "app" and _bare(proof[1])[0] == "lam":
        _, number, domain, body = _bare(proof[1])
        annotated = proof[1][0] == "the"
        formula = proof[1][1].b if annotated and proof[1][1].kind is Kind.IMPLIES else None
        inner: ProofTerm = ("let", number, domain, proof[2], body)
        return ("the", formula, inner) if formula is not None else inner
    if rule == "the" and proof[2][0] == "let":
        _, number, domain, value, body = proof[2]
        return ("let", number, domain, value, ("the", proof[1], body))
    if rule in ("fst", "snd") and _bare(proof[1])[0] == "and":
        pair, first = _bare(proof[1]), rule == "fst"
        formula = proof[1][1] if proof[1][0] == "the" else None
        part = pair[1] if first else pair[2]
        return part if formula is None else ("the", formula.a if first else formula.b, part)
    if rule in ("mp", "mpr") and _bare(proof[1])[0] == "iff" and proof[1][0] == "the":
        formula, pair = proof[1][1], _bare(proof[1])
        if rule == "mp":
            return ("the", implication(formula.a, formula.b), pair[1])
        return ("the", implication(formula.b, formula.a), pair[2])
    if rule == "app" and proof[1][0] == "let":
        _, number, domain, value, body = proof[1]
        return ("let", number, domain, value, ("app", body, proof[2]))
    if rule == "let":
        return _simplify_let(proof)
    if rule == "lam" and proof[3][0] == "app" and proof[3][2] == ("hyp", proof[1]) and proof[3][1][0] in ELIMINATIONS:
        shorter: ProofTerm = proof[3][1]
        return proof if uses(shorter, proof[1]) else shorter
    return proof


def _simplify_let(proof: ProofTerm) -> ProofTerm:
    _, number, formula, value, body = proof
    count = uses(body, number)
    if not count:
        unused: ProofTerm = body
        return unused
    size = _size(value)
    if value[0] in ELIMINATIONS and (count == 1 or size <= 4):
        return _substituted(body, number, value)
    if count == 1 or size <= 2:
        return _substituted(body, number, ("the", formula, value))
    return proof


def _bare(proof: ProofTerm) -> ProofTerm:
    while proof[0] == "the":
        proof = proof[2]
    return proof


def uses(proof: ProofTerm, number: int) -> int:
    """Count how often a proof term uses a hypothesis."""
    if proof[0] == "hyp":
        return int(proof[1] == number)
    if proof[0] in ("lam", "let") and proof[1] == number:
        return uses(proof[3], number) if proof[0] == "let" else 0
    return sum(uses(part, number) for part in proof if isinstance(part, tuple))


def _substituted(proof: ProofTerm, number: int, value: ProofTerm) -> ProofTerm:
    if proof[0] == "hyp":
        return value if proof[1] == number else proof
    if proof[0] == "lam" and proof[1] == number:
        return proof
    return tuple(_substituted(part, number, value) if isinstance(part, tuple) else part for part in proof)


def _size(proof: ProofTerm) -> int:
    return 1 + sum(_size(part) for part in proof if isinstance(part, tuple))
