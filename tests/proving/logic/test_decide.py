import pytest

from lean_ebm.proving.logic.decide import prove
from lean_ebm.proving.logic.formulas import atom, disjunction, implication, negation
from lean_ebm.proving.logic.kernel import check
from proving.kripke import Worlds, formulas

P, Q = atom(1), atom(2)
SYMBOLS = {1: ((), 0), 2: ((), 0)}


@pytest.mark.parametrize("size", [5, pytest.param(7, marks=pytest.mark.slow)])
def test_a_formula_has_a_proof_exactly_where_no_world_refutes_it(size):
    worlds, proved, refuted = Worlds(), 0, 0
    for layer in formulas(size):
        for formula in layer:
            proof = prove(formula)
            assert (proof is None) == worlds.refutes(formula), formula
            if proof is None:
                refuted += 1
            else:
                check(proof, formula, {}, SYMBOLS)
                proved += 1
    assert proved > 700 and refuted > 1500


def test_hypotheses_are_used():
    proof = prove(Q, {3: implication(P, Q), 4: P})
    check(proof, Q, {3: implication(P, Q), 4: P}, SYMBOLS)
    assert prove(Q, {3: implication(P, Q)}) is None


def test_hard_formulas_end():
    pairs = [(atom(2 * i + 1), atom(2 * i + 2)) for i in range(5)]
    formula = P
    for a, b in pairs:
        formula = disjunction(formula, implication(implication(implication(a, b), a), a))
    assert prove(formula) is None
    assert prove(negation(negation(formula))) is not None
