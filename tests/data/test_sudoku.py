"""Sudoku, compared with a solver written in another way."""

import pytest
import torch

from lean_ebm.data import Sudoku
from lean_ebm.data.reasoning.solver import dig, propagate, random_boards, search, state
from lean_ebm.data.reasoning.sudoku import SEVENTEEN, completed, one_hot, pool


def boards_of(candidates):
    """Digits ``(B, 9, 9)``, 0 in a cell that is -1 for all digits."""
    return (candidates.argmax(dim=1) + 1) * (candidates > 0).any(dim=1)


def breaks_no_rule(board):
    units = [board[r] for r in range(9)] + [[board[r][c] for r in range(9)] for c in range(9)]
    units += [[board[3 * r + i][3 * c + j] for i in range(3) for j in range(3)] for r in range(3) for c in range(3)]
    return all(sorted(unit) == list(range(1, 10)) for unit in units)


def solutions(board, limit=2):
    """All solutions by trying digits in the cell with the fewest, one by one."""
    board = [row[:] for row in board]

    def possible(r, c):
        seen = {*board[r], *(board[i][c] for i in range(9))}
        seen |= {board[r // 3 * 3 + i][c // 3 * 3 + j] for i in range(3) for j in range(3)}
        return [digit for digit in range(1, 10) if digit not in seen]

    empty = [(possible(r, c), r, c) for r in range(9) for c in range(9) if board[r][c] == 0]
    if not empty:
        return [board]
    digits, r, c = min(empty, key=lambda entry: len(entry[0]))
    found = []
    for digit in digits:
        board[r][c] = digit
        found += solutions(board, limit - len(found))
        if len(found) >= limit:
            break
    return found


@pytest.mark.parametrize("split", ["train", "val", "test", "harder"])
def test_puzzles_have_one_solution_and_it_is_the_answer(split):
    answers, problems = Sudoku(boards=8).batch(split, 0, 12)
    for answer, problem in zip(boards_of(answers).tolist(), boards_of(problems).tolist(), strict=True):
        assert breaks_no_rule(answer)
        if sum(digit > 0 for row in problem for digit in row) >= 24:  # with fewer, trying takes minutes
            assert solutions(problem) == [answer]
    given = boards_of(problems) > 0
    assert torch.equal(boards_of(answers)[given], boards_of(problems)[given])


def test_numbers_of_givens():
    for split, low, high in (("train", 31, 42), ("harder", 17, 34)):
        _, problems = Sudoku(boards=160).batch(split, 0, 400)
        givens = (problems > 0).flatten(1).sum(dim=1)
        assert givens.min() == low and high <= givens.max() <= high + 1 and givens.unique().numel() >= high - low


def test_known_puzzles_have_seventeen_givens_and_one_solution():
    boards = torch.tensor([[int(digit) for digit in text] for text in SEVENTEEN])
    found, solved = search(state(boards), limit=2)
    assert ((boards > 0).sum(dim=1) == 17).all() and (found == 1).all()
    assert all(breaks_no_rule(board.reshape(9, 9).tolist()) for board in solved)


def test_search_counts_solutions():
    board = random_boards(1, torch.Generator().manual_seed(0))[0]
    # two digits, in two rows of a band and two columns of a stack, that can be exchanged; not every board has them
    empty = torch.zeros(81, dtype=torch.int64)
    wrong = empty.clone()
    wrong[:2] = 5  # twice in a row
    found, first = search(state(torch.stack([board, empty, wrong])), limit=3)
    assert found[0] == 1 and found[1] >= 3 and found[2] == 0
    assert torch.equal(first[0], board) and breaks_no_rule(first[1].reshape(9, 9).tolist()) and (first[2] == 0).all()
    theirs = solutions(dig(board[None], torch.tensor([24]), torch.Generator().manual_seed(1))[0].reshape(9, 9).tolist())
    assert theirs == [board.reshape(9, 9).tolist()]


def test_propagation_places_what_follows_and_sees_contradictions():
    row = torch.zeros(81, dtype=torch.int64)
    row[:8] = torch.arange(1, 9)  # the ninth cell of the row must be 9
    states, dead = propagate(state(row[None]))
    assert not dead.any() and states[0, :, 8].tolist() == [False] * 8 + [True]
    row[80] = 9  # in its column
    assert propagate(state(row[None]))[1].all()


def test_emptied_boards_are_those_of_a_seed_and_as_empty_as_asked():
    make = lambda seed: pool(seed, 10, 30, 39)
    assert torch.equal(make(1)[0], make(1)[0]) and not torch.equal(make(1)[1], make(2)[1])
    assert (make(1)[0] > 0).sum(dim=1).tolist() == list(range(30, 40))


def test_symmetries_move_everything():
    data = Sudoku(boards=1)
    boards = boards_of(data.batch("train", 0, 300)[0])
    assert len({board.numpy().tobytes() for board in boards}) == 300
    shares = torch.stack([(boards == digit).float().mean(dim=0) for digit in range(1, 10)])
    assert shares.min() > 0.03 and shares.max() < 0.25  # each cell has each digit about a ninth of the time


def test_what_is_given_is_kept_and_rules_are_checked():
    data = Sudoku(boards=4)
    answers, problems = data.batch("test", 0, 5)
    measured = data.measure(-answers, problems, answers)
    assert (measured["solved"] == 0).all() and (measured["accuracy"] < 0.5).all()
    board = completed(-answers, problems)
    assert torch.equal(board[boards_of(problems) > 0], boards_of(problems)[boards_of(problems) > 0])
    assert torch.equal(boards_of(one_hot(boards_of(problems).flatten(1))), boards_of(problems))
    # two cells exchanged in one row: 77 or more of 81 are right, and no board is solved
    swapped = answers.clone()
    swapped[:, :, 0, [0, 1]] = answers[:, :, 0, [1, 0]]
    free = ~(problems[:, :, 0, :2] > 0).any(dim=1).any(dim=1)
    assert (data.measure(swapped, problems, answers)["solved"][free] == 0).all()


def test_errors_are_wrong_digits_in_empty_cells():
    data = Sudoku(boards=2)
    answers, problems = data.batch("val", 0, 3)
    assert data.errors(answers, problems, answers).tolist() == [0.0] * 3
    shifted = answers.roll(1, dims=1)  # another digit in every cell
    assert data.errors(shifted, problems, answers).tolist() == data.difficulty(problems, answers).tolist()
