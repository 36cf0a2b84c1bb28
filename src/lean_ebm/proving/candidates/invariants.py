"""Invariants: numbers of goals that depend neither on names nor on the order of hypotheses or of sides.

The nodes of a goal's graph are colored by what they are made of and by where they are used, a few times over (color
refinement, Weisfeiler and Leman 1968). Two goals that are the same up to renaming and reordering have the same number.
Two others could have the same one, so a set that keeps one goal of each number may lose a goal but never has one twice.
"""

from __future__ import annotations

from lean_ebm.proving.candidates.graphs import NONE, GoalGraph, NodeKind

_ROUNDS = 3
_MASK = (1 << 64) - 1
_FACTORS = (
    0x9E3779B97F4A7C15,
    0xBF58476D1CE4E5B9,
    0x94D049BB133111EB,
)  # odd, with well-mixed bits (Steele et al. 2014)
_LEAVES = frozenset((NodeKind.ATOM, NodeKind.SYMBOL, NodeKind.INDIVIDUAL, NodeKind.TYPE))
_EQUALS = NodeKind.EQUALS
_HYPOTHESIS, _TARGET = 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179


def invariant(graph: GoalGraph) -> int:
    """A number from 0 to 2^64 - 1 that is equal for goals that differ only in names, order and sides."""
    color = colors(graph)
    number = mixed(color[graph.target], len(graph.hypotheses), 0)
    for hypothesis in graph.hypotheses:
        number += mixed(color[hypothesis], _HYPOTHESIS, 0)
    return mixed(number & _MASK, 0, 0)


def colors(graph: GoalGraph) -> list[int]:
    """Compute a number for each node. It is equal for nodes in the same place, up to names and order."""
    kinds, first, second = graph.kinds, graph.first, graph.second
    count = len(kinds)
    nodes = range(count)
    leaves = [node for node in nodes if kinds[node] in _LEAVES]
    # The entry after the last is that of a part that is not there, whose number is -1.
    color = [*kinds, 0]
    for last in (False,) * _ROUNDS + (True,):
        for node in nodes:
            a, b = first[node], second[node]
            if a != NONE:
                if kinds[node] == _EQUALS and color[b] < color[a]:
                    a, b = b, a
                color[node] = mixed(kinds[node], color[a], color[b])
        if last:
            break
        place = [0] * (count + 1)
        for hypothesis in graph.hypotheses:
            place[hypothesis] += _HYPOTHESIS
        place[graph.target] += _TARGET
        for node in reversed(nodes):
            a, b = first[node], second[node]
            if a != NONE and place[node]:  # what is no part of the goal is there for tactics only
                place[a] += mixed(place[node], color[node], 1)
                if b != NONE:
                    place[b] += mixed(place[node], color[node], 1 if kinds[node] == _EQUALS else 2)
        for node in leaves:
            color[node] = mixed(color[node], place[node], 3)
    return color[:count]


def mixed(a: int, b: int, c: int) -> int:
    """Hash three numbers to one number of 64 bits."""
    number = (a * _FACTORS[0] ^ b * _FACTORS[1] ^ (c + 1) * _FACTORS[2]) & _MASK
    number = (number ^ number >> 29) * _FACTORS[1] & _MASK
    return number ^ number >> 32
