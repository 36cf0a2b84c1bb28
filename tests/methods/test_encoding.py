"""Networks that encode their conditions, and candidates that are not points of a space."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from helpers import quiet_trainer
from lean_ebm.energy import EnergyNetwork
from lean_ebm.energy.base import split_landscape
from lean_ebm.langevin import Langevin
from lean_ebm.methods import EBT, IRED, ContrastiveDivergence, Method, think

WORDS, B = 7, 6
CHAIN = Langevin(steps=3, step_size=0.1)


class Tactics(EnergyNetwork):
    """``|e(a) - f(s)|^2 / 2`` of learned embeddings e of words and an encoder f of states, which counts its calls."""

    def __init__(self, landscapes: int = 0) -> None:
        super().__init__()
        self.shape, self.landscapes, self.calls = (4,), landscapes, 0
        self.words = nn.Embedding(WORDS, 4)
        self.encoder = nn.Linear(5, 4)

    def encode(self, condition: Any) -> Any:
        self.calls += 1
        return self.encoder(condition)

    def encode_candidates(self, candidates: Any, condition: Any) -> Tensor:
        return self.words(candidates)

    def forward(self, x: Tensor, condition: Any) -> Tensor:
        encoded, _ = split_landscape(condition)
        return (x - encoded).square().sum(dim=1) / 2


def states(size: int = B) -> Tensor:
    return torch.randn(size, 5)


METHODS = {
    "contrastive": lambda: ContrastiveDivergence(Tactics(), CHAIN, CHAIN, buffer_size=0),
    "EBT": lambda: EBT(Tactics(), Langevin(steps=3, step_size=0.1, graph="all"), CHAIN),
    "IRED": lambda: IRED(Tactics(3), CHAIN),
}


@pytest.mark.parametrize("name", METHODS)
def test_a_chain_encodes_its_condition_once_and_teaches_the_encoder(name, tmp_path):
    method: Method = METHODS[name]()
    before = [p.detach().clone() for p in method.energy.encoder.parameters()]
    words = method.energy.words.weight.detach().clone()
    data = DataLoader(TensorDataset(torch.arange(B) % WORDS, states()), B)
    quiet_trainer(tmp_path, max_steps=2, limit_val_batches=0).fit(method, data, data)
    assert method.energy.calls == 2  # once a batch, not once a step of a chain
    assert any(not torch.equal(a, b) for a, b in zip(before, method.energy.encoder.parameters(), strict=True))
    assert not torch.equal(words, method.energy.words.weight)
    method.energy.calls = 0
    method.generate(states())
    assert method.energy.calls == 1


def test_a_budget_of_draws_encodes_once_for_all_chains():
    method = METHODS["contrastive"]()
    think(method, states(), evaluations=17)  # four draws of three steps, and their scores
    assert method.energy.calls == 1 + 4  # for the chains, and for each score


@pytest.mark.parametrize("name", METHODS)
def test_a_method_ranks_candidates_as_the_data_have_them(name):
    method: Method = METHODS[name]()
    state, listed = states(), torch.stack([torch.randperm(WORDS)[:3] for _ in range(B)])
    ranked = method.rank(state, listed)
    assert ranked.shape == (B, 3)
    for k in range(3):
        points = method.energy.encode_candidates(listed[:, k], state)
        torch.testing.assert_close(ranked[:, k], method.candidate_energy(points, state))


def test_validation_encodes_candidates_and_conditions(tmp_path):
    method = METHODS["contrastive"]()
    state, word = states(), torch.arange(B) % WORDS
    data = DataLoader(TensorDataset(word, state), B)
    (figures,) = quiet_trainer(tmp_path).validate(method, data, verbose=False)
    expected = (method.energy.words(word) - method.energy.encoder(state)).square().sum(dim=1).mean() / 2
    assert figures["val/energy_real"] == pytest.approx(expected.item())
