from random import Random

import pytest

from lean_ebm.proving.logic import kernel
from lean_ebm.proving.logic.formulas import FALSE, TRUE, Kind, atom, make, variable
from proving.mutants import Structure, Writer, try_mutants


def test_no_mutated_proof_proves_what_is_false_in_a_structure():
    result = try_mutants(0, 2000)
    assert result.tried >= 2000 and not result.unsound, result.unsound[0]
    assert result.accepted > 20 and result.changed > 2


def test_a_kernel_that_compares_no_formulas_is_seen_through(monkeypatch):
    monkeypatch.setattr(kernel._Checker, "_equal", staticmethod(lambda found, wanted: None))
    assert try_mutants(0, 4000).unsound


def test_a_kernel_that_checks_no_sorts_is_seen_through(monkeypatch):
    monkeypatch.setattr(kernel._Checker, "_of_sort", lambda self, node, sort, symbols: None)
    with pytest.raises((KeyError, AssertionError)):  # no structure has a value for what it accepts
        assert not try_mutants(1, 4000).unsound


def test_structures_know_what_is_true():
    structure = Structure(Random(0))
    every = make(Kind.ALL, make(Kind.BOUND_PROPOSITION, 0), 0, "p")
    some = make(Kind.EXISTS, make(Kind.BOUND_PROPOSITION, 0), 0, "p")
    assert structure.value(TRUE) and not structure.value(FALSE) and not structure.value(every)
    assert structure.value(some)
    writer = Writer(Random(1))
    for _ in range(200):
        made = writer.proof()
        assert made is None or structure.value(made[0])
    assert structure.value(variable(8)) in range(structure.size[1])
    assert structure.value(atom(3)) in (0, 1)
