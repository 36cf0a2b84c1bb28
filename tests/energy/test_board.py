"""What the energy of Sudoku boards knows of Sudoku."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from lean_ebm.data import Sudoku
from lean_ebm.data.reasoning.solver import UNITS
from lean_ebm.energy import BoardEnergy, Landscape
from lean_ebm.gradient import energy_gradient

LEVELS = torch.tensor([0, 2])


@pytest.fixture(scope="module")
def energy():
    torch.manual_seed(0)
    return BoardEnergy(width=6, depth=2, landscapes=3, predicts="answer").double()


@pytest.fixture(scope="module")
def boards():
    _, problem = Sudoku(boards=2).batch("val", 0, 2)
    return torch.randn(2, 9, 9, 9, dtype=torch.float64), problem.double()


SYMMETRIES = {
    "digits": (1, [3, 1, 0, 2, 8, 7, 5, 6, 4]),
    "rows within bands": (2, [2, 0, 1, 3, 5, 4, 8, 7, 6]),
    "columns within stacks": (3, [1, 2, 0, 4, 3, 5, 6, 8, 7]),
    "bands": (2, [3, 4, 5, 6, 7, 8, 0, 1, 2]),
    "stacks": (3, [6, 7, 8, 3, 4, 5, 0, 1, 2]),
}


@pytest.mark.parametrize(("dim", "order"), SYMMETRIES.values(), ids=SYMMETRIES)
def test_the_field_has_the_symmetries_of_sudoku(energy, boards, dim, order):
    x, problem = boards
    field = energy.field(x, Landscape(problem, LEVELS))
    turn = lambda t: t.index_select(dim, torch.tensor(order))
    torch.testing.assert_close(energy.field(turn(x), Landscape(turn(problem), LEVELS)), turn(field))
    assert not torch.allclose(turn(field), field)


def test_rows_are_exchanged_with_columns_as_their_units_are(energy, boards):
    x, problem = boards
    exchanged = BoardEnergy(width=6, depth=2, landscapes=3, predicts="answer").double()
    exchanged.load_state_dict(energy.state_dict())
    _, column, row, _ = exchanged.round.units
    exchanged.round.units[1], exchanged.round.units[2] = row, column
    field = energy.field(x, Landscape(problem, LEVELS))
    torch.testing.assert_close(exchanged.field(x.mT, Landscape(problem.mT, LEVELS)), field.mT)


@pytest.mark.parametrize("dim", [2, 3])
def test_rows_and_columns_cannot_leave_their_boxes(energy, boards, dim):
    x, problem = boards
    turn = lambda t: t.roll(1, dim)
    turned = energy.field(turn(x), Landscape(turn(problem), LEVELS))
    assert not torch.allclose(turned, turn(energy.field(x, Landscape(problem, LEVELS))))


def test_a_round_sends_the_means_of_units_to_their_entries(energy):
    """Compared with the incidence matrix of the solver, one digit after the other."""
    layer = energy.round
    h = torch.randn(9, 81, 2, 6, dtype=torch.float64)
    cell, column, row, box = layer.units
    incidence = UNITS.double()  # cells by rows, columns and boxes
    told = nn.functional.silu(cell(h.mean(dim=0))).expand_as(h).clone()
    found = {name: incidence[:, part] for name, part in _kinds(incidence).items()}
    for linear, name in ((column, "column"), (row, "row"), (box, "box")):
        members = found[name]
        for digit in range(9):
            means = torch.einsum("cu,cbw->ubw", members, h[digit]) / 9
            told[digit] += torch.einsum("cu,ubw->cbw", members, nn.functional.silu(linear(means)))
    expected = h + layer.out(nn.functional.silu(layer.own(h) + layer.heard(told)))
    torch.testing.assert_close(layer(h.reshape(9, 9, 9, 2, 6)).reshape(h.shape), expected)


def _kinds(incidence):
    """Which columns of the incidence matrix are rows, columns and boxes, by the distances of their cells."""
    kinds = {"row": [], "column": [], "box": []}
    for unit in range(27):
        cells = incidence[:, unit].nonzero().flatten().tolist()
        steps = {b - a for a, b in pairwise(cells)}
        kinds["row" if steps == {1} else "column" if steps == {9} else "box"].append(unit)
    assert [len(units) for units in kinds.values()] == [9, 9, 9]
    return kinds


def test_given_cells_ignore_the_candidate(energy, boards):
    x, problem = boards
    given = (problem > 0).any(dim=1, keepdim=True).expand_as(x)
    energies, gradient = energy_gradient(energy, x, Landscape(problem, LEVELS))
    assert (gradient[given] == 0).all() and (gradient[~given] != 0).all()
    other = torch.where(given, torch.randn_like(x), x)
    torch.testing.assert_close(energy(other, Landscape(problem, LEVELS)), energies)


def test_the_field_is_linear_in_the_features(energy, boards):
    x, problem = boards
    hidden = energy.features(x, problem, LEVELS)
    assert hidden.shape == (2, 9, 9, 9, 6)
    expected = hidden @ energy.last.weight[0]
    torch.testing.assert_close(energy.correction(x, problem, LEVELS), expected)


def test_a_trained_network_can_be_given_more_rounds(energy, boards):
    x, problem = boards
    longer = BoardEnergy(width=6, depth=3, landscapes=3, predicts="answer").double()
    longer.load_state_dict(energy.state_dict())
    condition = Landscape(problem, LEVELS)
    assert not torch.allclose(longer.field(x, condition), energy.field(x, condition))


def test_a_side_that_is_not_a_square_is_explained():
    with pytest.raises(ValueError, match="side is 6, expected a square number"):
        BoardEnergy(6)
