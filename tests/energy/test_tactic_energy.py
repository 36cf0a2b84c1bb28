"""Energies of tactics: names and order do not matter, and lists are scored at once."""

import random

import pytest
import torch

from lean_ebm.data.proofs import TacticBatch, batch_of
from lean_ebm.energy import AffineProofEnergy, Landscape, ProofEnergy, load_energy, save_energy
from lean_ebm.energy.goals import KINDS, GoalEncoder
from lean_ebm.energy.proofs import TEMPLATES
from lean_ebm.errors import SettingError
from lean_ebm.gradient import energy_gradient
from lean_ebm.proving import Logic, Statement
from lean_ebm.proving.candidates import KINDS as LISTED_KINDS
from lean_ebm.proving.candidates import TEMPLATES as LISTED_TEMPLATES
from lean_ebm.proving.candidates import Template, listed_goal

STATEMENTS = (
    "(p q r : Prop) (h : p ∧ q → r) (k : p) (l : ¬q ∨ r) : q → r",
    "(p : Prop) : p",
    "(p q : Prop) (h : p ↔ q) (k : ¬¬p) : True ∧ (q ∨ False)",
    "(T : Type) (P : T → Prop) (Q : T → T → Prop) (f : T → T) (c : T) (h : ∀ x, P x → Q x (f x)) : P c → ∃ y, Q c y",
)
SMALL = {"width": 16, "depth": 2, "heads": 2, "embedding": 8, "hidden": 12}


def listing(statement):
    with Logic() as logic:
        return listed_goal(logic.start(Statement.of(statement)).state).listing()


@pytest.fixture(scope="module")
def batch():
    return batch_of([listing(statement) for statement in STATEMENTS])


@pytest.fixture(params=[(network, k) for network in (ProofEnergy, AffineProofEnergy) for k in (0, 3)], ids=str)
def energy(request):
    network, landscapes = request.param
    return network(**SMALL, landscapes=landscapes).eval()


def placed(energy, encoded):
    """Encoded goals, in a landscape if the energy has several."""
    level = torch.arange(len(encoded.query)) % max(energy.landscapes, 1)
    return Landscape(encoded, level) if energy.landscapes else encoded


def energies(energy, goals, tactics):
    encoded = energy.encode(goals)
    ranked = energy.rank(placed(energy, encoded), energy.encode_candidates(tactics, encoded))
    return ranked.masked_fill(~tactics.mask, torch.inf)


def test_counts_are_those_of_the_wide_set():
    assert KINDS == LISTED_KINDS and TEMPLATES == LISTED_TEMPLATES and len(Template) == max(TEMPLATES.values())


def test_renaming_leaves_energies_equal(energy, batch):
    renamed = (
        "(s c b : Prop) (h1 : ¬c ∨ b) (x : s) (h3 : s ∧ c → b) : c → b",
        "(zeta : Prop) : zeta",
        "(b a : Prop) (k : ¬¬b) (h : b ↔ a) : True ∧ (a ∨ False)",
        "(U : Type) (d : U) (g : U → U) (R : U → U → Prop) (S : U → Prop) "
        "(m : ∀ z, S z → R z (g z)) : S d → ∃ x, R d x",
    )
    other = batch_of([listing(statement) for statement in renamed])
    assert not all(torch.equal(one, two) for one, two in zip(batch[0], other[0], strict=True))  # other numbers
    mine, theirs = (energies(energy, *goals).sort(dim=1).values for goals in (batch, other))
    torch.testing.assert_close(mine, theirs)


def test_the_order_of_hypotheses_nodes_and_tactics_does_not_matter(energy, batch):
    expected = energies(energy, *batch)
    shuffle = random.Random(0)
    shuffled = []
    for statement in STATEMENTS:
        graph, *tactics = listing(statement)
        order = list(range(len(graph.kinds)))
        shuffle.shuffle(order)
        place = {old: new for new, old in enumerate(order)} | {-1: -1}
        columns = [[column[old] for old in order] for column in (graph.kinds, graph.first, graph.second, graph.levels)]
        kinds, first, second, levels = columns
        hypotheses = [place[node] for node in graph.hypotheses]
        shuffle.shuffle(hypotheses)
        moved = graph._replace(
            kinds=kinds, first=[place[node] for node in first], second=[place[node] for node in second], levels=levels,
            hypotheses=hypotheses, target=place[graph.target],
        )  # fmt: skip
        template, one, two = tactics
        pointers = [[place[node] for node in pointer][::-1] for pointer in (one, two)]
        shuffled.append(
            listing(statement)._replace(graph=moved, templates=template[::-1], first=pointers[0], second=pointers[1])
        )
    found = energies(energy, *batch_of(shuffled))
    for row, other in zip(expected, found, strict=True):
        torch.testing.assert_close(row[row.isfinite()], other[other.isfinite()].flip(0))


def test_what_names_tell_apart_stays_apart(energy):
    """Goals that differ in which occurrences are the same proposition differ in energy, although nothing has a name."""
    pairs = (
        ("(p q : Prop) : p → q", "(p : Prop) : p → p"),
        ("(p q r : Prop) (h : p ∨ q) (k : p) : r", "(p q r : Prop) (h : p ∨ q) (k : r) : r"),
        ("(p q : Prop) (h : p → q) : (p → q) → q", "(p q : Prop) (h : q → p) : (p → q) → q"),
    )
    for one, other in pairs:
        first, second = (energies(energy, *batch_of([listing(statement)]))[0, 0] for statement in (one, other))
        assert (first - second).abs() > 1e-4, (one, other)


def test_energies_of_a_list_are_those_of_its_tactics_one_by_one(energy, batch):
    goals, tactics = batch
    encoded = energy.encode(goals)
    points = energy.encode_candidates(tactics, encoded)
    ranked = energy.rank(placed(energy, encoded), points)
    assert ranked.dtype == torch.float32 and points.shape == (*tactics.mask.shape, *energy.shape)
    for k in range(points.shape[1]):
        torch.testing.assert_close(ranked[:, k], energy(points[:, k], placed(energy, encoded)))


def test_filling_up_does_not_change_energies(batch):
    energy = ProofEnergy(**SMALL)
    whole = energies(energy, *batch)
    for row, statement in zip(whole, STATEMENTS, strict=True):
        (alone,) = energies(energy, *batch_of([listing(statement)]))
        torch.testing.assert_close(row[row.isfinite()], alone, rtol=1e-5, atol=1e-5)


def test_embeddings_lie_on_the_sphere(energy, batch):
    goals, tactics = batch
    points = energy.encode_candidates(tactics, energy.encode(goals))
    squares = points.square().mean(dim=-1)[tactics.mask]
    torch.testing.assert_close(squares, torch.ones_like(squares))
    assert not points[~tactics.mask].any() and (~tactics.mask).any()


def test_every_parameter_is_trained_by_the_lists(energy, batch):
    goals, tactics = batch
    ranked = energies(energy, goals, tactics)
    ranked[tactics.mask].square().sum().backward()
    for name, parameter in energy.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_energies_are_float32_under_autocast(energy, batch):
    full = energies(energy, *batch)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        values = energies(energy, *batch)
    assert values.dtype == torch.float32
    torch.testing.assert_close(values, full, rtol=0.1, atol=0.2)
    assert not torch.equal(values, full)


def test_one_gradient_of_the_affine_energy_scores_all_candidates_of_a_factor(batch):
    energy = AffineProofEnergy(**SMALL).double()
    goals, tactics = batch
    encoded = energy.encode(goals)
    points = energy.encode_candidates(tactics, encoded).double()
    x = points[:, 0]
    values, gradient = energy_gradient(energy, x, encoded)
    for factor in range(3):
        others = points[:, :, factor]  # every list has its own choices of this factor
        predicted = values[:, None] + ((others - x[:, None, factor]) * gradient[:, None, factor]).sum(dim=-1)
        changed = x[:, None].repeat(1, others.shape[1], 1, 1)
        changed[:, :, factor] = others
        torch.testing.assert_close(predicted, energy.rank(encoded, changed).double(), rtol=1e-5, atol=1e-5)
        assert predicted.std(dim=1).min() > 1e-3 or factor == 2  # not the same for all


def test_the_plain_energy_is_not_affine(batch):
    """Otherwise the test above would prove nothing."""
    energy = ProofEnergy(**SMALL)
    encoded = energy.encode(batch[0])
    points = energy.encode_candidates(batch[1], encoded)
    x = points[:, 0]
    values, gradient = energy_gradient(energy, x, encoded)
    predicted = values + ((points[:, 1] - x) * gradient).sum(dim=1)
    assert (predicted - energy(points[:, 1], encoded)).abs().max() > 1e-3


def test_landscapes_shift_energies(batch):
    energy = ProofEnergy(**SMALL, landscapes=3)
    encoded = energy.encode(batch[0])
    x = energy.encode_candidates(batch[1], encoded)[:, 0]
    levels = [energy(x, Landscape(encoded, torch.full((len(x),), k))) for k in range(3)]
    assert (levels[0] != levels[1]).all() and (levels[1] != levels[2]).all()
    with pytest.raises(SettingError, match="landscapes=3 and got no landscape index"):
        energy(x, encoded)


def test_the_default_has_under_a_million_parameters_and_can_be_stored(tmp_path, batch):
    for network in (ProofEnergy, AffineProofEnergy):
        energy = network().eval()
        assert sum(parameter.numel() for parameter in energy.parameters()) < 1_000_000
        save_energy(energy, tmp_path / "energy.safetensors")
        torch.testing.assert_close(
            energies(load_energy(tmp_path / "energy.safetensors"), *batch), energies(energy, *batch)
        )


def test_widths_are_settings():
    sizes = {
        name: sum(p.numel() for p in ProofEnergy(**{**SMALL, name: 2 * value}).parameters())
        for name, value in SMALL.items()
        if name != "heads"
    }
    base = sum(p.numel() for p in ProofEnergy(**SMALL).parameters())
    assert all(size > base for size in sizes.values())
    with pytest.raises(SettingError, match="width is 10, expected a multiple of heads=4"):
        GoalEncoder(10, 1, 4)


def test_wrong_points_are_explained(batch):
    energy = ProofEnergy(**SMALL)
    with pytest.raises(SettingError, match=r"ProofEnergy got candidates of shape \(3,\), expected \(8,\)"):
        energy(torch.randn(4, 3), energy.encode(batch[0]))


def test_tactics_without_pointers_and_goals_without_hypotheses():
    goals, tactics = batch_of([listing("True")])
    assert goals.hypotheses.shape == (1, 0) and isinstance(tactics, TacticBatch)
    assert energies(ProofEnergy(**SMALL), goals, tactics)[tactics.mask].isfinite().all()
