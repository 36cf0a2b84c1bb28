"""Writes goals of the embedded logic as integers for networks, and defines the kinds of nodes of all worlds.

A sequent becomes a graph whose nodes are its formulas and all their parts, each once, parts before what they are part
of. Nothing has a name: what an atom, a predicate or an individual is shows only in where its node is used, so renaming
changes nothing. A predicate or function takes its arguments one by one, so no node has more than two parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, NamedTuple

from lean_ebm.proving.candidates.sequents import Sequent
from lean_ebm.proving.logic.formulas import FALSE, PROPOSITION, Expr, Kind

NONE = -1
"""Stands for a part, or a pointer, that is not there."""


class NodeKind(IntEnum):
    """The kind of a node, with its parts."""

    ATOM = 0
    """A proposition that is not made of others."""
    TRUE = 1
    FALSE = 2
    AND = 3
    """Both parts."""
    OR = 4
    """Both parts."""
    IMPLIES = 5
    """The premise and the conclusion, which is not False."""
    NOT = 6
    """What is denied: ``¬a`` and ``a → False`` are the same."""
    IFF = 7
    """Both parts."""
    ALL = 8
    """The type, and the formula in which a variable is bound."""
    EXISTS = 9
    """The type, and the formula in which a variable is bound."""
    APPLY = 10
    """A predicate or function, perhaps with arguments, and its next argument."""
    SYMBOL = 11
    """A predicate or function."""
    INDIVIDUAL = 12
    """An individual that is not made of others."""
    TYPE = 13
    """A type of individuals."""
    PROPOSITIONS = 14
    """The type of propositions."""
    BOUND = 15
    """The variable of the innermost quantifier around it; the kinds 16, 17, ... are those of the next ones."""
    EQUALS = 23
    """Both sides."""
    ZERO = 24
    """The constructor ``zero``."""
    SUCC = 25
    """The number before it."""
    ADD = 26
    """Both parts."""
    MUL = 27
    """Both parts."""
    POW = 28
    """The base and the exponent."""
    NUMERAL = 29
    """The numeral 0; the kinds 30, 31, ... are those of 1, 2, ..."""


LAST_BOUND = NodeKind.EQUALS - 1
"""The kind of the variables of the eighth and further quantifiers."""

LAST_NUMERAL = NodeKind.NUMERAL + 7
"""The kind of the numerals from 7 on."""

KINDS = {"logic": LAST_BOUND + 1, "numbers": LAST_NUMERAL + 1}
"""Number of kinds up to the last one that a world has."""


class GoalGraph(NamedTuple):
    """A goal as integers. Lists have an entry for each node; parts are numbers of nodes.

    Args:
        kinds: What each node is, as :class:`NodeKind` has it.
        first: The first part of each node; ``NONE`` if it has none.
        second: The second part of each node; ``NONE`` if it has none.
        levels: 0 for nodes without parts, else one more than the largest level of the parts.
        hypotheses: The nodes of the hypotheses.
        target: The node of the target.
    """

    kinds: list[int]
    first: list[int]
    second: list[int]
    levels: list[int]
    hypotheses: list[int]
    target: int


Node = tuple[int, Any, Any, int]
"""The kind of a node, the identities of its parts, and its level."""


def graph_of(sequent: Sequent, also: Sequence[Expr] = ()) -> tuple[GoalGraph, dict[Any, int]]:
    """Write a sequent as integers.

    Args:
        sequent: The sequent.
        also: Formulas that get nodes too.

    Returns:
        The graph, and the number of each formula and term of the sequent.
    """
    nodes: dict[Any, Node] = {}
    for formula in sequent.hypotheses:
        nodes.update(formula.memory.get("nodes") or _nodes(formula))
    target = sequent.target
    nodes.update(target.memory.get("nodes") or _nodes(target))
    for individual, _ in sequent.individuals:
        nodes.setdefault(individual, _INDIVIDUAL)
    for formula in also:
        nodes.update(_nodes(formula))
    return assembled(nodes, sequent.hypotheses, target)


def assembled(nodes: dict[Any, Node], hypotheses: Sequence[Any], target: Any) -> tuple[GoalGraph, dict[Any, int]]:
    """Number nodes.

    Args:
        nodes: The nodes by identity, parts before what they are part of.
        hypotheses: The identities of the hypotheses.
        target: That of the target.

    Returns:
        The graph, and the number of each node by identity; that of None is ``NONE``.
    """
    number = dict(zip(nodes, range(len(nodes)), strict=True))
    number[None] = NONE
    kinds, first, second, levels = zip(*nodes.values(), strict=True)
    graph = GoalGraph(
        list(kinds),
        [number[part] for part in first],
        [number[part] for part in second],
        list(levels),
        [number[formula] for formula in hypotheses],
        number[target],
    )
    return graph, number


_INDIVIDUAL: Node = (int(NodeKind.INDIVIDUAL), None, None, 0)
_PLAIN = {
    Kind.AND: int(NodeKind.AND), Kind.OR: int(NodeKind.OR), Kind.IFF: int(NodeKind.IFF),
    Kind.IMPLIES: int(NodeKind.IMPLIES),
}  # fmt: skip


def _nodes(node: Expr) -> dict[Any, Node]:
    """The nodes of an expression by identity, parts before what they are part of; remembered."""
    known: dict[Any, Node] | None = node.memory.get("nodes")
    if known is not None:
        return known
    kind = node.kind
    found: dict[Any, Node] = {}

    def add(identity: Any, what: int, first: Any = None, second: Any = None) -> None:
        level = 1 + max(found[part][3] if part is not None else -1 for part in (first, second))
        found[identity] = (int(what), first, second, level)

    if kind is Kind.ATOM or kind is Kind.APPLY:
        _add_application(node, found, add)
    elif kind is Kind.VARIABLE:
        add(node, NodeKind.INDIVIDUAL)
    elif kind is Kind.BOUND or kind is Kind.BOUND_PROPOSITION:
        add(node, min(NodeKind.BOUND + node.a, LAST_BOUND))
    elif kind is Kind.TRUE or kind is Kind.FALSE:
        add(node, NodeKind.TRUE if kind is Kind.TRUE else NodeKind.FALSE)
    elif kind is Kind.ALL or kind is Kind.EXISTS:
        found.update(_nodes(node.a))
        sort = ("type", node.b)
        add(sort, NodeKind.PROPOSITIONS if node.b == PROPOSITION else NodeKind.TYPE)
        add(node, NodeKind.ALL if kind is Kind.ALL else NodeKind.EXISTS, sort, node.a)
    elif kind is Kind.IMPLIES and node.b is FALSE:
        found.update(_nodes(node.a))
        add(node, NodeKind.NOT, node.a)
    else:
        found.update(_nodes(node.a))
        found.update(_nodes(node.b))
        add(node, _PLAIN[kind], node.a, node.b)
    node.memory["nodes"] = found
    return found


def _add_application(node: Expr, found: dict[Any, Node], add: Any) -> None:
    """Add a predicate or function with its arguments, which it takes one by one."""
    if not node.b:
        add(node, NodeKind.ATOM)
        return
    for argument in node.b:
        found.update(_nodes(argument))
    head: Any = ("symbol", node.a)
    add(head, NodeKind.SYMBOL)
    for count, argument in enumerate(node.b, 1):
        whole: Any = node if count == len(node.b) else (node.a, node.b[:count])
        add(whole, NodeKind.APPLY, head, argument)
        head = whole
