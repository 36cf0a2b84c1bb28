"""Where chains over soft tokens end: figures of ends that are known."""

from types import SimpleNamespace

import pytest
import torch

from language_lesson import lesson
from lean_ebm.characters import strings
from lean_ebm.energy import LanguageModelEnergy
from lean_ebm.evaluation.language import chain_figures, parses
from tiny_language import make_language_model


@pytest.fixture(scope="module")
def energy(tmp_path_factory):
    base = make_language_model(tmp_path_factory.mktemp("a model"))
    torch.manual_seed(0)
    return LanguageModelEnergy(base, tokens=24, hidden=16)


def figures(energy, ends):
    """The figures of chains that end at texts, or at points."""
    known, goals, _ = lesson()
    points = ends if isinstance(ends, torch.Tensor) else energy.points(energy.tokens_of(ends))
    method = SimpleNamespace(energy=energy, generate=lambda *_, **__: SimpleNamespace(x=points))
    with torch.no_grad():
        energies = energy.rank(energy.encode(goals), energy.encode_candidates(known, None))
        energies = energies.masked_fill(~known.mask, torch.inf)
        return known, energies, chain_figures(method, known, goals, energies, torch.Generator())


def listed(known, columns):
    return strings(torch.stack([known.text[row, column] for row, column in enumerate(columns)]))


def test_ends_at_the_best_listed_tactics(energy):
    known, energies, _ = figures(energy, ["left"] * 5)
    best = energies.argmin(dim=1)
    _, _, found = figures(energy, listed(known, best.tolist()))
    for name in ("parses", "applies", "best", "nearest_best"):
        assert found[name].tolist() == [1.0] * 5, name
    assert found["lower"].tolist() == [0.0] * 5
    assert found["top_1"].tolist() == known.right.gather(1, best[:, None]).squeeze(1).float().tolist()


def test_ends_at_right_tactics_and_near_them(energy):
    known, energies, _ = figures(energy, ["left"] * 5)
    right = known.right.int().argmax(dim=1)
    points = energy.points(energy.tokens_of(listed(known, right.tolist())))
    _, _, found = figures(energy, points + 0.01 * (points != 0) * torch.randn(points.shape))
    assert found["top_1"].tolist() == found["applies"].tolist() == [1.0] * 5
    is_best = (right == energies.argmin(dim=1)).float()
    assert found["best"].tolist() == found["nearest_best"].tolist() == is_best.tolist()


def test_ends_that_are_no_tactics(energy):
    texts = [") left", "exact h9", "cases h1 with", "intro h1 h2 h3 h4", "qed 17"]
    _, energies, found = figures(energy, texts)
    assert found["parses"].tolist() == [float(parses(text)) for text in texts] == [0.0, 1.0, 0.0, 1.0, 0.0]
    assert found["applies"].sum() == found["best"].sum() == 0
    with torch.no_grad():
        _, goals, _ = lesson()
        reached = energy(energy.points(energy.tokens_of(texts)), energy.encode(goals))
    expected = reached < energies.amin(dim=1)
    assert found["lower"].tolist() == expected.float().tolist() and 0 < expected.sum() < 5
