"""Places the goals of a search as a tree."""

from __future__ import annotations

from dataclasses import dataclass

from lean_ebm.show.searches import GoalTrace, SearchTrace, TacticTrace


@dataclass(frozen=True)
class TreeEdge:
    """A tactic in the picture of a search.

    Args:
        text: The tactic.
        above: The number of the goal in which it was tried.
        below: The numbers of the goals that it left.
        column: Its place from left to right.
        row: Its place from the top; goals have whole numbers.
        proof: Whether the proof uses it.
    """

    text: str
    above: int
    below: tuple[int, ...]
    column: float
    row: float
    proof: bool


@dataclass(frozen=True)
class TreeLayout:
    """Where the goals and tactics of a search are drawn.

    Args:
        goals: The column and the row of each goal by its number.
        edges: The tactics.
        columns: Number of columns.
        rows: Number of rows.
    """

    goals: dict[int, tuple[float, float]]
    edges: tuple[TreeEdge, ...]
    columns: float
    rows: int


def tree_layout(trace: SearchTrace) -> TreeLayout:
    """Place each goal below the goal in which it was found first. Other tactics that leave it point there.

    Args:
        trace: What a search did.
    """
    goals = {goal.number: goal for goal in trace.goals}
    root = trace.goals[0]
    below: dict[int, list[tuple[TacticTrace, list[int]]]] = {}
    rows = {root.number: 0}
    waiting = [root]
    for goal in waiting:
        below[goal.number] = []
        for tactic in _drawn(goal):
            new = [number for number in tactic.goals if number not in rows]
            rows.update(dict.fromkeys(new, rows[goal.number] + 1))
            waiting += [goals[number] for number in new]
            below[goal.number].append((tactic, new))
    columns: dict[int, float] = {}
    edges: list[TreeEdge] = []
    width = _place(root.number, 0.0, below, rows, columns, edges)
    places = {number: (columns[number], float(row)) for number, row in rows.items()}
    return TreeLayout(places, tuple(edges), width, max(rows.values()) + 1)


def _drawn(goal: GoalTrace) -> list[TacticTrace]:
    """The tactics of a goal that are drawn: those that lead to goals of the trace or end the proof of the goal."""
    return [
        tactic for tactic in goal.tactics if tactic.outcome in ("proof", "tried") and (tactic.goals or not tactic.left)
    ]


def _place(
    number: int,
    left: float,
    below: dict[int, list[tuple[TacticTrace, list[int]]]],
    rows: dict[int, int],
    columns: dict[int, float],
    edges: list[TreeEdge],
) -> float:
    """Give a goal and all below it their columns from ``left`` on; returns the number of columns that they take."""
    taken = 0.0
    at = []
    for tactic, new in below[number]:
        begin = taken
        for goal in new:
            taken += _place(goal, left + taken, below, rows, columns, edges)
        taken = max(taken, begin + (0.5 if tactic.goals and not new else 1.0))
        column = (columns[new[0]] + columns[new[-1]]) / 2 if new else left + (begin + taken) / 2
        at.append(column)
        row = rows[number] + 0.5
        edges.append(TreeEdge(tactic.text, number, tactic.goals, column, row, tactic.outcome == "proof"))
    taken = max(taken, 1.0)
    columns[number] = (at[0] + at[-1]) / 2 if at else left + taken / 2
    return taken
