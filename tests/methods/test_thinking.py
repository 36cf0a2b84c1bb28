"""Answers within a budget."""

import pytest
import torch

from helpers import Quadratic
from lean_ebm.data import MatrixAddition
from lean_ebm.energy import VectorEnergy
from lean_ebm.langevin import Langevin, Trajectory
from lean_ebm.methods import EBT, IRED, ContrastiveDivergence, FeedForward, Method, think

DATA = MatrixAddition(3)
CHAIN = Langevin(steps=4, step_size=0.1)
METHODS = {
    "IRED": lambda: IRED(energy(5), Langevin(steps=3, step_size=0.1, monotone=True), jump="first", eta=None),
    "EBT": lambda: EBT(energy(0), Langevin(steps=2, graph="last"), CHAIN, start="noise"),
    "corrupted EBT": lambda: EBT(energy(0), sampler=CHAIN),
    "contrastive": lambda: ContrastiveDivergence(energy(0), CHAIN, Langevin(4, 0.1, monotone=True), buffer_size=0),
}


def energy(landscapes):
    return VectorEnergy((3, 3), (2, 3, 3), 8, 2, landscapes)


def counted(method, run):
    """The result of a run, and the number of passes that it took for each condition."""
    rows = []
    hook = method.energy.register_forward_hook(lambda module, given, out: rows.append(len(out)))
    result = run()
    hook.remove()
    return result, sum(rows) / 6


@pytest.mark.parametrize("name", METHODS)
def test_passes_are_those_that_a_draw_takes(name):
    method, problems = METHODS[name](), DATA.batch("test", 0, 6)[1]
    for steps in (None, 1, 3, 12, 30):
        _, passes = counted(method, lambda steps=steps: method.generate(problems, steps=steps))
        assert passes == method.passes(steps) > 0


@pytest.mark.parametrize("name", METHODS)
def test_a_budget_of_evaluations_is_used_and_held(name):
    method, problems = METHODS[name](), DATA.batch("test", 0, 6)[1]
    best = torch.full((6,), torch.inf)
    for evaluations in (2, 5, 17, 100, 300):
        generator = torch.Generator().manual_seed(0)
        out, passes = counted(method, lambda: think(method, problems, evaluations=evaluations, generator=generator))  # noqa: B023 - called at once
        whole = method.passes()
        assert evaluations - 2 - whole < passes <= evaluations
        if evaluations >= whole:  # the same draws and more of them
            energies = method.candidate_energy(out.x, problems).detach()
            assert (energies <= best + 1e-6).all()
            best = energies
    with pytest.raises(ValueError, match=r"evaluations is 0, and the shortest chain of .* takes [12]: allow for that"):
        think(method, problems, evaluations=0)


def test_a_feed_forward_network_passes_once():
    assert FeedForward(energy(0)).passes(50) == 1


class Guess(Method):
    """Draws 5, 3, 4 and so on, one a second of its own clock; the energy is the draw."""

    def __init__(self, draws):
        super().__init__(energy(0), CHAIN)
        self.draws, self.now, self.asked = iter(draws), 0.0, []

    def loss(self, batch):
        raise NotImplementedError

    def sample(self, condition, steps, generator, on_step):
        self.now += 1
        self.asked.append(steps)
        x = torch.tensor(next(self.draws))[:, None]
        return Trajectory(x, x, x, torch.ones(len(x), dtype=torch.int64))

    def candidate_energy(self, x, condition):
        return x[:, 0]


@pytest.mark.parametrize(("seconds", "draws"), [(0.5, 1), (1.9, 1), (2.0, 2), (3.5, 3)])
def test_a_budget_of_seconds_begins_what_will_end_in_time(seconds, draws, monkeypatch):
    method = Guess([[5.0, torch.nan], [3.0, 9.0], [4.0, 7.0], [0.0, 0.0]])
    monkeypatch.setattr("time.monotonic", lambda: method.now)
    out = think(method, torch.zeros(2, 1), seconds=seconds, steps=7)
    assert method.asked == [7] * draws
    expected = [[5.0, torch.nan], [3.0, 9.0], [3.0, 7.0]][draws - 1]
    assert torch.equal(out.x[:, 0].nan_to_num(-1), torch.tensor(expected).nan_to_num(-1))


def test_between_candidates_of_a_class_the_most_probable_is_kept(monkeypatch):
    method = Guess([[0.0], [-3.0], [1.0]])  # the first has the lowest energy, the second is the least like class 1
    method.energy = Quadratic((1,))
    method.energy.means.data[1] = 1.0
    monkeypatch.setattr("time.monotonic", lambda: method.now)
    assert think(method, torch.tensor([0]), seconds=3.0).x.item() == -3.0


def test_the_smaller_of_two_budgets_holds(monkeypatch):
    for seconds, evaluations, draws in ((2.5, 1000, 2), (9.0, 15, 3), (9.0, 14, 2)):  # 4 passes a draw, 1 an energy
        method = Guess([[1.0]] * 9)
        monkeypatch.setattr("time.monotonic", lambda method=method: method.now)
        think(method, torch.zeros(1, 1), seconds=seconds, evaluations=evaluations)
        assert len(method.asked) == draws
    with pytest.raises(ValueError, match="set a budget, evaluations or seconds or both"):
        think(method, torch.zeros(1, 1))
