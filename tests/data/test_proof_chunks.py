"""Chunks as data: good chunks of solved paths, the slots of each state, and the splits of proof steps."""

import json
from dataclasses import replace

import pytest
import torch

from lean_ebm.data import ProofChunks, ProofSteps
from lean_ebm.data.proofs import slots_of
from lean_ebm.errors import SettingError
from lean_ebm.proving.candidates import DONE, Chunk, ChunkSpace, sequent_of
from lean_ebm.proving.logic.logic import root
from lean_ebm.proving.search import SequentGoal, read_statement
from lean_ebm.proving.steps.blocks import StepSettings, folder_of, make_block
from lean_ebm.proving.steps.columns import from_bytes
from lean_ebm.proving.steps.explore import Exploration
from lean_ebm.proving.steps.sampling import Thoroughness, good_chunks

KINDS = {"term": 1.0}


def sequent(text):
    return sequent_of(root(read_statement(text)))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEAN_EBM_CACHE", str(tmp_path_factory.mktemp("a cache")))
        both = [make(theorems=70, kinds=KINDS, batch_size=16, workers=1) for make in (ProofChunks, ProofSteps)]
        for one in both:
            one.prepare_data()
            one.setup("fit")
        yield both


def steps_left(at):
    search = Exploration()
    node = search.node(at)
    assert search.solve(node, 500)
    return int(node.found)


def test_good_chunks_stay_on_shortest_proofs():
    statements = (
        "(p q r : Prop) (h : p ∧ q) (k : q ∧ r) : r ∧ p",
        "(p q r : Prop) : (p → q) → (q → r) → p → r",
        "(p q : Prop) (h : p) (k : q) : p ∧ q",
        "(p q : Prop) (h : p ∨ q) : q ∨ p",
    )
    for text in statements:
        search, goal = Exploration(), sequent(text)
        node = search.node(goal)
        search.solve(node, 200)
        chunks = good_chunks(search, node, 50)
        assert len(set(chunks)) == len(chunks) >= 1
        for chunk in chunks:
            tried = SequentGoal(goal).attempt(chunk, 3)
            assert tried.applications == len(chunk.tactics) and tried.tactic == chunk
            left = sum([steps_left(made.sequent) for made in tried.goals])
            assert len(chunk.tactics) == min(3, int(node.found)) and left == int(node.found) - len(chunk.tactics)
        assert good_chunks(search, node, 2) == chunks[:2]
    # `constructor` and both `exact`, in the order of the goals
    assert len(good_chunks(*_of("(p q : Prop) (h : p) (k : q) : p ∧ q"), 50)) == 1
    many = good_chunks(*_of("(p q r s : Prop) (h : p ∧ q) (k : r ∧ s) : s ∧ p"), 50)
    firsts = [chunk.tactics[0] for chunk in many]
    assert len(set(firsts)) >= 2 and firsts[0] != firsts[1]  # in turn


def _of(text):
    search = Exploration()
    node = search.node(sequent(text))
    search.solve(node, 200)
    return search, node


def test_a_batch_has_the_space_of_each_goal(tmp_path, monkeypatch):
    monkeypatch.setenv("LEAN_EBM_CACHE", str(tmp_path))
    path = tmp_path / "mine.jsonl"
    statement = "(p q r : Prop) (h : p ↔ q) (k : q → r) : (p → r) ∧ (r → r)"
    path.write_text(json.dumps({"statement": statement}) + "\n", encoding="utf-8")
    steps = ProofChunks(file=str(path), workers=1)
    steps.prepare_data()
    steps.setup("test")
    known, goals = steps.table.batch(torch.tensor([0]))
    space = ChunkSpace(sequent(statement))
    alone, slots = slots_of([space])
    assert all(torch.equal(one, other) for one, other in zip(goals[:6], alone[:6], strict=True))
    assert all(torch.equal(one, other) for one, other in zip(known.slots, slots, strict=True))
    assert known.template[0, -1] == DONE and int(known.listed[0]) == space.listed
    assert known.choices.sum(dim=2).tolist() == [[space.listed, space.done + 1, space.done + 1]]
    assert torch.equal(known.choices, slots.choices) and not known.dead.any()
    chunks = [space.chunk(numbers) for numbers in known.chunks[0].tolist()]
    search = Exploration()
    node = search.node(sequent(statement))
    search.solve(node, 100)
    assert set(chunks) <= set(good_chunks(search, node, 100)) and isinstance(chunks[0], Chunk)


def test_states_and_splits_are_those_of_proof_steps(data):
    chunks, steps = data
    assert {split: len(rows) for split, rows in chunks.table.rows.items()} == {
        split: len(rows) for split, rows in steps.table.rows.items()
    }
    for split in ("train", "val", "test"):
        assert chunks.theorems(split) == steps.theorems(split)
        for (known, _), (tactics, _) in zip(
            chunks.sample(split, 50, 0, 1), steps.sample(split, 50, 0, 1), strict=False
        ):
            assert known.template.shape[1] > tactics.template.shape[1]
    rows = chunks.table.rows["train"][:40]
    known, goals = chunks.table.batch(rows)
    listed, plain = steps.table.batch(steps.table.rows["train"][:40])
    assert torch.equal(known.left, listed.left) and torch.equal(known.listed, listed.mask.sum(dim=1))
    assert torch.equal(known.dead, ~known.good.any(dim=1))
    best = known.chunks[:, :, 0].clamp(min=0)
    assert listed.right.gather(1, best)[known.good].all()  # the first tactic of a chunk is right
    assert (known.chunks[known.good] < known.mask.sum(dim=1).max()).all()
    done = known.mask.sum(dim=1)[:, None].expand_as(best)[known.good] - 1
    short = known.left[:, None].expand_as(known.good)[known.good] < 3
    assert torch.equal((known.chunks[known.good] == done[:, None]).any(dim=1), short)
    assert goals.kinds.shape[1] >= plain.kinds.shape[1]


def test_batches_of_goals_without_a_proof_have_no_chunks(data):
    chunks, _ = data
    rows = chunks.table.rows["train"]
    known, _ = chunks.table.batch(rows)
    dead = rows[known.dead]
    some, _ = chunks.table.batch(dead[:3])
    assert some.chunks.shape == (3, 0, 3) and some.good.shape == (3, 0) and some.dead.all()


def test_loaders_give_batches_of_chunks(data):
    chunks, _ = data
    for loader in (chunks.train_dataloader(), chunks.val_dataloader()):
        known, goals = next(iter(loader))
        assert known.chunks.shape[2] == 3 and len(goals.target) == len(known.left)
    assert chunks.noun(known) == "chunks"
    with pytest.raises(SettingError, match="chunks is 0, expected 1 or more"):
        ProofChunks(chunks=0)


def test_data_with_chunks_have_a_key_of_their_own_and_survive_the_way_through_bytes(tmp_path, monkeypatch):
    monkeypatch.setenv("LEAN_EBM_CACHE", str(tmp_path))
    quick = Thoroughness(expansions=15, turns=0.5, turn_expansions=5, tie_expansions=0)
    plain = StepSettings(kinds=KINDS, thoroughness=quick)
    with_chunks = replace(plain, thoroughness=replace(quick, chunks=3))
    assert folder_of(plain) != folder_of(with_chunks)
    assert folder_of(StepSettings()).name == "0549b570f565b1d9"  # as before there were chunks
    block = make_block(with_chunks, 0)
    again = from_bytes(block.to_bytes())
    assert again.columns == block.columns and max(again.columns["chunks"]) == 9
    assert [again.columns[name] for name in ("number", "left", "tactics", "after", "tied", "template")] == [
        make_block(plain, 0).columns[name] for name in ("number", "left", "tactics", "after", "tied", "template")
    ]
