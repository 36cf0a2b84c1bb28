"""A solver and a generator of Sudoku that work on many boards at a time.

A state says which digits are still possible in which cell: bool ``(N, 9, 81)``, digits first. Boards are int64
``(N, 81)`` with 0 in empty cells. A unit is a row, a column or a box. A matrix product counts for all states at once in
how many cells of a unit a digit is possible.
"""

from __future__ import annotations

import torch
from torch import Tensor


def _units() -> Tensor:
    """1 if a cell is in a unit, else 0: ``(81, 27)``, rows, columns and boxes."""
    cell = torch.arange(81)
    row, column = cell // 9, cell % 9
    of = torch.stack([row, 9 + column, 18 + row // 3 * 3 + column // 3], dim=1)
    return torch.zeros(81, 27).scatter_(1, of, 1.0)


UNITS = _units()
PEERS = ((UNITS @ UNITS.T) > 0).float() - torch.eye(81)


def state(boards: Tensor) -> Tensor:
    """The state ``(N, 9, 81)`` of boards ``(N, 81)``: a filled cell has one possible digit, an empty one all nine."""
    digits = torch.arange(1, 10)[:, None]
    return (boards[:, None] == digits) | (boards[:, None] == 0)


def propagate(states: Tensor) -> tuple[Tensor, Tensor]:
    """Apply two rules until they change nothing more.

    If a cell has a single possible digit, no other cell of its units can have it (naked singles). If a digit is
    possible in a single cell of a unit, it stands there (hidden singles).

    Returns:
        The states ``(N, 9, 81)``, and which of them are contradictory ``(N,)``.
    """
    states = states.clone()
    dead = torch.zeros(len(states), dtype=torch.bool)
    rows = torch.arange(len(states))
    while len(rows):
        before = states[rows]
        alone = before & (before.sum(dim=1, keepdim=True) == 1)
        now = before & ~((alone.float() @ PEERS) > 0)
        places = now.float() @ UNITS
        hidden = now & (((places == 1).float() @ UNITS.T) > 0)
        number = hidden.sum(dim=1, keepdim=True)
        now = torch.where(number > 0, hidden, now)
        wrong = (now.sum(dim=1) == 0).any(dim=1) | (places == 0).flatten(1).any(dim=1) | (number > 1).flatten(1).any(1)
        states[rows] = now
        dead[rows] = wrong
        rows = rows[(now != before).flatten(1).any(dim=1) & ~wrong]
    return states, dead


def search(states: Tensor, limit: int = 1) -> tuple[Tensor, Tensor]:
    """Find solutions by depth-first search, in all states side by side.

    Args:
        states: ``(N, 9, 81)``.
        limit: The search of a state ends once it has found this number of solutions.

    Returns:
        The number of solutions found for each state ``(N,)``, and the first of them ``(N, 81)``, 0 if there is none.
    """
    found = torch.zeros(len(states), dtype=torch.int64)
    solutions = torch.zeros(len(states), 81, dtype=torch.int64)
    stack, owner = states, torch.arange(len(states))
    while len(stack):
        # the topmost state of each owner
        top = torch.full((len(states),), -1).scatter_reduce(0, owner, torch.arange(len(stack)), "amax")
        top = top[top >= 0]
        here, mine = stack[top], owner[top]
        kept = torch.ones(len(stack), dtype=torch.bool)
        kept[top] = False
        here, dead = propagate(here)
        here, mine = here[~dead], mine[~dead]
        count = here.sum(dim=1)
        solved = (count == 1).all(dim=1)
        first = solved & (found[mine] == 0)
        solutions[mine[first]] = here[first].float().argmax(dim=1) + 1
        found[mine[solved]] += 1
        here, mine, count = here[~solved], mine[~solved], count[~solved]
        # two branches, at the cell with the fewest digits: its first digit, and all others
        cell = count.where(count > 1, 10).argmin(dim=1)
        each = torch.arange(len(here))
        digit = here[each, :, cell].float().argmax(dim=1)
        with_it, without = here.clone(), here.clone()
        with_it[each, :, cell] = False
        with_it[each, digit, cell] = True
        without[each, digit, cell] = False
        stack = torch.cat([stack[kept], without, with_it])
        owner = torch.cat([owner[kept], mine, mine])
        wanted = found[owner] < limit
        stack, owner = stack[wanted], owner[wanted]
    return found, solutions


def random_boards(number: int, generator: torch.Generator) -> Tensor:
    """Random full boards ``(number, 81)``.

    The three boxes on the diagonal, which share no row or column, are drawn at random; a search fills the rest.
    """
    boards = torch.zeros(number, 9, 9, dtype=torch.int64)
    for box in range(3):
        digits = torch.rand(number, 9, generator=generator).argsort(dim=1) + 1
        boards[:, 3 * box : 3 * box + 3, 3 * box : 3 * box + 3] = digits.reshape(-1, 3, 3)
    return search(state(boards.reshape(-1, 81)))[1]


def dig(boards: Tensor, givens: Tensor, generator: torch.Generator) -> Tensor:
    """Make puzzles ``(N, 81)``, whose only solutions are the boards ``(N, 81)``, by emptying cells in a random order.

    A cell is not emptied if another digit could then stand in it. The cells that are left are the givens; their number
    does not fall below ``givens`` ``(N,)``. Few boards can be brought below 24 in this way.
    """
    puzzles = boards.clone()
    order = torch.rand(boards.shape, generator=generator).argsort(dim=1)
    for cell in order.T:
        rows = ((puzzles > 0).sum(dim=1) > givens).nonzero().squeeze(1)
        if len(rows) == 0:
            break
        emptied = puzzles[rows].scatter(1, cell[rows, None], 0)
        states = state(emptied)
        each, cells = torch.arange(len(rows)), cell[rows]
        states[each, boards[rows, cells] - 1, cells] = False
        unique = search(states)[0] == 0
        puzzles[rows[unique]] = emptied[unique]
    return puzzles
