import ast
from pathlib import Path
from random import Random

import pytest

from lean_ebm.proving.logic import kernel
from lean_ebm.proving.logic.decide import prove
from lean_ebm.proving.logic.formulas import (
    FALSE,
    TRUE,
    Kind,
    atom,
    conjunction,
    disjunction,
    implication,
    make,
    negation,
    variable,
)
from lean_ebm.proving.logic.kernel import TYPES, KernelError, check
from lean_ebm.proving.theorems.signature import Signature
from proving.kripke import Worlds

P, Q = atom(1), atom(2)
TYPE, OTHER = 20, 21
SYMBOLS = {
    TYPE: ((), TYPES), OTHER: ((), TYPES), 1: ((), 0), 2: ((), 0), 3: ((TYPE,), 0), 4: ((), TYPE), 5: ((TYPE,), TYPE),
    6: ((), OTHER), 7: ((OTHER,), 0),
}  # fmt: skip
SOME = make(Kind.EXISTS, atom(3, make(Kind.BOUND, 0)), TYPE, "x")
EVERY = make(Kind.ALL, atom(3, make(Kind.BOUND, 0)), TYPE, "x")
A = variable(4)


def test_the_kernel_is_short_and_knows_formulas_only():
    path = Path(kernel.__file__)
    assert len(path.read_text().splitlines()) <= 330
    imported = [node.module for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
    home = "lean_ebm.proving.logic"
    assert [name for name in imported if name.startswith("lean_ebm")] == [f"{home}.clock", f"{home}.formulas"]


GOOD = [
    (("lam", 9, P, ("hyp", 9)), implication(P, P), {}),
    (("lam", 9, P, ("hyp", 9)), implication(P, P).key, {}),
    (("lam", 9, P, ("app", ("hyp", 8), ("hyp", 9))), negation(P), {8: implication(P, FALSE)}),
    (("and", ("hyp", 8), ("true",)), conjunction(P, TRUE), {8: P}),
    (("or", ("hyp", 8), 9, ("inr", ("hyp", 9)), 10, ("inl", ("hyp", 10))), disjunction(Q, P), {8: disjunction(P, Q)}),
    (("exists", A, ("inst", ("hyp", 8), A)), SOME, {8: EVERY}),
    (("all", 9, ("inst", ("hyp", 8), variable(9))), EVERY, {8: EVERY}),
    (("elim", ("hyp", 8), 9, 10, ("exists", variable(9), ("hyp", 10))), SOME, {8: SOME}),
    (("false", ("hyp", 8)), P, {8: FALSE}),
    (("let", 9, P, ("hyp", 8), ("hyp", 9)), P, {8: P}),
]
BAD = [
    (("hyp", 8), Q, {8: P}),
    (("hyp", 7), P, {8: P}),
    (("lam", 9, Q, ("hyp", 9)), implication(P, P), {}),
    (("lam", 8, P, ("hyp", 8)), implication(P, P), {8: Q}),  # a number used twice
    (("inl", ("hyp", 8)), disjunction(Q, P), {8: P}),
    (("fst", ("hyp", 8)), P, {8: disjunction(P, Q)}),
    (("true",), P, {}),
    (("false", ("hyp", 8)), P, {8: P}),
    # an individual that is not arbitrary
    (("all", 4, ("hyp", 8)), EVERY, {8: atom(3, A)}),
    (("elim", ("hyp", 8), 4, 10, ("hyp", 10)), atom(3, A), {8: SOME}),
    # a witness that escapes
    (("elim", ("hyp", 8), 9, 10, ("hyp", 10)), atom(3, variable(9)), {8: SOME}),
    (("exists", variable(77), ("hyp", 8)), SOME, {8: atom(3, variable(77))}),
    (("exists", P, ("hyp", 8)), SOME, {8: P}),
    (("inst", ("hyp", 8), make(Kind.APPLY, 5, ())), atom(3, make(Kind.APPLY, 5, ())), {8: EVERY}),
    (("the", atom(1, A), ("hyp", 8)), P, {8: P}),  # a proposition with an argument
    (("?", 0), P, {8: P}),
    (("hyp",), P, {8: P}),
    ((), P, {}),
    (("all", 9, ("hyp", 8)), EVERY, {8: make(Kind.ATOM, 3, (make(Kind.BOUND, 0),))}),
]


@pytest.mark.parametrize(("proof", "formula", "hypotheses"), GOOD)
def test_proofs_are_accepted(proof, formula, hypotheses):
    check(proof, formula, hypotheses, SYMBOLS)


@pytest.mark.parametrize(("proof", "formula", "hypotheses"), BAD)
def test_what_is_no_proof_is_refused(proof, formula, hypotheses):
    with pytest.raises(KernelError):
        check(proof, formula, hypotheses, SYMBOLS)


def test_a_deep_term_is_refused_and_does_not_overflow():
    proof = ("hyp", 8)
    for _ in range(50_000):
        proof = ("the", P, proof)
    with pytest.raises(KernelError, match="nested deeper"):
        check(proof, P, {8: P}, SYMBOLS)


def test_no_mutated_proof_proves_what_is_false():
    random, signature, worlds = Random(1), Signature(2), Worlds()
    proofs, statements = [], []
    while len(proofs) < 60:
        formula = signature.formula(random, random.randrange(3, 9))
        proof = prove(formula)
        if proof is not None:
            proofs.append((proof, formula))
        elif worlds.refutes(formula):
            statements.append(formula)
    refused = 0
    for proof, formula in proofs:
        for _ in range(30):
            mutated = mutation(proof, random, [formula, *statements[:5]])
            for statement in (random.choice(statements), formula):
                try:
                    check(mutated, statement, {}, SYMBOLS)
                except KernelError:
                    refused += 1
                else:
                    assert not worlds.refutes(statement), (mutated, statement)
    assert refused > 2000


def mutation(proof, random, formulas):
    """The term with one random place changed."""
    places = [index for index, part in enumerate(proof) if isinstance(part, tuple)]
    if places and random.random() < 0.75:
        index = random.choice(places)
        return (*proof[:index], mutation(proof[index], random, formulas), *proof[index + 1 :])
    rule = random.choice(("hyp", "app", "fst", "snd", "inl", "inr", "lam", "false", "and"))
    inner = proof[-1] if isinstance(proof[-1], tuple) else ("hyp", 1_000_000 + random.randrange(6))
    if rule == "hyp":
        return ("hyp", 1_000_000 + random.randrange(6))
    if rule in ("app", "and"):
        return (rule, inner, proof)
    if rule == "lam":
        return ("lam", random.randrange(100), random.choice(formulas), inner)
    return (rule, inner)
