import torch

from lean_ebm.methods.moments import ClassMoments


def test_moments_are_those_of_all_batches_together():
    x, label = 1e3 + torch.randn(500, 2, 3), torch.randint(3, (500,))  # far from 0: sums of squares would lose digits
    moments = ClassMoments(4, (2, 3))
    for part in torch.arange(500).split(70):
        moments.update(x[part], label[part])
    for c in range(3):
        torch.testing.assert_close(moments.count[c], torch.tensor(float((label == c).sum())))
        torch.testing.assert_close(moments.mean[c], x[label == c].mean(0))
        variance = moments.squares[c] / moments.count[c]
        torch.testing.assert_close(variance, x[label == c].var(0, correction=0), rtol=1e-3, atol=1e-3)
    assert moments.count[3] == 0 and (moments.mean[3] == 0).all()


def test_draws_have_the_moments_and_repeat_with_a_generator():
    moments = ClassMoments(3, (2,))
    moments.update(torch.tensor([[1.0, 2.0], [3.0, 2.0], [7.0, 7.0]]), torch.tensor([0, 0, 1]))
    label = torch.arange(3).repeat_interleave(4000)
    draws = moments.sample(label, torch.Generator().manual_seed(0))
    assert torch.equal(draws, moments.sample(label, torch.Generator().manual_seed(0)))
    expected = {0: ([2.0, 2.0], [1.0, 0.0]), 1: ([7.0, 7.0], [1.0, 1.0]), 2: ([0.0, 0.0], [1.0, 1.0])}
    for c, (mean, std) in expected.items():  # of class 1 one was seen, of class 2 none
        torch.testing.assert_close(draws[label == c].mean(0), torch.tensor(mean), atol=0.06, rtol=0)
        torch.testing.assert_close(draws[label == c].std(0), torch.tensor(std), atol=0.06, rtol=0)
