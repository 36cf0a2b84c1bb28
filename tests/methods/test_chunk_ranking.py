"""What teaches energies of chunks: the negatives, the terms of the loss, and that good chunks become likely."""

import pytest
import torch

from lean_ebm.data import ProofChunks, ProofSteps
from lean_ebm.energy import AffineChunkEnergy, AffineProofEnergy, ChunkProposer
from lean_ebm.errors import SettingError
from lean_ebm.evaluation import evaluate
from lean_ebm.evaluation.chunks import is_good, once
from lean_ebm.evaluation.results import Effort
from lean_ebm.guides import ChunkGuide
from lean_ebm.methods import ChunkPolicy, ChunkRanking, Ranking
from lean_ebm.methods.chunk_samplers import Draws, GibbsChunks
from lean_ebm.methods.listed import check_lists, free_energy
from lean_ebm.methods.slots import problem_of
from lean_ebm.proving import GuidedProver, Logic, SearchBudget, Statement

SMALL = {"width": 16, "depth": 1, "heads": 2, "embedding": 16, "hidden": 32}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEAN_EBM_CACHE", str(tmp_path_factory.mktemp("a cache")))
        chunks = ProofChunks(theorems=40, kinds={"term": 1.0}, batch_size=16, workers=1)
        chunks.prepare_data()
        chunks.setup("fit")
        yield chunks


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def batch_of(data, number=32):
    return data.table.batch(data.table.rows["train"][:number])


def method(**settings):
    return ChunkRanking(AffineChunkEnergy(**SMALL), **settings)


def test_negatives_are_chunks_of_their_kinds_and_never_good_ones(data):
    known, goals = batch_of(data)
    none = {"changed": 0, "pointed": 0, "swapped": 0, "random": 0, "own": 0}
    for kind in none:
        one = method(**{**none, kind: 30})
        negatives, wrong = one.negatives(problem_of(one.energy, goals, known), known)
        assert negatives.shape == (32, 60 if kind == "own" else 30, 3)
        for slot in range(3):
            assert known.choices[:, slot].gather(1, negatives[:, :, slot]).all()
        same = (negatives[:, :, None] == known.chunks[:, None]).all(dim=3).any(dim=2)
        assert not (wrong & same).any() and wrong.any()
        assert not wrong[known.tied.gather(1, negatives[:, :, 0])].any()
        live = known.good.any(dim=1)
        differs = (negatives[:, :, None] != known.chunks[:, None]).sum(dim=3).amin(dim=2)[live]  # from the nearest good
        if kind in ("changed", "pointed"):
            assert differs.max() <= 1 and differs.float().mean() > 0.3
        elif kind == "swapped":
            assert differs.max() <= 2
        else:
            assert differs.float().mean() > 1.2
        if kind == "pointed":
            forms = known.template.gather(1, negatives[:, :, 0])[live]
            good = known.template.gather(1, known.chunks[:, :, 0].clamp(min=0))[live]
            assert (forms[:, :, None] == good[:, None]).any(dim=2).all()


def test_the_terms_of_the_loss(data):
    known, goals = batch_of(data)
    one = method(temperature=0.5, anchor=0.7, dead=0.3)
    terms = one.loss((known, goals))
    expected = terms["contrast"] + 0.7 * terms["anchor"] + 0.3 * terms["dead"]
    torch.testing.assert_close(terms["loss"], expected)
    problem = problem_of(one.energy, goals, known)
    negatives, wrong = one.negatives(problem, known)
    energies = torch.cat(
        [
            problem.energies(one.energy, known.chunks.clamp(min=0)).masked_fill(~known.good, torch.inf),
            problem.energies(one.energy, negatives).masked_fill(~wrong, torch.inf),
        ],
        dim=1,
    )
    live = known.good.any(dim=1)
    good = free_energy(energies[:, : known.chunks.shape[1]], 0.5)[live]
    torch.testing.assert_close(
        terms["contrast"], ((good - free_energy(energies, 0.5)[live]) / 0.5).mean(), rtol=0.3, atol=0.3
    )  # other negatives
    assert method(anchor=0.0).compares_conditions is False and one.compares_conditions


def learned(one, data, steps):
    optimizer = torch.optim.AdamW(one.parameters(), lr=1e-2)
    batch = batch_of(data, 48)
    for _ in range(steps):
        optimizer.zero_grad()
        one.loss(batch)["loss"].backward()
        optimizer.step()
    return one


@pytest.fixture(scope="module")
def trained(data):
    torch.manual_seed(0)
    return learned(method(own=2), data, 60)


def test_good_chunks_become_likely_and_samplers_find_them(data, trained):
    """On goals that were trained on; an energy with random weights does not lead there."""
    random = method()
    effort = Effort(num_samples=40)
    data.table.rows["val"], rows = data.table.rows["train"][:48], data.table.rows["val"]
    try:
        before, after = (evaluate(data, one, "val", effort).figures for one in (random, trained))
    finally:
        data.table.rows["val"] = rows
    names = {f"{name}_{budget}" for name in ("random", "gibbs", "gradient_gibbs", "langevin") for budget in (50, 2000)}
    assert names <= set(after) and all(0 <= after[name] <= 1 for name in names)
    for name in ("gradient_gibbs_2000", "gibbs_2000", "langevin_2000_free"):
        assert after[name] > before[name] + 0.25, name
    assert after["value_rank"] > before["value_rank"] + 0.2
    assert after["gradient_gibbs_500_free"] >= after["gradient_gibbs_500"]  # comparisons cost something


def test_a_guide_of_chunks_proves_more_than_one_with_random_weights(data, trained):
    statements = [Statement.of(theorem.statement) for theorem in data.theorems("train")[:24]]

    def solved(one):
        prover = GuidedProver(ChunkGuide(one, GibbsChunks(2)))
        found = [result for _, result in sorted(prover.prove_many(Logic(), statements, SearchBudget(12)))]
        assert all(result.applications <= 12 for result in found)
        return [result.proved for result in found]

    after = solved(trained)
    assert sum(after) >= sum(solved(method())) + 6
    alone = GuidedProver(ChunkGuide(trained, GibbsChunks(2))).prove(Logic(), statements[0], SearchBudget(12))
    assert alone.proved == after[0]


def test_a_policy_learns_good_chunks(data):
    policy = learned(ChunkPolicy(ChunkProposer(**SMALL)), data, 60)
    data.table.rows["val"], rows = data.table.rows["train"][:48], data.table.rows["val"]
    try:
        figures = evaluate(data, policy, "val", Effort(num_samples=40)).figures
    finally:
        data.table.rows["val"] = rows
    assert figures["most_likely"] > 0.5 and figures["sampled"] > 0.3
    known, goals = batch_of(data)
    energies = policy.real_energies((known, goals))
    assert len(energies) == int(known.good.sum()) and (energies >= 0).all()


def test_good_is_what_the_data_say_whatever_comes_after_the_end(data):
    known, _ = batch_of(data)
    assert torch.equal(is_good(known, known.chunks.clamp(min=0)) | ~known.good, torch.ones_like(known.good))
    row = int((known.left == 1).nonzero()[0])
    done = int(known.mask[row].sum()) - 1
    chunk = known.chunks[row : row + 1, :1].clone()
    assert chunk[0, 0, 1:].tolist() == [done, done]
    chunk[0, 0, 2] = 0
    one = known._replace(**{name: getattr(known, name)[row : row + 1] for name in ("template", "chunks", "left")})
    assert is_good(one, chunk).all()
    chunk[0, 0, 1] = 0
    assert not is_good(one, chunk).any()


def test_a_chunk_counts_once():
    chunks = torch.tensor([[[0, 1, 2], [0, 1, 3], [0, 1, 2], [0, 1, 2]]])
    energies = torch.tensor([[1.0, 2.0, 1.0, 1.0]])
    found = once(Draws(chunks, energies, energies.long(), energies.long()), energies)
    assert found.tolist() == [[1.0, 2.0, torch.inf, torch.inf]]


def test_what_does_not_fit_is_said(data):
    known, _ = batch_of(data, 2)
    for wrong in (Ranking(AffineProofEnergy()), ChunkRanking(AffineProofEnergy()), Ranking(AffineChunkEnergy(**SMALL))):
        with pytest.raises(SettingError, match="ProofChunks has chunks"):
            check_lists(wrong, known)
    with pytest.raises(SettingError, match="ProofChunks has chunks"):
        check_lists(method(), torch.zeros(2))
    check_lists(method(), known)
    with pytest.raises(SettingError, match="expected a temperature"):
        method(temperature=0.0)
    with pytest.raises(SettingError, match="expected 0 or more of each"):
        method(changed=-1)
    with pytest.raises(SettingError, match="does not choose chunks"):
        evaluate(data, Ranking(AffineProofEnergy()), "val", Effort(num_samples=4))
    assert isinstance(data, ProofSteps)
