"""One training run, which test_ddp.py starts: ``ddp_worker.py FOLDER METHOD PROCESSES EPOCHS [CHECKPOINT]``."""

import sys
from pathlib import Path

import torch
from lightning.pytorch import Callback
from torch.utils.data import DataLoader, TensorDataset

from helpers import labels, quiet_trainer
from lean_ebm.callbacks import Resume
from lean_ebm.energy import MLPEnergy
from lean_ebm.langevin import Langevin
from lean_ebm.methods import EBT, ContrastiveDivergence, Method


class FixedStart(EBT):
    """All chains start from the same place."""

    def noise(self, condition, chain, generator=None):
        return torch.full(self.batch_shape(condition), 0.5)


def deterministic(name: str) -> Method:
    """A method whose loss follows only from its batch: all chains start from the same place."""
    torch.manual_seed(3)
    energy = MLPEnergy((2,), 2, width=8, depth=2)
    chain = Langevin(steps=2, step_size=0.5)
    sgd = lambda params: torch.optim.SGD(params, lr=0.1)
    if name == "EBT":
        chain = Langevin(steps=2, step_size=0.5, graph="all")
        return FixedStart(energy, chain, chain, "noise", learn_step_size=True, cross_entropy=0.1, optimizer=sgd)
    settings = {"buffer_size": 8, "fresh_fraction": 0.0, "data_noise": 0.0}
    method = ContrastiveDivergence(energy, chain, chain, optimizer=sgd, **settings)
    method.buffer.chains.fill_(0.5)
    return method


def data() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.linspace(-1, 1, 24).reshape(12, 2), labels(12)


def has_buffer(method: Method) -> bool:
    return getattr(method, "buffer", None) is not None


class Watch(Callback):
    """Saves what each process sees."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: dict[str, object] = {}

    def on_after_backward(self, trainer, pl_module):
        self.seen.setdefault("gradients", {name: p.grad.clone() for name, p in pl_module.named_parameters()})

    def on_train_epoch_start(self, trainer, pl_module):
        if has_buffer(pl_module):
            self.seen.setdefault("start", pl_module.buffer.chains.clone())

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if batch_idx == 0 and trainer.current_epoch == 1 and has_buffer(pl_module):
            pl_module.buffer.chains.fill_(trainer.global_rank + 1.0)

    def on_train_end(self, trainer, pl_module):
        if has_buffer(pl_module):
            self.seen["chains"] = pl_module.buffer.chains.clone()
        self.seen["weights"] = torch.nn.utils.parameters_to_vector(pl_module.parameters()).detach()
        torch.save(self.seen, self.folder / f"{trainer.global_rank}.pt")


if __name__ == "__main__":
    torch.set_num_threads(1)
    folder, name, processes, epochs = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    strategy = "ddp" if processes > 1 else "auto"
    trainer = quiet_trainer(
        folder, devices=processes, strategy=strategy, max_epochs=epochs, callbacks=[Resume(), Watch(folder)]
    )
    loader = DataLoader(TensorDataset(*data()), batch_size=12 // processes)
    trainer.fit(deterministic(name), loader, ckpt_path=sys.argv[5] if len(sys.argv) > 5 else None)
    trainer.save_checkpoint(folder / "end.ckpt")
