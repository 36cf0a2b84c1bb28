"""Numbers that are not finite never reach the weights, and a message says where they arose."""

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from helpers import Quadratic, labels, quiet_trainer
from lean_ebm.energy import MLPEnergy
from lean_ebm.langevin import Langevin
from lean_ebm.methods import EBT, ContrastiveDivergence, Method, ReplayBuffer
from lean_ebm.methods.finite import FiniteSteps


class Plain(Method):
    def loss(self, batch):
        return {"loss": self.energy(*batch).mean(), "other": torch.tensor(1.0)}


def fit(tmp_path, module, x) -> None:
    data = DataLoader(TensorDataset(x, labels(len(x))), 4)
    quiet_trainer(tmp_path, max_epochs=1, limit_val_batches=0).fit(module, data, data)


def weights(module) -> torch.Tensor:
    return torch.nn.utils.parameters_to_vector(module.parameters()).detach().clone()


def test_a_gradient_that_is_not_finite_leaves_the_weights_alone(tmp_path):
    """The gradient is not finite although the loss is."""

    class Root(Plain):
        def loss(self, batch):
            return {"loss": self.energy(*batch).mean().sqrt()}

    module = Root(Quadratic(), Langevin())
    before = weights(module)
    with pytest.raises(RuntimeError, match=r"Root, step 1: the gradient of the loss is not finite\. The weights"):
        fit(tmp_path, module, torch.zeros(4, 3))
    assert torch.equal(weights(module), before)


def test_terms_that_are_not_finite_are_named(tmp_path):
    class Bad(Plain):
        def loss(self, batch):
            terms = super().loss(batch)
            return terms | {"loss": terms["loss"] * torch.inf, "other": torch.tensor(torch.nan)}

    with pytest.raises(RuntimeError, match=r"the loss is inf; the other is nan"):
        fit(tmp_path, Bad(Quadratic(), Langevin()), torch.ones(4, 3))


def test_chains_that_are_not_finite_are_told_by_step_and_share(tmp_path):
    """One start in four is so far away that its energy overflows at once."""
    chain = Langevin(steps=4, step_size=0.1, graph="all")
    module = EBT(Quadratic(), chain, chain, start="noise")
    module.noise = lambda condition, *_: torch.tensor([1.0, 1.0, 1e30, 1.0])[:, None].expand(4, 3).clone()
    before = weights(module)
    with pytest.raises(RuntimeError, match=r"EBT, step 1: .*chains are not finite from step 0 on, 25% of the batch"):
        fit(tmp_path, module, torch.zeros(4, 3))
    assert torch.equal(weights(module), before)


def test_a_gradient_is_not_blamed_on_a_chain_of_an_earlier_batch(tmp_path):
    """In the first batch only a chain is not finite, which the loss does not use; in the second only the loss."""

    class Later(Plain):
        def loss(self, batch):
            first = self.trainer.global_step == 0
            self.langevin(batch[0] * (1e30 if first else 1.0), batch[1], Langevin(steps=1, step_size=0.1))
            return {"loss": self.energy(*batch).mean() * (1.0 if first else torch.inf)}

    with pytest.raises(RuntimeError, match="step 2: the gradient of the loss is not finite; the loss is inf") as caught:
        fit(tmp_path, Later(Quadratic(), Langevin()), torch.ones(8, 3))
    assert "chains" not in str(caught.value)


def test_a_step_without_trouble_is_taken(tmp_path):
    module = Plain(Quadratic(), Langevin())
    before = weights(module)
    fit(tmp_path, module, torch.ones(4, 3))
    assert module.failure is None and not torch.equal(weights(module), before)


def test_chains_that_are_not_finite_start_anew():
    buffer = ReplayBuffer(4, 2, (3,), fresh_fraction=0.0)
    ends = torch.ones(4, 3)
    ends[0, 1], ends[3, 2] = torch.inf, torch.nan
    label, slot = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1])
    buffer.store(label, slot, ends)
    start, slots = buffer.draw(label.repeat(20), torch.zeros(80, 3))
    good = (label.repeat(20) == 0) == (slots == 1)
    assert (start[good] == 1).all() and (start[~good] == 0).all() and 0 < good.sum() < 80


def test_a_chain_that_leaves_the_numbers_does_not_stay_in_the_buffer(tmp_path):
    chain = Langevin(steps=2, step_size=1e30)
    module = ContrastiveDivergence(Quadratic(), chain, chain, buffer_size=2)
    with pytest.raises(RuntimeError, match=r"ContrastiveDivergence, step 1: .*chains are not finite"):
        fit(tmp_path, module, torch.ones(4, 3))
    assert not module.buffer.chains.isinf().any()


def test_generating_without_a_fit_keeps_no_chains():
    module = Plain(Quadratic(), Langevin(steps=1))
    for _ in range(100):
        module.train().generate(labels(2))
    assert len(module._chains) <= 32


@pytest.mark.parametrize(("algorithm", "size"), [("norm", 0.01), ("value", 0.001), ("norm", 1e9), (None, None)])
def test_gradients_are_clipped_as_lightning_clips_them(algorithm, size, tmp_path, monkeypatch):
    """By a norm that is computed once, for this and for whether it is finite."""

    def ends():
        torch.manual_seed(0)
        model = EBT(MLPEnergy((3,), 2, width=4, depth=1), Langevin(1, graph="last"), learn_step_size=True)
        model.optimizer = lambda groups: torch.optim.SGD(groups, lr=1.0)
        data = DataLoader(TensorDataset(torch.rand(12, 3), labels(12)), 4)
        clip = {"gradient_clip_val": size, "gradient_clip_algorithm": algorithm}
        trainer = quiet_trainer(tmp_path, max_epochs=1, limit_val_batches=0, **clip)
        trainer.fit(model, data, data)
        return weights(model)

    norms = []
    total = torch.nn.utils.get_total_norm
    monkeypatch.setattr(torch.nn.utils, "get_total_norm", lambda *args: norms.append(total(*args)) or norms[-1])
    ours = ends()
    assert len(norms) == 3 and (size != 0.01 or min(norms) > size)
    monkeypatch.delattr(FiniteSteps, "configure_gradient_clipping")
    assert torch.equal(ends(), ours)
