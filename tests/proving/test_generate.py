import json
from random import Random

import pytest

from lean_ebm.errors import RunError, SettingError
from lean_ebm.proving.logic import Logic
from lean_ebm.proving.logic.decide import prove
from lean_ebm.proving.logic.formulas import atom, conjunction, disjunction, equivalence, implication
from lean_ebm.proving.logic.logic import check_term, root
from lean_ebm.proving.logic.render import prefixed, script
from lean_ebm.proving.search.provers import BreadthFirst, SearchBudget
from lean_ebm.proving.statements import Statement
from lean_ebm.proving.theorems import TheoremSettings, generate_theorems, write_theorems
from lean_ebm.proving.theorems.renaming import renamed
from lean_ebm.proving.theorems.signature import Signature
from lean_ebm.proving.theorems.terms import random_theorem

SETTINGS = TheoremSettings(seed=3, bound=60)


@pytest.fixture(scope="module")
def some():
    return list(generate_theorems(SETTINGS, 250))


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
    assert list(generate_theorems(SETTINGS, 250, workers=3)) == some


def test_another_seed_gives_other_theorems(some):
    other = {theorem.hash for theorem in generate_theorems(TheoremSettings(seed=4, bound=0), 250)}
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
    write_theorems(tmp_path / "set.jsonl", TheoremSettings(bound=10), 20, 1, counts.append)
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
            check_term(goal, made[1])
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


@pytest.mark.parametrize("rule", ["fst", "snd", "app", "mp", "or"])
def test_a_detour_in_what_is_taken_apart_is_moved_out_of_it(rule):
    pair = conjunction(atom(1), atom(1))
    found = {
        "fst": conjunction(atom(1), atom(2)),
        "snd": conjunction(atom(2), atom(1)),
        "app": implication(atom(1), atom(1)),
        "mp": equivalence(atom(1), atom(1)),
        "or": disjunction(atom(1), atom(1)),
    }[rule]
    used = ("app", ("hyp", 4), ("and", ("fst", ("hyp", 5)), ("snd", ("hyp", 5))))
    made = ("the", found, ("let", 5, pair, ("and", ("hyp", 3), ("hyp", 3)), used))
    proof = {"or": ("or", made, 6, ("hyp", 6), 7, ("hyp", 7)), "app": ("app", made, ("hyp", 3))}.get(rule, (rule, made))
    proof = ("app", proof, ("hyp", 3)) if rule == "mp" else proof
    proof = ("lam", 3, atom(1), ("lam", 4, implication(pair, found), proof))
    goal = root(Statement("True", "(p q : Prop)"))
    goal = type(goal)(0, goal.context, implication(atom(1), implication(implication(pair, found), atom(1))), "", 3)
    check_term(goal, proof)
    assert Logic().verify(prefixed(goal), script(goal, proof)).proved


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "set.jsonl"
    path.write_text("old\n")

    def fail(count):
        assert path.read_text() == "old\n"
        if count == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_theorems(path, TheoremSettings(bound=0), 20, 1, fail)
    assert path.read_text() == "old\n" and list(tmp_path.iterdir()) == [path]
    write_theorems(path, TheoremSettings(bound=0), 6)
    assert len(path.read_text().splitlines()) == 6 and list(tmp_path.iterdir()) == [path]
    linked = tmp_path / "link.jsonl"
    linked.symlink_to(path)
    write_theorems(linked, TheoremSettings(bound=0), 7)
    assert linked.is_symlink() and len(path.read_text().splitlines()) == 7


@pytest.mark.parametrize(
    "wrong",
    [
        {"minimum_size": 0},
        {"maximum_size": 2},
        {"first_order": 1.5},
        {"terms": -0.1},
        {"terms": float("nan")},
        {"propositions": 0},
        {"propositions": 6},
        {"bound": -1},
    ],
)
def test_settings_are_checked_when_they_are_made(wrong):
    (name,) = wrong
    with pytest.raises(SettingError, match=f"{name} is {wrong[name]}"):
        TheoremSettings(**wrong)


def test_numbers_are_checked_before_anything_is_generated():
    for number, workers in ((0, 1), (1, 0)):
        with pytest.raises(SettingError, match="at least 1 of both"):
            generate_theorems(SETTINGS, number, workers)


def test_more_theorems_than_there_are_is_an_error_and_not_an_endless_search():
    few = TheoremSettings(minimum_size=1, maximum_size=3, propositions=1, terms=0.0, bound=0)
    with pytest.raises(RunError, match="There seem to be only"):
        list(generate_theorems(few, 10_000))
