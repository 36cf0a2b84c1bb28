"""Figures of methods that choose tactics: those of a method that knows all, and of one that knows nothing."""

import math
from typing import Any

import pytest
import torch
from lightning.pytorch.loggers import TensorBoardLogger
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor

from helpers import quiet_trainer
from lean_ebm.callbacks import Evaluation
from lean_ebm.data import ProofSteps
from lean_ebm.energy import EnergyNetwork, ProofEnergy
from lean_ebm.errors import SettingError
from lean_ebm.evaluation import Effort, evaluate
from lean_ebm.guides import load
from lean_ebm.langevin import Langevin
from lean_ebm.methods import Ranking

EFFORT = Effort(num_samples=2000, batch_size=64)
CHAIN = Langevin(steps=2, step_size=0.1, bounds="sphere")


@pytest.fixture(scope="module")
def data():
    steps = ProofSteps(theorems=120, workers=1)
    steps.prepare_data()
    steps.setup("fit")
    return steps


class Oracle(EnergyNetwork):
    """Energies that are the number of tactics needed after a tactic, 50 if that is not known, times a sign."""

    lists = True
    shape = (1,)

    def __init__(self, sign: float = 1.0) -> None:
        super().__init__()
        self.sign = sign

    def encode_candidates(self, candidates: Any, condition: Any) -> Tensor:
        return self.sign * candidates.after.clamp(max=50)[..., None]

    def forward(self, x: Tensor, condition: Any) -> Tensor:
        return x.squeeze(-1)

    def rank(self, condition: Any, candidates: Tensor) -> Tensor:
        return candidates.squeeze(-1)


def test_an_oracle_has_the_best_figures_and_its_opposite_the_worst(data):
    best = evaluate(data, Ranking(Oracle(), CHAIN, temperature=0.1), "val", EFFORT).figures
    for name in ("top_1", "top_1_far", "dead_auroc"):
        assert best[name] == pytest.approx(1), name
    assert best["value_rank"] > 0.97  # several right tactics lower the smooth minimum
    worst = evaluate(data, Ranking(Oracle(-1.0), CHAIN, temperature=0.1), "val", EFFORT).figures
    assert worst["top_1"] < 0.2 and worst["value_rank"] < 0.1 and worst["dead_auroc"] < 0.6


def test_an_untrained_energy_is_near_chance(data):
    figures = evaluate(data, Ranking(ProofEnergy(width=8, heads=2), CHAIN), "val", EFFORT).figures
    assert 0.05 < figures["top_1_chance"] < 0.4
    assert abs(figures["top_1"] - figures["top_1_chance"]) < 0.25
    assert 0 < figures["chain_top_1"] < 0.5 and abs(figures["value_rank"]) < 0.7
    assert 0 < figures["goal_milliseconds"] < 1000


def test_the_end_of_a_chain_stands_for_the_nearest_tactic(data, monkeypatch):
    """The points of right tactics are at 1 and those of others at -1, on a sphere of dimension 1."""

    class Signs(Oracle):
        def encode_candidates(self, candidates, condition):
            return torch.where(candidates.right, 1.0, -1.0)[..., None]

        def forward(self, x, condition):
            return -self.sign * x.squeeze(-1)

    for sign, expected in ((1.0, 1.0), (-1.0, 0.0)):
        method = Ranking(Signs(sign), Langevin(steps=5, step_size=5.0, bounds="sphere"))
        # an end at -1 is nearest to a wrong tactic, except where all are right
        figures = evaluate(data, method, "val", EFFORT).figures
        assert figures["chain_top_1"] == pytest.approx(expected, abs=0.1)


def test_samples_of_states_are_of_a_split_and_reproducible(data):
    first, again, other = ([tactics.left for tactics, _ in data.sample("val", 60, seed, 16)] for seed in (0, 0, 1))
    assert [len(part) for part in first] == [16, 16, 16, 12]
    assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
    assert not all(torch.equal(one, two) for one, two in zip(first, other, strict=True))
    every = sum(len(tactics.left) for tactics, _ in data.sample("val", 10**6, 0, 64))
    assert every == sum(len(tactics.left) for tactics, _ in data.val_dataloader()) < 10**6


def test_nothing_is_computed_without_samples(data):
    assert evaluate(data, Ranking(Oracle(), CHAIN), "val", Effort(num_samples=0)).figures == {}
    figures = evaluate(data, Ranking(Oracle(), CHAIN), "val", Effort(num_samples=20)).figures
    assert math.isnan(figures["dead_auroc"])  # too few goals to say


def test_theorems_are_proved_by_the_search_that_the_method_guides(data):
    effort = Effort(num_samples=0, theorems=12, seed=1)
    figures = evaluate(data, load().method, "val", effort).figures
    assert figures.keys() == {"solved", "theorems_per_second"}
    assert figures["solved"] > 0.9 and figures["theorems_per_second"] > 0
    untrained = evaluate(data, Ranking(ProofEnergy(), CHAIN), "val", effort).figures
    assert untrained["solved"] < figures["solved"] - 0.1
    assert "solved" in evaluate(data, Ranking(ProofEnergy(width=8, heads=2), CHAIN), "val", PROVING).figures


PROVING = Effort(num_samples=20, theorems=1)


def test_a_fit_logs_how_many_theorems_are_proved_after_each_epoch(data, tmp_path):
    logger = TensorBoardLogger(tmp_path, name=None, version="run", default_hp_metric=False)
    settings = {"max_epochs": 2, "limit_train_batches": 1, "limit_val_batches": 1, "log_every_n_steps": 1}
    for theorems in (0, 3):
        trainer = quiet_trainer(tmp_path, logger=logger, callbacks=[Evaluation(theorems=theorems)], **settings)
        trainer.fit(Ranking(ProofEnergy(width=8, heads=2), CHAIN), data)
        assert ("val/solved" in trainer.callback_metrics) == bool(theorems)
        assert "val/top_1" not in trainer.callback_metrics  # only at the end of validate and test
    events = EventAccumulator(str(tmp_path / "run"))
    events.Reload()
    assert len(events.Scalars("val/solved")) == 2
    assert len(events.Images("val/search")) == 2  # a search after each epoch
    with pytest.raises(SettingError, match="theorems is -1, expected 0 or more"):
        Evaluation(theorems=-1)
