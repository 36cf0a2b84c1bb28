"""Chains through landscapes whose answers an energy judges: the best is kept, chains end and begin again."""

import torch

from lean_ebm.energy import VectorEnergy
from lean_ebm.langevin import Langevin
from lean_ebm.methods import Denoiser, Verification
from lean_ebm.methods.annealing import cosine_schedule

LEVELS = 5


class Drifting(VectorEnergy):
    """Predicts the answer ``y`` in landscape 3 and ``y + k - 3`` in landscape k; judges by the distance to y."""

    def __init__(self) -> None:
        super().__init__((1,), (1,), width=4, depth=1, landscapes=LEVELS, judge=2)
        self.seen = []

    def noise(self, x, condition):
        self.seen.append(len(x))
        alpha_bar = cosine_schedule(LEVELS)[condition.level][:, None]
        answer = condition.condition + (condition.level - 3)[:, None]
        return (x - alpha_bar.sqrt() * answer) / (1 - alpha_bar).sqrt()

    def judgement(self, x, condition):
        return (x / cosine_schedule(LEVELS)[0].sqrt() - condition.condition).abs().squeeze(1)


def drifting(**settings):
    return Denoiser(Drifting(), Langevin(steps=0), bound=100.0, verification=Verification(), **settings)


def test_the_best_answer_of_a_chain_is_kept():
    y = torch.randn(6, 1)
    torch.testing.assert_close(drifting().generate(y).x, y - 3, atol=1e-3, rtol=1e-3)
    best = drifting(keep="best", acceptance=1.0)
    out = best.generate(y)
    torch.testing.assert_close(out.x, y, atol=1e-2, rtol=1e-2)
    assert best.passes() == 2 * LEVELS and drifting().passes() == LEVELS  # a judgement is a pass too


def test_a_chain_ends_once_its_answer_is_accepted():
    y = torch.randn(6, 1)
    method = drifting(keep="best", acceptance=0.5)  # an energy of .69
    seen = []
    out = method.generate(y, on_step=lambda step, x: seen.append((step, x)))
    torch.testing.assert_close(out.x, y, atol=1e-2, rtol=1e-2)
    assert out.steps.tolist() == [2] * 6 and out.energies.shape == (6, LEVELS)
    assert (out.energies[:, 2:] == out.energies[:, 1:2]).all()
    assert method.energy.seen == [6, 6] and [step for step, _ in seen] == [0, 1]
    torch.testing.assert_close(seen[0][1], y + 1, atol=1e-2, rtol=1e-2)
    assert drifting(keep="last", acceptance=0.5).generate(y).steps.tolist() == [LEVELS] * 6


def test_chains_that_end_leave_the_others_as_they_are():
    class Half(Drifting):
        def judgement(self, x, condition):
            return super().judgement(x, condition) + (condition.condition.squeeze(1) > 0)

    y = torch.tensor([[-1.0], [1.0], [-2.0], [2.0]])
    method = Denoiser(Half(), Langevin(steps=0), bound=100.0, keep="best", acceptance=0.5, verification=Verification())
    out = method.generate(y)
    assert out.steps.tolist() == [2, LEVELS, 2, LEVELS] and method.energy.seen == [4, 4, 2, 2, 2]
    torch.testing.assert_close(out.x, y, atol=1e-2, rtol=1e-2)


class Noisy(Drifting):
    """Judges every answer as wrong by its energy."""

    def noise(self, x, condition):
        self.seen.append(len(x))
        return torch.zeros_like(x)

    def judgement(self, x, condition):
        return torch.full((len(x),), self.energy_of_all)

    energy_of_all = 1.0


def test_draws_are_made_again_with_noise_until_one_is_accepted():
    def draws(energy_of_all, **settings):
        etas = []

        class Watched(Denoiser):
            def _annealed(self, condition, steps, generator, on_step, eta, keep_best):
                etas.append((eta, len(condition)))
                return super()._annealed(condition, steps, generator, on_step, eta, keep_best)

        method = Watched(Noisy(), Langevin(steps=0), candidates=4, verification=Verification(), **settings)
        method.energy.energy_of_all = energy_of_all
        method.generate(torch.zeros(3, 1))
        again = len(etas)
        method.generate(torch.zeros(3, 1), again=True)
        return etas[:again], etas[again:]

    first, later = draws(1.0, restart_eta=0.5)
    assert first == [(None, 3), (0.5, 3), (0.5, 3), (0.5, 3)] and later == [(0.5, 3)] * 4
    assert draws(1.0) == ([(None, 3)] * 4, [(None, 3)] * 4)
    assert draws(0.1, acceptance=0.9, restart_eta=0.5)[0] == [(None, 3)]  # exp(-.1) = .905
    assert len(draws(0.1, acceptance=0.91)[0]) == 4
