import math

import pytest
import torch
from torch.nn import functional as F

from helpers import Quadratic, labels
from lean_ebm.energy import MLPEnergy
from lean_ebm.langevin import Langevin, Stop, energy_gradient
from lean_ebm.methods import EBT
from lean_ebm.methods.ebt import Corruption

ALPHA = 0.2


def small_network() -> MLPEnergy:
    return MLPEnergy((3,), 2, width=8, depth=2)


def method(energy, chain=None, **settings) -> EBT:
    chain = chain or Langevin(steps=3, step_size=ALPHA, graph="last")
    return EBT(energy, chain=chain, **{"sampler": Langevin(5, ALPHA), "start": "noise", **settings})


def reference(energy, target, label, steps, alpha, detach_each, every):
    """The chain written out, without noise in its steps, from the noise that the method draws first."""
    x = torch.randn_like(target)
    losses = []
    for step in range(steps):
        if detach_each or step == steps - 1:
            x = x.detach()
        _, gradient = energy_gradient(energy, x, label, create_graph=True)
        x = x - alpha * gradient
        losses.append(F.mse_loss(x, target))
    return torch.stack(losses).mean() if every else losses[-1]


def gradients(loss, ebm):
    ebm.zero_grad()
    loss.backward()
    return {name: p.grad.clone() for name, p in ebm.named_parameters()}


# --- training ----------------------------------------------------------------------------------------------------


def test_system_1_sums_the_losses_of_detached_steps():
    ebm = method(small_network(), supervise="every", learn_step_size=True)
    target, label = 2 * torch.randn(6, 3), labels(6)
    torch.manual_seed(5)
    terms = ebm.loss((target, label))
    got = gradients(terms["loss"], ebm)
    torch.manual_seed(5)
    loss = reference(ebm.energy, target, label, 3, ebm.log_step_size.exp(), True, True)
    torch.testing.assert_close(terms["loss"], loss)
    torch.testing.assert_close(got, gradients(loss, ebm))
    assert got["log_step_size"] != 0
    assert terms["step_size"].item() == pytest.approx(ALPHA)


def test_system_2_differentiates_the_last_step():
    ebm = method(small_network())
    target, label = torch.randn(6, 3), labels(6)
    torch.manual_seed(5)
    terms = ebm.loss((target, label))
    got = gradients(terms["loss"], ebm)
    torch.manual_seed(5)
    loss = reference(ebm.energy, target, label, 3, ALPHA, False, False)
    torch.testing.assert_close(terms["loss"], loss)
    torch.testing.assert_close(got, gradients(loss, ebm))


def test_whole_graph_has_the_derivative_of_the_whole_chain():
    energy = Quadratic(a=0.7)
    ebm = method(energy, Langevin(steps=3, step_size=ALPHA, graph="all"))
    torch.manual_seed(5)
    loss = ebm.loss((torch.zeros(6, 3), labels(6)))["loss"]
    loss.backward()
    torch.manual_seed(5)
    square, factor = torch.randn(6, 3).square().mean(), 1 - ALPHA * 0.7
    torch.testing.assert_close(loss.detach(), factor**6 * square)
    torch.testing.assert_close(energy.a.grad, -6 * ALPHA * factor**5 * square)


ONE_STEP = Langevin(steps=1, step_size=1.0, graph="last")


def test_corrupted_starts_are_data_at_a_random_level():
    corruption = Corruption(1e-3, 1e3, log_mean=0.1, log_std=0.5, weight_power=0.0)
    target, label = torch.randn(20_000, 3), labels(20_000)
    # a = 0 leaves the start where it is, so that the loss is the noise in it
    terms = method(Quadratic(a=0.0), ONE_STEP, start="corrupted", corruption=corruption).loss((target, label))
    assert terms["loss"].item() == pytest.approx(math.exp(2 * 0.1 + 2 * 0.5**2), rel=0.03)
    # the right energy of a single point removes the noise in one step
    terms = method(Quadratic(a=1.0), ONE_STEP, start="corrupted", corruption=corruption).loss((0 * target, label))
    assert terms["loss"].item() == pytest.approx(0, abs=1e-10)


def test_noise_starts_within_the_bounds_of_the_chain():
    chain = Langevin(steps=1, step_size=1.0, graph="last", bounds=(0.25, 0.5))
    loss = method(Quadratic(a=0.0), chain).loss((torch.zeros(20_000, 3), labels(20_000)))["loss"]
    assert loss.item() == pytest.approx((0.5**3 - 0.25**3) / (3 * 0.25), rel=0.01)  # for a uniform start


def test_strong_noise_weighs_less():
    for level in (0.5, 3.0):
        corruption = Corruption(level, level + 1e-6, weight_power=1.5)
        ebm = method(Quadratic((500,), a=0.0), ONE_STEP, start="corrupted", corruption=corruption)
        loss = ebm.loss((torch.zeros(50, 500), labels(50)))["loss"].item()
        assert loss == pytest.approx(level**2 / (level + 0.1) ** 1.5, rel=0.03)


def test_levels_are_stratified_log_normal_within_their_range():
    corruption = Corruption(0.1, 4.0, log_mean=-0.2, log_std=1.2)
    levels = corruption.draw(1000, torch.device("cpu"))
    assert levels.min() == pytest.approx(0.1) and levels.max() == pytest.approx(4.0)
    assert not torch.equal(levels, levels.sort().values)
    ranks = torch.special.ndtr((levels.sort().values.log() + 0.2) / 1.2) * 1000
    inside = (levels.sort().values > 0.11) & (levels.sort().values < 3.9)
    assert ((ranks - torch.arange(1000) - 0.5).abs()[inside] < 0.6).all()  # one in each of 1000 equally likely ranges


def test_statistics_are_those_of_the_chain():
    for supervise in ("last", "every"):
        ebm = method(Quadratic((200,), a=1.0), supervise=supervise)
        terms = ebm.loss((torch.zeros(50, 200), labels(50)))
        assert terms["energy_start"].item() == pytest.approx(100, rel=0.05), supervise
        norms = math.sqrt(200) * torch.tensor([1, 0.8, 0.64]).mean().item()
        assert terms["grad_norm_chain"].item() == pytest.approx(norms, rel=0.05), supervise


def test_cross_entropy_is_added():
    ebm = method(small_network(), cross_entropy=0.5)
    terms = ebm.loss((torch.randn(4, 3), labels(4)))
    torch.testing.assert_close(terms["loss"], terms["reconstruction"] + 0.5 * terms["cross_entropy"])
    torch.manual_seed(5)
    terms = ebm.loss((torch.randn(4, 3), labels(4)))
    torch.manual_seed(5)
    torch.randn(4, 3)
    logits = -ebm.energy.energies(torch.randn(4, 3))
    torch.testing.assert_close(terms["cross_entropy"], F.cross_entropy(logits, labels(4)))


@pytest.mark.parametrize(
    ("settings", "chain", "passes"),
    [
        ({}, {"steps": 1, "graph": "last"}, 1),
        ({}, {"steps": 3, "graph": "all"}, 3),
        ({"supervise": "every"}, {"steps": 3, "graph": "last"}, 3),
        ({}, {"steps": 3, "graph": "last"}, 4),  # the first step has no graph
        ({}, {"steps": 1, "graph": "last", "recompute": True}, 3),  # one again for the backward pass
    ],
)
def test_the_classification_term_shares_the_pass_of_the_first_step(settings, chain, passes):
    energy = small_network()
    rows = []
    energy.layers[0].register_forward_hook(lambda _, inputs, __: rows.append(len(inputs[0])))
    ebm = method(energy, Langevin(step_size=ALPHA, **chain), cross_entropy=0.5, **settings)
    batch = torch.rand(4, 3), labels(4)
    torch.manual_seed(0)
    shared = ebm.loss(batch)
    assert sum(rows) == 4 * passes
    ebm.chain = Langevin(step_size=ALPHA, **{**chain, "recompute": True})  # without a shared pass
    torch.manual_seed(0)
    alone = ebm.loss(batch)
    torch.testing.assert_close(shared, alone)
    expected = gradients(alone["loss"], ebm)
    for name, gradient in gradients(shared["loss"], ebm).items():
        torch.testing.assert_close(gradient, expected[name])


@pytest.mark.parametrize(("level", "counts"), [(1.4, True), (1.6, False)])
def test_cross_entropy_leaves_out_what_noise_hides(level, counts):
    ebm = method(small_network(), start="corrupted", corruption=Corruption(level, level + 1e-6), cross_entropy=0.5)
    terms = ebm.loss((torch.randn(4, 3), labels(4)))
    assert (terms["cross_entropy"] > 0) == counts


# --- optimization ------------------------------------------------------------------------------------------------


def test_learned_step_size_has_no_weight_decay():
    adamw = lambda params: torch.optim.AdamW(params, lr=0.1, weight_decay=0.3)
    ebm = method(small_network(), learn_step_size=True, optimizer=adamw)
    network, size = ebm.configure_optimizers().param_groups
    assert (network["lr"], network["weight_decay"]) == (0.1, 0.3)
    assert (size["lr"], size["weight_decay"]) == (0.1, 0.0)
    assert size["params"] == [ebm.log_step_size]
    assert {*map(id, network["params"]), id(ebm.log_step_size)} == {*map(id, ebm.parameters())}


def test_fixed_step_size_is_no_parameter():
    ebm = method(small_network())
    assert {*map(id, ebm.parameters())} == {*map(id, ebm.energy.parameters())}
    assert ebm.step_size.item() == pytest.approx(ALPHA) and not ebm.step_size.requires_grad
    assert "log_step_size" in ebm.state_dict()


def test_training_learns_to_denoise():
    ebm = method(small_network(), ONE_STEP, start="corrupted", corruption=Corruption(0.1, 1.0))
    optimizer = torch.optim.Adam(ebm.parameters(), 1e-2)
    label = labels(64)
    target = (2.0 * label[:, None] - 1).expand(64, 3)
    losses = []
    for _ in range(100):
        optimizer.zero_grad()
        loss = ebm.loss((target, label))["loss"]
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-10:]) < 0.5 * sum(losses[:10])


# --- generation --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("churn", [0.0, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("steps", [1, 2, 9])
def test_coarse_to_fine_walks_the_levels_of_an_exact_energy(churn, steps):
    """Data at one point a class: alpha dE/dx is the noise itself, and the level falls geometrically, for any churn."""
    low, high = 0.05, 2.0
    energy = Quadratic(a=2.0)
    with torch.no_grad():
        energy.means[1] = 5.0
    chain = Langevin(steps=1, step_size=0.5, graph="last")  # alpha a = 1
    settings = {"corruption": Corruption(low, high), "sampler": Langevin(steps), "churn": churn}
    ebm = method(energy, chain, start="corrupted", **settings)
    path = []
    label = labels(20_000)
    out = ebm.generate(label, on_step=lambda step, x: path.append((step, x.reshape(-1, 2, 3))))
    assert [step for step, _ in path] == list(range(steps)) and out.energies.shape == (20_000, steps)
    levels = [x.std(dim=0).mean().item() for _, x in path]
    ratio = (low / high) ** (1 / max(steps - 1, 1))
    assert levels[:-1] == pytest.approx([high * ratio**s for s in range(1, steps)], rel=0.03)
    torch.testing.assert_close(out.x, energy.means[label].detach(), atol=1e-4, rtol=0)  # the last step takes all noise
    if steps > 1:
        left = (1 - (min(1.0, (1 - ratio) / (1 - churn)) if churn < 1 else 1.0)) ** (
            steps - 1
        )  # of the way from 0 to the data
        means = path[-2][1].mean(dim=(0, 2))
        torch.testing.assert_close(means, torch.tensor([0.0, 5.0 * (1 - left)]), atol=0.01, rtol=0)


@pytest.mark.parametrize("churn", [0.0, 0.5, 0.9, 1.0])
def test_churn_is_the_share_of_noise_that_is_new(churn):
    low, high, steps = 0.1, 1.0, 5
    settings = {"corruption": Corruption(low, high), "sampler": Langevin(steps), "churn": churn}
    ebm = method(Quadratic(a=1.0), ONE_STEP, start="corrupted", **settings)
    path = []
    ebm.generate(labels(20_000), on_step=lambda _, x: path.append(x.flatten()))
    ratio = (low / high) ** (1 / (steps - 1))
    kept = (1 - (min(1.0, (1 - ratio) / (1 - churn)) if churn < 1 else 1.0)) / ratio
    assert torch.corrcoef(torch.stack(path[:2]))[0, 1].item() == pytest.approx(kept, abs=0.02)


def test_bounds_hold_for_the_last_step_of_coarse_to_fine():
    sampler = Langevin(5, bounds=(-1.0, 1.0))
    ebm = method(Quadratic(a=0.1), ONE_STEP, start="corrupted", sampler=sampler)
    path = []
    out = ebm.generate(labels(100), on_step=lambda _, x: path.append(x.abs().max()))
    assert out.x.abs().max() <= 1 and min(path[:-1]) > 1


@pytest.mark.parametrize(("mean", "goal"), [(5.0, 1.0), (0.5, 0.5)])
def test_steps_of_coarse_to_fine_head_for_points_within_the_bounds(mean, goal):
    """Bounds at 1: after the second of two falling steps what is left of the way to the goal is (1 - h)^2."""
    energy = Quadratic(a=0.5)
    with torch.no_grad():
        energy.means.fill_(mean)
    low, high, churn = 0.1, 1.0, 0.3
    settings = {"corruption": Corruption(low, high), "churn": churn, "sampler": Langevin(3, bounds=(-1.0, 1.0))}
    ebm = method(energy, Langevin(1, 2.0, graph="last"), start="corrupted", **settings)  # alpha a = 1
    path = []
    ebm.generate(labels(20_000), on_step=lambda _, x: path.append(x.mean().item()))
    h = (1 - (low / high) ** 0.5) / (1 - churn)
    assert path == pytest.approx([goal * h, goal * (1 - (1 - h) ** 2), goal], abs=0.02)


def test_from_noise_the_sampler_runs_as_it_is_set():
    ebm = method(Quadratic(a=0.7), sampler=Langevin(steps=4, step_size=0.3, bounds=(0.5, 0.9)))
    first = []
    out = ebm.generate(labels(100), on_step=lambda step, x: first.append(x))
    assert out.energies.shape == (100, 4)
    assert out.x.min() >= 0.5 and out.x.max() <= 0.9
    assert first[0].std() > 0.01


# --- settings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"chain": Langevin(3)}, "chain.graph is none, use last, all"),
        ({"churn": 1.1}, "churn is 1.1, expected 0 to 1"),
        ({"chain": Langevin(3, stop=Stop(grad_norm=1.0)), "supervise": "every"}, "chain.stop"),
    ],
)
def test_contradictions_are_explained(settings, message):
    with pytest.raises(ValueError, match=message):
        method(small_network(), **settings)


@pytest.mark.parametrize("levels", [(2.0, 0.1), (0.0, 0.1)])
def test_levels_out_of_order_are_explained(levels):
    with pytest.raises(ValueError, match="expected 0 < lowest < highest"):
        Corruption(*levels)
