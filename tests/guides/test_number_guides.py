"""Networks in the world of numbers: they read what lemmas say, and a guide of one world refuses goals of another."""

import math

import pytest
import torch

from lean_ebm.cli.training import main as train
from lean_ebm.energy import AffineProofEnergy, ProofEnergy
from lean_ebm.errors import SettingError
from lean_ebm.guides import LangevinGuide, NetworkGuide
from lean_ebm.langevin import Langevin
from lean_ebm.methods import PolicyValue, Ranking
from lean_ebm.proving import GuidedProver, SearchBudget
from lean_ebm.proving.candidates import Template
from lean_ebm.proving.numbers.levels import find_level
from lean_ebm.proving.numbers.reading import Lemma
from lean_ebm.proving.numbers.world import NUMBERS, NumberWorld
from lean_ebm.proving.search import LOGIC, first_goal
from lean_ebm.proving.statements import Statement

SMALL = {"width": 8, "depth": 1, "heads": 2, "embedding": 6, "hidden": 8}
CHAIN = Langevin(steps=3, step_size=0.5, bounds="sphere")
TEXT = "(x y : MyNat) : (x + y) * 2 + 0 = x * 2 + y * 2"


def goal_in(world, text=TEXT):
    with world.environment() as environment:
        return first_goal(environment, environment.start(Statement.of(text)).state, world=world)[0]


def guide(kind=Ranking, network=ProofEnergy):
    torch.manual_seed(0)
    return NetworkGuide(kind(network(**SMALL, world="numbers"), CHAIN))


@pytest.mark.parametrize("kind", [Ranking, PolicyValue])
@pytest.mark.parametrize("network", [ProofEnergy, AffineProofEnergy])
def test_networks_of_numbers_give_advice(kind, network):
    goal = goal_in(NUMBERS)
    (advice,) = guide(kind, network).advise([goal])
    assert advice.tactics == goal.tactics and advice.value is not None
    assert math.fsum(map(math.exp, advice.log_priors)) == pytest.approx(1, abs=1e-2)
    assert len(set(advice.energies)) > 0.8 * len(goal.tactics) > 5


def test_chains_find_tactics_of_numbers():
    energy = ProofEnergy(**SMALL, world="numbers")
    (advice,) = LangevinGuide(Ranking(energy, CHAIN), chains=3).advise([goal_in(NUMBERS)])
    assert len(advice.log_priors) == len(advice.tactics)


def test_a_lemma_is_read_by_what_it_says_and_not_by_its_name():
    """A lemma that no training has seen is proposed, under whatever name; another statement gives another energy."""

    def energy_of_rewriting(name, statement):
        known = [Lemma("add_zero", find_level("add_zero").statement), Lemma(name, Statement.of(statement))]
        (advice,) = guide().advise([goal_in(NumberWorld(known))])
        places = [index for index, tactic in enumerate(advice.tactics) if tactic.template is Template.REWRITE]
        assert len(places) >= 2
        return {advice.tactics[index].second: advice.energies[index] for index in places}

    one = energy_of_rewriting("doubling", "(a b : MyNat) : (a + b) * 2 = a * 2 + b * 2")
    assert energy_of_rewriting("another_name", "(u v : MyNat) : (u + v) * 2 = u * 2 + v * 2") == one
    other = energy_of_rewriting("doubling", "(a b : MyNat) : (a + b) * 2 = b * 2 + a * 2")
    assert set(one) & set(other) and set(one.values()) != set(other.values())


def test_a_guide_refuses_goals_of_another_world():
    logical = goal_in(LOGIC, "(p q : Prop) (h : p ∧ q) : q")
    with pytest.raises(SettingError, match="trained in the world of numbers, and the goal is of the world of logic"):
        guide().advise([logical])
    with pytest.raises(SettingError, match="trained in the world of logic"):
        NetworkGuide(Ranking(ProofEnergy(**SMALL), CHAIN)).advise([goal_in(NUMBERS)])
    with pytest.raises(SettingError, match="world is 'chess', expected one of logic, numbers"):
        ProofEnergy(world="chess")


def test_a_checkpoint_of_the_recipe_is_a_guide(tmp_path, monkeypatch):
    """The recipe trains on a few theorems, proves some of them, and its checkpoint proves a level."""
    from lean_ebm.guides import load
    from lean_ebm.proving.steps import blocks

    monkeypatch.setattr(blocks, "_THEOREMS", 10)
    monkeypatch.setenv("LEAN_EBM_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    small = [f"--model.energy.init_args.{name}={value}" for name, value in SMALL.items()]
    data = ["--data.theorems=30", "--data.steps=[1,4]", "--data.workers=1", "--data.batch_size=8"]
    rest = ["--trainer.max_steps=2", "--trainer.enable_progress_bar=false", "--evaluation.theorems=2"]
    train(["fit", "--config=proving/numbers", *small, *data, *rest, "--samples.samples_per_class=0"])
    (checkpoint,) = tmp_path.rglob("last.ckpt")
    with NUMBERS.environment() as environment:
        statement = find_level("zero_add").statement
        result = GuidedProver(load(checkpoint), world=NUMBERS).prove(environment, statement, SearchBudget(300))
    assert result.proved and result.evaluations > 0
