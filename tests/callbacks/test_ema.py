import pytest
import torch
from lightning.pytorch import Callback
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.utils.data import DataLoader, TensorDataset

from helpers import labels, quiet_trainer
from lean_ebm.callbacks import EMA
from lean_ebm.energy import MLPEnergy
from lean_ebm.langevin import Langevin
from lean_ebm.methods import Method


class Deterministic(Method):
    """A module whose weights depend only on the data; a buffer counts the steps."""

    def __init__(self):
        torch.manual_seed(0)
        adam = lambda params: torch.optim.Adam(params, lr=0.1)
        super().__init__(MLPEnergy((2,), 2, 4, 1), Langevin(1), optimizer=adam)
        self.register_buffer("count", torch.zeros(()))

    def loss(self, batch):
        if self.training:
            self.count += 1
        return {"loss": self.energy(*batch).square().mean()}


class Recorder(Callback):
    def __init__(self):
        self.after_step, self.at_validation = [], []

    def on_train_batch_end(self, trainer, pl_module, *args):
        self.after_step.append(weights(pl_module))

    def on_validation_batch_start(self, trainer, pl_module, *args):
        self.at_validation.append(weights(pl_module))


def weights(module) -> torch.Tensor:
    return torch.nn.utils.parameters_to_vector(module.parameters()).detach().clone()


def fit(tmp_path, epochs=2, decay=0.5, ckpt_path=None, **settings):
    """Five steps an epoch, each epoch validated."""
    data = TensorDataset(torch.linspace(-1, 1, 40).reshape(20, 2), labels(20))
    module, recorder = Deterministic(), Recorder()
    saver = ModelCheckpoint(tmp_path / f"of-{epochs}", "last", save_on_train_epoch_end=True)
    callbacks = [recorder, EMA(decay), saver]
    trainer = quiet_trainer(tmp_path, max_epochs=epochs, callbacks=callbacks, enable_checkpointing=True, **settings)
    trainer.fit(module, DataLoader(data, 4), DataLoader(data, 20), ckpt_path=ckpt_path)
    return module, recorder, torch.load(saver.best_model_path, weights_only=True)


def average(path, decay: float) -> torch.Tensor:
    """The average of the weights after steps 1, 2, ...; it starts with the first of them."""
    mean = path[0]
    for step, current in enumerate(path[1:], start=2):
        share = min(decay, (1 + step) / (10 + step))
        mean = share * mean + (1 - share) * current
    return mean


@pytest.mark.parametrize("decay", [0.3, 0.999])
def test_average_is_that_of_the_steps(tmp_path, decay):
    module, recorder, _ = fit(tmp_path, decay=decay)
    path = recorder.after_step
    assert len(path) == 10
    torch.testing.assert_close(weights(module), average(path, decay))
    torch.testing.assert_close(recorder.at_validation[-2], average(path[:5], decay))
    torch.testing.assert_close(recorder.at_validation[-1], average(path, decay))
    assert not torch.allclose(weights(module), path[-1])


def test_off_at_decay_zero(tmp_path):
    module, recorder, checkpoint = fit(tmp_path, decay=0.0)
    assert torch.equal(weights(module), recorder.after_step[-1])
    assert "current_model_state" not in checkpoint


def test_checkpoint_holds_the_average_as_the_weights(tmp_path):
    _, recorder, checkpoint = fit(tmp_path)
    again = Deterministic()
    again.load_state_dict(checkpoint["state_dict"])
    torch.testing.assert_close(weights(again), average(recorder.after_step, 0.5))
    again.load_state_dict(checkpoint["current_model_state"])
    torch.testing.assert_close(weights(again), recorder.after_step[-1])


def test_buffers_are_not_averaged(tmp_path):
    module, _, checkpoint = fit(tmp_path)
    assert module.count == 10 and checkpoint["state_dict"]["count"] == 10


@pytest.mark.filterwarnings("ignore:The dirpath has changed")  # each run has a folder of its own
def test_resumed_run_equals_an_uninterrupted_one(tmp_path):
    whole, path, _ = fit(tmp_path / "whole", epochs=4)
    fit(tmp_path, epochs=2)
    resumed, rest, _ = fit(tmp_path, epochs=4, ckpt_path=tmp_path / "of-2" / "last.ckpt")
    assert len(rest.after_step) == 10
    torch.testing.assert_close(torch.stack(rest.after_step), torch.stack(path.after_step[10:]))
    torch.testing.assert_close(weights(resumed), weights(whole))


def test_average_follows_optimizer_steps(tmp_path):
    module, recorder, _ = fit(tmp_path, epochs=4, accumulate_grad_batches=5)
    path = recorder.after_step[4::5]
    torch.testing.assert_close(weights(module), average(path, 0.5))


@pytest.mark.parametrize("decay", [-0.1, 1.0])
def test_decay_out_of_range_is_explained(decay):
    with pytest.raises(ValueError, match=rf"EMA: decay is {decay}, expected 0 \(off\) or more and less than 1"):
        EMA(decay)


def test_the_average_has_the_buffers_of_the_model(tmp_path):
    """Also if a method puts a new tensor in the place of a buffer; nothing is copied."""

    class Replacing(Deterministic):
        def on_train_batch_end(self, *args):
            self.count = self.count + 1  # after the callbacks have seen the batch

    module, ema = Replacing(), EMA(0.5)
    data = DataLoader(TensorDataset(torch.zeros(8, 2), labels(8)), 4)
    saver = ModelCheckpoint(tmp_path, "last", every_n_train_steps=1)
    seen = []

    class Look(Callback):
        def on_train_batch_start(self, *args):
            seen.append(ema.average.module.count is module.count)

    trainer = quiet_trainer(tmp_path, max_epochs=2, callbacks=[ema, Look(), saver], enable_checkpointing=True)
    trainer.fit(module, data, data)
    assert seen == [True] * 4
    assert module.count == 8  # half by `loss`, half by the hook
    checkpoint = torch.load(saver.best_model_path, weights_only=True)
    assert checkpoint["state_dict"]["count"] == checkpoint["current_model_state"]["count"] == 7


def test_the_average_moves_with_the_model(tmp_path):
    """Lightning sets callbacks up before it moves the model to its accelerator."""
    module, ema = Deterministic(), EMA(0.5)
    trainer = quiet_trainer(tmp_path)
    ema.setup(trainer, module, "fit")
    module.to("meta")
    ema.on_train_start(trainer, module)
    assert {part.device.type for part in (*ema.average.parameters(), *ema.average.buffers())} == {"meta"}
