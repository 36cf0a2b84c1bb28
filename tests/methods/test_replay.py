import math

import pytest
import torch

from lean_ebm.methods import ReplayBuffer


def test_fresh_and_unused_slots_start_from_noise():
    buffer = ReplayBuffer(6, 3, (2,), fresh_fraction=0.0)
    noise = torch.randn(4, 2)
    start, _ = buffer.draw(torch.tensor([0, 1, 2, 0]), noise)
    assert torch.equal(start, noise)


def test_chains_come_back_to_their_own_class():
    buffer = ReplayBuffer(12, 3, (1, 2, 2), fresh_fraction=0.0)
    label = torch.arange(3).repeat_interleave(4)
    slot = torch.arange(4).repeat(3)
    stored = torch.arange(12.0).reshape(12, 1, 1, 1).expand(12, 1, 2, 2)
    buffer.store(label, slot, stored)
    assert torch.equal(buffer.chains[2, 1], stored[9])
    drawn, slots = buffer.draw(label, torch.full((12, 1, 2, 2), -1.0))
    assert torch.equal(drawn[:, 0, 0, 0], 4.0 * label + slots)  # the slot names the chain that was drawn
    assert slots.min() >= 0 and slots.max() < 4


def test_only_the_written_slots_change_and_hold_no_graph():
    buffer = ReplayBuffer(6, 2, (2,), 0.0)
    x = torch.ones(1, 2, requires_grad=True)
    buffer.store(torch.tensor([1]), torch.tensor([2]), 2 * x)
    assert not buffer.chains.requires_grad
    assert (buffer.chains.isnan().flatten(2).any(2) == torch.tensor([[True] * 3, [True, True, False]])).all()
    assert buffer.chains[1, 2].tolist() == [2.0, 2.0]


@pytest.mark.parametrize(("fraction", "expected"), [(0.0, 0.0), (0.25, 0.25), (1.0, 1.0)])
def test_fresh_fraction_starts_anew(fraction, expected):
    buffer = ReplayBuffer(20, 2, (2,), fraction)
    buffer.chains.zero_()
    label = torch.arange(4000) % 2
    start, _ = buffer.draw(label, torch.ones(4000, 2))
    assert (start[:, 0] == start[:, 1]).all()  # a chain is fresh as a whole
    assert start.mean().item() == pytest.approx(expected, abs=0.03 if 0 < fraction < 1 else 0)


def test_all_slots_are_drawn():
    buffer = ReplayBuffer(20, 2, (1,), 0.0)
    _, slot = buffer.draw(torch.zeros(500, dtype=torch.int64), torch.zeros(500, 1))
    assert slot.unique().tolist() == list(range(10))


def test_chains_are_saved():
    buffer = ReplayBuffer(6, 2, (2,), 0.0)
    buffer.store(torch.tensor([1]), torch.tensor([2]), torch.ones(1, 2))
    again = ReplayBuffer(6, 2, (2,), 0.0)
    again.load_state_dict(buffer.state_dict())
    assert torch.equal(again.chains.nan_to_num(-1), buffer.chains.nan_to_num(-1))
    assert set(ReplayBuffer.LOCAL) == {name for name, _ in buffer.named_buffers()}
    assert not list(buffer.parameters())


def test_entropy_is_that_of_a_gaussian_of_the_chains_variance():
    buffer = ReplayBuffer(4000, 4, (3, 2), 0.0)
    buffer.chains[0] = 5.0 + 0.2 * torch.randn(1000, 3, 2)
    buffer.chains[1] = torch.randn(3, 2)  # all the same
    buffer.chains[2, :7] = torch.randn(7, 3, 2)  # too few for an estimate
    entropy = buffer.entropy(chains_per_class=1000)
    assert entropy[0].item() == pytest.approx(0.5 * math.log(2 * math.pi * math.e * 0.04), abs=0.03)
    assert entropy[1] < -10
    assert entropy.isnan().tolist() == [False, False, True, True]
    buffer.chains[0, :64] = 1.0
    assert buffer.entropy()[0] < -10  # of the first 64


def test_size_is_shared_by_the_classes():
    assert ReplayBuffer(11, 3, (2,), 0.0).chains.shape == (3, 3, 2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ((2, 3, (2,), 0.0), "buffer of 2 chains is too small for 3 classes: raise its size"),
        ((6, 3, (2,), 1.5), "fresh_fraction is 1.5, expected a probability, 0 to 1"),
        ((6, 3, (2,), -0.1), "fresh_fraction is -0.1, expected a probability"),
    ],
)
def test_bad_settings_are_explained(settings, message):
    with pytest.raises(ValueError, match=message):
        ReplayBuffer(*settings)
