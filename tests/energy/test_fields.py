"""Networks of fields: what their field is, what their judge sees, and the symmetry of matrices."""

import math

import pytest
import torch

from lean_ebm.energy import Landscape, MatrixEnergy, VectorEnergy
from lean_ebm.energy.field import JudgeHead, landscape_angles, log_odds
from lean_ebm.gradient import energy_gradient

K = 6


def test_a_network_that_predicts_the_answer_has_the_noise_as_its_gradient():
    """If g is the answer, the gradient of the energy and the field itself say the noise, in every landscape."""

    class Right(VectorEnergy):
        def _corrected(self, features, x):
            return answer

    answer, noise = torch.randn(K, 3), torch.randn(K, 3)
    angle = landscape_angles(K)[:, None]
    x = angle.cos() * answer + angle.sin() * noise
    energy = Right((3,), (2,), 4, 1, K, predicts="answer")
    condition = Landscape(torch.randn(K, 2), torch.arange(K))
    torch.testing.assert_close(energy.noise(x, condition), noise)
    torch.testing.assert_close(energy_gradient(energy, x, condition)[1], noise)


def test_a_network_that_predicts_the_field_has_it_as_its_noise():
    energy = VectorEnergy((3,), (2,), 4, 1, K)
    condition = Landscape(torch.randn(K, 2), torch.arange(K))
    x = torch.randn(K, 3)
    expected = energy.last(energy.features(x, *condition))
    torch.testing.assert_close(energy.field(x, condition), expected)
    torch.testing.assert_close(energy.noise(x, condition), expected)


def test_log_odds_are_those_of_a_sign_under_noise():
    angle = landscape_angles(K)
    x, a, s = 0.3, angle.cos(), angle.sin()
    plus, minus = (-((x - sign * a) ** 2) / (2 * s**2) for sign in (1, -1))
    torch.testing.assert_close(log_odds(K), ((plus - minus) / 2 / x).clamp(max=4.0))


def test_a_judge_adds_the_errors_of_entries_and_of_the_field():
    judge = JudgeHead(2, 3, 4)
    judge.unit.fill_(0.2)
    features, field = torch.randn(4, 5, 2), torch.randn(4, 6)
    entries = (3 * judge.out(torch.nn.functional.silu(judge.hidden(features)))).exp().sum(dim=(1, 2))
    off = (features @ judge.off.weight.T).square().mean(dim=(1, 2)) / 0.2
    moved = (field.square().mean(dim=1) / 0.2) ** (3 * judge.field.weight.item()) * math.exp(
        3 * judge.field.bias.item()
    )
    torch.testing.assert_close(judge(features, field), (1 + entries + off + moved).log())
    field.requires_grad_()
    judge(features.requires_grad_(), field).sum().backward()
    assert field.grad is None and features.grad.abs().sum() > 0  # the field is not taught by the judge


def test_a_judge_of_matrices_sees_linear_functions_of_candidates_and_problems():
    x, other, problem = torch.randn(3, 2, 3, 3).unbind()
    vectors = VectorEnergy(shape=(3, 3), condition_shape=(3, 3), width=5, judge=4)
    features, seen = vectors.judged_features(x, problem, None)
    torch.testing.assert_close(seen, torch.cat([problem.flatten(1), x.flatten(1), features], dim=1))
    matrices = MatrixEnergy(size=3, width=5, depth=2, judge=4)
    features, seen = matrices.judged_features(x, problem, None)
    assert seen.shape == (2, 3, 3, 15) and torch.equal(seen[..., 10:], features)
    first = [matrices.judged_features(y, problem, None)[1][..., :5] for y in (x, other, x + other, 0 * x)]
    torch.testing.assert_close(first[0] + first[1], first[2] + first[3])
    assert (first[0] - first[1]).abs().amin() > 1e-6


@pytest.mark.parametrize("predicts", ["field", "answer"])
def test_fields_of_matrices_do_not_depend_on_the_order_of_rows_and_columns(predicts):
    energy = MatrixEnergy(5, 2, 6, 2, landscapes=3, predicts=predicts, judge=4).double()
    x, problem = torch.randn(3, 5, 5).double(), torch.randn(3, 2, 5, 5).double()
    level, order = torch.arange(3), torch.randperm(5)
    moved = [part[..., order, :][..., order] for part in (x, problem)]
    field = energy.field(x, Landscape(problem, level))
    torch.testing.assert_close(energy.field(moved[0], Landscape(moved[1], level)), field[:, order][:, :, order])
    judged = energy.judgement(x, Landscape(problem, level))
    torch.testing.assert_close(energy.judgement(moved[0], Landscape(moved[1], level)), judged)
    one_sided = energy.field(x[:, order], Landscape(problem[:, :, order], level))
    assert not torch.allclose(one_sided, field[:, order])


def test_hidden_matrices_are_multiplied():
    """With the other parts turned off, one block adds the product of two linear maps of its input."""
    energy = MatrixEnergy(4, 1, 3, 1, predicts="field").double()
    block = energy.blocks[0]
    torch.nn.init.zeros_(block.out.weight)
    torch.nn.init.zeros_(block.out.bias)
    x, problem = torch.randn(2, 4, 4).double(), torch.randn(2, 4, 4).double()
    same = torch.eye(4).double().expand(2, 4, 4)
    h = energy.embed(torch.stack([x, x.mT, same, problem, problem.mT], dim=3))
    left, right = (h @ part.T for part in block.views.weight.chunk(2))
    products = torch.einsum("bikc,bkjc->bijc", left, right) / 2  # sqrt(4)
    torch.testing.assert_close(energy.features(x, problem, None), h + products @ block.product.weight.T)
