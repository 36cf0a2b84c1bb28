"""The wide set of numbers: what is listed runs as its structure says, knows no names, and can use new lemmas."""

from random import Random

import pytest

from lean_ebm.cli.proving import main
from lean_ebm.proving.candidates import Template
from lean_ebm.proving.candidates.invariants import invariant
from lean_ebm.proving.numbers.candidates import NumberWriter, number_candidates, number_goals_after
from lean_ebm.proving.numbers.engine import Numbers
from lean_ebm.proving.numbers.graphs import number_listing
from lean_ebm.proving.numbers.lemmas import Lemmas
from lean_ebm.proving.numbers.levels import find_level, lemmas, levels
from lean_ebm.proving.numbers.reading import Lemma, goal_of
from lean_ebm.proving.numbers.world import NumberProblem, NumberWorld
from lean_ebm.proving.search import SEARCHES, GuidedProver, SearchBudget, SizeGuide, UniformGuide
from lean_ebm.proving.statements import Outcome, Statement
from proving.numbers.number_lemmas import LEMMAS, before, statement_of
from proving.numbers.number_sampler import NumberSampler


def goal(text):
    return goal_of(Statement.of(text))


def texts(text, known=LEMMAS):
    made, theorems = goal(text), Lemmas(known)
    return [NumberWriter(made, theorems).write(tactic) for tactic in number_candidates(made, theorems)]


def test_the_set_of_a_goal():
    assert texts("(a b : MyNat) (h : a = b) : b = a + 0", before("succ_eq_add_one")) == [
        "rfl", "rw [← h]", "rw [add_zero a]", "rw [h]", "induction a with | zero => ?_ | succ a ih => ?_",
        "induction b with | zero => ?_ | succ b ih => ?_",
    ]  # fmt: skip
    assert texts("(a b : MyNat) (h : a = b) : b = a", [])[:2] == ["symm", "rfl"]
    assert texts("(a b : MyNat) (h : a = b) : a = b", [])[0] == "exact h"
    assert texts("∀ h : MyNat, h = h") == ["intro h"]
    assert "rw [add_zero b] at h" in texts("(a b : MyNat) (h : a = b + 0) : b = a")


def test_a_rewriting_is_listed_once_for_each_term_that_it_fits():
    assert [text for text in texts("(a b c : MyNat) : a + b + c = a + b") if "comm" in text] == [
        "rw [add_comm (a + b) c]", "rw [add_right_comm a b c]", "rw [add_comm a b]"
    ]  # fmt: skip
    assert not [text for text in texts("(a : MyNat) : a + a = a") if "comm" in text]  # it would change nothing


def test_what_is_listed_does_what_its_structure_says():
    """The text of each tactic, run by the engine, leaves the goals that its structure leaves."""
    random, engine, theorems, seen = Random(0), Numbers(levels()), Lemmas(levels()), set()
    sampler = NumberSampler(random, levels())
    for _ in range(120):
        state = engine.start(sampler.statement()).state
        for _ in range(3):
            made = state.open[0]
            tactics = number_candidates(made, theorems)
            for tactic in random.sample(tactics, min(len(tactics), 6)):
                step = engine.apply(state, NumberWriter(made, theorems).write(tactic))
                left = number_goals_after(made, tactic)
                seen.add(tactic.template)
                if left is None:
                    assert step.outcome is Outcome.TACTIC_ERROR
                else:
                    assert step.state.goals == (*map(str, left), *state.goals[1:])
                    state = step.state
                    break
            if not state.open:
                break
    assert seen >= {form for form in Template if Template.REWRITE <= form <= Template.RFL} | {Template.INTRO}


def test_names_are_not_read():
    """Other names of variables, hypotheses and lemmas, and another order of hypotheses, give the same integers."""
    one = goal("(a b : MyNat) (h : a = b + 0) (g : b = 2) : a * b = b * a")
    other = goal("(z : MyNat) (y : MyNat) (k : y = z + 0) (h : z = 2) : y * z = z * y")
    renamed = [Lemma(f"theorem{index}", lemma.statement) for index, lemma in enumerate(LEMMAS)]
    listings = [
        number_listing(made, number_candidates(made, Lemmas(known)))
        for made, known in ((one, LEMMAS), (other, renamed))
    ]
    assert len(listings[0].templates) == len(listings[1].templates) == 10
    assert sorted(listings[0].templates) == sorted(listings[1].templates)
    assert invariant(listings[0].graph) == invariant(listings[1].graph)


def test_the_number_of_a_goal_knows_symmetry_but_no_tactics():
    number = {
        text: invariant(number_listing(goal(text), []).graph)
        for text in (
            "(a b : MyNat) : a + b = b * a", "(x y : MyNat) : y * x = x + y", "(a b : MyNat) : a + b = a * b",
            "(a b : MyNat) : b + a = b * b",
        )
    }  # fmt: skip
    first, same, other, another = number.values()
    assert first == same and len({first, other, another}) == 3
    made = goal("(a b : MyNat) : a + b = b * a")
    assert invariant(number_listing(made, number_candidates(made, Lemmas(LEMMAS))).graph) == first


@pytest.mark.parametrize("search", SEARCHES)
def test_searches_prove_levels(search):
    world = NumberWorld(lemmas)
    prover = GuidedProver(SizeGuide(), SEARCHES[search](), world=world)
    with world.environment() as environment:
        for name in ("zero_add", "mul_one", "add_right_comm"):
            result = prover.prove(environment, find_level(name).statement, SearchBudget(600))
            assert result.proved, name
            assert environment.verify(find_level(name).statement, result.script).proved
            assert [step.text for step in result.steps] == list(result.tactics)
            assert "⊢" in str(result.steps[0].goal)


def test_goals_that_say_the_same_are_one():
    theorems = Lemmas(LEMMAS)
    one, other = (NumberProblem(goal(text), theorems) for text in ("(a b : MyNat) : a = b", "(x y : MyNat) : x = y"))
    assert one.key == other.key and one.tactics == other.tactics
    with pytest.raises(ValueError, match="is a text"):
        one.after("rfl")


def test_a_lemma_that_is_new_is_listed_and_used():
    """No guide and no listing asks for the name of a lemma: one that nothing has seen is used at once."""
    new = Lemma("doubling", Statement.of("(a : MyNat) : a + a = a * 2"))
    statement = Statement.of("(x y : MyNat) : (x + y) + (x + y) = (x + y) * 2")
    world = NumberWorld([new])
    with world.environment() as environment:
        result = GuidedProver(UniformGuide(), world=world).prove(environment, statement, SearchBudget(8))
    assert result.tactics == ("rw [doubling (x + y)]",)


def test_a_level_is_not_its_own_lemma():
    world = NumberWorld(lemmas)
    with world.environment() as environment:
        result = GuidedProver(UniformGuide(), world=world).prove(
            environment, statement_of("add_comm"), SearchBudget(200)
        )
        assert not environment.verify(statement_of("add_comm"), "rw [add_comm]").proved
    assert "add_comm" not in result.script


def test_prove_and_suggest_know_the_world(capsys):
    statement = "(n : MyNat) : 0 + n = n"
    assert main(["prove", "--world", "numbers", statement, "--explain"]) == 0
    out = capsys.readouterr().out
    assert "induction n with | zero => ?_ | succ n ih => ?_" in out and "-- verified by numbers of lean-ebm" in out
    assert "zero_add" not in out  # a level is not its own lemma
    assert main(["suggest", "--world", "numbers", "(a b : MyNat) : a + (b + 0) = a", "--guide", "sizes"]) == 0
    assert "rw [add_zero b]" in capsys.readouterr().out
    assert main(["prove", "--world", "numbers", "p → p"]) == 2
    assert "is not an equation between natural numbers (MyNat)" in capsys.readouterr().err
    assert main(["prove", "--world", "numbers", statement, "--guide", "default"]) == 2
    assert "trained in the world of logic" in capsys.readouterr().err
