"""Ranking, PolicyValue, and the other methods on lists of candidates."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from helpers import labels, quiet_trainer
from lean_ebm.bounds import draw_within, project
from lean_ebm.data.proofs import GoalBatch, LabelledTactics
from lean_ebm.energy import AffineProofEnergy, EnergyNetwork, ProofEnergy
from lean_ebm.energy.base import split_landscape
from lean_ebm.errors import SettingError
from lean_ebm.gradient import energy_gradient
from lean_ebm.langevin import Langevin, langevin
from lean_ebm.methods import EBT, IRED, ContrastiveDivergence, PolicyValue, Ranking
from lean_ebm.methods.listed import one_right, surprise

INF, NONE = math.inf, -1
SPHERE = Langevin(steps=3, step_size=0.5, bounds="sphere")
TAUGHT = Langevin(steps=2, step_size=0.5, bounds="sphere", graph="last")
SMALL = {"width": 8, "depth": 1, "heads": 2, "embedding": 6, "hidden": 8}


class Table(EnergyNetwork):
    """Energies ``(B, K)`` that are parameters; the condition is the row."""

    lists = True
    shape = (1,)

    def __init__(self, energies: list[list[float]]) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.tensor(energies))

    def encode_candidates(self, candidates: Any, condition: Any) -> Tensor:
        return self.table[condition][..., None]

    def forward(self, x: Tensor, condition: Any) -> Tensor:
        return x.squeeze(-1)


ENERGIES = [[1.0, 2.0, 3.5, 9.0], [0.5, 4.0, 2.0, 9.0], [3.0, 17.0, 1.0, 2.0]]
ROWS = torch.arange(3)
TACTICS = LabelledTactics(
    template=torch.tensor([[0, 1, 2, NONE], [0, 3, 4, NONE], [5, 6, 7, 8]]),
    first=torch.full((3, 4), NONE),
    second=torch.full((3, 4), NONE),
    # two right ones; one right, one that leads nowhere, one that may be right; a goal without a proof
    after=torch.tensor([[1.0, 1.0, 4.0, INF], [INF, 2.0, INF, INF], [INF] * 4]),
    hopeless=torch.tensor([[False] * 4, [True, False, False, False], [True] * 4]),
    tied=torch.tensor([[False] * 4, [False, False, True, False], [False] * 4]),
    left=torch.tensor([2.0, 3.0, INF]),
    exact=torch.ones(3, dtype=torch.bool),
    turn=torch.tensor([False, True, True]),
)


def soft_minimum(values: list[float], temperature: float) -> float:
    return -temperature * math.log(sum(math.exp(-value / temperature) for value in values))


def huber(error: float) -> float:
    return abs(error) - 0.5 if abs(error) > 1 else error**2 / 2


VALUES = [soft_minimum(ENERGIES[0][:3], 0.5), soft_minimum(ENERGIES[1][:3], 0.5), soft_minimum(ENERGIES[2], 0.5)]
EXPECTED = {
    "contrast": (
        -math.log((math.exp(-2) + math.exp(-4)) / (math.exp(-2) + math.exp(-4) + math.exp(-7)))
        - math.log(math.exp(-8) / (math.exp(-1) + math.exp(-8)))  # the tied one is left out
    )
    / 2,
    "anchor": (huber(VALUES[0] - 2) + huber(VALUES[1] - 3)) / 2,
    "dead": 16 - VALUES[2],
    # 1 + after: 2, 2, 5 and 3; hopeless: .5, 3, 17, 1 and 2 are to be above 16
    "bellman": (huber(-1) + huber(0) + huber(-1.5) + huber(1)) / 4 + (15.5 + 13 + 0 + 15 + 14) / 5,
}


def some_rows(batch, rows):
    """A part of the rows of a batch, which has no texts."""
    return type(batch)(*(None if part is None else part[rows] for part in batch))


@pytest.mark.parametrize("name", EXPECTED)
def test_each_part_of_ranking_has_its_closed_form_and_can_be_taken_away(name):
    weights = dict.fromkeys(EXPECTED, 0.0) | {name: 0.7}
    method = Ranking(Table(ENERGIES), temperature=0.5, margin=16.0, **weights)
    terms = method.loss((TACTICS, ROWS))
    for part, value in EXPECTED.items():
        assert terms[part].item() == pytest.approx(value, rel=1e-5), part
    assert terms["loss"].item() == pytest.approx(0.7 * EXPECTED[name], rel=1e-5)
    assert terms["right"].item() == 0.5  # of two goals with a proof
    terms["loss"].backward()
    gradient = method.energy.table.grad
    assert gradient.isfinite().all() and gradient.any()
    assert not gradient[:2, 3].any()  # what fills up
    with_dead, tied = gradient[2].any(), gradient[1, 2] != 0
    assert with_dead == (name in ("dead", "bellman")) and tied == (name == "anchor")


def test_the_whole_loss_adds_the_parts():
    method = Ranking(Table(ENERGIES), temperature=0.5, contrast=2.0, anchor=0.5, dead=0.25, bellman=0.125)
    expected = (
        2 * EXPECTED["contrast"] + 0.5 * EXPECTED["anchor"] + 0.25 * EXPECTED["dead"] + 0.125 * EXPECTED["bellman"]
    )
    assert method.loss((TACTICS, ROWS))["loss"].item() == pytest.approx(expected, rel=1e-5)


def test_an_assessment_has_probabilities_and_values():
    method = Ranking(Table(ENERGIES), temperature=0.5)
    energies, log_priors, values = method.assess(ROWS, TACTICS)
    assert torch.equal(energies, torch.tensor(ENERGIES).masked_fill(~TACTICS.mask, INF))
    torch.testing.assert_close(log_priors.exp().sum(dim=1), torch.ones(3))
    assert log_priors[0, 3] == -INF
    assert (log_priors[0, 0] - log_priors[0, 1]).item() == pytest.approx(2.0)
    torch.testing.assert_close(values, torch.tensor(VALUES))
    assert torch.equal(method.rank(ROWS, TACTICS), energies)
    assert torch.equal(method.real_energies((TACTICS, ROWS)), torch.tensor([1.0, 2.0, 4.0]))


def test_nothing_is_learned_from_a_batch_without_proofs_but_that_there_is_none():
    row = slice(2, 3)
    dead = some_rows(TACTICS, row)
    terms = Ranking(Table(ENERGIES), temperature=0.5, dead=1.0).loss((dead, ROWS[row]))
    assert terms["contrast"] == terms["anchor"] == terms["right"] == 0
    assert terms["loss"].item() == pytest.approx(EXPECTED["dead"])
    live = some_rows(TACTICS, slice(2))
    assert Ranking(Table(ENERGIES)).loss((live, ROWS[:2]))["dead"] == 0


def test_settings_of_ranking_are_checked():
    for wrong in ({"temperature": 0.0}, {"anchor": -1.0}, {"contrast": 0.0, "anchor": 0.0, "dead": 0.0}):
        with pytest.raises(SettingError, match="expected a temperature above 0 and weights of 0 or more"):
            Ranking(Table(ENERGIES), **wrong)
    with pytest.raises(SettingError, match="A policy without a value is Ranking"):
        PolicyValue(ProofEnergy(**SMALL), anchor=0.0)


def random_batch(size: int = 12, seed: int = 0) -> tuple[LabelledTactics, GoalBatch]:
    """Implications between two propositions, with tactics of which the first is right in two of three goals."""
    generator = torch.Generator().manual_seed(seed)
    kinds = torch.tensor([0, 0, 5]).repeat(size, 1)
    kinds[:, 2] = torch.randint(3, 6, (size,), generator=generator)
    nothing = torch.full((size, 3), NONE)
    first, second = nothing.clone(), nothing.clone()
    first[:, 2], second[:, 2] = 0, 1
    levels = torch.tensor([0, 0, 1]).repeat(size, 1)
    goals = GoalBatch(kinds, first, second, levels, torch.zeros(size, 1, dtype=torch.int64), torch.full((size,), 2))
    dead = torch.arange(size) % 3 == 2
    after = torch.full((size, 4), INF)
    after[:, 0] = torch.where(dead, INF, 1.0)
    template = torch.tensor([0, 4, 14, 14]).repeat(size, 1)
    pointer = torch.tensor([NONE, NONE, 0, 1]).repeat(size, 1)
    flags = torch.zeros(size, 4, dtype=torch.bool)
    left = torch.where(dead, INF, 2.0)
    tactics = LabelledTactics(
        template, pointer, torch.full_like(pointer, NONE), after, flags, flags, left, ~dead, torch.ones_like(dead)
    )
    return tactics, goals


@pytest.mark.parametrize("value", ["own", "shared"])
def test_policy_and_value_learn_side_by_side(value):
    method = PolicyValue(ProofEnergy(**SMALL), value=value, anchor=0.5, dead=0.25)
    batch = random_batch()
    tactics, goals = batch
    energies, log_priors, values = method.assess(goals, tactics)
    torch.testing.assert_close(log_priors, (-energies).log_softmax(dim=1))
    terms = method.loss(batch)
    live = ~tactics.dead
    assert terms["contrast"].item() == pytest.approx(-log_priors[live, 0].mean().item(), rel=1e-5)
    assert terms["anchor"].item() == pytest.approx(
        nn.functional.smooth_l1_loss(values[live], tactics.left[live]).item()
    )
    assert terms["dead"].item() == pytest.approx((16 - values[~live]).mean().item(), rel=1e-5)
    expected = terms["contrast"] + 0.5 * terms["anchor"] + 0.25 * terms["dead"]
    torch.testing.assert_close(terms["loss"], expected)
    of_values = torch.autograd.grad(terms["anchor"], list(method.energy.encoder.parameters()), allow_unused=True)
    assert any(part is not None for part in of_values) == (value == "shared")
    terms["loss"] = method.loss(batch)["loss"]
    terms["loss"].backward()
    assert all(parameter.grad is not None for parameter in method.parameters())
    assert torch.equal(method.rank(goals, tactics), energies)


def test_an_own_value_has_a_network_of_its_own():
    sizes = {
        value: sum(p.numel() for p in PolicyValue(ProofEnergy(**SMALL), value=value).parameters())
        for value in ("own", "shared")
    }
    encoder = sum(p.numel() for p in ProofEnergy(**SMALL).encoder.parameters())
    assert sizes["own"] == sizes["shared"] + encoder


METHODS = {
    "Ranking": lambda energy: Ranking(energy(0), SPHERE),
    "PolicyValue": lambda energy: PolicyValue(energy(0), SPHERE),
    "EBT": lambda energy: EBT(energy(0), TAUGHT, SPHERE, "noise", cross_entropy=1.0),
    "corrupted EBT": lambda energy: EBT(energy(0), sampler=SPHERE, cross_entropy=1.0),
    "contrastive": lambda energy: ContrastiveDivergence(energy(0), SPHERE, SPHERE, buffer_size=0),
    "moments": lambda energy: ContrastiveDivergence(energy(0), SPHERE, SPHERE, buffer_size=0, start="moments"),
    "IRED": lambda energy: IRED(energy(3), Langevin(steps=1), bound="sphere", contrast=0.5, cross_entropy=1.0),
    "IRED without noise": lambda energy: IRED(energy(3), bound="sphere", eta=None, jump="first", cross_entropy=1.0),
}  # fmt: skip


@pytest.mark.parametrize("network", [ProofEnergy, AffineProofEnergy])
@pytest.mark.parametrize("name", METHODS)
def test_every_method_learns_from_lists_and_samples_on_the_sphere(name, network):
    method = METHODS[name](lambda k: network(**SMALL, landscapes=k))
    method._terms(random_batch())["loss"].backward()
    unused = [key for key, parameter in method.named_parameters() if parameter.grad is None]
    assert not unused and all(parameter.grad.isfinite().all() for parameter in method.parameters())
    tactics, goals = random_batch()
    x = method.generate(goals).x
    assert x.shape == (12, *method.energy.shape)
    squares = x.square().mean(dim=-1)
    torch.testing.assert_close(squares, torch.ones_like(squares))
    assert method.candidate_energy(x, goals).shape == (12,)
    ranked = method.rank(goals, tactics)
    assert ranked.shape == (12, 4) and ranked.isfinite().all()


@pytest.mark.parametrize("name", ["Ranking", "PolicyValue", "EBT", "contrastive", "IRED"])
def test_every_method_finds_the_right_tactic(name, tmp_path):
    method = METHODS[name](lambda k: ProofEnergy(**SMALL, landscapes=k))
    method.optimizer = lambda parameters: torch.optim.Adam(parameters, lr=0.02)
    batches = DataLoader([random_batch(12, seed) for seed in range(40)], batch_size=None)
    quiet_trainer(tmp_path, max_epochs=1).fit(method, batches, batches)
    tactics, goals = random_batch(30, 99)
    found = method.rank(goals, tactics).argmin(dim=1)
    assert (found[~tactics.dead] == 0).all()


def test_a_method_of_single_candidates_gets_right_ones_as_constants():
    points = torch.randn(3, 4, 2, requires_grad=True)
    target, given = one_right(points, {"row": ROWS}, TACTICS)
    assert not target.requires_grad and given["row"].tolist() == [0, 1]
    seen = {int(one_right(points, ROWS, TACTICS)[0][0].eq(points[0]).all(dim=1).nonzero()) for _ in range(40)}
    assert seen == {0, 1}  # both right ones of the first goal
    assert torch.equal(target[1], points[1, 1])
    none, rows = one_right(points[2:], ROWS[2:], some_rows(TACTICS, slice(2, None)))
    assert len(none) == len(rows) == 0


def test_a_batch_without_a_right_candidate_is_skipped():
    dead = tuple(some_rows(part, slice(2, None, 3)) for part in random_batch())
    method = METHODS["EBT"](lambda k: ProofEnergy(**SMALL))
    terms = method._terms(dead)
    assert terms["loss"] == 0 and len(method.real_energies(dead)) == 0
    terms["loss"].backward()


def test_the_classification_term_teaches_the_points():
    method = METHODS["EBT"](lambda k: ProofEnergy(**SMALL))
    method.cross_entropy = 3.0
    tactics, goals = random_batch()
    terms = method._terms((tactics, goals))
    torch.testing.assert_close(terms["cross_entropy"], surprise(method.rank(goals, tactics), tactics))
    torch.testing.assert_close(terms["loss"], terms["reconstruction"] + 3 * terms["cross_entropy"])


def test_what_does_not_fit_says_so():
    batch = random_batch()
    images = torch.randn(4, 6), labels(4)
    cases = (
        (Ranking(ProofEnergy(**SMALL)), images),
        (METHODS["EBT"](lambda k: ProofEnergy(**SMALL)), images),
        (Ranking(Table(ENERGIES)), images),
        (EBT(Plain(), cross_entropy=1.0), batch),
        (Ranking(Plain()), batch),
    )
    for method, given in cases:
        with pytest.raises(SettingError, match="does not fit these data: ProofSteps lists candidates"):
            method._terms(given)
    with pytest.raises(SettingError, match=r"EBT: these data list candidates.*cross_entropy above 0"):
        EBT(ProofEnergy(**SMALL))._terms(batch)


class Plain(EnergyNetwork):
    """An energy of single candidates."""

    shape = (6,)

    def forward(self, x: Tensor, condition: Any) -> Tensor:
        return x.square().sum(dim=1)


def test_the_nearest_point_of_the_sphere():
    x = torch.tensor([[3.0, 4.0], [0.0, 0.0]])
    torch.testing.assert_close(project(x, "sphere"), torch.tensor([[3.0, 4.0], [0.0, 0.0]]) * 2**0.5 / 5)
    assert project(x, None) is x and torch.equal(project(x, (-1.0, 3.5)), x.clamp(-1, 3.5))
    factors = project(torch.randn(5, 3, 8), "sphere")  # one sphere for each vector along the last dimension
    torch.testing.assert_close(factors.square().mean(dim=2), torch.ones(5, 3))
    start = draw_within((2000, 8), "sphere", torch.device("cpu"))
    torch.testing.assert_close(start.square().mean(dim=1), torch.ones(2000))
    assert start.mean(dim=0).abs().max() < 0.1
    within = draw_within((2000, 8), (-2.0, 1.0), torch.device("cpu"))
    assert within.min() >= -2 and within.max() <= 1 and within.mean().item() == pytest.approx(-0.5, abs=0.05)


def test_a_chain_on_the_sphere_ends_at_the_nearest_point_of_the_target():
    target = torch.tensor([[5.0, 1.0, -2.0], [0.1, 0.0, 0.3]])

    def energy(x: Tensor, condition: Any) -> Tensor:
        return (x - condition).square().sum(dim=1) / 2

    ends = langevin(energy, torch.randn(2, 3), target, Langevin(steps=200, step_size=0.2, bounds="sphere")).x
    torch.testing.assert_close(ends, project(target, "sphere"), rtol=1e-3, atol=1e-3)
    with pytest.raises(SettingError, match=r"bounds is circle, expected \[low, high\], sphere, embeddings or null"):
        Langevin(bounds="circle")


def test_the_derivative_of_a_chain_on_the_sphere_is_exact():
    target = torch.randn(2, 3, dtype=torch.float64)
    settings = Langevin(steps=3, step_size=0.3, bounds="sphere", graph="all")

    def ends(x: Tensor) -> Tensor:
        def energy(x: Tensor, condition: Any) -> Tensor:
            return (x - condition).square().sum(dim=1) ** 2

        return langevin(energy, x, target, settings).x

    assert torch.autograd.gradcheck(ends, torch.randn(2, 3, dtype=torch.float64, requires_grad=True))


def test_landscapes_are_seen_when_lists_are_ranked():
    method = METHODS["IRED"](lambda k: ProofEnergy(**SMALL, landscapes=k))
    tactics, goals = random_batch()
    encoded = method.energy.encode(goals)
    points = method.energy.encode_candidates(tactics, encoded)
    scaled, landscape = method.finished(points[:, 1], encoded)
    assert isinstance(split_landscape(landscape)[1], Tensor)
    torch.testing.assert_close(method.rank(goals, tactics)[:, 1], method.energy(scaled, landscape))
    values, gradient = energy_gradient(method.energy, scaled, landscape)
    assert values.shape == (12,) and gradient.shape == scaled.shape
