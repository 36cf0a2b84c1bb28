import pytest
import torch

from lean_ebm.evaluation import DensityCoverage, Novelty, RelativeDiversity


def density_coverage(real: torch.Tensor, generated: torch.Tensor, k: int) -> dict[str, float]:
    metric = DensityCoverage(k)
    metric.update(real, real=True)
    for part in generated.split(2):
        metric.update(part, real=False)
    return {name: value.item() for name, value in metric.compute().items()}


def test_density_and_coverage_of_points_on_a_line():
    real = torch.tensor([[0.0], [1.0], [3.0], [10.0]])  # with k = 1 their radii are 1, 1, 2 and 7
    generated = torch.tensor([[0.5], [2.5], [100.0], [4.5]])
    # 0.5 lies in the balls of 0 and 1; 2.5 in that of 3; 4.5 in those of 3 and 10
    assert density_coverage(real, generated, 1) == {"density": 5 / 4, "coverage": 1.0}
    assert density_coverage(real, generated[2:3], 1) == {"density": 0.0, "coverage": 0.0}
    assert density_coverage(real, generated[:1], 1) == {"density": 2.0, "coverage": 0.5}


def test_samples_of_the_same_distribution_are_dense_and_cover():
    figures = density_coverage(torch.randn(1000, 4), torch.randn(1000, 4), 5)
    assert figures["density"] == pytest.approx(1, abs=0.1) and figures["coverage"] > 0.93
    collapsed = density_coverage(torch.randn(1000, 4), torch.randn(1, 4).expand(1000, 4) * 0.1, 5)
    assert collapsed["coverage"] < 0.1


def test_coverage_needs_neighbours():
    with pytest.raises(ValueError, match="5 real samples, expected more than k=5"):
        density_coverage(torch.randn(5, 2), torch.randn(5, 2), 5)


def diversity(real: torch.Tensor, generated: torch.Tensor, label: torch.Tensor) -> float:
    metric = RelativeDiversity(2)
    metric.update(real, label, real=True)
    metric.update(generated, label, real=False)
    return metric.compute().item()


def test_diversity_is_relative_to_real_samples_of_the_class():
    label = torch.arange(40) % 2
    real = torch.randn(40, 3) + 100.0 * label[:, None]
    assert diversity(real, real, label) == pytest.approx(1)
    assert diversity(real, 0.5 * real, label) == pytest.approx(0.5)
    assert diversity(real, 100.0 * label[:, None].expand(40, 3), label) == pytest.approx(0)


def test_novelty_is_the_distance_to_the_nearest_training_image_relative_to_new_ones():
    training = 10 * torch.randn(25, 1, 3, 3)
    metric = Novelty(training, chunk=10)
    metric.update(training[7:8] + 0.1, real=False)  # at distance 0.3
    metric.update(training[20:22], real=False)  # at distance 0
    metric.update(training[:4] - 0.2, real=True)  # at distance 0.6
    assert metric.compute().item() == pytest.approx(0.1 / 0.6, rel=1e-3)
