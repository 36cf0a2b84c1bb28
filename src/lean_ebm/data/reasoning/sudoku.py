"""Sudoku problems: boards of which some cells are given."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

import torch
from torch import Tensor

from lean_ebm.data.reasoning.base import ReasoningDataModule
from lean_ebm.data.reasoning.solver import UNITS, dig, random_boards, search, state
from lean_ebm.randomness import derived_seed

SEVENTEEN = (
    "000000010400000000020000000000050407008000300001090000300400200050100000000806000",
    "000000010400000000020000000000050604008000300001090000300400200050100000000807000",
    "000000012000035000000600070700000300000400800100000000000120000080000040050000600",
    "000000012003600000000007000410020000000500300700000600280000040000300500000000000",
    "000000012008030000000000040120500000000004700060000000507000300000620000000100000",
    "000000012040050000000009000070600400000100000000000050000087500601000300200000000",
    "000000012050400000000000030700600400001000000000080000920000800000510700000003000",
    "000000012300000060000040000900000500000001070020000000000350400001400800060000000",
    "000000012400090000000000050070200000600000400000108000018000000000030700502000000",
    "000000012500008000000700000600120000700000450000030000030000800000500700020000000",
)
"""Puzzles with 17 givens, the fewest possible (McGuire et al. 2014); random search hardly finds any."""

LEAST_DUG = 25
"""Puzzles with fewer givens than this are made from those with 17."""


class Sudoku(ReasoningDataModule):
    """Sudoku of 9x9 cells; problems and answers are one-hot ``(B, 9, 9, 9)``, digit by row by column, -1 or 1.

    A cell that is not given is -1 for all digits. Each problem has one solution. For each split a number of boards,
    see ``boards``, is made at random and emptied cell by cell. A problem is one of these puzzles under one of the
    1.2 * 10^12 symmetries of Sudoku: digits are exchanged, bands and the rows within them, stacks and the columns
    within them, and rows with columns. Problems with fewer than 25 givens are made from known puzzles with 17, to which
    cells of their solutions are added.

    The splits are those of IRED (section 4.2): 31 to 42 givens to train on, as in the puzzles of SATNet, and 17 to 34
    in harder problems, as in those of recurrent relational networks.

    Args:
        givens: Smallest and largest number of givens.
        harder_givens: Smallest and largest number of givens in harder problems.
        boards: Number of boards to train on; validation, test and harder problems have a quarter of this number each.
        kwargs: Settings of every family, :class:`ReasoningDataModule`.
    """

    figure = "solved"
    grade = "accuracy"
    higher_is_better = True
    DRAWS: ClassVar[dict[str, int]] = {"board": 1, "digits": 9, "rows": 12, "columns": 12, "transposed": 1}

    def __init__(
        self,
        givens: tuple[int, int] = (31, 42),
        harder_givens: tuple[int, int] = (17, 34),
        boards: int = 1000,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for name, (low, high) in (("givens", givens), ("harder_givens", harder_givens)):
            self._require(17 <= low <= high <= 80, f"{name} is {low} to {high}, expected 17 to 80, in order")
        self._require(boards >= 1, f"boards is {boards}, expected 1 or more")
        self.givens = givens
        self.harder_givens = harder_givens
        self.boards = boards

    def make(self, split: str, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Make solutions, the answers, and puzzles, the problems."""
        low, high = self.harder_givens if split == "harder" else self.givens
        number = self.boards if split == "train" else -(-self.boards // 4)
        puzzles, solutions = pool(derived_seed(self.data_seed, "boards", split), number, low, high)
        uniforms = self.uniforms(split, numbers, sum(self.DRAWS.values()))
        draws = dict(zip(self.DRAWS, uniforms.split(list(self.DRAWS.values()), dim=1), strict=True))
        board = (draws["board"][:, 0] * number).long()
        rows, columns = _permuted_lines(draws["rows"]), _permuted_lines(draws["columns"])
        cells = (9 * rows[:, :, None] + columns[:, None]).flatten(1)
        across = cells.reshape(-1, 9, 9).mT.flatten(1)
        cells = torch.where(draws["transposed"] < 0.5, cells, across)
        digits = torch.cat([torch.zeros(len(numbers), 1).long(), draws["digits"].argsort(dim=1) + 1], dim=1)
        both = [digits.gather(1, part[board].gather(1, cells)) for part in (solutions, puzzles)]
        return one_hot(both[0]), one_hot(both[1])

    def measure(self, candidates: Tensor, condition: Tensor, target: Tensor) -> dict[str, Tensor]:
        """``solved``: whether the completed board is a solution; ``accuracy``: share of right digits in empty cells.

        The completed board has the given digits, and the best digit of the candidate in the other cells. Since a puzzle
        has one solution, a board that breaks no rule is the right one.
        """
        board, given = completed(candidates, condition), (condition > 0).any(dim=1)
        placed = torch.nn.functional.one_hot(board - 1, 9).float().flatten(1, 2)  # (B, 81, 9)
        rules = (placed.mT @ UNITS.to(placed) == 1).flatten(1).all(dim=1)
        right = (board == target.argmax(dim=1) + 1) & ~given
        unknown = (~given).flatten(1).sum(dim=1)
        return {"solved": rules.float(), "accuracy": right.flatten(1).sum(dim=1) / unknown}

    def errors(self, candidates: Tensor, condition: Tensor, target: Tensor) -> Tensor:
        """Number of wrong digits in empty cells."""
        return (completed(candidates, condition) != target.argmax(dim=1) + 1).flatten(1).sum(dim=1).float()

    def difficulty(self, condition: Tensor, target: Tensor) -> Tensor:
        """Number of cells to fill."""
        return 81 - (condition > 0).flatten(1).sum(dim=1).float()

    def without_thinking(self, condition: Tensor) -> Tensor:
        """The digits that naked and hidden singles find, and in other cells the first digit that is still possible."""
        from lean_ebm.data.reasoning.solver import propagate

        given = (condition > 0).cpu()
        board = (given.float().argmax(dim=1) + 1) * given.any(dim=1)
        left, _ = propagate(state(board.flatten(1)))
        return (2 * left.float() - 1).reshape(condition.shape).to(condition.device)


def completed(candidates: Tensor, condition: Tensor) -> Tensor:
    """Boards ``(B, 9, 9)`` of digits 1 to 9: the given digits, and the largest component in the other cells."""
    given = (condition > 0).any(dim=1)
    return torch.where(given, condition.argmax(dim=1), candidates.argmax(dim=1)) + 1


def one_hot(boards: Tensor) -> Tensor:
    """Boards ``(B, 81)`` as ``(B, 9, 9, 9)``, -1 or 1; an empty cell is -1 for all digits."""
    standing = boards[:, None] == torch.arange(1, 10)[:, None]
    return (2 * standing.float() - 1).reshape(-1, 9, 9, 9)


@lru_cache(maxsize=16)
def pool(seed: int, number: int, low: int, high: int) -> tuple[Tensor, Tensor]:
    """Puzzles and their solutions ``(number, 81)``; their numbers of givens are spread evenly from low to high."""
    generator = torch.Generator().manual_seed(seed)
    givens = low + torch.arange(number) * (high - low + 1) // number
    dug = givens >= LEAST_DUG
    solutions, puzzles = torch.zeros(2, number, 81, dtype=torch.int64).unbind()
    if dug.any():
        solutions[dug] = random_boards(int(dug.sum()), generator)
        puzzles[dug] = dig(solutions[dug], givens[dug], generator)
    if not dug.all():
        few = torch.tensor([[int(digit) for digit in text] for text in SEVENTEEN])
        few = few[torch.randint(len(few), (int((~dug).sum()),), generator=generator)]
        solutions[~dug] = search(state(few))[1]
        order = torch.where(few > 0, -1.0, torch.rand(few.shape, generator=generator)).argsort(dim=1).argsort(dim=1)
        puzzles[~dug] = solutions[~dug] * (order < givens[~dug, None])
    return puzzles, solutions


def _permuted_lines(draws: Tensor) -> Tensor:
    """Random orders of rows ``(B, 9)`` that keep bands together, from draws ``(B, 12)``."""
    bands = draws[:, :3].argsort(dim=1)
    within = draws[:, 3:].reshape(-1, 3, 3).argsort(dim=2)
    return (3 * bands[:, :, None] + within).flatten(1)
