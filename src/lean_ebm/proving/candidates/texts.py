"""Writes goals that are known as integers as texts: goals as Lean prints them, tactics as Lean reads them.

A goal as integers has no names, so it gets names that depend only on the order of its nodes. What a language model
learns of such texts is therefore what it is asked in a search, whatever the names of the theorem are::

    texts = texts_of(goal.listing())
    print(texts.goal)  # p q : Prop
    print(texts.tactics)  # ['intro h1', 'exfalso', ...]
"""
# ruff: noqa: RUF001, RUF002 - the letters of Lean

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, count
from typing import NamedTuple

from lean_ebm.proving.candidates.goals import Listing
from lean_ebm.proving.candidates.graphs import LAST_BOUND, NONE, GoalGraph, NodeKind
from lean_ebm.proving.candidates.templates import Candidate, Template
from lean_ebm.proving.candidates.writing import Writer
from lean_ebm.proving.logic.formulas import (
    FALSE,
    PROPOSITION,
    TRUE,
    Expr,
    Kind,
    atom,
    bound,
    implication,
    make,
    variable,
)
from lean_ebm.proving.logic.goals import Goal, printed
from lean_ebm.proving.logic.infer import statement as with_binders
from lean_ebm.proving.logic.logic import Logic, root
from lean_ebm.proving.logic.state import LogicState
from lean_ebm.proving.logic.unify import TacticRun, Unsupported
from lean_ebm.proving.statements import Statement


class Texts(NamedTuple):
    """A goal and its tactics as texts.

    Args:
        goal: The goal, as Lean prints it.
        tactics: The tactics, in the order of the listing.
    """

    goal: str
    tactics: list[str]


class TextGoal:
    """A goal of the embedded logic that is known as integers, with names.

    Propositions are called ``p``, ``q``, ...; predicates ``P``, ``Q``, ...; functions ``f``, ``g``, ...; individuals
    ``a``, ``b``, ...; types ``α``, ``β``, ...; hypotheses ``h1``, ``h2``, ... Of an individual that no formula names,
    the type is not known; it is taken to be of the first type.

    Args:
        listing: The goal and its tactics.

    Attributes:
        goal: The goal with names.

    Raises:
        Unsupported: If the goal is not one of the embedded logic, or more than eight quantifiers are nested in it.
    """

    def __init__(self, listing: Listing) -> None:
        self._listing, self._graph = listing, listing.graph
        self._names = _names(self._graph)
        self._formulas: dict[tuple[int, tuple[str, ...]], str] = {}
        self._expressions: dict[tuple[int, tuple[int, ...]], Expr] = {}
        self.goal = self._with_names()
        self._numbers = {local.name: local.number for local in self.goal.context}
        self._sorts = {local.name: local.sort for local in self.goal.context}
        self._writer = Writer(self.goal)

    def __str__(self) -> str:
        return printed(self.goal, {})

    def tactic(self, index: int) -> str:
        """The tactic of this index as a text."""
        _, templates, first, second = self._listing
        pointers = [None if node[index] == NONE else self._expression(node[index]).key for node in (first, second)]
        return self._writer.text(Candidate(Template(templates[index]), *pointers))

    def state(self) -> LogicState:
        """The goal as a state of :class:`.Logic`, in which tactics can be run."""
        return LogicState([self.goal], TacticRun(self.goal.number, {}), None)

    def applies(self, tactic: str) -> bool:
        """Whether a tactic, any text, runs in the goal."""
        with Logic() as logic:
            return logic.apply(self.state(), tactic).state is not None

    def _with_names(self) -> Goal:
        """Write the goal as a statement, whose binders follow from how its names are used, and read that."""
        graph = self._graph
        hypotheses = [self._formula(node) for node in graph.hypotheses]
        target = self._formula(graph.target)
        binders = with_binders(" → ".join([f"({text})" for text in (*hypotheses, target)])).binders
        used = set(chain(*_parts(graph, (*graph.hypotheses, graph.target))))
        individuals = [
            self._names[node]
            for node, kind in enumerate(graph.kinds)
            if kind == NodeKind.INDIVIDUAL and node not in used
        ]
        if individuals:
            kind = next((self._names[node] for node, its in enumerate(graph.kinds) if its == NodeKind.TYPE), "α")
            binders += "" if f"({kind}" in binders else f" ({kind} : Type)"
            binders += f" ({' '.join(individuals)} : {kind})"
        given = " ".join(f"(h{number} : {text})" for number, text in enumerate(hypotheses, 1))
        return root(Statement(target, f"{binders} {given}".strip()))

    def _formula(self, node: int, around: tuple[str, ...] = ()) -> str:
        """A formula or a term with all brackets.

        Args:
            node: Its node.
            around: The names of the bound variables, innermost first.
        """
        known = self._formulas.get((node, around))
        if known is None:
            known = self._formulas[node, around] = self._written(node, around)
        return known

    def _written(self, node: int, around: tuple[str, ...]) -> str:
        graph = self._graph
        kind, first, second = graph.kinds[node], graph.first[node], graph.second[node]
        if node in self._names:
            return self._names[node]
        if kind in _WORDS:
            return _WORDS[NodeKind(kind)]
        if NodeKind.BOUND <= kind <= LAST_BOUND:
            return around[kind - NodeKind.BOUND]
        if kind == NodeKind.NOT:
            return f"(¬ {self._formula(first, around)})"
        if kind in _QUANTIFIERS:
            if len(around) > LAST_BOUND - NodeKind.BOUND:
                raise Unsupported("a goal with more than eight nested quantifiers")
            name = f"x{len(around)}" if len(around) >= len(_BOUND) else _BOUND[len(around)]
            symbol = "∀" if kind == NodeKind.ALL else "∃"
            return f"({symbol} {name} : {self._formula(first)}, {self._formula(second, (name, *around))})"
        if kind == NodeKind.APPLY:
            head, arguments = self._spine(node)
            return f"({' '.join([self._names[head], *[self._formula(part, around) for part in arguments]])})"
        if kind not in _OPERATORS:
            raise Unsupported(f"a goal of another world than logic, with a node of kind {kind}")
        return f"({self._formula(first, around)} {_OPERATORS[NodeKind(kind)]} {self._formula(second, around)})"

    def _spine(self, node: int) -> tuple[int, list[int]]:
        """The symbol of an application, and its arguments."""
        arguments: list[int] = []
        while self._graph.kinds[node] == NodeKind.APPLY:
            arguments.append(self._graph.second[node])
            node = self._graph.first[node]
        return node, arguments[::-1]

    def _expression(self, node: int, around: tuple[int, ...] = ()) -> Expr:
        """A formula or a term with the numbers of the goal.

        Args:
            node: Its node.
            around: The sorts of the bound variables, innermost first.
        """
        known = self._expressions.get((node, around))
        if known is None:
            known = self._expressions[node, around] = self._made(node, around)
        return known

    def _made(self, node: int, around: tuple[int, ...]) -> Expr:
        graph = self._graph
        kind, first, second = graph.kinds[node], graph.first[node], graph.second[node]
        if kind == NodeKind.ATOM:
            return atom(self._numbers[self._names[node]])
        if kind == NodeKind.INDIVIDUAL:
            return variable(self._numbers[self._names[node]])
        if kind in (NodeKind.TRUE, NodeKind.FALSE):
            return TRUE if kind == NodeKind.TRUE else FALSE
        if NodeKind.BOUND <= kind <= LAST_BOUND:
            return bound(kind - NodeKind.BOUND, around[kind - NodeKind.BOUND])
        if kind == NodeKind.NOT:
            return implication(self._expression(first, around), FALSE)
        if kind in _QUANTIFIERS:
            sort = PROPOSITION if graph.kinds[first] == NodeKind.PROPOSITIONS else self._numbers[self._names[first]]
            return make(_QUANTIFIERS[NodeKind(kind)], self._expression(second, (sort, *around)), sort)
        if kind == NodeKind.APPLY:
            head, arguments = self._spine(node)
            name = self._names[head]
            its = self._sorts[name]
            parts = tuple([self._expression(part, around) for part in arguments])
            whole = Kind.ATOM if its is not None and its[1] == PROPOSITION else Kind.APPLY
            return make(whole, self._numbers[name], parts)
        return make(_CONNECTIVES[NodeKind(kind)], self._expression(first, around), self._expression(second, around))


def texts_of(listing: Listing) -> Texts:
    """Write a goal and its tactics as texts.

    Args:
        listing: The goal and its tactics as integers.

    Raises:
        Unsupported: If the goal is not one of the embedded logic, or more than eight quantifiers are nested in it.
    """
    goal = TextGoal(listing)
    return Texts(str(goal), [goal.tactic(index) for index in range(len(listing.templates))])


_WORDS = {NodeKind.TRUE: "True", NodeKind.FALSE: "False", NodeKind.PROPOSITIONS: "Prop"}
_OPERATORS = {NodeKind.AND: "∧", NodeKind.OR: "∨", NodeKind.IFF: "↔", NodeKind.IMPLIES: "→"}
_CONNECTIVES = {
    NodeKind.AND: Kind.AND, NodeKind.OR: Kind.OR, NodeKind.IFF: Kind.IFF, NodeKind.IMPLIES: Kind.IMPLIES,
}  # fmt: skip
_QUANTIFIERS = {NodeKind.ALL: Kind.ALL, NodeKind.EXISTS: Kind.EXISTS}
_BOUND = "xyz"
_LETTERS = {"proposition": "pqrst", "predicate": "PQRS", "function": "fgk", "individual": "abcde", "type": "αβγδ"}


def _names(graph: GoalGraph) -> dict[int, str]:
    """The names of the nodes that have one."""
    predicates = {_head(graph, node) for node in _formulas(graph) if graph.kinds[node] == NodeKind.APPLY}
    streams = {what: _stream(letters) for what, letters in _LETTERS.items()}
    plain = {NodeKind.ATOM: "proposition", NodeKind.INDIVIDUAL: "individual", NodeKind.TYPE: "type"}
    names = {}
    for node, kind in enumerate(graph.kinds):
        what = plain.get(NodeKind(kind)) if kind in plain else None
        if kind == NodeKind.SYMBOL:
            what = "predicate" if node in predicates else "function"
        if what is not None:
            names[node] = next(streams[what])
    return names


def _stream(letters: str) -> Iterator[str]:
    """The letters, and then the first one with numbers."""
    return chain(letters, (f"{letters[0]}{number}" for number in count(1)))


def _head(graph: GoalGraph, node: int) -> int:
    while graph.kinds[node] == NodeKind.APPLY:
        node = graph.first[node]
    return node


def _formulas(graph: GoalGraph) -> Iterator[int]:
    """The nodes that are formulas: hypotheses, target and parts of connectives and quantifiers."""
    yield from (*graph.hypotheses, graph.target)
    for node, kind in enumerate(graph.kinds):
        if kind in _OPERATORS or kind == NodeKind.NOT:
            yield from (part for part in (graph.first[node], graph.second[node]) if part != NONE)
        elif kind in _QUANTIFIERS:
            yield graph.second[node]


def _parts(graph: GoalGraph, nodes: tuple[int, ...]) -> Iterator[set[int]]:
    """All parts of each node, itself included."""
    for node in nodes:
        found: set[int] = set()
        waiting = [node]
        while waiting:
            part = waiting.pop()
            if part != NONE and part not in found:
                found.add(part)
                waiting += [graph.first[part], graph.second[part]]
        yield found
