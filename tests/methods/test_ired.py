import math

import pytest
import torch
from torch import nn

from helpers import labels
from lean_ebm.energy import EnergyNetwork, MLPEnergy
from lean_ebm.langevin import Langevin
from lean_ebm.methods import IRED
from lean_ebm.methods.annealing import cosine_schedule
from lean_ebm.methods.ired import Flips

MEANS, VARIANCE = torch.tensor([-1.0, 2.0]), 0.25
NO_DESCENT = Langevin(steps=0)


class GaussianLandscapes(EnergyNetwork):
    """The exact energies of N(mean_y, VARIANCE) in each landscape, ``-s_k log p_k``, times ``theta``."""

    shape, num_classes = (1,), 2

    def __init__(self, landscapes: int) -> None:
        super().__init__()
        self.landscapes = landscapes
        self.theta = nn.Parameter(torch.tensor(1.0))
        self.alpha_bar = cosine_schedule(landscapes)

    def forward(self, x, condition):
        a, s = self.alpha_bar[condition.level].sqrt(), (1 - self.alpha_bar[condition.level]).sqrt()
        distance = x[:, 0] - a * MEANS[condition.condition]
        return self.theta * s * distance**2 / (2 * (a**2 * VARIANCE + s**2))


class Bowl(EnergyNetwork):
    """``c/2 |x|^2`` in every landscape."""

    shape, num_classes, landscapes = (1,), 1, 6

    def __init__(self, c: float = 1.0) -> None:
        super().__init__()
        self.c = nn.Parameter(torch.tensor(c))

    def forward(self, x, condition):
        return self.c / 2 * x.square().sum(dim=1)


def data(size: int):
    label = labels(size)
    return (MEANS[label] + VARIANCE**0.5 * torch.randn(size))[:, None], label


# --- training ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1.0, 5.0])
def test_score_loss_is_least_at_the_true_score(limit):
    ebm = IRED(GaussianLandscapes(8), contrast=0.0, weight_limit=limit)
    loss = ebm.loss(data(200_000))["loss"]
    loss.backward()
    alpha_bar = cosine_schedule(8)
    # what remains is the variance of the noise given the noised data
    rest = alpha_bar * VARIANCE / (alpha_bar * VARIANCE + 1 - alpha_bar)
    weight = (1 / alpha_bar).clamp(max=limit)
    assert loss.item() == pytest.approx((weight * rest).mean().item(), rel=0.02)
    assert ebm.energy.theta.grad.item() == pytest.approx(0, abs=0.02 * limit)
    for theta, sign in ((0.8, -1), (1.2, 1)):
        ebm.energy.theta.data.fill_(theta)
        ebm.zero_grad()
        ebm.loss(data(50_000))["loss"].backward()
        assert sign * ebm.energy.theta.grad.item() > 0.1


def test_score_loss_alone_where_the_contrast_is_off():
    terms = IRED(Bowl(), contrast=0.0).loss((torch.zeros(4, 1), labels(4, 1)))
    assert "contrast" not in terms and terms["loss"] == terms["score"]


def test_loss_is_the_weighted_sum_of_its_terms():
    ebm = IRED(MLPEnergy((1,), 2, 8, 2, landscapes=6), contrast=0.3, cross_entropy=0.7)
    terms = ebm.loss(data(32))
    expected = terms["score"] + 0.3 * terms["contrast"] + 0.7 * terms["cross_entropy"]
    torch.testing.assert_close(terms["loss"], expected)
    terms["loss"].backward()
    assert all(p.grad is not None for p in ebm.parameters())


def test_the_classification_term_shares_the_pass_of_the_score():
    energy = MLPEnergy((1,), 2, 8, 2, landscapes=6)
    rows = []
    energy.layers[0].register_forward_hook(lambda _, inputs, __: rows.append(len(inputs[0])))
    IRED(energy, contrast=0.0, cross_entropy=0.7).loss(data(32))
    assert rows == [32]


def test_negatives_have_the_noise_of_their_positives():
    # with data at 0 and mined candidates clamped to it, positive and negative are one and the same
    terms = IRED(Bowl(), bound=1e-12).loss((torch.zeros(64, 1), labels(64, 1)))
    assert terms["contrast"].item() == pytest.approx(math.log(2), abs=1e-6)
    torch.testing.assert_close(terms["energy_negative"], terms["energy_positive"])


def test_negatives_are_mined_from_three_times_the_noise():
    # with data at 0 and nothing mined, x- = a (3 s eps / a) + s eps = 4 x+: sixteen times its energy
    terms = IRED(Bowl(), mining=NO_DESCENT, bound=1e9).loss((torch.zeros(64, 1), labels(64, 1)))
    torch.testing.assert_close(terms["energy_negative"], 16 * terms["energy_positive"])


def test_the_contrast_wants_negatives_above_their_positives():
    # for one sample: CE(-[E+, E-], 0) = log(1 + exp(E+ - E-)), and E- = 16 E+ as above
    terms = IRED(Bowl(), mining=NO_DESCENT, bound=1e9).loss((torch.zeros(1, 1), labels(1, 1)))
    gap = terms["energy_negative"] - terms["energy_positive"]
    assert gap > 1e-3
    torch.testing.assert_close(terms["contrast"], torch.log1p((-gap).exp()))


def test_classes_are_taught_where_the_noise_leaves_them(monkeypatch):
    ebm = IRED(MLPEnergy((1,), 2, 8, 2, landscapes=20), contrast=0.0, cross_entropy=1.0)
    for level, alpha_bar in enumerate(ebm.alpha_bar.tolist()):
        monkeypatch.setattr(ebm, "draw_landscapes", lambda size, level=level: torch.full((size,), level))
        assert bool(ebm.loss(data(8))["cross_entropy"] > 0) == (alpha_bar > 0.3)


def test_every_landscape_has_its_share_of_a_batch():
    energy = GaussianLandscapes(4)
    seen = []
    forward = energy.forward
    energy.forward = lambda x, condition: seen.append(condition.level) or forward(x, condition)
    IRED(energy, contrast=0.0).loss(data(40))
    assert seen[0].bincount().tolist() == [10] * 4 and (seen[0].diff() < 0).any()


def test_negatives_may_be_mined_for_a_part_of_the_batch():
    rows = []
    energy = Bowl()
    forward = energy.forward
    energy.forward = lambda x, condition: rows.append(len(x)) or forward(x, condition)
    IRED(energy, contrast_fraction=0.25).loss((torch.zeros(64, 1), labels(64, 1)))
    assert rows[0] == 64 and set(rows[1:]) == {16}


def test_mining_lowers_the_energy_and_never_raises_it():
    def negative(step_size: float, steps: int) -> float:
        torch.manual_seed(3)
        ebm = IRED(Bowl(), mining=Langevin(steps, step_size, monotone=True), bound=1e9)
        return ebm.loss((torch.zeros(64, 1), labels(64, 1)))["energy_negative"].item()

    unmined = negative(1.0, 0)
    assert negative(1e6, 3) == pytest.approx(unmined)  # every step overshoots and is undone
    assert negative(0.1, 3) < 0.99 * unmined
    assert IRED(Bowl()).mining.monotone and IRED(Bowl()).mining.steps > 0


# --- the schedule ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("landscapes", [2, 10, 200])
def test_cosine_schedule(landscapes):
    alpha_bar = cosine_schedule(landscapes)
    assert alpha_bar.shape == (landscapes,) and alpha_bar.dtype == torch.float32
    assert (alpha_bar.diff() < 0).all() and 0 < alpha_bar.min() < 0.01 and alpha_bar.max() < 1
    f = lambda t: math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2
    expected = [f(0.98 * k / landscapes) / f(0) for k in range(1, landscapes + 1)]
    assert alpha_bar.tolist() == pytest.approx(expected, rel=1e-4)


# --- generation --------------------------------------------------------------------------------------------------


def moments(eta: float, mean: float, alpha_bar: list[float]) -> tuple[float, float]:
    """Mean and variance of samples: every step is linear in x_k - a_k mean."""
    levels = [(math.sqrt(abar), math.sqrt(1 - abar)) for abar in alpha_bar]
    offset, variance = -levels[-1][0] * mean, 1.0
    for k in reversed(range(1, len(levels))):
        (a, s), (a_next, s_next) = levels[k], levels[k - 1]
        total = a**2 * VARIANCE + s**2
        fresh = eta * s_next / s * math.sqrt(1 - a**2 / a_next**2)
        factor = a_next * a * VARIANCE / total + math.sqrt(s_next**2 - fresh**2) * s / total
        offset, variance = factor * offset, factor**2 * variance + fresh**2
    a, s = levels[0]
    factor = a * VARIANCE / (a**2 * VARIANCE + s**2)
    return mean + factor * offset, factor**2 * variance


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
def test_noise_put_back_gives_samples_of_the_distribution(eta):
    ebm = IRED(GaussianLandscapes(40), sampler=NO_DESCENT, eta=eta, bound=50.0)
    label = labels(40_000)
    x = ebm.generate(label).x[:, 0]
    for y in (0, 1):
        mean, variance = moments(eta, MEANS[y].item(), cosine_schedule(40).tolist())
        assert x[label == y].mean().item() == pytest.approx(mean, abs=0.015)
        assert x[label == y].var().item() == pytest.approx(variance, rel=0.05)
        assert mean == pytest.approx(MEANS[y].item(), abs=0.05) and variance == pytest.approx(VARIANCE, rel=0.2)


def test_without_noise_generation_goes_to_the_mode():
    ebm = IRED(GaussianLandscapes(40), eta=None, bound=50.0)
    label = labels(1000)
    x = ebm.generate(label).x[:, 0]
    torch.testing.assert_close(x, MEANS[label], atol=0.02, rtol=0)


def test_one_prediction_a_landscape_from_smooth_to_sharp():
    ebm = IRED(GaussianLandscapes(5), sampler=Langevin(steps=3, monotone=True), bound=1.5)
    seen = []
    out = ebm.generate(labels(50), on_step=lambda step, x: seen.append((step, x)))
    assert [step for step, _ in seen] == [0, 1, 2, 3, 4]
    assert torch.equal(seen[-1][1], out.x)
    assert all(x.abs().max() <= 1.5 + 1e-5 for _, x in seen)
    assert out.energies.shape == (50, 5 * (1 + 3)) and (out.steps == 20).all()


@pytest.mark.parametrize(
    ("steps", "landscapes", "each"),
    [
        (1, [4], 1),
        (2, [4, 0], 1),
        (3, [4, 2, 0], 1),
        (5, [4, 3, 2, 1, 0], 1),
        (9, [4, 3, 2, 1, 0], 1),
        (10, [4, 3, 2, 1, 0], 2),
        (17, [4, 3, 2, 1, 0], 3),
    ],
)
def test_steps_are_shared_by_the_landscapes(steps, landscapes, each):
    energy = GaussianLandscapes(5)
    visits = []
    energy.register_forward_pre_hook(lambda module, inputs: visits.append(int(inputs[1].level[0])))
    out = IRED(energy, sampler=Langevin(steps=30)).generate(labels(3), steps=steps)
    assert visits == [k for k in landscapes for _ in range(each)]
    assert (out.steps == len(visits)).all() and len(visits) <= steps


def test_skipping_landscapes_gives_samples_of_the_distribution():
    """Data are Gaussian and the score exact, so that only the width of the steps makes an error."""
    x = IRED(GaussianLandscapes(40), sampler=NO_DESCENT, eta=1.0, bound=50.0).generate(labels(20_000), steps=20).x
    for y in (0, 1):
        assert x[y::2].mean().item() == pytest.approx(MEANS[y].item(), abs=0.06)
        assert x[y::2].var().item() == pytest.approx(VARIANCE, rel=0.3)


def test_generator_makes_samples_reproducible():
    ebm = IRED(GaussianLandscapes(5), sampler=Langevin(2, noise_scale=0.1))
    run = lambda seed: ebm.generate(labels(8), generator=torch.Generator().manual_seed(seed)).x
    first = run(1)
    torch.manual_seed(77)
    assert torch.equal(first, run(1)) and not torch.equal(first, run(2))


def test_candidates_are_compared_in_the_sharpest_landscape():
    energy = GaussianLandscapes(5)
    ebm = IRED(energy)
    x, label = torch.tensor([[-1.0], [2.0], [0.0]]), torch.tensor([0, 1, 1])
    values = ebm.candidate_energy(x, label)
    assert values[:2].abs().max() < 1e-6 and values[2] > 0  # each mean, at its scale, is a minimum
    table = ebm.class_energies(x)
    torch.testing.assert_close(table[torch.arange(3), label], values)
    assert table.argmin(dim=1).tolist() == [0, 1, 0]


def test_landscapes_are_required():
    with pytest.raises(ValueError, match=r"IRED needs several landscapes .* landscapes=0: set model.energy.landscapes"):
        IRED(MLPEnergy((1,)))


# --- answers to problems -----------------------------------------------------------------------------------------


def test_signs_are_flipped():
    x = torch.where(torch.rand(2000, 5, 5) < 0.5, -1.0, 1.0)
    flipped = Flips(0.1).of(x) != x
    assert torch.equal(Flips(0.1).of(x).abs(), x.abs())
    assert flipped.float().mean().item() == pytest.approx(0.1, abs=0.015)
    assert flipped.flatten(1).any(dim=1).all()
    assert (Flips(0.0).of(x) != x).flatten(1).sum(dim=1).tolist() == [1] * 2000


@pytest.mark.parametrize("dim", [0, 1])
def test_one_hot_entries_become_others(dim):
    category = torch.randint(6, (3000, 4))
    x = torch.nn.functional.one_hot(category, 6).float() * 2 - 1
    x = x.mT if dim == 0 else x
    flipped = Flips(0.2, dim).of(x)
    after = flipped.argmax(dim=dim + 1)
    assert torch.equal(flipped.sort(dim=dim + 1)[0], x.sort(dim=dim + 1)[0])  # still one-hot
    changed = after != category
    # each is changed with probability 0.2, and one always is
    assert changed.any(dim=1).all()
    assert changed.float().mean().item() == pytest.approx(0.2 + 0.8**4 / 4, abs=0.015)
    assert ((after - category) % 6)[changed].bincount(minlength=6)[1:].min() > 0.15 * changed.sum()


def test_flips_are_a_probability():
    with pytest.raises(ValueError, match=r"fraction is 1\.5, expected a probability"):
        Flips(1.5)


def test_negatives_may_be_flipped_answers():
    energy = Bowl()
    seen = []
    forward = energy.forward
    energy.forward = lambda x, condition: seen.append((x.detach().clone(), condition.level)) or forward(x, condition)
    IRED(energy, flips=Flips(1.0)).loss((torch.full((64, 1), 0.5), labels(64, 1)))
    (positive, level), (negative, _) = seen
    a = cosine_schedule(6)[level].sqrt()[:, None]
    torch.testing.assert_close(positive - negative, a)  # 2 * 0.5 a, under the same noise


def test_the_published_order_jumps_first():
    visits = []
    ebm = IRED(GaussianLandscapes(3), sampler=Langevin(steps=2, monotone=True), jump="first", eta=None)
    chain = ebm.langevin
    ebm.langevin = lambda x, c, settings, **rest: visits.append(settings.steps) or chain(x, c, settings, **rest)
    label = labels(4)
    x = torch.randn(4, 1, generator=torch.Generator().manual_seed(5))
    out = ebm.generate(label, generator=torch.Generator().manual_seed(5))
    assert visits == [1, 2, 1, 2, 1, 2]
    for k in (2, 1, 0):
        alpha_bar = cosine_schedule(3)
        a, s = alpha_bar[k].sqrt(), (1 - alpha_bar[k]).sqrt()
        beta = 1 - alpha_bar[k] / (alpha_bar[k - 1] if k else 1.0)
        slope = lambda x: s * (x - a * MEANS[label][:, None]) / (a**2 * VARIANCE + s**2)  # noqa: B023 - used within its turn
        x = (x - s * slope(x)).clamp(-a, a)
        for _ in range(2):
            there = (x - beta / s * slope(x)).clamp(-a, a)
            rises = (there - a * MEANS[label][:, None]).abs() > (x - a * MEANS[label][:, None]).abs()
            x = torch.where(rises, x, there)
        x = x / a * (alpha_bar[k - 1].sqrt() if k else 1.0)
    torch.testing.assert_close(out.x, x.clamp(-1, 1))


@pytest.mark.parametrize("jump", ["first", "last"])
def test_answers_may_be_larger_than_those_trained_on(jump):
    energy = GaussianLandscapes(10)
    label = torch.ones(50, dtype=torch.int64)  # whose mean is 2
    run = lambda **settings: IRED(energy, jump=jump, eta=None, **settings).generate(label).x
    assert run(bound=1.0).max() <= 1
    torch.testing.assert_close(run(bound=1.0, sample_bound=3.0), torch.full((50, 1), 2.0), atol=0.05, rtol=0)
