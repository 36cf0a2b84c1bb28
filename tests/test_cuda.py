"""The settings of runs on a CUDA device."""

import pytest
import torch

from lean_ebm.cuda import Cuda
from lean_ebm.energy import ConvEnergy
from lean_ebm.methods import ContrastiveDivergence


@pytest.fixture(autouse=True)
def _precision():
    before = torch.get_float32_matmul_precision()
    yield
    torch.set_float32_matmul_precision(before)


@pytest.mark.parametrize("channels_last", [False, True])
def test_settings_change_the_order_of_weights_and_not_the_model(channels_last):
    model = ContrastiveDivergence(ConvEnergy(width=4), buffer_size=20, start="moments")
    x, label = torch.randn(3, 1, 28, 28), torch.arange(3)
    expected = model.candidate_energy(x, label)
    weights = {name: weight.clone() for name, weight in model.state_dict().items()}
    Cuda(float32_matmul_precision="medium", channels_last=channels_last).apply(model)
    assert torch.get_float32_matmul_precision() == "medium"
    first = model.energy.convolutions[1].weight
    assert first.is_contiguous(memory_format=torch.channels_last) == channels_last
    torch.testing.assert_close(model.state_dict(), weights, rtol=0, atol=0, equal_nan=True)
    torch.testing.assert_close(model.candidate_energy(x, label), expected, rtol=1e-2, atol=1e-2)
