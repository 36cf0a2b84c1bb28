"""The contract of every energy network."""

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import lean_ebm.energy
from lean_ebm.energy import (
    AffineChunkEnergy,
    AffineProofEnergy,
    BoardEnergy,
    ChunkEnergy,
    ChunkProposer,
    ClassEnergy,
    ConvEnergy,
    EnergyNetwork,
    FieldEnergy,
    GraphEnergy,
    Landscape,
    LanguageModelEnergy,
    LanguageModelLikelihood,
    MatrixEnergy,
    MixerEnergy,
    MLPEnergy,
    ProofEnergy,
    ResidualEnergy,
    TransformerEnergy,
    VectorEnergy,
)
from lean_ebm.energy.convolution import CandidateConv2d
from lean_ebm.gradient import energy_gradient

CLASSES, B = 3, 5


@dataclass(frozen=True)
class Case:
    """A network small enough for a contract test."""

    network: type[EnergyNetwork]
    settings: dict[str, Any]
    landscapes: int
    predicts: str

    @property
    def field(self) -> bool:
        return issubclass(self.network, FieldEnergy)

    def build(self) -> EnergyNetwork:
        predicts = {"predicts": self.predicts} if self.field else {}
        return self.network(**self.settings, **predicts, landscapes=self.landscapes)

    def inputs(self, energy: EnergyNetwork, size: int = B) -> tuple[Tensor, Any]:
        x = torch.randn(size, *energy.shape)
        given: Any = torch.arange(size) % CLASSES if energy.num_classes else torch.randn(size, *PROBLEMS[self.network])
        if self.network is BoardEnergy:
            given = given - 2  # few cells are given
        return x, Landscape(given, torch.arange(size) % self.landscapes) if self.landscapes else given


MIXER = {"shape": (1, 8, 12), "num_classes": CLASSES, "width": 8, "depth": 2, "token_width": 8, "hidden": 8}
NETWORKS = [
    (ConvEnergy, {"shape": (1, 12, 12), "num_classes": CLASSES, "width": 4, "depth": 3}),
    (ResidualEnergy, {"shape": (2, 8, 12), "num_classes": CLASSES, "width": 8, "depth": 2, "num_features": 16}),
    (MLPEnergy, {"shape": (2, 3), "num_classes": CLASSES, "width": 8, "depth": 2}),
    (MixerEnergy, MIXER),
    (TransformerEnergy, {"shape": (2, 8, 12), "num_classes": CLASSES, "width": 8, "depth": 2, "heads": 2}),
    (VectorEnergy, {"shape": (2, 3), "condition_shape": (4,), "width": 8, "depth": 2}),
    (BoardEnergy, {"side": 4, "width": 8, "depth": 2}),
    (GraphEnergy, {"nodes": 5, "relations": 2, "width": 8, "depth": 2}),
    (MatrixEnergy, {"size": 3, "matrices": 2, "width": 8, "depth": 2}),
]
PROBLEMS = {VectorEnergy: (4,), BoardEnergy: (4, 4, 4), GraphEnergy: (2, 5, 5), MatrixEnergy: (2, 3, 3)}


CASES = [
    Case(network, settings, landscapes, predicts)
    for network, settings in NETWORKS
    for landscapes in (0, 4)
    for predicts in (("field", "answer") if issubclass(network, FieldEnergy) else ("",))
]


@pytest.fixture(params=CASES, ids=lambda c: f"{c.network.__name__}-{c.predicts}-{c.landscapes}")
def case(request) -> Case:
    return request.param


def test_every_public_network_is_in_these_tests():
    public = {getattr(lean_ebm.energy, name) for name in lean_ebm.energy.__all__}
    networks = {c for c in public if isinstance(c, type) and issubclass(c, EnergyNetwork)}
    of_tactics = {AffineProofEnergy, ProofEnergy}  # their conditions are graphs, see test_tactic_energy.py
    of_chunks = {AffineChunkEnergy, ChunkEnergy, ChunkProposer}  # see test_chunk_energy.py
    of_texts = {LanguageModelEnergy, LanguageModelLikelihood}  # see test_language_energy.py
    others = {EnergyNetwork, ClassEnergy, FieldEnergy, *of_tactics, *of_chunks, *of_texts}
    assert networks - others == {network for network, _ in NETWORKS}


def test_one_finite_energy_a_candidate(case):
    energy = case.build()
    x, condition = case.inputs(energy)
    values = energy(x, condition)
    assert values.shape == (B,) and values.dtype == torch.float32 and values.isfinite().all()
    assert values.unique().numel() == B
    if case.field:
        assert (values >= 0).all()


def test_energies_are_float32_under_autocast(case):
    energy = case.build()
    x, condition = case.inputs(energy)
    full = energy(x, condition)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        values = energy(x, condition)
        _, gradient = energy_gradient(energy, x, condition)
    assert values.dtype == torch.float32 and gradient.dtype == torch.float32
    torch.testing.assert_close(values, full, rtol=0.05, atol=0.1)
    assert not torch.equal(values, full)  # so the features were computed in bfloat16


def test_gradient_training_reaches_every_parameter(case):
    """Otherwise DistributedDataParallel reports an unused parameter."""
    energy = case.build()
    x, condition = case.inputs(energy, 12)
    _, gradient = energy_gradient(energy, x, condition, create_graph=True)
    gradient.square().sum().backward()
    for name, parameter in energy.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_listed_candidates_are_ranked_by_their_energies(case):
    energy = case.build()
    _, condition = case.inputs(energy)
    candidates = torch.randn(B, 4, *energy.shape)
    ranked = energy.rank(energy.encode(condition), candidates)
    assert ranked.shape == (B, 4)
    for k in range(4):
        torch.testing.assert_close(ranked[:, k], energy(candidates[:, k], condition))


def test_energy_of_a_candidate_ignores_its_batch(case):
    energy = case.build()
    x, condition = case.inputs(energy)
    whole = energy(x, condition)
    pick = lambda c, i: c[i : i + 1] if isinstance(c, Tensor) else Landscape(*(part[i : i + 1] for part in c))
    single = torch.cat([energy(x[i : i + 1], pick(condition, i)) for i in range(B)])
    torch.testing.assert_close(single, whole)
    # and so does its gradient, which a chain over the sum of energies relies on
    _, gradients = energy_gradient(energy, x, condition)
    _, alone = energy_gradient(energy, x[1:2], pick(condition, 1))
    torch.testing.assert_close(alone, gradients[1:2])


def test_condition_and_landscape_matter(case):
    energy = case.build()
    x, condition = case.inputs(energy)
    given, level = condition if case.landscapes else (condition, None)
    other = (given + 1) % CLASSES if energy.num_classes else given + 1
    wrap = lambda g, k: Landscape(g, k) if case.landscapes else g
    assert (energy(x, wrap(other, level)) != energy(x, condition)).all()
    if case.landscapes:
        assert (energy(x, wrap(given, (level + 1) % case.landscapes)) != energy(x, condition)).all()


def test_wrong_shape_is_explained(case):
    energy = case.build()
    x, condition = case.inputs(energy)
    with pytest.raises(
        ValueError,
        match=rf"{case.network.__name__} got candidates of shape .*: (set --model.energy.shape|its settings must)",
    ):
        energy(x[..., :-1], condition)


def test_landscape_and_network_must_agree(case):
    energy = case.build()
    x, condition = case.inputs(energy)
    wrong = condition.condition if case.landscapes else Landscape(condition, torch.zeros(B, dtype=torch.int64))
    given = "no" if case.landscapes else "a"
    with pytest.raises(ValueError, match=f"landscapes={case.landscapes} and got {given} landscape index: set `land"):
        energy(x, wrong)


def test_all_classes_at_once_equal_one_at_a_time(case):
    energy = case.build()
    x, condition = case.inputs(energy)
    level = condition.level if case.landscapes else None
    if not energy.num_classes:
        with pytest.raises(ValueError, match="not conditioned on classes"):
            energy.energies(x, level)
        return
    table = energy.energies(x, level)
    assert table.shape == (B, CLASSES) and table.dtype == torch.float32
    for label in range(CLASSES):
        one = torch.full((B,), label)
        torch.testing.assert_close(table[:, label], energy(x, one if level is None else Landscape(one, level)))
    torch.testing.assert_close(EnergyNetwork.energies(energy, x, level), table)  # the method of the base class


@pytest.mark.parametrize("case", [c for c in CASES if issubclass(c.network, ClassEnergy)], ids=lambda c: str(c)[13:60])
def test_class_energies_compute_the_features_once(case):
    energy = case.build()
    x, condition = case.inputs(energy)
    calls = []
    features = energy.features
    energy.features = lambda *args: calls.append(1) or features(*args)
    energy.energies(x, condition.level if case.landscapes else None)
    assert len(calls) == 1


@pytest.mark.parametrize("network", [ConvEnergy, ResidualEnergy, MixerEnergy])
def test_default_images_are_mnist(network):
    energy = network()
    assert (energy.shape, energy.num_classes, energy.landscapes) == ((1, 28, 28), 10, 0)
    assert energy(torch.zeros(2, 1, 28, 28), torch.tensor([0, 9])).shape == (2,)


@pytest.mark.parametrize("network", [ConvEnergy, ResidualEnergy, MixerEnergy, MLPEnergy])
@pytest.mark.parametrize("setting", ["width", "depth"])
def test_width_and_depth_are_settings(network, setting):
    base = {"shape": (1, 28, 28), "width": 8, "depth": 2}
    sizes = [sum(p.numel() for p in network(**{**base, setting: n}).parameters()) for n in (2, 4)]
    counts = [len(list(network(**{**base, setting: n}).parameters())) for n in (2, 4)]
    assert sizes[0] != sizes[1]
    assert (counts[0] < counts[1]) == (setting == "depth")


def test_patches_and_heads_must_fit():
    with pytest.raises(ValueError, match="images of 28x30, expected multiples of patch=4: pad them"):
        TransformerEnergy(shape=(1, 28, 30))
    with pytest.raises(ValueError, match="width is 30, expected a multiple of heads=4"):
        TransformerEnergy(width=30)


@pytest.mark.parametrize(
    ("network", "name", "value", "smallest"),
    [(MixerEnergy, "width", -1, 1), (ResidualEnergy, "depth", 0, 1), (MLPEnergy, "num_classes", -1, 0)],
)
def test_counts_that_are_too_small_are_explained(network, name, value, smallest):
    with pytest.raises(ValueError, match=f"{network.__name__}: {name} is {value}, expected {smallest} or more"):
        network(**{name: value})


@pytest.mark.parametrize("network", [ResidualEnergy, MixerEnergy])
def test_images_that_must_be_divisible_by_four(network):
    with pytest.raises(ValueError, match="images of 28x30, expected multiples of 4: pad them"):
        network(shape=(1, 28, 30))


@pytest.mark.parametrize("compile", [False, True])
def test_attention_is_differentiated_twice(compile):
    """The fused kernels, which a CPU prefers, have no second derivative; the gradient is that of the plain formula."""

    class Plain(nn.Module):
        def forward(self, q, k, v):
            return (q @ k.mT / q.shape[-1] ** 0.5).softmax(dim=-1) @ v

    class Fused(Plain):
        def forward(self, q, k, v):
            return nn.functional.scaled_dot_product_attention(q, k, v)

    weight = torch.randn(4, 12, dtype=torch.float64)
    found = []
    for attention in (Plain(), Fused()):
        w = weight.clone().requires_grad_()

        def energy(x, condition, attention=attention, w=w):
            return attention(*(x @ w).chunk(3, dim=-1)).square().flatten(1).sum(dim=1)

        x = torch.linspace(-1, 1, 60, dtype=torch.float64).reshape(3, 5, 4)
        compiled = compile and type(attention) is Fused  # the plain formula is what it must agree with
        values, gradient = energy_gradient(energy, x, None, create_graph=True, compile=compiled)
        found.append([values, gradient, torch.autograd.grad(gradient.square().sum(), w)[0]])
    torch.testing.assert_close(*found)


def test_the_head_of_classes_is_what_its_formula_says():
    energy = MLPEnergy((4,), CLASSES, width=8, depth=1)
    x = torch.randn(B, 4)
    expected = torch.einsum("cd,bd->bc", energy.weight, energy.features(x, None))
    torch.testing.assert_close(energy.energies(x), expected)


@pytest.mark.parametrize("shape", [(1, 12, 12), (3, 11, 14), (2, 7, 5)])
@pytest.mark.parametrize(("kernel", "stride", "padding"), [(5, 2, 4), (5, 2, 2), (3, 2, 1), (4, 3, 0), (2, 4, 1)])
def test_a_convolution_of_candidates_is_a_convolution(shape, kernel, stride, padding):
    fast = CandidateConv2d(shape[0], 6, kernel, stride=stride, padding=padding).double()
    plain = nn.Conv2d(shape[0], 6, kernel, stride=stride, padding=padding).double()
    plain.load_state_dict(fast.state_dict())
    x = torch.randn(4, *shape, dtype=torch.float64, requires_grad=True)
    results = []
    for layer in (fast, plain):
        y = layer(x)
        inner = torch.autograd.grad(y.square().sum(), x, create_graph=True)[0]
        results.append([y, inner, *torch.autograd.grad(inner.square().sum(), [x, *layer.parameters()])])
    for mine, theirs in zip(*results, strict=True):
        torch.testing.assert_close(mine, theirs)


@pytest.mark.parametrize("network", [ConvEnergy, ResidualEnergy])
def test_images_are_convolved_channels_last(network):
    """The strided kernels of a CPU are faster in this format, and the one without stride is much faster."""
    seen = []
    energy = network(shape=(1, 12, 12), width=8)
    for layer in energy.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(lambda layer, given, out: seen.append(out))
    energy(torch.randn(2, 1, 12, 12), torch.tensor([0, 1]))
    assert len(seen) > 2
    assert all(out.is_contiguous(memory_format=torch.channels_last) for out in seen)


def test_landscapes_of_a_vector_energy_see_the_candidate_at_a_scale_of_their_own():
    energy = VectorEnergy((2, 3), (4,), width=8, depth=2, landscapes=3)
    zoom = torch.tensor([1.0, 2.0, 4.0])
    with torch.no_grad():
        energy.zoom.copy_(zoom)
        for film in energy.films:
            film.weight.copy_(film.weight[:1].expand_as(film.weight))  # so that landscapes differ only in their scale
    x, problem, level = torch.randn(1, 2, 3), torch.randn(1, 4), torch.arange(3)
    scaled = x / zoom[:, None, None]
    values = energy(scaled, Landscape(problem.expand(3, -1), level))
    torch.testing.assert_close(values, values[:1].expand(3))
