"""Weights, candidates and energies are float32: anything else is refused in one sentence."""

import pytest
import torch

from helpers import quiet_trainer
from lean_ebm.data import Digits
from lean_ebm.energy import MLPEnergy
from lean_ebm.errors import SettingError
from lean_ebm.langevin import Langevin
from lean_ebm.methods import EBT, IRED, ContrastiveDivergence, Method, think

CHAIN = Langevin(2, 0.1)
METHODS = {
    "EBT": lambda: EBT(MLPEnergy((1, 28, 28), width=4, depth=1), Langevin(2, 0.1, graph="last"), CHAIN),
    "ContrastiveDivergence": lambda: ContrastiveDivergence(
        MLPEnergy((1, 28, 28), width=4, depth=1), CHAIN, CHAIN, buffer_size=20
    ),
    "IRED": lambda: IRED(MLPEnergy((1, 28, 28), width=4, depth=1, landscapes=2), Langevin(1)),
}


@pytest.mark.parametrize("precision", ["bf16-true", "16-true", "64-true"])
def test_a_trainer_that_converts_the_weights_is_refused_before_training(precision, tmp_path):
    trainer = quiet_trainer(tmp_path, precision=precision, max_steps=1)
    message = rf"--trainer\.precision is {precision}, .*: use 32-true, or bf16-mixed"
    with pytest.raises(SettingError, match=message):
        trainer.fit(METHODS["EBT"](), datamodule=Digits())
    assert trainer.global_step == 0


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_precisions_that_leave_the_weights_alone_train(precision, tmp_path):
    trainer = quiet_trainer(tmp_path, precision=precision, max_steps=1, limit_val_batches=0)
    trainer.fit(METHODS["EBT"](), datamodule=Digits(batch_size=8))
    assert trainer.global_step == 1


USES = {
    "generate": lambda method, x, label: method.generate(label).x,
    "think": lambda method, x, label: think(method, label, evaluations=20).x,
    "candidate_energy": lambda method, x, label: method.candidate_energy(x, label),
    "class_energies": lambda method, x, label: method.class_energies(x),
    "rank": lambda method, x, label: method.rank(label, x[:, None]),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("name", METHODS)
def test_converted_weights_are_refused_and_can_be_converted_back(name, use):
    method: Method = METHODS[name]()
    x, label = torch.rand(3, 1, 28, 28), torch.arange(3)
    for convert in (method.double, method.half, method.bfloat16, method.energy.double):
        convert()
        with pytest.raises(SettingError, match=r"MLPEnergy has weights of torch\.\w+, .*: call model\.float\(\)"):
            USES[use](method, x, label)
        method.float()
        assert USES[use](method, x, label).dtype == torch.float32


def test_converted_weights_are_refused_before_training(tmp_path):
    with pytest.raises(SettingError, match=r"weights of torch\.float64"):
        quiet_trainer(tmp_path, max_steps=1).fit(METHODS["EBT"]().double(), datamodule=Digits())


def test_a_network_may_hold_a_part_in_another_precision():
    method = METHODS["EBT"]()
    method.energy.frozen = torch.nn.Linear(2, 2, dtype=torch.bfloat16)
    assert method.generate(torch.arange(3)).x.dtype == torch.float32
