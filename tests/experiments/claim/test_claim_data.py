"""The theorems, and data of arms that must not see something: goals without a proof, or the labels of their goals."""

import pytest
import torch

from lean_ebm.data import ProofSteps
from lean_ebm.errors import RunError, SettingError
from lean_ebm.experiments.claim.data import LiveProofSteps, ShuffledProofSteps
from lean_ebm.experiments.claim.unsolved import UnsolvedSet
from lean_ebm.experiments.provers_sets import HardSet, make
from lean_ebm.proving import BestFirst, Logic, SearchBudget, Statement
from lean_ebm.proving.candidates import wide_tactics


def loaded(data):
    data.prepare_data()
    data.setup("fit")
    return data, data.table.batch(data.table.rows["train"])


@pytest.fixture(scope="module")
def usual():
    return loaded(ProofSteps(theorems=60, workers=1))


def test_live_data_have_as_many_states_all_with_a_proof(usual):
    _, (tactics, _) = usual
    assert tactics.dead.any()
    data, (live, _) = loaded(LiveProofSteps(theorems=120, like=60, workers=1))
    assert len(live.left) == len(tactics.left) and not live.dead.any()
    assert data.table.rows["val"].tolist() == loaded(ProofSteps(theorems=120, workers=1))[0].table.rows["val"].tolist()
    with pytest.raises(SettingError, match="ask for more theorems"):
        LiveProofSteps(theorems=60, like=60, workers=1).setup("fit")


def test_shuffled_labels_are_those_of_other_goals(usual):
    data, (tactics, goals) = usual
    shuffled, (labels, same) = loaded(ShuffledProofSteps(theorems=60, workers=1))
    assert torch.equal(goals.kinds, same.kinds) and torch.equal(tactics.template, labels.template)
    # The same labels, but of other goals: nothing is to be learned from the goal.
    assert sorted(labels.left.tolist()) == sorted(tactics.left.tolist())
    assert (labels.left != tactics.left).float().mean() > 0.5
    live = ~labels.dead
    assert torch.equal(labels.right.any(dim=1), live)
    assert int(labels.right.sum()) <= int(tactics.right.sum()) and not (labels.right & ~labels.mask).any()
    assert float((labels.right & tactics.right)[live].sum() / labels.right.sum()) < 0.2
    # A state has the same labels in every batch.
    rows = data.table.rows["train"][3:9]
    again, _ = shuffled.table.batch(rows)
    width = again.right.shape[1]
    assert torch.equal(again.right, labels.right[3:9, :width]) and torch.equal(again.left, labels.left[3:9])


def test_theorems_that_search_without_learning_does_not_prove_are_kept():
    one = UnsolvedSet("primary", 2, 256, 64)
    lines, _ = make("primary", one, set(), 7)
    assert len(lines) == 2
    drawn, _ = make("primary", HardSet("primary", 30, 256, 64), set(), 7)
    with Logic() as logic:

        def proved(line, **settings):
            return BestFirst(**settings).prove(logic, Statement.of(line["statement"]), SearchBudget(256)).proved

        assert any(proved(line) for line in drawn)  # so the set chooses
        assert not any(proved(line) or proved(line, tactics=wide_tactics) for line in lines)
    with pytest.raises(RunError, match="Of 5 theorems 0 are hard enough, expected 2: draw more"):
        one.kept([{"statement": "(p : Prop) : p → p", "length": 3}] * 5)
