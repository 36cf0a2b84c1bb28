"""The suites that are made here."""

from collections import Counter

import pytest

from lean_ebm.errors import SettingError
from lean_ebm.proving.logic.decide import prove
from lean_ebm.proving.logic.formulas import Kind
from lean_ebm.proving.logic.logic import root
from lean_ebm.proving.numbers.reading import goal_of
from lean_ebm.proving.search import is_read
from lean_ebm.proving.suites import SUITES
from lean_ebm.proving.suites.own import of_size
from lean_ebm.proving.theorems.families import Family
from lean_ebm.proving.theorems.propl import length_of


def connectives(formula):
    inner = (formula.a, formula.b) if formula.kind in (Kind.AND, Kind.OR, Kind.IMPLIES) else ()
    return bool(inner) + sum(map(connectives, inner))


def test_propl_has_sixteen_connectives_and_its_hardest_fifth_is_out_of_distribution():
    problems = SUITES["propl"].problems(number=30)
    assert problems == SUITES["propl"].problems(number=30)
    assert Counter(problem.split for problem in problems) == {"in": 30, "out": 30}
    assert len({problem.statement for problem in problems}) == len({problem.name for problem in problems}) == 60
    lengths = {"in": [], "out": []}
    for problem in problems:
        formula = root(problem.statement).target
        assert connectives(formula) == 16
        lengths[problem.split].append(length_of(prove(formula)))
    assert max(lengths["in"]) <= min(lengths["out"])


def test_families_go_up_to_a_size_also_where_they_cannot_be_read_here():
    problems = {problem.name: problem for problem in SUITES["iltp"].problems(number=3)}
    assert len(problems) == 6 * 3 - 1 and problems["pigeonhole_3"].split == "pigeonhole"
    assert all(is_read(problem.statement) for problem in problems.values())
    large = of_size(Family("long", "", True, lambda n: " ∨ ".join(["p1", "p2"] * n)), 2000)  # as pigeonhole from 17 on
    assert not is_read(large) and large.binders == "(p1 p2 : Prop)" and large.proposition.startswith("p1 ∨ p2 ∨ p1")


def test_random_theorems_are_read_by_their_worlds():
    problems = SUITES["first-order"].problems(number=20)
    assert len({problem.statement for problem in problems}) == 20 and all(is_read(each.statement) for each in problems)
    problems = SUITES["numbers"].problems(number=2)
    assert Counter(problem.split for problem in problems) == dict.fromkeys(
        ("levels", "walks-4", "walks-8", "walks-12", "walks-16", "walks-24"), 2
    )
    assert all(goal_of(problem.statement) for problem in problems) and SUITES["numbers"].world == "numbers"


def test_splits_and_numbers_are_chosen(tmp_path):
    for split in ("Test", "Valid"):
        for name in "abc":
            (tmp_path / split).mkdir(exist_ok=True)
            (tmp_path / split / f"{name}.lean").write_text(f"theorem {split}_{name} : True := by sorry\n")
    suite = SUITES["minif2f"]
    assert [each.name for each in suite.problems(tmp_path, 2)] == ["Test_a", "Test_b", "Valid_a", "Valid_b"]
    assert [each.name for each in suite.problems(tmp_path, 1, ["valid"])] == ["Valid_a"]
    for wrong, said in (
        ({"splits": ["x"], "data": tmp_path}, "has no split x: expected one of test, valid"),
        ({"number": 0, "data": tmp_path}, "number of problems is 0"),
        ({}, "name it by --data"),
    ):
        with pytest.raises(SettingError, match=said):
            suite.problems(**wrong)
    with pytest.raises(SettingError, match="is made here and has no data"):
        SUITES["propl"].problems(tmp_path)
