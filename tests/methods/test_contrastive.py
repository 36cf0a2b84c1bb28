import math

import pytest
import torch
from torch import nn

from helpers import Quadratic, labels
from lean_ebm.energy import EnergyNetwork, MLPEnergy, VectorEnergy
from lean_ebm.langevin import Langevin
from lean_ebm.methods import ContrastiveDivergence

CHAIN = Langevin(steps=3, step_size=0.1)


def method(energy=None, **settings) -> ContrastiveDivergence:
    base = {"chain": CHAIN, "sampler": CHAIN, "buffer_size": 4, "fresh_fraction": 0.0, "data_noise": 0.0}
    return ContrastiveDivergence(energy or Quadratic(a=0.7), **{**base, **settings})


def test_terms_equal_a_computation_by_hand():
    energy = Quadratic(a=0.7)
    with torch.no_grad():
        energy.means[1] = 1.0
    ebm = method(energy, regularization=0.2, cross_entropy=0.5)
    real, label = torch.randn(6, 3), labels(6)
    starts = torch.randn(2, 2, 3)
    ebm.buffer.chains.copy_(starts[:, :1].expand(2, 2, 3))  # equal slots in a class: the draw does not matter
    terms = ebm.loss((real, label))

    mean = label[:, None].float()
    negative = mean + (1 - 0.1 * 0.7) ** 3 * (starts[label, 0] - mean)
    e_real = 0.35 * (real - mean).square().sum(1)
    e_fake = 0.35 * (negative - mean).square().sum(1)
    logits = -0.35 * torch.stack([real.square().sum(1), (real - 1).square().sum(1)], dim=1)
    ce = -logits.log_softmax(1).gather(1, label[:, None]).mean()
    magnitude = (e_real**2).mean() + (e_fake**2).mean()
    expected = {
        "energy_positive": e_real.mean(),
        "energy_negative": e_fake.mean(),
        "divergence": e_real.mean() - e_fake.mean(),
        "magnitude": magnitude,
        "cross_entropy": ce,
        "loss": e_real.mean() - e_fake.mean() + 0.2 * magnitude + 0.5 * ce,
    }
    for name, value in expected.items():
        torch.testing.assert_close(terms[name].detach(), value, msg=lambda m, n=name: f"{n}: {m}")
    torch.testing.assert_close(ebm.buffer.chains[label[:2], :].isnan().any(), torch.tensor(False))


def test_lag_is_a_running_average_of_the_gap_of_each_class():
    ebm = method(Quadratic(a=0.7), chain=Langevin(steps=0))
    ebm.buffer.chains[0] = 0.0
    ebm.buffer.chains[1] = 1.0  # at an energy higher by 1.05
    label = torch.tensor([0, 0, 1, 1, 1])
    for n in (1, 2):
        terms = ebm.loss((torch.zeros(5, 3), label))
        torch.testing.assert_close(ebm.lag, torch.tensor([0.0, 1.05 * (1 - 0.98 ** (3 * n))]))
        torch.testing.assert_close(terms["energy_gap"], ebm.lag[1])
    ebm.eval().loss((torch.zeros(5, 3), label))
    torch.testing.assert_close(ebm.lag[1], torch.tensor(1.05 * (1 - 0.98**6)))
    ebm.train().loss((torch.zeros(2, 3), torch.zeros(2, dtype=torch.int64)))  # a batch without class 1
    torch.testing.assert_close(ebm.lag[1], torch.tensor(1.05 * (1 - 0.98**6)))


def test_signs_of_divergence_are_logged():
    ebm = method(Quadratic(a=0.7), chain=Langevin(steps=0), buffer_size=200)
    ebm.buffer.chains[0] = 0.5 * torch.randn(100, 3)
    ebm.buffer.chains[1] = 0.1 * torch.randn(100, 3)
    terms = ebm.loss((torch.full((2, 3), 2.0), labels(2)))
    assert terms["energy_magnitude"].item() == pytest.approx(0.35 * 12)
    assert terms["buffer_entropy"].item() == pytest.approx(0.5 * math.log(2 * math.pi * math.e * 0.01), abs=0.15)


def test_negatives_are_constants():
    """dL/da of only E+ - E-, with x- held fixed."""
    energy = Quadratic(a=0.7)
    ebm = method(energy, regularization=0.0, cross_entropy=0.0)
    ebm.buffer.chains.fill_(2.0)
    real = torch.randn(6, 3)
    ebm.loss((real, labels(6)))["loss"].backward()
    fixed = 3 * (2.0 * (1 - 0.07) ** 3) ** 2
    expected = (real.square().sum(1).mean() - fixed) / 2
    torch.testing.assert_close(energy.a.grad, expected)


def test_chains_go_on_where_they_ended():
    ebm = method(buffer_size=2)
    ebm.buffer.chains.fill_(1.0)
    for n in (1, 2, 3):
        ebm.loss((torch.zeros(2, 3), labels(2)))
        torch.testing.assert_close(ebm.buffer.chains, torch.full((2, 1, 3), (1 - 0.07) ** (3 * n)))


def test_evaluation_leaves_the_chains_alone():
    ebm = method().eval()
    ebm.buffer.chains.fill_(1.0)
    ebm.loss((torch.zeros(2, 3), labels(2)))
    assert (ebm.buffer.chains == 1).all()


def test_fresh_chains_start_within_the_bounds():
    chain = Langevin(steps=0, bounds=(0.25, 0.5))
    ebm = method(chain=chain, fresh_fraction=1.0, buffer_size=200)  # the bounds of the chain, not of the sampler
    ebm.loss((torch.zeros(400, 3), labels(400)))
    chains = ebm.buffer.chains[~ebm.buffer.chains.isnan()]
    assert chains.min() >= 0.25 and chains.max() <= 0.5 and chains.std() > 0.05


def test_chains_start_from_the_moments_of_data():
    ebm = method(chain=Langevin(steps=0), start="moments", buffer_size=2000)
    label = labels(1000)
    real = torch.where(label[:, None] == 0, torch.tensor([3.0, -1, 0]), torch.tensor([0.0, 5, -2]))
    for part in torch.arange(1000).split(300):
        ebm.loss((real[part] + torch.randn(len(part), 3) * torch.tensor([0.1, 1, 0]), label[part]))
    ebm.buffer.chains.fill_(torch.nan)
    ebm.eval().loss((torch.full((1000, 3), 9.0), label))  # evaluation learns nothing
    starts = ebm.noise(label, ebm.chain)
    for c, mean in enumerate(([3.0, -1, 0], [0.0, 5, -2])):
        torch.testing.assert_close(starts[label == c].mean(0), torch.tensor(mean), atol=0.2, rtol=0)
        torch.testing.assert_close(starts[label == c].std(0), torch.tensor([0.1, 1, 0]), atol=0.1, rtol=0)
    bounded = ebm.noise(label, Langevin(steps=0, bounds=(-1.0, 1.0)))
    assert bounded.min() == -1 and bounded.max() == 1
    assert ebm.generate(label).x.std() > 1  # samples start there as well


def test_data_noise_is_added_to_data():
    ebm = method(Quadratic((1000,), a=1.0), data_noise=0.3)
    ebm.buffer.chains.fill_(0.0)
    terms = ebm.loss((torch.zeros(8, 1000), labels(8)))
    assert terms["energy_positive"].item() == pytest.approx(1000 / 2 * 0.3**2, rel=0.05)
    assert terms["energy_negative"].item() == 0


def test_terms_that_are_off_are_not_computed():
    assert "cross_entropy" not in method(cross_entropy=0.0).loss((torch.zeros(2, 3), labels(2)))


def test_training_separates_data_from_samples():
    ebm = method(MLPEnergy((2,), 2, width=32, depth=2), cross_entropy=0.0, buffer_size=64, fresh_fraction=0.1)
    optimizer = torch.optim.Adam(ebm.parameters(), 1e-2)
    for _ in range(60):
        label = labels(64)
        real = 2.0 * label[:, None] - 1 + 0.1 * torch.randn(64, 2)  # class 0 at (-1, -1), class 1 at (1, 1)
        optimizer.zero_grad()
        ebm.loss((real, label))["loss"].backward()
        optimizer.step()
    at = torch.tensor([[-1.0, -1.0], [1.0, 1.0]])
    assert ebm.class_energies(at).argmin(dim=1).tolist() == [0, 1]


def test_bad_settings_are_explained():
    with pytest.raises(ValueError, match=r"indexed by class: .* set buffer_size 0"):
        method(VectorEnergy((3,), (2,), 8, 1))
    with pytest.raises(ValueError, match=r"chain\.graph is last, expected none"):
        method(chain=Langevin(steps=1, graph="last"))


class Distance(EnergyNetwork):
    """``theta / 2 |x - y|^2`` for a problem y."""

    shape = (3,)

    def __init__(self) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.tensor(0.7))

    def forward(self, x, condition):
        return self.theta / 2 * (x - condition["y"]).square().sum(dim=1)


@pytest.mark.parametrize("start", ["noise", "moments"])
def test_without_classes_chains_start_anew(start):
    ebm = method(Distance(), buffer_size=0, start=start, regularization=0.2)
    assert ebm.buffer is None
    y = 2 + torch.randn(400, 3)
    starts = []
    noise = ebm.noise
    ebm.noise = lambda *args: starts.append(noise(*args)) or starts[-1]
    terms = ebm.loss((y, {"y": y}))
    negative = y + (1 - 0.1 * 0.7) ** 3 * (starts[0] - y)
    e_fake = 0.35 * (negative - y).square().sum(dim=1)
    assert terms["energy_positive"].item() == 0
    assert terms["energy_negative"].item() == pytest.approx(e_fake.mean().item(), rel=1e-5)
    assert terms["loss"].item() == pytest.approx((-e_fake.mean() + 0.2 * e_fake.square().mean()).item(), rel=1e-5)
    assert "buffer_entropy" not in terms and "cross_entropy" not in terms
    assert terms["energy_gap"].item() == pytest.approx((1 - 0.98**400) * e_fake.mean().item(), rel=1e-4)
    expected = 2.0 if start == "moments" else 0.0  # the mean of all answers, once they are seen
    assert starts[0].mean().item() == pytest.approx(expected, abs=0.15)
    assert ebm.generate({"y": y}).x.shape == (400, 3)
