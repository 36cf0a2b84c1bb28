"""How well energies judge, against closed forms."""

import math
from dataclasses import replace

import pytest
import torch
from test_answers import Oracle

from lean_ebm.data import MatrixAddition
from lean_ebm.evaluation.answers import evaluate_answers
from lean_ebm.evaluation.judgement import chosen_by_energy, share_of_the_way, surest, wrong_auroc
from lean_ebm.evaluation.results import Effort


def test_auroc_is_the_share_of_pairs_in_the_right_order():
    energies = torch.tensor([0.0, 1.0, 1e4, 3.0, 2.0, 1e6])
    wrong = torch.tensor([False, False, False, True, True, True])
    pairs = [(w > r) + 0.5 * (w == r) for w in energies[3:] for r in energies[:3]]
    assert wrong_auroc(energies, wrong, least=3) == pytest.approx(sum(map(float, pairs)) / 9)
    assert wrong_auroc(torch.ones(6), wrong, least=3) == pytest.approx(0.5)
    assert math.isnan(wrong_auroc(energies, wrong, least=4)) and math.isnan(wrong_auroc(energies, wrong))


def test_the_surest_half_has_the_lowest_energies():
    energies, values = torch.tensor([3.0, -1.0, 2.0, 0.0]), torch.tensor([8.0, 1.0, 4.0, 2.0])
    assert surest(energies, values) == 1.5
    assert surest(energies, values, share=1.0) == 3.75
    assert surest(energies, values, share=0.01) == 1.0


def test_the_choice_by_energy_between_one_draw_and_the_best():
    errors = torch.tensor([[1.0, 0.0, 2.0], [3.0, 5.0, 4.0]])
    assert chosen_by_energy(errors, errors).tolist() == [0.0, 3.0]
    assert share_of_the_way(errors, errors) == pytest.approx(1)
    assert share_of_the_way(-errors, errors) == pytest.approx((2 - 3.5) / (2 - 1.5))
    mixed = torch.tensor([[0.0, 1.0, 1.0], [1.0, 1.0, 0.0]])  # chooses the errors 1 and 4
    assert share_of_the_way(mixed, errors) == pytest.approx((2 - 2.5) / (2 - 1.5))
    assert math.isnan(share_of_the_way(errors, torch.ones(2, 3)))
    energies = torch.tensor([[0.5, 0.2, 0.1], [0.9, 0.8, 0.7]])  # 0.2 is the first that is accepted, 0.7 the lowest
    assert chosen_by_energy(energies, errors, enough=0.3).tolist() == [0.0, 4.0]
    assert share_of_the_way(energies, errors, enough=0.3) == pytest.approx((2 - 2) / (2 - 1.5))


class Doubtful(Oracle):
    """Its answers are right or wrong by chance."""

    def sample(self, condition, steps, generator, on_step):
        found = super().sample(condition, 10**6, generator, on_step)
        wrong = torch.rand(len(found.x), generator=generator) < 0.5
        return replace(found, x=torch.where(wrong[:, None, None], -found.x, found.x))


def test_draws_are_chosen_by_the_energy():
    effort = Effort(num_samples=40, steps=(1,), draws=6)
    figures = {}
    for knows in (True, False):
        result = evaluate_answers(MatrixAddition(4, test_size=40), Doubtful(knows), "test", effort)
        figures[knows] = result.figures
    assert figures[True]["same_best_of_draws_share"] == pytest.approx(1)
    assert figures[False]["same_best_of_draws_share"] < 0
    for name in ("same", "harder"):
        right, fooled = figures[True], figures[False]
        assert right[f"{name}_best_of_draws_error"] < right[f"{name}_error"] < fooled[f"{name}_best_of_draws_error"]
        assert right[f"{name}_surest_50_error"] < right[f"{name}_error"] < fooled[f"{name}_surest_50_error"]
    assert "same_wrong_auroc" not in figures[True]
