"""Random equations between numbers: the walk is a proof, and no level is among them."""

from random import Random

import pytest

from lean_ebm.errors import SettingError
from lean_ebm.proving.numbers.benchmarks import benchmarks, equations
from lean_ebm.proving.numbers.candidates import NumberWriter, number_candidates, number_goals_after
from lean_ebm.proving.numbers.engine import Numbers
from lean_ebm.proving.numbers.lemmas import Lemmas
from lean_ebm.proving.numbers.levels import levels
from lean_ebm.proving.numbers.normal import alike
from lean_ebm.proving.numbers.reading import goal_of
from lean_ebm.proving.numbers.steps import NumberSource, NumberTheory
from lean_ebm.proving.numbers.world import NUMBERS
from lean_ebm.proving.statements import Statement
from lean_ebm.proving.steps import blocks
from lean_ebm.proving.steps.blocks import StepSettings, folder_of, make_block
from lean_ebm.proving.steps.columns import split_of
from lean_ebm.proving.steps.sampling import sample_states
from lean_ebm.proving.theorems.walks import level_numbers, number_of, random_walk, statement_of

HELD_OUT = ("add_left_comm", "pow_add")


def walks(seed, number, steps, lemmas=None):
    random, found = Random(seed), []
    while len(found) < number:
        walk = random_walk(random, lemmas or Lemmas(levels()), steps)
        if walk is not None:
            found.append(walk)
    return found


@pytest.mark.parametrize("steps", [1, 4, 12])
def test_the_walk_in_reverse_is_a_proof(steps):
    lemmas = Lemmas(levels())
    with Numbers(levels()) as numbers:
        for walk in walks(0, 20, steps):
            assert len(walk.path) == steps and not alike(walk.goal.target.a, walk.goal.target.b)
            goal, script = walk.goal, []
            for tactic in walk.path:
                assert tactic in number_candidates(goal, lemmas)
                script.append(NumberWriter(goal, lemmas).write(tactic))
                left = number_goals_after(goal, tactic)
                goal = left[0] if left else None
            assert goal is None
            assert numbers.verify(statement_of(walk.goal), "\n".join(script)).proved


def test_walks_depend_on_the_seed_only_and_use_the_lemmas_that_they_are_given():
    few = Lemmas([level for level in levels() if level.name in ("add_comm", "mul_comm")])
    assert [walk.goal.target for walk in walks(3, 5, 4)] == [walk.goal.target for walk in walks(3, 5, 4)]
    assert {name for walk in walks(1, 30, 3, few) for name in walk.used} == {"add_comm", "mul_comm"}


def test_the_number_of_a_theorem_knows_renaming_and_symmetry():
    def number(text):
        return number_of(goal_of(Statement.of(text)))

    assert number("(a b : MyNat) : a + b = b + a") == number("(x y : MyNat) : y + x = x + y")
    assert number("(a b c : MyNat) : a * (b + c) = a * b + a * c") == number(
        "(z y x : MyNat) : z * y + z * x = z * (y + x)"
    )
    assert number("(a b : MyNat) : a + b = b + a") != number("(a b : MyNat) : a * b = b * a")
    assert number("(a b : MyNat) : a + b = b + a") in level_numbers()


def test_no_theorem_that_is_made_is_a_level():
    """Steps of a walk that make a level are thrown away, also with other names or with its sides exchanged."""
    source, random = NumberSource((1, 1)), Random(0)
    made = walks(0, 300, 1, source.lemmas())
    assert any(walk.number in level_numbers() for walk in made)  # so the walks alone would make levels
    drawn = [found for _ in range(300) for kind in source.kinds if (found := source.draw(random, kind)) is not None]
    assert len(drawn) > 200
    assert not {number_of(found.goal.goal) for found in drawn} & level_numbers()


def test_held_out_lemmas_are_nowhere():
    source, random = NumberSource((1, 6), HELD_OUT), Random(0)
    assert not set(HELD_OUT) & {rule.name for rule in source.lemmas().rules}
    assert set(HELD_OUT) < {rule.name for rule in NumberSource((1, 6)).lemmas().rules}
    for _ in range(60):
        found = source.draw(random, "theory")
        if found is not None:
            assert not set(HELD_OUT) & set(found.goal.lemmas.formulas)
            assert found.lemmas < len(levels())
    with pytest.raises(SettingError, match="'add_nothing', which is not a level"):
        NumberSource((1, 6), ("add_nothing",))


def test_states_of_walks_know_the_steps_that_are_left():
    source, random, seen, shorter = NumberSource((5, 5)), Random(2), 0, 0
    for _ in range(12):
        found = source.draw(random, "walk")
        if found is None:
            continue
        steps, states = sample_states(found.goal, random, source.thoroughness, NumberTheory(), found.path)
        assert 1 <= steps <= 5 and states[0].left == steps and states[0].goal is found.goal
        shorter += steps < 5
        for state in states:
            seen += 1
            known = [after for after in state.after if after >= 0]
            assert min(known) + 1 == state.left
            for tactic, after in zip(state.tactics, state.after, strict=True):
                left = state.goal.after(tactic)
                assert left is not None or after == -2  # what fails leads nowhere
                assert left != [] or after == 0
    assert seen > 40 and shorter > 2


def test_blocks_of_numbers(monkeypatch):
    monkeypatch.setattr(blocks, "_THEOREMS", 8)
    settings = StepSettings(world="numbers", held_out=HELD_OUT, easy=1.0)
    block = make_block(settings, 0)
    assert {theorem.kind for theorem in block.theorems} == {"walk", "theory"}
    assert len({theorem.number for theorem in block.theorems}) == len(block.theorems) == 8
    assert not {theorem.number for theorem in block.theorems} & level_numbers()
    assert block.columns == make_block(settings, 0).columns
    with settings.source.world({t.statement: t.lemmas for t in block.theorems}).environment() as environment:
        for theorem in block.theorems:
            known = environment.start(Statement.of(theorem.statement)).state.lemmas.formulas
            assert not set(HELD_OUT) & set(known) and len(known) <= theorem.lemmas


def test_settings_of_one_world_leave_the_folder_of_the_other_alone():
    assert folder_of(StepSettings()) == folder_of(StepSettings(steps=(2, 3)))
    assert folder_of(StepSettings(world="numbers")) != folder_of(StepSettings(world="numbers", steps=(2, 3)))
    for wrong, message in (
        ({"world": "chess"}, "expected logic or numbers"),
        ({"world": "numbers", "steps": (0, 3)}, "in order"),
        ({"world": "numbers", "kinds": {"uniform": 1.0}}, "expected shares above 0 of walk, theory"),
    ):
        with pytest.raises(SettingError, match=message):
            StepSettings(**wrong)


def test_benchmarks_are_of_the_test_split_and_new_lemmas_are_new():
    found = benchmarks(2, HELD_OUT)
    assert set(found) == {
        "levels_64", "levels_1000", "walks_4", "walks_8", "walks_12", "walks_16", "walks_24", "new_4", "new_8"
    }  # fmt: skip
    assert len(found["levels_64"].statements) == 2 and found["levels_1000"].applications == 1000
    assert len(equations()) == 30
    for name, (statements, _, world) in found.items():
        assert world is NUMBERS and len(set(map(str, statements))) == len(statements)
        for statement in statements if not name.startswith("levels") else ():
            number = number_of(goal_of(statement))
            assert split_of(number) == "test" and number not in level_numbers()
    with NUMBERS.environment() as environment:
        state = environment.start(found["new_4"].statements[0]).state
    assert set(HELD_OUT) < set(state.lemmas.formulas)
    assert StepSettings().source.benchmarks(5) == {}
