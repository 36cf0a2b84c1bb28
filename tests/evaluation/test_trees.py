"""Pictures of searches show the goals that were found, the proof among them."""

import torch

from lean_ebm.evaluation.trees import MOST, tree_picture
from lean_ebm.proving import GuidedProver, Logic, SearchBudget, SizeGuide, Statement

GREEN, RED, GRAY = ((46, 139, 87), (190, 60, 60), (110, 110, 110))


def searched(text, applications, narrow=False):
    with Logic() as logic:
        return GuidedProver(SizeGuide(), narrow=narrow).prove(logic, Statement.of(text), SearchBudget(applications))


def pixels(picture, color):
    return int((picture == torch.tensor(color)[:, None, None] / 255).all(dim=0).sum())


def test_the_goals_of_a_proof_are_green_and_others_are_not():
    proved = searched("(p q r : Prop) : (p → q) → (q → r) → ¬r → ¬p", 100)
    picture = tree_picture(proved.graph)
    assert picture.shape[0] == 3 and picture.dtype == torch.float32
    assert float(picture.min()) >= 0 and float(picture.max()) == 1
    assert pixels(picture, GREEN) > 300 * len(proved.steps)  # a box for each goal of the proof, and its lines
    failed = tree_picture(searched("(p q : Prop) : p ∨ q → p", 30).graph)
    assert pixels(failed, GREEN) < pixels(failed, GRAY)
    assert pixels(tree_picture(searched("(p q : Prop) : p ∨ q → p", 10**4, narrow=True).graph), RED) > 300


def test_a_large_search_has_a_picture_of_its_first_goals():
    large = searched("(p q r : Prop) : (p ∧ q → r) ↔ (p → q → r)", 400)
    assert len(large.graph.nodes) > 2 * MOST
    picture = tree_picture(large.graph)
    assert max(picture.shape) < 60 * MOST + 200
    one = tree_picture(searched("(p : Prop) (h : p) : p", 5).graph)
    assert picture.numel() > 20 * one.numel()
