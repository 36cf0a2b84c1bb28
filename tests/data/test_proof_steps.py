"""Proof steps as data: what is in a batch, that no test state is trained on, and the order of batches."""
# ruff: noqa: RUF001 - the letters of Lean

import importlib
import json
import sys
from collections import Counter

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer

import lean_ebm.data
from lean_ebm.data import ProofSteps
from lean_ebm.data.proofs import batch_of
from lean_ebm.data.proofs.steps import BatchesByLength
from lean_ebm.data.proofs.table import StateTable
from lean_ebm.errors import RunError, SettingError
from lean_ebm.proving.candidates import GoalGraph, Template, listed_goal
from lean_ebm.proving.candidates.invariants import invariant
from lean_ebm.proving.logic import Logic
from lean_ebm.proving.search import read_statement
from lean_ebm.proving.steps.blocks import provide_steps
from lean_ebm.proving.steps.columns import SPLITS, home, split_of


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEAN_EBM_CACHE", str(tmp_path_factory.mktemp("a cache")))
        steps = ProofSteps(theorems=90, kinds={"term": 2, "first_order": 1}, batch_size=16, workers=1)
        steps.prepare_data()
        steps.setup("fit")
        yield steps


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """Makes data of theorems that are given."""
    monkeypatch.setenv("LEAN_EBM_CACHE", str(tmp_path))

    def make(*statements, **settings):
        path = tmp_path / "mine.jsonl"
        path.write_text("".join(json.dumps({"statement": line}) + "\n" for line in statements), encoding="utf-8")
        steps = ProofSteps(file=str(path), workers=1, **settings)
        steps.prepare_data()
        steps.setup("test")
        return steps

    return make


def graphs(goals):
    """The goals of a batch as graphs."""
    for kinds, first, second, levels, hypotheses, target in zip(*goals[:6], strict=True):
        there = int((kinds >= 0).sum())
        parts = (row[:there].tolist() for row in (kinds, first, second, levels))
        yield GoalGraph(*parts, [node for node in hypotheses.tolist() if node >= 0], int(target))


def loader(steps, split):
    return {"train": steps.train_dataloader, "val": steps.val_dataloader, "test": steps.test_dataloader}[split]()


def test_a_batch_says_what_is_known_of_a_goal(mine):
    steps = mine("(p q r : Prop) (h : p) (k : p → q) (n : ¬r) : q ∧ p")
    tactics, goals = steps.table.batch(torch.tensor([0]))
    goal = listed_goal(Logic().start(read_statement("(a b c : Prop) (h : a) (k : a → b) (n : ¬c) : b ∧ a")).state)
    alone, listed = batch_of([goal.listing()])
    assert all(torch.equal(one, other) for one, other in zip(goals[:6], alone[:6], strict=True))
    assert all(torch.equal(one, other) for one, other in zip(tactics.tactics[:3], listed[:3], strict=True))
    texts = goal.texts()

    def of(values):
        return dict(zip(texts, values[0].tolist(), strict=True))

    # `constructor`, one tactic to apply k and one for each exact; or first `specialize`, then three.
    assert tactics.left.tolist() == [4] and tactics.exact.tolist() == [True] and not tactics.dead.any()
    assert {text for text, right in of(tactics.right).items() if right} == {
        "constructor", "specialize k h",
    }  # fmt: skip
    assert of(tactics.after)["constructor"] == of(tactics.after)["specialize k h"] == 3
    assert of(tactics.hopeless)["have h1 : c := ?_"] and of(tactics.hopeless)["refine absurd ?_ n"]
    assert of(tactics.after)["have h1 : c := ?_"] == torch.inf and of(tactics.wrong)["have h1 : c := ?_"]
    assert tactics.mask.all()


def test_goals_of_different_sizes_share_a_batch():
    texts = [
        "(p : Prop) : p",
        "(p q r : Prop) (h : p ∧ q) (k : p → r) : r ∨ (q ∧ p)",
        "(α : Type) (P : α → Prop) : ∀ x, P x",
    ]
    listings = [listed_goal(Logic().start(read_statement(text)).state).listing() for text in texts]
    goals, tactics = batch_of(listings)
    for row, listing in enumerate(listings):
        alone, its = batch_of([listing])
        for whole, part in zip([*goals[:6], *tactics[:3]], [*alone[:6], *its[:3]], strict=True):
            if part.dim() == 1:
                assert whole[row] == part[0]
            else:
                assert whole[row].tolist() == part[0].tolist() + [-1] * (whole.shape[1] - part.shape[1])
    assert list(graphs(goals)) == [listing.graph for listing in listings]
    assert tactics.mask.sum(dim=1).tolist() == [len(listing.templates) for listing in listings]


def test_dead_states_have_no_right_tactic(data):
    tactics, _ = data.table.batch(data.table.rows["train"])
    assert 0.15 < tactics.dead.float().mean() < 0.6
    assert tactics.turn[tactics.dead].all() and not tactics.turn.all()
    assert not tactics.right[tactics.dead].any() and tactics.hopeless[tactics.dead][tactics.mask[tactics.dead]].all()
    live = ~tactics.dead
    assert tactics.right[live].any(dim=1).all()
    assert (tactics.after.min(dim=1).values + 1 == tactics.left)[live].all()
    assert not (tactics.hopeless & (tactics.right | tactics.tied)).any()
    # Each tactic is right, wrong or perhaps right.
    assert torch.equal(
        tactics.right.int() + tactics.wrong.int() + (tactics.tied & ~tactics.right).int(), tactics.mask.int()
    )


def test_what_fills_up_is_nothing(data):
    tactics, goals = next(iter(data.train_dataloader()))
    assert len(goals.kinds) == len(tactics.left) == 16 and goals.kinds.dtype == torch.int64
    nodes = (goals.kinds >= 0).sum(dim=1, keepdim=True)
    for pointers in (tactics.first, tactics.second, goals.hypotheses, goals.first, goals.second):
        assert (pointers < nodes).all() and (pointers >= -1).all()
    filled = goals.kinds < 0
    assert (goals.levels[filled] == -1).all() and (goals.first[filled] == -1).all() and filled.any()
    assert (tactics.template[~tactics.mask] == -1).all() and not tactics.hopeless[~tactics.mask].any()
    assert tactics.after[~tactics.mask].isinf().all() and not tactics.tied[~tactics.mask].any()
    below = goals.first.clamp(min=0)
    assert ((goals.levels.gather(1, below) < goals.levels) | (goals.first < 0)).all()
    assert (tactics.template[tactics.mask] <= max(Template)).all()


def test_splits_share_no_theorem_and_no_state_under_any_names(data):
    """The numbers of the graphs that come out of the loaders are compared, not those that went in."""
    seen = {}
    for split in SPLITS:
        numbers = [invariant(graph) for _, goals in loader(data, split) for graph in graphs(goals)]
        assert len(set(numbers)) == len(numbers)
        seen[split] = set(numbers)
    assert not seen["train"] & seen["test"] and not seen["train"] & seen["val"] and not seen["val"] & seen["test"]
    assert len(seen["train"]) > 300 and len(seen["test"]) > 20
    theorems = {split: {theorem.number for theorem in data.theorems(split)} for split in SPLITS}
    assert not theorems["train"] & theorems["test"] and not theorems["train"] & theorems["val"]
    assert sum(map(len, theorems.values())) == 90


def test_many_states_occur_in_several_splits_before_they_are_assigned(data):
    """Otherwise the test above would prove nothing."""
    found = {}
    for block in provide_steps(data.made_of, 90):
        for number, theorem in zip(block.columns["number"], block.columns["theorem"], strict=True):
            found.setdefault(number, set()).add(split_of(block.theorems[theorem].number))
    shared = [number for number, splits in found.items() if len(splits) > 1]
    assert len(shared) > 10
    assert Counter(home(number, found[number]) for number in shared)["train"] > len(shared) // 2


def test_a_state_goes_to_a_split_in_which_it_occurs():
    assert {split_of(number) for number in range(10)} == set(SPLITS)
    for number in range(100):
        assert home(number, {"train"}) == "train" and home(number, {"test"}) == "test"
        assert home(number, {"val", "test"}) in ("val", "test")
    assert home(5, {"train", "test"}) == "test" and home(25, {"train", "test"}) == "train"


def test_theorems_that_differ_in_names_are_one(mine):
    steps = mine(
        "(p q : Prop) : p ∧ q → q ∧ p",
        "(b a : Prop) : b ∧ a → a ∧ b",
        "∀ x : α, P x",
        "∀ x, Q x → Q x",
        "∀ y, R y → R y",
    )
    assert sum(len(steps.theorems(split)) for split in SPLITS) == 2


def test_the_number_of_theorems_is_exact_and_more_begin_with_the_same(data):
    names = {}
    for number in (10, 60):
        table = StateTable(provide_steps(data.made_of, number), number)
        names[number] = [theorem.statement for split in SPLITS for theorem in table.theorems[split]]
    assert len(names[10]) == 10 and len(names[60]) == 60 and set(names[10]) < set(names[60])


def test_batches_hold_states_of_similar_size_and_each_state_once():
    lengths = torch.randint(1, 200, (1003,), generator=torch.Generator().manual_seed(0))
    batches = BatchesByLength(lengths, 10, seed=0)
    one = list(batches)
    assert len(one) == len(batches) == 100 and all(len(batch) == 10 for batch in one)
    assert len({index for batch in one for index in batch}) == 1000
    spread = [float(lengths[batch].max() - lengths[batch].min()) for batch in one]
    assert sum(spread) / len(spread) < 10  # of 200
    assert [float(lengths[batch].max()) for batch in one] != sorted(float(lengths[batch].max()) for batch in one)
    assert list(batches) == one != list(BatchesByLength(lengths, 10, seed=1))
    batches.set_epoch(1)
    assert list(batches) != one
    ordered = list(BatchesByLength(lengths, 10))
    assert len(ordered) == 101 and len(ordered[-1]) == 3
    assert torch.equal(torch.cat([lengths[batch] for batch in ordered]), lengths.sort().values)
    assert list(BatchesByLength(lengths[:0], 10)) == []


class Reader(LightningModule):
    """Writes down which batches it gets."""

    def __init__(self, stop=None):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.seen, self.stop = [], stop

    def training_step(self, batch, index):
        tactics, goals = batch
        self.seen.append((self.current_epoch, tuple(invariant(graph) for graph in graphs(goals))))
        if len(self.seen) == self.stop:
            raise InterruptedError
        return self.weight * tactics.left[tactics.left.isfinite()].sum()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


def trained(data, model, folder, checkpoint=None):
    torch.manual_seed(3)
    trainer = Trainer(
        accelerator="cpu", max_epochs=2, logger=False, enable_progress_bar=False, enable_model_summary=False,
        default_root_dir=folder, limit_train_batches=12, enable_checkpointing=False,
    )  # fmt: skip
    trainer.fit(model, train_dataloaders=data.train_dataloader(), ckpt_path=checkpoint)
    return trainer


def test_a_run_gets_the_batches_in_the_order_of_its_seed_and_epoch(data, tmp_path):
    one, other = Reader(), Reader()
    trained(data, one, tmp_path)
    trained(data, other, tmp_path)
    assert one.seen == other.seen and len(one.seen) == 24
    first = [batch for epoch, batch in one.seen if epoch == 0]
    second = [batch for epoch, batch in one.seen if epoch == 1]
    assert first != second and len(set(first)) == 12


def test_the_loader_resumes_within_an_epoch(data):
    torch.manual_seed(0)
    whole, part = data.train_dataloader(), data.train_dataloader()
    batches = [tactics.left.tolist() for tactics, _ in whole]
    reading = iter(part)
    for _ in range(5):
        next(reading)
    again = data.train_dataloader()
    again.load_state_dict(part.state_dict())
    assert [tactics.left.tolist() for tactics, _ in again] == batches[5:]
    assert len(batches) == len(whole) > 10


def test_predict_gets_goals_alone(data):
    goals = next(iter(data.predict_dataloader()))
    _, expected = next(iter(data.test_dataloader()))
    assert all(torch.equal(one, other) for one, other in zip(goals[:6], expected[:6], strict=True))


def test_settings_are_checked(mine, monkeypatch):
    for wrong, message in (
        ({"theorems": 0}, "theorems is 0, expected 1 or more"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"workers": -1}, "workers is -1"),
    ):
        with pytest.raises(SettingError, match=message):
            ProofSteps(**wrong)
    with pytest.raises(SettingError, match=r"kinds is \{'chess': 1\}"):
        ProofSteps(kinds={"chess": 1}).prepare_data()
    with pytest.raises(RuntimeError, match="call prepare_data"):
        ProofSteps().theorems("val")
    steps = mine("(p : Prop) : p → p")
    steps.table = None
    with pytest.raises(SettingError, match=r"too few theorems for a (train|val) split"):
        steps.setup("fit")
    monkeypatch.setenv("LEAN_EBM_CACHE", "/proc/nowhere")
    with pytest.raises(RunError, match="Set LEAN_EBM_CACHE"):
        ProofSteps(theorems=1, workers=1).prepare_data()


def test_the_data_module_is_imported_without_what_proves():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lean_ebm.data, "proofs", lean_ebm.data.proofs)  # as it was, afterwards
        for name in [name for name in sys.modules if name.startswith(("lean_ebm.proving", "lean_ebm.data.proofs"))]:
            patch.delitem(sys.modules, name)
        patch.setitem(sys.modules, "lean_ebm.proving", None)  # an import of it fails
        assert importlib.import_module("lean_ebm.data.proofs").ProofSteps is not ProofSteps
