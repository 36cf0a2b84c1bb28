"""The energy by which IRED can judge finished answers: how well they are denoised."""

import torch
from test_ired import MEANS, VARIANCE, GaussianLandscapes

from lean_ebm.energy import Landscape
from lean_ebm.methods import IRED
from lean_ebm.methods.annealing import cosine_schedule


def test_denoising_compares_what_the_energy_at_one_level_cannot():
    """An energy may have any constant for each condition; its gradient, and so the denoising energy, has none."""

    class Shifted(GaussianLandscapes):
        def forward(self, x, condition):
            return super().forward(x, condition) + 1e3 * condition.condition

    label = torch.tensor([0, 1, 0, 1])
    x = MEANS[label][:, None] + torch.tensor([[0.0], [0.0], [3.0], [3.0]])  # the first two are right
    for network in (GaussianLandscapes(8), Shifted(8)):
        energies = IRED(network, judged_by="denoising").candidate_energy(x, label)
        assert energies[:2].max() < energies[2:].min()
        predicted = torch.zeros(4)
        generator = torch.Generator().manual_seed(0)
        for alpha_bar in cosine_schedule(8):
            a, s, eps = alpha_bar.sqrt(), (1 - alpha_bar).sqrt(), torch.randn(1, generator=generator)
            gradient = s * (a * (x[:, 0] - MEANS[label]) + s * eps) / (a**2 * VARIANCE + s**2)
            predicted += (gradient - eps).square()
        torch.testing.assert_close(energies, predicted, rtol=1e-4, atol=1e-5)
    plain = IRED(Shifted(8))
    sharpest = Landscape(label, torch.zeros(4, dtype=torch.int64))
    expected = Shifted(8)(cosine_schedule(8)[0].sqrt() * x, sharpest)
    torch.testing.assert_close(plain.candidate_energy(x, label), expected)
