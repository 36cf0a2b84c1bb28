"""The judge of images: what it draws, what it learns, and what it leaves as it is."""

import math

import pytest
import torch

from lean_ebm.energy import Landscape, MatrixEnergy, MixerEnergy, ResidualEnergy
from lean_ebm.energy.image_judge import COARSE, FLOOR, ImageJudge
from lean_ebm.evaluation.energy import marginal_energy
from lean_ebm.langevin import Langevin
from lean_ebm.methods import EBT, IRED, ContrastiveDivergence, Denoiser, Verification

SHAPE = (1, 8, 8)
TAUGHT = Verification(unit=0.5, share=0.0, noised=1.0)


def mixer(landscapes=0, judge=16):
    return MixerEnergy(SHAPE, 3, width=8, depth=1, token_width=8, hidden=8, landscapes=landscapes, judge=judge)


NETWORKS = {
    "residual": lambda: ResidualEnergy(SHAPE, 3, width=8, depth=1, num_features=8, judge=16),
    "mixer": mixer,
    "mixer with landscapes": lambda: mixer(4),
}


def test_the_energy_of_a_judge_that_always_draws_one_image():
    judge = ImageJudge(SHAPE, 5, 4)
    judge.unit.fill_(0.25)
    for parameter in judge.parameters():
        parameter.data.zero_()
    judge.image.bias.data.fill_(math.atanh(0.5))
    judge.spread.bias.data.fill_(1.0)
    variance = math.log(1 + math.e) + FLOOR
    x = torch.full((2, *SHAPE), 0.5)
    x[1, 0, 0, 0] = -1.0
    wrong = math.log(1 + 1.5**2 / 0.25 + 1.5**2 / variance) / 64
    torch.testing.assert_close(judge(torch.randn(2, 5), x), torch.tensor([0.0, wrong]))
    torch.testing.assert_close(
        judge.loss(torch.randn(2, 5), x),
        torch.tensor([0.0, 1.5**2 / variance / 64]) + math.log(variance),
    )


def test_the_rough_image_needs_only_the_first_numbers_of_the_code():
    judge = ImageJudge(SHAPE, 100, 16)
    code, other = torch.randn(2, 4, 64)
    other[:, :COARSE] = code[:, :COARSE]
    for kept, same in ((COARSE, True), (COARSE + 1, False)):
        first, second = (judge._drawn(part, torch.full((4,), kept))[0] for part in (code, other))
        assert torch.equal(first, second) == same


@pytest.mark.parametrize("name", NETWORKS)
def test_the_energy_over_all_classes_is_that_of_the_judge_and_classes_stay(name):
    energy = NETWORKS[name]()
    x, label = torch.randn(6, *SHAPE), torch.arange(6) % 3
    level = torch.zeros(6, dtype=torch.int64) if energy.landscapes else None
    judged, plain = energy.judged_energies(x, level), energy.energies(x, level)
    torch.testing.assert_close(marginal_energy(judged), energy.judge(energy.judged_features(x, level), x))
    torch.testing.assert_close((-judged).softmax(dim=1), (-plain).softmax(dim=1))
    where = label if level is None else Landscape(label, level)
    torch.testing.assert_close(energy.judgement(x, where), judged[torch.arange(6), label])
    energy.judge = None
    assert torch.equal(energy.judged_energies(x, level), plain)
    torch.testing.assert_close(energy.judgement(x, where), energy(x, where))


METHODS = {
    "contrastive": lambda v: ContrastiveDivergence(
        NETWORKS["residual"](), Langevin(steps=1, bounds=(-1, 1)), Langevin(steps=1, bounds=(-1, 1)), verification=v
    ),
    "ebt": lambda v: EBT(mixer(), verification=v, learn_step_size=True),
    "ired": lambda v: IRED(mixer(4), Langevin(steps=1), verification=v),
}


@pytest.mark.parametrize("name", METHODS)
def test_lessons_teach_the_judge_alone(name):
    method = METHODS[name](TAUGHT)
    x, label = torch.rand(6, *SHAPE), torch.arange(6) % 3
    terms = method.verification.loss(method, x, label, label)
    terms["verification"].backward()
    taught = {key for key, parameter in method.energy.named_parameters() if parameter.grad is not None}
    assert taught == {key for key, _ in method.energy.named_parameters() if key.startswith("judge.")}
    assert 0 < terms["error"].item() < x.var() + 1


@pytest.mark.parametrize("name", METHODS)
def test_a_judge_has_a_learning_rate_of_its_own(name):
    method = METHODS[name](Verification(share=0.0, noised=1.0, rate=0.5))
    method.optimizer = lambda parameters: torch.optim.Adam(parameters, lr=0.1)
    groups = method.configure_optimizers().param_groups
    judge = {id(parameter) for parameter in method.energy.judge.parameters()}
    rates = {id(parameter): group["lr"] for group in groups for parameter in group["params"]}
    assert set(rates) == {id(parameter) for parameter in method.parameters()}
    assert all((rate == 0.5) == (key in judge) for key, rate in rates.items())
    plain = METHODS[name](TAUGHT)
    plain.optimizer = method.optimizer
    assert {group["lr"] for group in plain.configure_optimizers().param_groups} == {0.1}


def test_a_judge_of_images_does_not_learn_from_the_methods_own():
    with pytest.raises(ValueError, match=r"no one right answer to learn from: set --model.verification.share 0"):
        METHODS["ebt"](Verification())


def bars(size):
    """Images with one bright row, and a bright column that begins there."""
    x = torch.full((size, *SHAPE), -1.0)
    rows, columns = torch.randint(1, 5, (2, size))
    x[torch.arange(size), 0, rows] = 1.0
    for i in range(3):
        x[torch.arange(size), 0, rows + i, columns] = 1.0
    return x


def test_strange_images_have_higher_energies():
    torch.manual_seed(0)
    method = EBT(mixer(judge=64), verification=TAUGHT)
    optimizer = torch.optim.Adam(method.energy.judge.parameters(), lr=5e-3)
    for _ in range(250):
        x = bars(32)
        optimizer.zero_grad()
        method.verification.loss(method, x, torch.zeros(32).long(), torch.zeros(32).long())["verification"].backward()
        optimizer.step()
    real = marginal_energy(method.class_energies(bars(200)))
    for strange in (-bars(200), bars(200).transpose(2, 3), torch.zeros(200, *SHAPE), 2 * torch.rand(200, *SHAPE) - 1):
        assert marginal_energy(method.class_energies(strange)).quantile(0.1) > real.quantile(0.9)


def test_draws_are_chosen_by_their_class_unless_they_are_strange():
    x, label = torch.randn(6, *SHAPE), torch.arange(6) % 3
    for usual in (0.0, 100.0):
        method = EBT(mixer(), verification=Verification(unit=0.5, share=0.0, noised=1.0, usual=usual))
        log_p = (-method.energy.energies(x)).log_softmax(dim=1)[torch.arange(6), label]
        strange = (method.energy.judge(method.energy.judged_features(x, None), x) - usual).clamp(min=0)
        assert bool((strange > 0).all()) == (usual == 0) and bool((strange == 0).all()) == (usual == 100)
        torch.testing.assert_close(method.score(x, label), log_p - strange)


def test_the_unit_of_the_settings_counts_and_not_that_of_the_checkpoint():
    for make in (mixer, lambda: MatrixEnergy(size=4, landscapes=2, judge=4)):
        method, kind = (EBT, {"share": 0.0, "noised": 1.0}) if make is mixer else (Denoiser, {})
        trained, later = (method(make(), verification=Verification(unit=unit, **kind)) for unit in (0.5, 2.0))
        later.load_state_dict(trained.state_dict())
        assert float(later.energy.judge.unit) == 2.0 and float(trained.energy.judge.unit) == 0.5
