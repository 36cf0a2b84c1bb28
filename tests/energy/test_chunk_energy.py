"""Energies of chunks: names do not matter, each slot has its own embeddings, and all parts are trained."""

import pytest
import torch

from lean_ebm.data.proofs import slots_of
from lean_ebm.energy import AffineChunkEnergy, ChunkEnergy, ChunkProposer, load_energy, save_energy
from lean_ebm.energy.chunks import SLOTS
from lean_ebm.energy.proofs import TEMPLATES
from lean_ebm.methods.slots import problem_of
from lean_ebm.proving.candidates import DONE, LENGTH, ChunkSpace, sequent_of
from lean_ebm.proving.logic.logic import root
from lean_ebm.proving.statements import Statement

SMALL = {"width": 16, "depth": 1, "heads": 2, "embedding": 8, "hidden": 12}
STATEMENTS = ("(p q : Prop) (h : p ∧ q) : q", "(p q r : Prop) (h : p ↔ q) (k : ¬r) : (p ∨ q) ∧ (q → r) → p")
RENAMED = ("(c a : Prop) (k : c ∧ a) : a", "(s a b : Prop) (k : a ↔ s) (h : ¬b) : (a ∨ s) ∧ (s → b) → a")
ALL = pytest.mark.parametrize("network", [AffineChunkEnergy, ChunkEnergy, ChunkProposer])


def problem(energy, *statements):
    spaces = [ChunkSpace(sequent_of(root(Statement.of(text)))) for text in statements or STATEMENTS]
    return problem_of(energy, *slots_of(spaces))


def chunks_of(given, number=40):
    return given.uniform(torch.rand(len(given.points), number, 3, generator=torch.Generator().manual_seed(0)))


def test_counts_are_those_of_chunks():
    assert SLOTS == LENGTH and TEMPLATES["logic"] == DONE


@ALL
def test_renaming_leaves_energies_equal(network):
    energy = network(**SMALL).eval()
    mine, theirs = problem(energy), problem(energy, *RENAMED)
    torch.testing.assert_close(mine.energies(energy, chunks_of(mine)), theirs.energies(energy, chunks_of(theirs)))


@ALL
def test_a_chunk_is_an_ordinary_point_and_the_slot_matters(network):
    energy = network(**SMALL).eval()
    given = problem(energy)
    chunks = chunks_of(given)
    points, energies = given.at(chunks), given.energies(energy, chunks)
    assert energies.dtype == torch.float32 and points.shape == (2, 40, *energy.shape)
    torch.testing.assert_close(energies[:, 3], energy(points[:, 3], given.encoded), rtol=1e-4, atol=1e-5)
    squares = points.square().mean(dim=-1)
    torch.testing.assert_close(squares, torch.ones_like(squares))
    assert (given.points[:, :, 1] - given.points[:, :, 2])[given.choices[:, 1]].abs().mean() > 0.1
    swapped = chunks[:, :, [0, 2, 1]]
    assert (given.energies(energy, swapped) - energies).abs().mean() > 1e-3
    assert energies.std() > 1e-3


@ALL
def test_every_parameter_is_trained(network):
    energy = network(**SMALL)
    given = problem(energy)
    given.energies(energy, chunks_of(given)).square().sum().backward()
    for name, parameter in energy.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


@ALL
def test_energies_are_float32_under_autocast_and_can_be_stored(network, tmp_path):
    energy = network(**SMALL).eval()
    given = problem(energy)
    full = given.energies(energy, chunks_of(given))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        values = problem(energy).energies(energy, chunks_of(given))
    assert values.dtype == torch.float32 and not torch.equal(values, full)
    torch.testing.assert_close(values, full, rtol=0.2, atol=0.3)
    save_energy(energy, tmp_path / "energy.safetensors")
    again = load_energy(tmp_path / "energy.safetensors").eval()
    torch.testing.assert_close(problem(again).energies(again, chunks_of(given)), full)
    assert sum(parameter.numel() for parameter in network().parameters()) < 1_000_000
