"""Batches with texts: what a language model reads is what Lean shows, and what it says Lean runs."""
# ruff: noqa: RUF001 - the letters of Lean

import pytest
import torch

from helpers import needs_lean
from lean_ebm.characters import characters, strings
from lean_ebm.data import ProofSteps
from lean_ebm.data.proofs import batch_of
from lean_ebm.data.proofs.texts import listings, with_texts
from lean_ebm.errors import SettingError
from lean_ebm.proving import Lean, LeanEnvironment, Statement
from lean_ebm.proving.candidates import listed_goal
from lean_ebm.proving.candidates.goals import ListedGoal
from lean_ebm.proving.candidates.invariants import invariant
from lean_ebm.proving.candidates.texts import TextGoal, texts_of
from lean_ebm.proving.logic import Logic
from lean_ebm.proving.logic.unify import Unsupported
from lean_ebm.proving.search import read_statement


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEAN_EBM_CACHE", str(tmp_path_factory.mktemp("a cache")))
        steps = ProofSteps(
            theorems=40, kinds={"term": 1, "first_order": 1, "uniform": 1}, connectives=(4, 8), batch_size=16,
            workers=1, texts=True, listed=6,
        )  # fmt: skip
        steps.prepare_data()
        steps.setup("fit")
        yield steps


def goal_of(text):
    return listed_goal(Logic().start(read_statement(text)).state)


def test_texts_become_tensors_and_texts_again():
    texts = ["p ∧ q", "", "⊢ α"]
    numbers = characters(texts)
    assert numbers.shape == (3, 5) and numbers.dtype == torch.int32 and numbers[1].eq(-1).all()
    assert strings(numbers) == texts and strings(numbers[1:]) == texts[1:]
    assert characters([]).shape == (0, 0)


def test_a_goal_and_its_tactics_are_printed_with_names_of_their_own():
    goal = goal_of("(A B : Prop) (left : A ∧ B) (no : ¬B) : B ∨ A")
    texts = texts_of(goal.listing())
    assert texts.goal == "p q : Prop\nh1 : p ∧ q\nh2 : ¬q\n⊢ q ∨ p"
    assert texts.tactics[:5] == ["left", "right", "exfalso", "cases h1 with | intro h3 h4 => ?_", "refine absurd ?_ h2"]


@pytest.mark.parametrize(
    ("statement", "printed"),
    [
        (
            "(β : Type) (S : β → Prop) (b : β) (T : β → β → Prop) (g : β → β) (h : ∀ y, S y → ∃ w, T y w) : S (g b)",
            "α : Type\nQ : α → α → Prop\nf : α → α\nP : α → Prop\na : α\nh1 : ∀ (x : α), P x → ∃ y, Q x y\n⊢ P (f a)",
        ),
        ("(A : Prop) : ∀ B : Prop, B → A", "p : Prop\n⊢ ∀ (x : Prop), x → p"),
        (
            "(α β : Type) (P : α → Prop) (Q : β → Prop) (a : α) (b : β) (h : ∀ x, P x) (k : ∀ x, Q x) : P a ∧ Q b",
            "α β : Type\nP : α → Prop\nQ : β → Prop\na : α\nb : β\n"
            "h1 : ∀ (x : α), P x\nh2 : ∀ (x : β), Q x\n⊢ P a ∧ Q b",
        ),
        ("(α : Type) (a b : α) (P : α → Prop) (h : ∀ x, P x) : P a", None),  # of b nothing is said
    ],
    ids=["functions", "propositions", "two types", "unused"],
)
def test_goals_with_quantifiers_are_the_same_goals(statement, printed):
    goal = goal_of(statement)
    named = TextGoal(goal.listing())
    assert printed is None or str(named) == printed
    again = ListedGoal(named.goal)
    assert again.listing() == goal.listing()
    assert again.texts() == texts_of(goal.listing()).tactics
    assert all(named.applies(tactic) for tactic in again.texts())
    assert not named.applies("exact h9") and not named.applies("p ∧")


def test_every_batch_has_the_texts_of_its_goals(data):
    """The goals that are read from the texts are, node by node, those of the batch."""
    for batches in (data.train_dataloader(), data.val_dataloader()):
        tactics, goals = next(iter(batches))
        found = listings(goals, tactics)
        again = batch_of(found)
        assert all(torch.equal(a, b) for a, b in zip(again[0][:6], goals[:6], strict=True))
        assert all(torch.equal(a, b) for a, b in zip(again[1][:3], tactics.tactics[:3], strict=True))
        for row, listing in enumerate(found):
            named = TextGoal(listing)
            assert strings(goals.text)[row] == str(named)
            read = ListedGoal(named.goal)
            assert invariant(read.listing().graph) == invariant(listing.graph)
            texts = strings(tactics.text[row][tactics.mask[row]])
            assert set(texts) <= set(read.texts()) and len(texts) == len(listing.templates)
        assert strings(tactics.text.flatten(0, 1)) == [
            text for row, there in zip(tactics.text, tactics.mask, strict=True)
            for text in strings(row.masked_fill(~there[:, None], -1))
        ]  # fmt: skip


def test_training_batches_have_few_tactics_and_a_right_one(data):
    tactics, _ = next(iter(data.train_dataloader()))
    assert tactics.mask.shape[1] == 6 and tactics.text.shape[:2] == (16, 6)
    assert torch.equal(tactics.right.any(dim=1), ~tactics.dead)
    rows = data.table.rows["train"][:50]
    whole, _ = data.table.batch(rows)
    some, _ = data._batch(rows, most=6)
    again, _ = data._batch(rows.flip(0), most=6)
    assert torch.equal(some.template, again.template.flip(0))  # the choice is the state's own
    kept, listed = some.mask.sum(dim=1), whole.mask.sum(dim=1)
    assert torch.equal(kept, listed.clamp(max=6)) and (listed > 6).sum() > 20
    # Others are chosen at random: some of them right, most of them not, as in the whole lists.
    others = (some.right.sum(dim=1) - 1).clamp(min=0).sum() / (kept - 1).sum()
    assert 0 < others < 0.5
    every = list(data.val_dataloader())[-1][0]
    assert every.mask.sum(dim=1).max() > 6


def test_what_has_no_text_is_named():
    deep = " ".join(f"∀ x{n} : α," for n in range(9))
    goal = goal_of(f"(α : Type) (P : α → Prop) : {deep} P x0")
    with pytest.raises(Unsupported, match="more than eight nested quantifiers"):
        texts_of(goal.listing())
    with pytest.raises(SettingError, match=r"cannot be written as a text.*Leave out its theorem"):
        with_texts(*batch_of([goal.listing()]))
    with pytest.raises(SettingError, match="texts are written of the world of logic, and world is numbers"):
        ProofSteps(texts=True, world="numbers")
    with pytest.raises(SettingError, match="listed is 0"):
        ProofSteps(listed=0)


@needs_lean
def test_lean_shows_the_same_goals_and_runs_the_same_tactics(data):
    tactics, goals = next(iter(data.val_dataloader()))
    found = sorted(listings(goals, tactics), key=lambda one: -max(one.graph.kinds))[:6]  # some with quantifiers
    with LeanEnvironment(Lean()) as lean:
        for listing in found:
            named = TextGoal(listing)
            binders = " ".join(f"({line})" for line in str(named).split("\n⊢ ")[0].split("\n"))
            state = lean.start(Statement(str(named).split("⊢ ")[1], binders)).state
            assert state.goals == (str(named),)
            for tactic in texts_of(listing).tactics[:2]:
                assert lean.apply(state, tactic).state is not None, (str(named), tactic)
