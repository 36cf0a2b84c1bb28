"""Goals about numbers as plain integers, for networks.

Lemmas are not part of a goal. A lemma shows in what the tactics point to: the term that it rewrites, and what comes in
its place, which gets nodes too. So a network reads what a lemma says, and never its name.
"""

from __future__ import annotations

from typing import Any

from lean_ebm.proving.candidates.goals import Listing
from lean_ebm.proving.candidates.graphs import LAST_BOUND, LAST_NUMERAL, Node, NodeKind, assembled
from lean_ebm.proving.candidates.templates import Candidate
from lean_ebm.proving.numbers.goals import NumberGoal
from lean_ebm.proving.numbers.terms import Term, TermKind

_PLAIN = {
    TermKind.ZERO: NodeKind.ZERO, TermKind.SUCC: NodeKind.SUCC, TermKind.ADD: NodeKind.ADD, TermKind.MUL: NodeKind.MUL,
    TermKind.POW: NodeKind.POW, TermKind.EQUALS: NodeKind.EQUALS, TermKind.IMPLIES: NodeKind.IMPLIES,
    TermKind.VARIABLE: NodeKind.INDIVIDUAL,
}  # fmt: skip
_TYPE: Node = (int(NodeKind.TYPE), None, None, 0)


def number_listing(goal: NumberGoal, tactics: list[Candidate]) -> Listing:
    """Write a goal and tactics that are listed for it as integers."""
    nodes: dict[Any, Node] = {}
    hypotheses = list(dict.fromkeys([local.formula for local in goal.context if local.formula is not None]))
    for formula in (*hypotheses, goal.target):
        nodes.update(_nodes(formula))
    for _, first, second in tactics:
        for pointer in (first, second):
            if pointer is not None and pointer not in nodes:
                nodes.update(_nodes(pointer))
    graph, number = assembled(nodes, hypotheses, goal.target)
    return Listing(
        graph,
        [template.value for template, _, _ in tactics],
        [number[first] for _, first, _ in tactics],
        [number[second] for _, _, second in tactics],
    )


def _nodes(term: Term) -> dict[Any, Node]:
    """The nodes of a term or formula by identity, parts before what they are part of; remembered."""
    found: dict[Any, Node] | None = term.memory.get("nodes")
    if found is not None:
        return found
    found = {}
    kind, a, b = term.kind, term.a, term.b
    if kind is TermKind.NUMERAL:
        found[term] = (min(NodeKind.NUMERAL + a, LAST_NUMERAL), None, None, 0)
    elif kind is TermKind.BOUND:
        found[term] = (min(NodeKind.BOUND + a, LAST_BOUND), None, None, 0)
    elif kind is TermKind.ALL:
        found.update(_nodes(a))
        found["type"] = _TYPE
        found[term] = (int(NodeKind.ALL), "type", a, 1 + found[a][3])
    elif kind < TermKind.SUCC:
        found[term] = (int(_PLAIN[kind]), None, None, 0)
    else:
        found.update(_nodes(a))
        level = found[a][3]
        if kind is not TermKind.SUCC:
            found.update(_nodes(b))
            level = max(level, found[b][3])
        found[term] = (int(_PLAIN[kind]), a, b, 1 + level)
    term.memory["nodes"] = found
    return found
