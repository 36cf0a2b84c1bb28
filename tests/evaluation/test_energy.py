import pytest
import torch

from lean_ebm.evaluation import evaluate_energy, held_out_precision, unlike_data
from lean_ebm.evaluation.energy import marginal_energy


def gray(levels: list[float]) -> torch.Tensor:
    """One image of each level."""
    return torch.tensor(levels).reshape(-1, 1, 1, 1).expand(-1, 1, 4, 4)


def two_classes(scale: float = 1.0):
    """Class 0 is dark, class 1 bright, both with a probability of ``sigmoid(2 scale |level|)``."""

    def energies(x: torch.Tensor) -> torch.Tensor:
        level = x.flatten(1).mean(dim=1)
        return scale * torch.stack([level, -level], dim=1)

    return energies


def test_accuracy_and_calibration():
    images, labels = gray([-1.0, -1.0, -1.0, 1.0]), torch.tensor([0, 0, 1, 1])
    figures = evaluate_energy(two_classes(), images, labels, {})
    confidence = torch.sigmoid(torch.tensor(2.0)).item()  # of every image, and three of four are right
    assert figures == {"accuracy": 0.75, "calibration_error": pytest.approx(confidence - 0.75)}


def test_outliers_are_told_by_their_energy_whatever_its_size():
    def energies(x):
        return 1e4 * (1 + x.flatten(1).mean(dim=1, keepdim=True)).expand(-1, 3)

    data, labels = gray([-0.9, -0.5, -0.1]), torch.tensor([0, 1, 2])
    outliers = {"higher": gray([0.5, 0.9]), "between": gray([-0.6, -0.2]), "lower": gray([-1.0])}
    figures = evaluate_energy(energies, data, labels, outliers, batch_size=2)
    # the first of those between is above one of three, the second above two
    assert [figures[f"auroc_{name}"] for name in outliers] == pytest.approx([1.0, 0.5, 0.0])


def test_marginal_energy_is_the_free_energy_of_the_class():
    energies = torch.tensor([[0.0, 0.0], [5.0, 100.0]])
    torch.testing.assert_close(marginal_energy(energies), torch.tensor([-0.6931472, 5.0]))


def test_outliers_are_what_they_are_called():
    images = torch.rand(50, 1, 28, 28) * 2 - 1
    outliers = unlike_data(images, seed=3)
    assert all(part.shape == images.shape for part in outliers.values())
    assert outliers["noise"].std().item() == pytest.approx(2 / 12**0.5, rel=0.02)
    assert outliers["constant"].flatten(1).std(dim=1).max() == 0 and outliers["constant"].std() > 0.3
    assert torch.equal(outliers["inverted"], -images)
    assert torch.equal(outliers["rotated"].rot90(-1, dims=(2, 3)), images)
    again, other = unlike_data(images, seed=3), unlike_data(images, seed=4)
    assert torch.equal(again["noise"], outliers["noise"]) and not torch.equal(other["noise"], outliers["noise"])


def test_precision_on_a_class_held_out_ignores_its_own_energy():
    labels = torch.tensor([0, 0, 0, 1, 2, 2])
    images = gray([0.1, 0.2, 0.35, 0.3, 0.4, 0.5])

    def energies(x):
        known = x.flatten(1).mean(dim=1)
        return torch.stack([known, known, torch.full_like(known, -1000.0)], dim=1)

    # by falling energy: 2, 2, then 0: all that is found is right
    assert held_out_precision(energies, images, labels, held_out=2) == pytest.approx(1.0)
    # class 1 comes fourth
    assert held_out_precision(lambda x: energies(x)[:, [0, 2, 1]], images, labels, held_out=1) == pytest.approx(1 / 4)
