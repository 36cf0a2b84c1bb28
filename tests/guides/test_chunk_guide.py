"""The guide of chunks: what it proposes, what it says a goal needs, and what that costs."""

import math

import pytest
import torch

from lean_ebm.data.proofs import slots_of
from lean_ebm.energy import AffineChunkEnergy, ChunkProposer, ProofEnergy
from lean_ebm.errors import SettingError
from lean_ebm.guides import ChunkGuide, NetworkGuide
from lean_ebm.methods import ChunkPolicy, ChunkRanking, Ranking
from lean_ebm.methods.chunk_policy import PolicyChunks
from lean_ebm.methods.chunk_samplers import GibbsChunks, LangevinChunks, RandomChunks
from lean_ebm.methods.slots import problem_of
from lean_ebm.proving import Logic, Statement
from lean_ebm.proving.candidates import Candidate, Chunk, ChunkSpace
from lean_ebm.proving.search import first_goal

SMALL = {"width": 8, "depth": 1, "heads": 2, "embedding": 6, "hidden": 8}
STATEMENTS = [
    "(p q : Prop) (h : p ∧ q) : q",
    "(p q r : Prop) : (p ∧ q → r) ↔ (p → q → r)",
    "(p q r s : Prop) (h : p ∨ q ∨ r) (g : ¬q) (k : r → s) : p ∨ s",
]


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def goals_of(*statements, narrow=False):
    with Logic() as logic:
        return [
            first_goal(logic, logic.start(Statement.of(text)).state, narrow)[0] for text in statements or STATEMENTS
        ]


def method(**settings):
    return ChunkRanking(AffineChunkEnergy(**SMALL), **settings)


GUIDES = {
    "random": lambda: ChunkGuide(method(), RandomChunks(30)),
    "gibbs": lambda: ChunkGuide(method(), GibbsChunks(2, 5, gradients=False)),
    "gradient gibbs": lambda: ChunkGuide(method(), GibbsChunks(2, 5)),
    "langevin": lambda: ChunkGuide(method(), LangevinChunks(4, 4)),
    "decoded": lambda: ChunkGuide(method(), LangevinChunks(4, 4, decoded=True)),
    "policy": lambda: ChunkGuide(method(), PolicyChunks(ChunkPolicy(ChunkProposer(**SMALL)), 6)),
    "beam": lambda: ChunkGuide(method(), PolicyChunks(ChunkPolicy(ChunkProposer(**SMALL)), 6, beam=True)),
}


@pytest.mark.parametrize("name", GUIDES)
def test_advice_does_not_depend_on_the_other_goals_or_on_names(name):
    guide, goals = GUIDES[name](), goals_of()
    together = guide.advise(goals)
    for goal, one in zip(goals, together, strict=True):
        (alone,) = guide.advise([goal])
        assert list(alone.tactics) == list(one.tactics) and alone.cost == one.cost > 0
        assert alone.log_priors == pytest.approx(one.log_priors, abs=2e-3)
        assert alone.value == pytest.approx(one.value, abs=2e-3)
        chunks = [tactic for tactic in one.tactics if isinstance(tactic, Chunk)]
        assert 1 <= len(chunks) <= 8 and len(set(chunks)) == len(chunks)
        assert one.tactics[len(chunks) :] == goal.tactics
        assert math.fsum(map(math.exp, one.log_priors)) == pytest.approx(1, abs=1e-2)
        share = math.fsum(map(math.exp, one.log_priors[len(chunks) :]))
        assert share == pytest.approx(1 / (len(chunks) + 1), abs=1e-2)
        space = ChunkSpace(goal.sequent)
        assert all(space.numbers(chunk) is not None for chunk in chunks)
    (renamed,) = guide.advise(goals_of("(b d a c : Prop) (x : b ∨ d ∨ a) (y : ¬d) (z : a → c) : b ∨ c"))
    assert renamed.log_priors == pytest.approx(together[2].log_priors, abs=2e-3)


def test_priors_and_values_are_those_of_the_energies_that_were_found():
    one = method(temperature=0.7)
    (goal,) = goals_of(STATEMENTS[1])
    (advice,) = ChunkGuide(one, RandomChunks(40), proposals=5).advise([goal])
    chunks = [tactic for tactic in advice.tactics if isinstance(tactic, Chunk)]
    assert len(chunks) == 5 and advice.cost == 40
    energies = advice.energies[:5]
    assert energies == sorted(energies) and all(map(math.isnan, advice.energies[5:]))
    weights = [math.exp(-energy / 0.7) for energy in energies]
    expected = [math.log(weight / sum(weights) * 5 / 6) for weight in weights]
    assert advice.log_priors[:5] == pytest.approx(expected, abs=1e-3)
    (whole,) = ChunkGuide(one, RandomChunks(40), proposals=1000).advise([goal])
    every = [energy for energy in whole.energies if not math.isnan(energy)]
    value = max(-0.7 * math.log(sum([math.exp(-energy / 0.7) for energy in every])), 0.0)
    assert whole.value == advice.value == pytest.approx(value, abs=1e-3)
    assert ChunkGuide(method(anchor=0.0), RandomChunks(4)).advise([goal])[0].value is None


def test_energies_of_proposed_chunks_are_those_of_the_network():
    one = method()
    (goal,) = goals_of(STATEMENTS[2])
    (advice,) = ChunkGuide(one, GibbsChunks(2)).advise([goal])
    space = ChunkSpace(goal.sequent)
    with torch.no_grad():
        given = problem_of(one.energy, *slots_of([space]))
        for chunk, energy in zip(advice.tactics, advice.energies, strict=True):
            if isinstance(chunk, Chunk) and len(chunk.tactics) == 3:
                numbers = torch.tensor([[space.numbers(chunk)]])
                assert float(given.energies(one.energy, numbers)) == pytest.approx(energy, abs=1e-3)


def test_a_limit_of_evaluations_holds():
    (goal,) = goals_of(STATEMENTS[1])
    one = method()
    free = ChunkGuide(one, GibbsChunks(4)).advise([goal])[0]
    last = 0
    for limit in (10, 60, 200, 800):
        (advice,) = ChunkGuide(one, GibbsChunks(4), evaluations=limit).advise([goal])
        first = 3 + ChunkSpace(goal.sequent).listed  # the first update counts in any case
        assert last <= advice.cost <= max(limit, first) and advice.cost < free.cost
        last = advice.cost
    assert ChunkGuide(one, RandomChunks(50), evaluations=7).advise([goal])[0].cost == 7
    # With cheaper comparisons there is room for more updates.
    space, weight = ChunkSpace(goal.sequent), one.energy.comparison
    update = 3 + weight * space.listed
    cheap = ChunkGuide(one, GibbsChunks(4), evaluations=math.ceil(update), comparison=None)
    assert cheap.comparison == weight and cheap.advise([goal])[0].cost == math.ceil(update)
    costs = [ChunkGuide(one, GibbsChunks(4), comparison=part).advise([goal])[0].cost for part in (0.0, None, 1.0)]
    assert costs[0] == 3 * 12 * 4 < costs[1] < costs[2]


def test_the_seed_decides_what_is_found():
    one, goals = method(), goals_of()[1:]

    def proposed(seed):
        return [list(advice.tactics) for advice in ChunkGuide(one, RandomChunks(20), seed=seed).advise(goals)]

    assert proposed(3) == proposed(3) != proposed(4)
    state = torch.get_rng_state()
    ChunkGuide(one).advise(goals)
    assert torch.equal(torch.get_rng_state(), state)


def test_goals_without_tactics_and_what_a_guide_cannot_do():
    guide = ChunkGuide(method())
    assert guide.advise([]) == []
    empty, full = goals_of("(p q : Prop) : p", STATEMENTS[0])
    empty._tactics = []
    nothing, advice = guide.advise([empty, full])
    assert list(nothing.tactics) == [] and nothing.cost == 0
    assert any(isinstance(tactic, Candidate) for tactic in advice.tactics)
    with pytest.raises(SettingError, match="leave out --tactics narrow"):
        guide.advise(goals_of(narrow=True))
    with pytest.raises(SettingError, match="chooses chunks of tactics, and this guide takes single ones"):
        NetworkGuide(method())
    for wrong in ({"proposals": 0}, {"evaluations": 0}):
        with pytest.raises(SettingError, match="expected at least 1 of both"):
            ChunkGuide(method(), **wrong)
    for other in (Ranking(ProofEnergy(**SMALL)), ChunkPolicy(ChunkProposer(**SMALL))):
        with pytest.raises(SettingError, match="expected ChunkRanking"):
            ChunkGuide(other)
