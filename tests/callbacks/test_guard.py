"""The guard against divergence, with injected failures."""

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from helpers import labels, quiet_trainer
from lean_ebm.callbacks import EMA, DivergenceGuard
from lean_ebm.energy import MLPEnergy
from lean_ebm.langevin import Langevin
from lean_ebm.methods import ContrastiveDivergence, Method, WarmupCosine


class Faulty(Method):
    """A module that shows ``sign`` at the given steps. A buffer of random numbers stands for a replay buffer."""

    def __init__(self, faults=(), sign="loss", value=float("nan"), scheduled=False):
        torch.manual_seed(0)
        adam = lambda params: torch.optim.Adam(params, lr=0.1)
        schedule = (lambda optimizer: WarmupCosine(optimizer, warmup_steps=0)) if scheduled else None
        super().__init__(MLPEnergy((2,), 2, 4, 1), Langevin(1), optimizer=adam, lr_scheduler=schedule)
        self.faults, self.sign, self.value = set(faults), sign, value
        self.register_buffer("chains", torch.zeros(3))
        self.history, self.rates, self.calls = [], [], 0

    def loss(self, batch):
        self.history.append((weights(self), self.chains.clone()))
        self.rates.append(self.optimizers().param_groups[0]["lr"])
        self.chains.copy_(torch.rand(3))
        ill = self.calls in self.faults
        self.calls += 1
        terms = {"loss": self.energy(*batch).square().mean()}
        if self.sign == "loss":
            return {"loss": terms["loss"] * self.value} if ill else terms
        return terms | {self.sign: torch.tensor(self.value if ill else 0.0)}


def weights(module) -> torch.Tensor:
    return torch.nn.utils.parameters_to_vector(module.parameters()).detach().clone()


def fit(tmp_path, module, steps=12, callbacks=(), **settings):
    guard = DivergenceGuard(**{"check_every": 1, "patience": 1, "snapshot_every": 2, "grace": 0, **settings})
    data = DataLoader(TensorDataset(torch.linspace(-1, 1, 40).reshape(20, 2), labels(20)), 1)
    trainer = quiet_trainer(
        tmp_path, max_steps=steps, max_epochs=-1, limit_val_batches=0, callbacks=[*callbacks, guard]
    )
    trainer.fit(module, data, data)
    return guard, trainer


def same(first, second) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize(
    ("sign", "value"),
    [
        ("loss", float("nan")),
        ("loss", float("inf")),
        ("energy_gap", 3.0),
        ("energy_gap", float("nan")),
        ("energy_magnitude", 1e4),
        ("buffer_entropy", -3.0),
        ("grad_norm_chain", -0.1),
    ],
)
def test_a_run_goes_back_to_the_last_state_but_one_and_on_more_slowly(tmp_path, sign, value, caplog):
    module = Faulty({7}, sign, value)
    with caplog.at_level("INFO"):
        guard, _ = fit(tmp_path, module, min_gradient=-0.05)
    assert guard.recoveries == 1 and module.calls == 12
    # snapshots are taken after 2, 4 and 6 steps; the fault shows after the eighth
    assert same(module.history[8], module.history[4])
    assert not torch.equal(module.history[5][0], module.history[4][0])
    assert module.rates == pytest.approx([0.1] * 8 + [0.05] * 4)
    assert weights(module).isfinite().all()
    (line,) = [record.getMessage() for record in caplog.records if "Divergence" in record.getMessage()]
    assert "at step 8" in line and "state of step 4" in line and "recovery 1 of 5" in line
    assert sign.replace("_", " ") in line


def test_optimizer_and_average_go_back_as_well(tmp_path):
    """After a rollback the run has the weights of a run that started from there with the lower rate."""
    module = Faulty({4}, "energy_gap", 3.0)
    fit(tmp_path, module, steps=8, callbacks=[EMA(0.5)], snapshot_every=100)  # back to the start
    plain = Faulty()
    plain.optimizer = lambda params: torch.optim.Adam(params, lr=0.05)
    data = DataLoader(TensorDataset(torch.linspace(-1, 1, 40).reshape(20, 2)[5:], labels(20)[5:]), 1)
    quiet_trainer(tmp_path, max_steps=3, limit_val_batches=0, callbacks=[EMA(0.5)]).fit(plain, data, data)
    # the averages differ, since that of the second run starts with other decays; the weights before the last step agree
    torch.testing.assert_close(module.history[7][0], plain.history[2][0])
    assert (weights(module) - weights(plain)).abs().max() < 0.05


def test_schedules_go_on_from_the_lower_rate(tmp_path):
    plain, faulty = Faulty(scheduled=True), Faulty({3, 8}, "energy_gap", 5.0, scheduled=True)
    fit(tmp_path, plain)
    fit(tmp_path, faulty)
    factor = [1.0] * 4 + [0.5] * 5 + [0.25] * 3
    assert faulty.rates == pytest.approx([rate * part for rate, part in zip(plain.rates, factor, strict=True)])


def test_one_bad_look_is_no_divergence(tmp_path):
    guard, _ = fit(tmp_path, Faulty({2, 5, 6, 9}, "energy_gap", 3.0), patience=3)
    assert guard.recoveries == 0
    guard, _ = fit(tmp_path, Faulty({4, 5, 6}, "energy_gap", 3.0), patience=3)
    assert guard.recoveries == 1
    guard, _ = fit(tmp_path, Faulty({4}), patience=3)  # a loss that is not finite counts at once
    assert guard.recoveries == 1


def test_at_first_anything_is_healthy_but_what_is_no_number(tmp_path):
    assert fit(tmp_path, Faulty({3}, "energy_gap", 3.0), grace=4)[0].recoveries == 0
    assert fit(tmp_path, Faulty({3}, "energy_gap", 3.0), grace=3)[0].recoveries == 1
    assert fit(tmp_path, Faulty({3}), grace=4)[0].recoveries == 1


def test_a_run_that_does_not_recover_ends_with_advice(tmp_path):
    module = Faulty(range(100))
    with pytest.raises(
        RuntimeError, match=r"diverged at step 3: .*the loss is nan; 2 rollbacks did not help.*0\.025.*chain"
    ):
        fit(tmp_path, module, max_recoveries=2)
    assert module.calls == 3


def test_limits_can_be_lifted_and_the_guard_turned_off(tmp_path):
    assert fit(tmp_path, Faulty({3}, "energy_gap", 5.0), max_gap=None)[0].recoveries == 0
    assert fit(tmp_path, Faulty({3}, "energy_gap", 5.0), max_recoveries=0)[0].recoveries == 0
    module = Faulty({3})
    with pytest.raises(RuntimeError, match=r"Faulty, step 4: the gradient of the loss is not finite; the loss is nan"):
        fit(tmp_path, module, max_recoveries=0)
    assert same([weights(module)], module.history[3][:1]) and module.calls == 4


def test_what_is_not_finite_is_seen_to_at_once(tmp_path):
    module = Faulty({4})
    fit(tmp_path, module, steps=8, check_every=3, snapshot_every=3)  # the fault is in the fifth step
    assert module.rates == pytest.approx([0.1] * 5 + [0.05] * 3)


def test_recoveries_are_counted_over_a_resume():
    guard, again = DivergenceGuard(), DivergenceGuard()
    guard.recoveries = 3
    again.load_state_dict(guard.state_dict())
    assert again.recoveries == 3


def test_bad_settings_are_explained():
    for bad in ({"check_every": 0}, {"patience": 0}, {"lr_factor": 0.0}, {"lr_factor": 1.5}):
        with pytest.raises(ValueError, match="expected numbers of 1 or more"):
            DivergenceGuard(**bad)


def test_contrastive_divergence_shows_its_signs_and_recovers_from_too_fast_an_optimizer(tmp_path):
    """A learning rate at which energies explode within a few steps."""
    torch.manual_seed(0)
    sgd = lambda params: torch.optim.SGD(params, lr=30.0)
    chain = Langevin(steps=2, step_size=0.1, bounds=(-1.0, 1.0))
    module = ContrastiveDivergence(MLPEnergy((2,), 2, 16, 2), chain, chain, buffer_size=40, optimizer=sgd)
    guard, trainer = fit(tmp_path, module, steps=60, max_recoveries=20, max_energy=50.0)
    assert 0 < guard.recoveries < 20
    assert {f"train/{name}" for name in guard.largest | guard.smallest} <= set(trainer.callback_metrics)
    assert float(trainer.callback_metrics["train/energy_magnitude"]) < 50
