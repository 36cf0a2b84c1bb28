"""Samplers of chunks: exact where they can be, counted as searches count, each goal by itself."""

import itertools
import math

import pytest
import torch

from lean_ebm.data.proofs import slots_of
from lean_ebm.energy import AffineChunkEnergy, ChunkEnergy, ChunkProposer
from lean_ebm.errors import SettingError
from lean_ebm.methods import ChunkPolicy
from lean_ebm.methods.chunk_policy import PolicyChunks
from lean_ebm.methods.chunk_samplers import GibbsChunks, LangevinChunks, RandomChunks
from lean_ebm.methods.slots import energies_by_gradient, energies_one_by_one, problem_of
from lean_ebm.proving.candidates import ChunkSpace, sequent_of
from lean_ebm.proving.logic.logic import root
from lean_ebm.proving.statements import Statement
from lean_ebm.randomness import derived_seed

SMALL = {"width": 16, "depth": 1, "heads": 2, "embedding": 8, "hidden": 12}
STATEMENTS = (
    "(p q : Prop) (h : p ∧ q) : q",
    "(p q r : Prop) (h : p ↔ q) (k : ¬r) : (p ∨ q) ∧ (q → r) → p",
    "(p : Prop) : p → p",
)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def batch(*statements):
    return slots_of([ChunkSpace(sequent_of(root(Statement.of(text)))) for text in statements or STATEMENTS])


def problem(energy, *statements):
    return problem_of(energy, *batch(*statements))


def uniforms(size=3, seed=0):
    """Random numbers by name, in which each row is the same whatever the other rows are."""

    def draw(name, count):
        rows = [torch.Generator().manual_seed(derived_seed(seed, name, row)) for row in range(size)]
        return torch.stack([torch.rand(count, generator=row, dtype=torch.float64) for row in rows]).clamp(1e-9)

    return draw


def steep(energy, factor=4.0):
    """The same kind of energy with larger differences."""
    with torch.no_grad():
        for name in ("maps", "last.weight"):
            if name in dict(energy.named_parameters()):
                energy.get_parameter(name).mul_(factor)
    return energy


def any_chunks(given, number=5):
    return given.uniform(torch.rand(len(given.points), number, 3))


@torch.no_grad()
def test_one_gradient_of_the_affine_energy_gives_the_energies_of_all_tactics_of_a_slot():
    energy = AffineChunkEnergy(**SMALL)
    given = problem(energy)
    chunks = any_chunks(given)
    for slot in range(3):
        predicted, exact = (score(energy, given, chunks, slot) for score in (energies_by_gradient, energies_one_by_one))
        torch.testing.assert_close(predicted, exact, rtol=1e-4, atol=1e-4)
        assert torch.equal(exact.isinf(), ~given.choices[:, None, slot].expand_as(exact))
        there = exact[exact.isfinite()]
        assert there.std() > 1e-3


@torch.no_grad()
def test_of_the_other_energy_it_does_not():
    """Otherwise the test above would prove nothing."""
    energy = steep(ChunkEnergy(**SMALL))
    given = problem(energy)
    chunks = any_chunks(given)
    predicted, exact = (score(energy, given, chunks, 1) for score in (energies_by_gradient, energies_one_by_one))
    there = exact.isfinite()
    assert (predicted - exact)[there].abs().max() > 1e-2


def everything(given, row=0):
    """All chunks of a goal, ``(1, N, 3)``."""
    first, second, third = given.counts[row].tolist()
    return torch.tensor(list(itertools.product(range(first), range(second), range(third))))[None]


@torch.no_grad()
def test_gibbs_sampling_draws_from_the_softmax():
    """Without cooling, chains of a small space end at each chunk as often as exp(-E / T) says."""
    energy = steep(AffineChunkEnergy(**SMALL))
    given = problem(energy, "(p : Prop) (h : p) : p")
    chunks = everything(given)
    expected = (-given.energies(energy, chunks)[0] / 0.7).softmax(dim=0)
    assert 50 < len(expected) < 500 and expected.max() > 2 / len(expected)
    chains = 6000
    sampler = GibbsChunks(chains, updates=9, temperature=0.7, cooling=1.0, kept=0)
    ends = sampler.draw(energy, given, uniforms(1)).chunks.unflatten(1, (chains, 9))[0, :, -1]
    sizes = given.counts[0]
    seen = ((ends[:, 0] * sizes[1] + ends[:, 1]) * sizes[2] + ends[:, 2]).bincount(minlength=len(expected)) / chains
    assert (seen - expected).abs().sum() < 0.2  # uniform ends would differ by more
    assert (expected - 1 / len(expected)).abs().sum() > 0.3


SAMPLERS = {
    "random": RandomChunks(7),
    "gibbs": GibbsChunks(2, 4, gradients=False, kept=2),
    "gradient gibbs": GibbsChunks(2, 4, kept=2),
    "langevin": LangevinChunks(3, 4),
    "decoded": LangevinChunks(3, 4, decoded=True),
    "sampled": PolicyChunks(ChunkPolicy(ChunkProposer(**SMALL)), 5),
    "marginal": PolicyChunks(ChunkPolicy(ChunkProposer(**SMALL, marginal=True)), 5),
    "beam": PolicyChunks(ChunkPolicy(ChunkProposer(**SMALL)), 5, beam=True),
}


@pytest.mark.parametrize("energy", [AffineChunkEnergy(**SMALL), ChunkEnergy(**SMALL)], ids=["affine", "other"])
@pytest.mark.parametrize("name", SAMPLERS)
@torch.no_grad()
def test_draws_are_chunks_with_their_energies_and_depend_on_their_own_goal_only(name, energy):
    sampler = SAMPLERS[name]
    given = problem(energy)
    draws = sampler.draw(energy, given, uniforms())
    size, number, _ = draws.chunks.shape
    assert draws.energies.shape == draws.evaluations.shape == draws.comparisons.shape == (size, number)
    for slot in range(3):
        assert given.choices[:, slot].gather(1, draws.chunks[:, :, slot]).all()
    torch.testing.assert_close(draws.energies, given.energies(energy, draws.chunks), rtol=1e-4, atol=1e-4)
    assert (draws.costs().diff(dim=1) >= 0).all() and (draws.evaluations[:, 0] > 0).all()
    for row, statement in enumerate(STATEMENTS):

        def own(name, count, row=row):
            return uniforms()(name, count)[row : row + 1]

        alone = sampler.draw(energy, problem(energy, statement), own)
        assert torch.equal(alone.costs()[0], draws.costs()[row])
        torch.testing.assert_close(alone.energies[0], draws.energies[row], rtol=1e-3, atol=1e-3)


def test_costs_are_counted_as_searches_count_them():
    affine, other = AffineChunkEnergy(**SMALL), ChunkEnergy(**SMALL)
    given = problem(affine, STATEMENTS[1])
    first, second, third = given.counts[0].tolist()

    def spent(sampler, energy=affine):
        draws = sampler.draw(energy, problem(energy, STATEMENTS[1]), uniforms(1))
        return draws.evaluations[0].tolist(), draws.comparisons[0].tolist()

    assert spent(RandomChunks(3)) == ([1, 2, 3], [0, 0, 0])
    sums = [first, first + second, first + second + third]
    assert spent(GibbsChunks(1, 3, gradients=False, kept=0)) == (sums, [0, 0, 0])
    assert spent(GibbsChunks(1, 3, kept=0)) == ([3, 6, 9], sums)
    assert spent(GibbsChunks(1, 3, kept=1)) == ([3, 3, 6, 6, 9, 9], [part for part in sums for _ in range(2)])
    assert spent(GibbsChunks(1, 3, kept=1), other) == ([4, 8, 12], sums)
    assert spent(GibbsChunks(2, 1, kept=0)) == ([3, 6], [first, 2 * first])
    assert spent(LangevinChunks(2, 4)) == ([13, 26], [sums[2], 2 * sums[2]])
    assert spent(LangevinChunks(1, 2, decoded=True)) == ([3, 6, 7], [sums[2], 2 * sums[2], 3 * sums[2]])
    assert spent(GibbsChunks(3, 0)) == ([1, 2, 3], [0, 0, 0])
    assert spent(LangevinChunks(2, 0)) == ([1, 2], [sums[2], 2 * sums[2]])
    each = second + third
    assert spent(SAMPLERS["sampled"]) == ([2, 4, 6, 8, 10], [first + n * each for n in range(1, 6)])
    assert spent(SAMPLERS["beam"]) == ([2, 4, 6, 8, 10], [first + 5 * each] * 5)
    assert spent(SAMPLERS["marginal"]) == ([2, 4, 6, 8, 10], [sums[2]] * 5)


def test_a_comparison_costs_the_share_of_its_multiplications():
    """Worked out by hand for embeddings of 8 and 12 hidden units; a comparison multiplies 8 numbers."""
    assert AffineChunkEnergy(**SMALL).comparison == pytest.approx(8 / (3 * 8 * 12 + 2 * 12))
    assert ChunkEnergy(**SMALL).comparison == pytest.approx(8 / (24 * 12 + 12 * 12 + 12))
    assert ChunkProposer(**SMALL).comparison == pytest.approx(8 / (8 * 12 + 16 * 12 + 3 * 12 * 8 + 3 * 8))
    draws = GibbsChunks(1, 3, kept=0).draw(AffineChunkEnergy(**SMALL), problem(AffineChunkEnergy(**SMALL)), uniforms())
    torch.testing.assert_close(draws.costs(0.5)[0], draws.evaluations[0] + draws.comparisons[0].double() / 2)
    assert torch.equal(draws.costs(), (draws.evaluations + draws.comparisons).double())
    assert torch.equal(draws.costs(0.0), draws.evaluations.double())


@torch.no_grad()
def test_samplers_go_down_and_a_beam_finds_what_is_most_likely():
    energy = steep(AffineChunkEnergy(**SMALL), 8.0)
    given = problem(energy, STATEMENTS[2])
    all_energies = given.energies(energy, everything(given))[0]
    mean = all_energies.mean()
    for sampler in (
        GibbsChunks(4),
        GibbsChunks(4, gradients=False),
        LangevinChunks(8),
        LangevinChunks(4, decoded=True),
    ):
        best = sampler.draw(energy, given, uniforms(1)).energies.min()
        assert best < mean - 1.5 * all_energies.std(), sampler
    warm = GibbsChunks(16, temperature=float(all_energies.std()))
    assert warm.draw(energy, given, uniforms(1)).energies.min() <= all_energies.min() + 1e-2
    policy = ChunkPolicy(ChunkProposer(**SMALL))
    theirs = problem(policy.energy, STATEMENTS[2])
    likely = policy.log_probabilities(theirs, everything(theirs))[0]
    assert float(likely.logsumexp(dim=0)) == pytest.approx(0, abs=1e-4)
    found = PolicyChunks(policy, int(given.counts[0].prod()), beam=True).draw(energy, given, uniforms(1)).chunks
    logs = policy.log_probabilities(theirs, found)[0]
    torch.testing.assert_close(logs, likely.sort(descending=True).values, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_the_marginals_of_a_policy_do_not_depend_on_earlier_tactics():
    for marginal in (True, False):
        policy = ChunkPolicy(ChunkProposer(**SMALL, marginal=marginal))
        given = problem(policy.energy, STATEMENTS[1])
        logs = policy.slot_probabilities(given, any_chunks(given, 6), 2)[0]
        assert (logs.exp().sum(dim=1) - 1).abs().max() < 1e-4
        same = all(torch.allclose(row, logs[0], atol=1e-6) for row in logs[1:])
        assert same == marginal


@torch.no_grad()
def test_samples_of_a_policy_are_as_likely_as_it_says():
    policy = ChunkPolicy(ChunkProposer(**SMALL))
    given = problem(policy.energy, "(p : Prop) (h : p) : p")
    chunks = everything(given)
    expected = policy.log_probabilities(given, chunks)[0].exp()
    number = 8000
    ends = PolicyChunks(policy, number).draw(policy.energy, given, uniforms(1)).chunks[0]
    sizes = given.counts[0]
    seen = ((ends[:, 0] * sizes[1] + ends[:, 1]) * sizes[2] + ends[:, 2]).bincount(minlength=len(expected)) / number
    assert (seen - expected).abs().sum() < 0.2
    assert math.isclose(float(expected.sum()), 1, abs_tol=1e-4)


def test_wrong_settings_are_explained():
    for wrong in (
        lambda: RandomChunks(0), lambda: GibbsChunks(chains=0), lambda: GibbsChunks(temperature=0.0),
        lambda: LangevinChunks(steps=-1), lambda: GibbsChunks(updates=-1), lambda: LangevinChunks(noise=-1.0),
        lambda: PolicyChunks(ChunkPolicy(ChunkProposer(**SMALL)), 0),
    ):  # fmt: skip
        with pytest.raises(SettingError, match=r"Sampler of chunks: .*expected"):
            wrong()
