import json
from random import Random

import pytest

from lean_ebm.proving.logic import Logic
from lean_ebm.proving.logic.decide import prove
from lean_ebm.proving.logic.formulas import atom, conjunction, implication
from lean_ebm.proving.logic.logic import judge, root
from lean_ebm.proving.logic.render import prefixed, script
from lean_ebm.proving.search.provers import BreadthFirst, SearchBudget
from lean_ebm.proving.statements import Statement
from lean_ebm.proving.theorems.generate import TheoremSettings, renamed, theorems, write
from lean_ebm.proving.theorems.signature import Signature
from lean_ebm.proving.theorems.terms import random_theorem

SETTINGS = TheoremSettings(seed=3, bound=60)


@pytest.fixture(scope="module")
def some():
    return list(theorems(SETTINGS, 250))


def test_every_theorem_is_verified_and_distinct(some):
    logic = Logic()
    assert len({theorem.hash for theorem in some}) == len({theorem.statement for theorem in some}) == 250
    for theorem in some:
        assert logic.verify(Statement.of(theorem.statement), theorem.script).proved


def test_both_sources_all_splits_and_quantifiers_occur(some):
    assert {theorem.source for theorem in some} == {"formula", "term"}
    assert {theorem.split for theorem in some} == {"train", "validation", "test", "large"}
    assert any("∀" in theorem.statement for theorem in some) and any("∃" in theorem.statement for theorem in some)
    for theorem in some:
        assert (theorem.split == "large") == (theorem.size >= SETTINGS.large)


def test_difficulty_is_the_length_of_a_shortest_script(some):
    graded = [theorem for theorem in some if theorem.difficulty is not None]
    assert len(graded) > 150 and len({theorem.difficulty for theorem in graded}) > 4
    for theorem in graded[:40]:
        result = BreadthFirst().prove(Logic(), Statement.of(theorem.statement), SearchBudget(100_000))
        assert len(result.tactics) == theorem.difficulty
    hard = next(theorem for theorem in some if theorem.difficulty is None)
    result = BreadthFirst().prove(Logic(), Statement.of(hard.statement), SearchBudget(SETTINGS.bound))
    assert not result.proved


def test_the_data_do_not_depend_on_the_number_of_processes(some):
    assert list(theorems(SETTINGS, 250, workers=3)) == some


def test_another_seed_gives_other_theorems(some):
    other = {theorem.hash for theorem in theorems(TheoremSettings(seed=4, bound=0), 250)}
    assert len(other & {theorem.hash for theorem in some}) < 100


def test_renaming_makes_no_new_theorem():
    signature = Signature(3)
    p, q, r = atom(1), atom(2), atom(3)
    first, _ = renamed(implication(conjunction(p, q), p), signature)
    second, _ = renamed(implication(conjunction(r, p), r), signature)
    third, _ = renamed(implication(conjunction(p, q), q), signature)
    assert first == second != third
    assert str(first) == "(p q : Prop) : p ∧ q → p"


def test_a_data_set_is_json_lines(tmp_path):
    counts = []
    assert write(tmp_path / "set.jsonl", TheoremSettings(bound=10), 20, 1, counts.append) == 20
    lines = [json.loads(line) for line in (tmp_path / "set.jsonl").read_text().splitlines()]
    assert len(lines) == 20 and counts == list(range(1, 21))
    assert set(lines[0]) >= {"statement", "script", "difficulty", "seed", "version", "split", "hash"}


def test_random_proof_terms_prove_what_they_say_with_quantifiers_too():
    random, signature, count = Random(0), Signature(2, first_order=True), 0
    start = root(Statement("True", signature.binders))
    for _ in range(300):
        made = random_theorem(random, signature, 10)
        if made is not None:
            goal = type(start)(0, start.context, made[0], "", start.fresh)
            judge(goal, made[1])
            count += 1
    assert count > 200


@pytest.mark.parametrize("prefix", [False, True])
def test_proof_terms_become_scripts_that_prove_the_same(prefix):
    random, logic, count = Random(2), Logic(), 0
    for index in range(1500):
        signature = Signature(3, first_order=index % 3 == 0)
        if signature.first_order:
            made = random_theorem(random, signature, 10)
            formula, proof = made if made is not None else (None, None)
        else:
            formula = signature.formula(random, random.randrange(3, 16))
            proof = prove(formula)
        if proof is None:
            continue
        goal = root(Statement("True", signature.binders))
        goal = type(goal)(0, goal.context, formula, "", goal.fresh)
        statement = prefixed(goal)
        verdict = logic.verify(statement, script(goal, proof, prefix))
        assert verdict.proved, (statement, script(goal, proof, prefix), verdict)
        count += 1
    assert count > 500
