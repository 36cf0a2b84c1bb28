"""A trained guide for goals about numbers as Lean prints them: which goals it reads, and what it says of the others."""

import math

import pytest
import torch

from helpers import needs_lean
from lean_ebm.energy import ProofEnergy
from lean_ebm.guides import NetworkGuide, PrintedNumbersGuide
from lean_ebm.guides.printed_numbers import problem_of
from lean_ebm.methods import Ranking
from lean_ebm.proving import GuidedProver, SearchBudget
from lean_ebm.proving.lean import Lean, LeanEnvironment
from lean_ebm.proving.numbers.lemmas import lemmas_of
from lean_ebm.proving.numbers.levels import find_level
from lean_ebm.proving.numbers.texts import TextTactics
from lean_ebm.proving.numbers.world import NUMBERS
from lean_ebm.proving.search import StateBestFirst, StateGoal, first_goal
from lean_ebm.proving.statements import State

SMALL = {"width": 8, "depth": 1, "heads": 2, "embedding": 6, "hidden": 8}
LEVEL = find_level("add_comm").statement


class Printed(State):
    """A state of which only the printed goals are known."""

    def __init__(self, *goals):
        self._goals = goals

    @property
    def goals(self):
        return self._goals


@pytest.fixture(scope="module")
def guide():
    torch.manual_seed(0)
    return NetworkGuide(Ranking(ProofEnergy(**SMALL, world="numbers")), judges=False)


def test_an_equation_is_read_without_what_the_engine_does_not_read():
    printed = "case succ\na b : MyNat\nn✝ : MyNat\nh : a + b = a\nless : a ≤ b\nh✝ : a = b\n⊢ a + b = b + a"
    problem = problem_of(printed, lemmas_of(()))
    assert str(problem.goal) == "a b : MyNat\nh : a + b = a\n⊢ a + b = b + a"
    assert problem_of("a b : MyNat\n⊢ a ≤ b", lemmas_of(())) is None
    assert problem_of("a n✝ : MyNat\n⊢ a + n✝ = a", lemmas_of(())) is None


def test_an_equation_has_the_probabilities_of_the_trained_guide(guide):
    with NUMBERS.environment() as environment:
        start = environment.start(LEVEL).state
        (own,) = guide.advise([first_goal(environment, start, world=NUMBERS)[0]])
        listed = StateGoal(environment, start, listed=lambda *_: ["rfl", "cases a", "exfalso"])
        (advice,) = PrintedNumbersGuide(guide, LEVEL, rest=0.2).advise([listed])
    assert advice.tactics[-2:] == ["cases a", "exfalso"] and advice.tactics.count("rfl") == 1
    assert advice.log_priors[:-2] == pytest.approx([prior + math.log(0.8) for prior in own.log_priors])
    assert advice.log_priors[-2:] == pytest.approx([math.log(0.1)] * 2)
    assert all(listed.after(text) is not None for text in advice.tactics if text.startswith("induction"))
    assert advice.cost == own.cost == 3 and advice.value is None


def test_all_tactics_of_another_goal_are_alike(guide):
    goal = StateGoal(NUMBERS.environment(), Printed("a b : MyNat\n⊢ a ≤ b + a"), listed=lambda *_: ["exists b", "symm"])
    (advice,) = PrintedNumbersGuide(guide, LEVEL).advise([goal])
    assert advice.tactics == ["exists b", "symm"] and advice.log_priors == [-math.log(2)] * 2 and advice.cost == 0


@needs_lean
def test_it_guides_a_search_in_lean(guide):
    level = find_level("le_succ_self").statement
    prover = GuidedProver(PrintedNumbersGuide(guide, level), StateBestFirst(), narrow=True, listed=TextTactics(level))
    with LeanEnvironment(Lean(world="numbers")) as environment:
        result = prover.prove(environment, level, SearchBudget(100, seconds=float("inf")))
    assert result.proved and result.verdict.verifier.startswith("Lean ")
