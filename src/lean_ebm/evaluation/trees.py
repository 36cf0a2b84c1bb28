"""Draws pictures of searches."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from lean_ebm.proving.candidates import Candidate
from lean_ebm.proving.search import GoalNode, SearchGraph

MOST = 80
"""Number of goals in a picture, at most: the first that the search has found."""

_STEP, _ROW, _EDGE = 64, 58, 30  # pixels between goals, between rows, and at the edge
_COLORS = {"proved": (46, 139, 87), "dead": (190, 60, 60), "open": (110, 110, 110)}


@dataclass
class _Box:
    """A goal in the picture."""

    node: GoalNode
    depth: int
    by: str
    column: float = 0.0
    below: list[_Box] = field(default_factory=list)


def tree_picture(graph: SearchGraph) -> Tensor:
    """Draw the goals of a search from its root down, float32 ``(3, H, W)`` in [0, 1].

    A goal is green if it is proved, red if it is known to have no proof within the tactics, and gray if it is open; the
    number in it is what the guide expects it to need. Lines lead to the goals that a tactic left, with the name of its
    form; those of the proof are thick. A goal that occurs several times is drawn where it was found first.

    Args:
        graph: All that the search has found.
    """
    from PIL import Image, ImageDraw

    boxes = _boxes(graph)
    columns = _place(boxes[0], 0.0)
    size = (round(2 * _EDGE + _STEP * columns), 2 * _EDGE + _ROW * max(box.depth for box in boxes) + 20)
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for box in boxes:
        x, y = _at(box)
        for child in box.below:
            below, bottom = _at(child)
            chosen = box.node.proof is not None and child.node in box.node.proof.goals
            draw.line((x, y, below, bottom), _COLORS["proved"] if chosen else (200, 200, 200), 3 if chosen else 1)
    for box in boxes:
        x, y = _at(box)
        draw.rounded_rectangle((x - 17, y - 9, x + 17, y + 9), 5, _COLORS[_state(box.node)])
        value = box.node.value
        if value is not None:
            draw.text((x, y), f"{value:.1f}", "white", anchor="mm")
        if box.by:
            draw.text((x, y - 17), box.by, (60, 60, 60), anchor="mm", stroke_width=2, stroke_fill="white")
    pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    return pixels.reshape(size[1], size[0], 3).permute(2, 0, 1).float() / 255


def _boxes(graph: SearchGraph) -> list[_Box]:
    """The goals that are drawn, the root first, each below the goal of which a tactic left it first."""
    root = _Box(graph.root, 0, "")
    boxes, seen = [root], {graph.root.number}
    at = 0
    while at < len(boxes):
        box = boxes[at]
        at += 1
        for tried in box.node.tried:
            if tried is None:
                continue
            tactic = tried.tactic
            name = tactic.template.name.lower() if isinstance(tactic, Candidate) else str(tactic).split()[0]
            for goal in tried.goals:
                if goal.number not in seen and goal.number < MOST:
                    seen.add(goal.number)
                    box.below.append(_Box(goal, box.depth + 1, name))
                    boxes.append(box.below[-1])
    return boxes


def _place(box: _Box, left: float) -> float:
    """Give a goal and those below it their columns from ``left`` on; returns the number of columns that they take."""
    if not box.below:
        box.column = left + 0.5
        return 1.0
    taken = 0.0
    for child in box.below:
        taken += _place(child, left + taken)
    box.column = (box.below[0].column + box.below[-1].column) / 2
    return taken


def _at(box: _Box) -> tuple[float, float]:
    return _EDGE + _STEP * box.column, _EDGE + _ROW * box.depth


def _state(node: GoalNode) -> str:
    return "proved" if node.proof is not None else "dead" if node.dead else "open"
