"""Every method answers every family of problems; only settings differ."""

import pytest
import torch

from lean_ebm.data import Connectivity, LowRankCompletion, MatrixAddition, MatrixInverse, ShortestPath, Sudoku
from lean_ebm.energy import BoardEnergy, GraphEnergy, VectorEnergy
from lean_ebm.langevin import Langevin, Stop
from lean_ebm.methods import EBT, IRED, ContrastiveDivergence, Denoiser, FeedForward
from lean_ebm.methods.ired import Flips

FAMILIES = {
    "addition": (MatrixAddition(3), lambda k: VectorEnergy((3, 3), (2, 3, 3), 8, 2, k)),
    "completion": (LowRankCompletion(3), lambda k: VectorEnergy((3, 3), (3, 3), 8, 2, k)),
    "inverse": (MatrixInverse(3), lambda k: VectorEnergy((3, 3), (3, 3), 8, 2, k)),
    "sudoku": (Sudoku(boards=2), lambda k: BoardEnergy(9, 8, 1, k)),
    "connectivity": (Connectivity(5, 7, 0.4), lambda k: GraphEnergy(5, 1, 8, 1, k)),
    "path": (ShortestPath(6, 8, 0.4, (2, 2)), lambda k: GraphEnergy(6, 3, 8, 1, k)),
}
FLIPS = {"sudoku": Flips(0.1, 0), "connectivity": Flips(0.1), "path": Flips(0.1)}
SHORT = Langevin(steps=2, step_size=0.1)
METHODS = {
    "IRED": lambda energy, name: IRED(energy(3), flips=FLIPS.get(name), jump="first", eta=None, candidates=2),
    "EBT": lambda energy, name: EBT(energy(0), Langevin(steps=2, graph="last"), SHORT, start="noise"),
    "corrupted EBT": lambda energy, name: EBT(energy(0), sampler=SHORT),
    "contrastive": lambda energy, name: ContrastiveDivergence(energy(0), SHORT, SHORT, buffer_size=0),
    "FeedForward": lambda energy, name: FeedForward(energy(0)),
    "Denoiser": lambda energy, name: Denoiser(energy(3), Langevin(steps=1, stop=Stop(grad_norm=1e-3))),
}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", METHODS)
def test_every_method_answers_every_family(name, family):
    data, energy = FAMILIES[family]
    method = METHODS[name](energy, family)
    method.loss(data.batch("train", 0, 6))["loss"].backward()
    assert all(parameter.grad.isfinite().all() for parameter in method.parameters())
    for split in ("test", "harder"):
        answers, problems = data.batch(split, 0, 4)
        out = method.generate(problems)
        assert out.x.shape == answers.shape and out.x.isfinite().all()
        assert method.candidate_energy(out.x, problems).shape == (4,)
        assert data.measure(out.x, problems, answers)[data.figure].shape == (4,)


def test_the_best_of_several_answers_is_that_of_lowest_energy():
    data, energy = FAMILIES["addition"]
    _, problems = data.batch("test", 0, 30)
    few = IRED(energy(3), jump="first", candidates=1)
    many = IRED(few.energy, jump="first", candidates=5)
    draws = [few.generate(problems, generator=torch.Generator().manual_seed(seed)).x for seed in range(5)]
    best = many.generate(problems, generator=torch.Generator().manual_seed(0))
    energies = few.candidate_energy(best.x, problems)
    assert (energies <= few.candidate_energy(draws[0], problems) + 1e-6).all()
    mean = torch.stack([few.candidate_energy(draw, problems) for draw in draws]).mean()
    assert energies.mean() < mean
