"""Guides with trained networks: what they say of goals, and that searches prove more by it."""

import math

import pytest
import torch

from lean_ebm.energy import AffineProofEnergy, MLPEnergy, ProofEnergy
from lean_ebm.errors import SettingError
from lean_ebm.guides import LangevinGuide, NetworkGuide, ResidualGuide, load
from lean_ebm.langevin import Langevin
from lean_ebm.methods import EBT, IRED, PolicyValue, Ranking
from lean_ebm.proving import GuidedProver, Logic, SearchBudget, Statement
from lean_ebm.proving.search import first_goal
from lean_ebm.proving.theorems import TheoremSettings, generate_theorems

SMALL = {"width": 8, "depth": 1, "heads": 2, "embedding": 6, "hidden": 8}
CHAIN = Langevin(steps=3, step_size=0.5, bounds="sphere")
STATEMENTS = [
    "(p q : Prop) (h : p ∧ q) : q",
    "(p q r : Prop) : (p ∧ q → r) ↔ (p → q → r)",
    "(p q r s : Prop) (h : p ∨ q ∨ r) (g : ¬q) (k : r → s) : p ∨ s",
]


@pytest.fixture(scope="module")
def shipped():
    return load().method


def goals_of(*statements, narrow=False):
    with Logic() as logic:
        return [
            first_goal(logic, logic.start(Statement.of(text)).state, narrow)[0] for text in statements or STATEMENTS
        ]


def small(kind=Ranking, **settings):
    return kind(ProofEnergy(**SMALL), CHAIN, **settings)


def ired():
    return IRED(ProofEnergy(**SMALL, landscapes=3), bound="sphere", cross_entropy=1.0)


GUIDES = {
    "energy": lambda: NetworkGuide(small()),
    "policy": lambda: NetworkGuide(small(anchor=0.0, dead=0.0)),
    "policy and value": lambda: NetworkGuide(small(PolicyValue)),
    "affine": lambda: NetworkGuide(Ranking(AffineProofEnergy(**SMALL), CHAIN)),
    "landscapes": lambda: NetworkGuide(ired()),
    "chains": lambda: LangevinGuide(small(), chains=4),
    "chains of a pair": lambda: LangevinGuide(small(PolicyValue), chains=4),
    "chains with noise": lambda: LangevinGuide(
        Ranking(ProofEnergy(**SMALL), Langevin(steps=3, noise_scale=0.3, grad_clamp=0.1, bounds="sphere")), chains=4
    ),
    "chains from tactics": lambda: LangevinGuide(small(), chains=4, start="listed"),
    "chains in landscapes": lambda: LangevinGuide(ired(), steps=2, chains=3),
    "residual": lambda: ResidualGuide(small(), small(anchor=0.0, dead=0.0)),
}


@pytest.mark.parametrize("name", GUIDES)
def test_advice_does_not_depend_on_the_other_goals_or_on_earlier_calls(name):
    guide, goals = GUIDES[name](), goals_of()
    together, again = guide.advise(goals), guide.advise(goals[::-1])[::-1]
    for goal, one, other in zip(goals, together, again, strict=True):
        (alone,) = guide.advise([goal])
        for found in (alone, other):
            assert found.log_priors == pytest.approx(one.log_priors, abs=2e-4)
            assert found.value == (None if one.value is None else pytest.approx(one.value, abs=2e-4))
            assert found.cost == one.cost
        assert one.tactics == goal.tactics and len(one.energies) == len(goal.tactics)
        assert math.fsum(map(math.exp, one.log_priors)) == pytest.approx(1, abs=1e-2)
    assert len({len(advice.tactics) for advice in together}) == 3


@pytest.mark.parametrize("name", sorted(GUIDES.keys() - {"chains from tactics"}))  # those take the n-th tactic
def test_names_and_the_order_of_hypotheses_change_nothing(name):
    guide = GUIDES[name]()
    one, other = guide.advise(
        goals_of("(p q r : Prop) (h : p ∨ q) (g : q → r) : r ∨ p", "(b a c : Prop) (x : a → c) (y : b ∨ a) : c ∨ b")
    )
    assert sorted(other.log_priors) == pytest.approx(sorted(one.log_priors), abs=2e-4)
    assert (one.value is None and other.value is None) or other.value == pytest.approx(one.value, abs=2e-4)


def test_a_network_gives_the_exact_softmax_and_judges_if_it_was_taught_to():
    method = small(temperature=0.5)
    (advice,) = NetworkGuide(method).advise(goals_of()[1:2])
    weights = [math.exp(-energy / 0.5) for energy in advice.energies]
    expected = [math.log(weight / sum(weights)) for weight in weights]
    assert advice.log_priors == pytest.approx(expected, abs=1e-3)
    assert advice.value == pytest.approx(max(-0.5 * math.log(sum(weights)), 0), abs=1e-3)
    assert advice.cost == len(advice.tactics)
    assert not method.training
    for judge, method in (
        (False, small(anchor=0.0)),
        (True, small(anchor=0.0, bellman=1.0)),
        (True, small(PolicyValue)),
        (False, EBT(ProofEnergy(**SMALL), chain=Langevin(steps=1, graph="last"), sampler=CHAIN)),
    ):
        (advice,) = NetworkGuide(method).advise(goals_of()[:1])
        assert (advice.value is not None) == judge
        (asked,) = NetworkGuide(method, judges=not judge).advise(goals_of()[:1])
        assert (asked.value is not None) != judge and asked.log_priors == advice.log_priors
    policy = small(anchor=0.0, temperature=0.5)
    (asked,) = NetworkGuide(policy, judges=True).advise(goals_of()[1:2])
    total = sum(math.exp(-energy / 0.5) for energy in asked.energies)
    assert asked.value == pytest.approx(max(-0.5 * math.log(total), 0), abs=1e-3)


def test_the_value_of_a_pair_is_that_of_its_head():
    method = small(PolicyValue)
    torch.nn.init.zeros_(method.head[2].weight)
    torch.nn.init.constant_(method.head[2].bias, 7.25)
    for guide in (NetworkGuide(method), LangevinGuide(method)):
        assert [advice.value for advice in guide.advise(goals_of())] == [7.25] * 3


def test_a_residual_energy_corrects_a_policy():
    energy, policy = small(temperature=0.5), small(anchor=0.0, dead=0.0, temperature=2.0)
    goals = goals_of()[1:2]
    (one,), (other,) = NetworkGuide(energy).advise(goals), NetworkGuide(policy).advise(goals)
    (both,) = ResidualGuide(energy, policy).advise(goals)
    scores = [a + b for a, b in zip(one.log_priors, other.log_priors, strict=True)]
    total = math.log(sum(map(math.exp, scores)))
    assert both.log_priors == pytest.approx([score - total for score in scores], abs=1e-3)
    assert both.value == one.value and both.cost == 2 * len(both.tactics)
    (judged,) = ResidualGuide(policy, energy).advise(goals)
    assert judged.value == one.value


def test_chains_find_the_tactics_of_lowest_energy(shipped):
    """Most chains end near the best tactic; a value over what was found is at least that over all tactics."""
    exact, chains, goals = NetworkGuide(shipped), LangevinGuide(shipped, steps=8, chains=8), goals_of()
    for one, found in zip(exact.advise(goals), chains.advise(goals), strict=True):
        known = [index for index, energy in enumerate(found.energies) if not math.isnan(energy)]
        assert 1 <= len(known) <= 8 and len(known) < len(one.tactics)
        for index in known:
            assert found.energies[index] == pytest.approx(one.energies[index], abs=1e-3)
        assert found.value >= one.value - 1e-3
        others = [found.log_priors[index] for index in range(len(one.tactics)) if index not in known]
        assert others == pytest.approx([math.log(1 / 9 / len(others))] * len(others), abs=1e-3)
        assert found.cost == 8 * (3 * 8 + len(one.tactics) + 1)
    (start,) = LangevinGuide(shipped, steps=1, chains=200, start="listed").advise(goals[:1])
    assert not any(map(math.isnan, start.energies))  # from each of three tactics
    assert max(chains.advise(goals[:1])[0].log_priors) == chains.advise(goals[:1])[0].log_priors[1]  # cases h


def test_the_seed_of_chains_decides_what_they_find():
    method, goals = small(), goals_of()[1:]
    same = [LangevinGuide(method, seed=3, chains=3).advise(goals) for _ in range(2)]
    assert same[0][0].log_priors == same[1][0].log_priors
    other = LangevinGuide(method, seed=4, chains=3).advise(goals)
    assert any(a.log_priors != b.log_priors for a, b in zip(same[0], other, strict=True))
    with torch.random.fork_rng():  # nothing is drawn from the generator that all share
        state = torch.get_rng_state()
        LangevinGuide(method).advise(goals)
        assert torch.equal(torch.get_rng_state(), state)


def hard_theorems(number=24):
    made = generate_theorems(TheoremSettings(seed=77, first_order=0.3), 200)
    return [Statement.of(one.statement) for one in sorted(made, key=lambda one: -len(one.statement))[:number]]


def solved(guide, statements, applications=16):
    with Logic() as logic:
        found = GuidedProver(guide).prove_many(logic, statements, SearchBudget(applications))
        return {index: (result.proved, result.applications, result.evaluations) for index, result in found}


@pytest.mark.parametrize(
    "make",
    [NetworkGuide, lambda method: LangevinGuide(method, steps=4), lambda method: ResidualGuide(method, method)],
    ids=["network", "chains", "residual"],
)
def test_a_guide_proves_more_than_one_with_random_weights_and_the_same_alone_as_in_lock_step(shipped, make):
    statements = hard_theorems()
    many = solved(make(shipped), statements)
    random = solved(make(Ranking(ProofEnergy())), statements)
    assert sum([one[0] for one in many.values()]) >= sum([one[0] for one in random.values()]) + 6
    for index in range(0, len(statements), 5):
        assert solved(make(shipped), [statements[index]])[0] == many[index]


def test_a_pair_of_random_weights_proves_less_than_with_the_shipped_policy(shipped):
    pair = PolicyValue(ProofEnergy())
    statements = hard_theorems()
    before = sum([one[0] for one in solved(NetworkGuide(pair), statements).values()])
    pair.energy.load_state_dict(shipped.energy.state_dict())
    assert sum([one[0] for one in solved(NetworkGuide(pair), statements).values()]) > before + 3


def test_a_goal_without_tactics_and_no_goals():
    guide = NetworkGuide(small())
    assert guide.advise([]) == []
    empty, full = goals_of("(p q : Prop) : p", STATEMENTS[0])
    empty._tactics = []
    nothing, advice = guide.advise([empty, full])
    assert nothing.tactics == [] and nothing.cost == 0 and len(advice.tactics) == 3


def test_what_a_guide_cannot_do_is_said():
    with pytest.raises(SettingError, match="leave out --tactics narrow"):
        NetworkGuide(small()).advise(goals_of(narrow=True))
    digits = EBT(MLPEnergy(shape=(3,), num_classes=2), chain=Langevin(steps=1, graph="last"), sampler=CHAIN)
    for made in (lambda: NetworkGuide(digits), lambda: ResidualGuide(small(), digits)):
        with pytest.raises(SettingError, match="EBT with MLPEnergy does not choose tactics"):
            made()
    for wrong in ({"steps": 0}, {"chains": 0}, {"start": "data"}):
        with pytest.raises(SettingError, match="expected at least 1 step and 1 chain, and noise or listed"):
            LangevinGuide(small(), **wrong)
