"""Goals with their wide set of tactics: integers for a network, texts for an environment."""

from __future__ import annotations

from typing import NamedTuple

from lean_ebm.proving.candidates.graphs import GoalGraph, graph_of
from lean_ebm.proving.candidates.listing import candidates
from lean_ebm.proving.candidates.sequents import Sequent, named, sequent_of
from lean_ebm.proving.candidates.templates import Candidate, Template
from lean_ebm.proving.candidates.writing import Writer
from lean_ebm.proving.keys import entries_of
from lean_ebm.proving.lexer import SyntaxProblem
from lean_ebm.proving.logic.goals import Goal, Local
from lean_ebm.proving.logic.logic import root
from lean_ebm.proving.logic.quantifiers import types_in
from lean_ebm.proving.logic.state import LogicState
from lean_ebm.proving.logic.unify import TacticError, Unsupported
from lean_ebm.proving.statements import State, Statement


class Listing(NamedTuple):
    """A goal and tactics for it as integers.

    Args:
        graph: The goal.
        templates: The form of each tactic, as :class:`.Template` has it.
        first: The node to which the first pointer of each tactic points; ``NONE`` if it has none.
        second: The same of the second pointer.
    """

    graph: GoalGraph
    templates: list[int]
    first: list[int]
    second: list[int]


def listing_of(sequent: Sequent, tactics: list[Candidate]) -> Listing:
    """Write a sequent and tactics as integers. Formulas that only tactics point to get nodes as well."""
    first = [pointer for _, pointer, _ in tactics]
    second = [pointer for _, _, pointer in tactics]
    graph, number = graph_of(sequent)
    others = [pointer for pointer in dict.fromkeys((*first, *second)) if pointer is not None and pointer not in number]
    if others:  # True or False, which stands for a variable, or an implication that `cases` makes of an equivalence
        graph, number = graph_of(sequent, others)
    return Listing(
        graph,
        [template.value for template, _, _ in tactics],
        [number[pointer] for pointer in first],
        [number[pointer] for pointer in second],
    )


class ListedGoal:
    """A goal and the tactics that are listed for it.

    Args:
        goal: The goal.

    Attributes:
        sequent: What the goal says.
        candidates: The tactics.

    Raises:
        Unsupported: If the goal asks for an individual or a proposition, or has a metavariable.
    """

    def __init__(self, goal: Goal) -> None:
        self.sequent = sequent_of(goal)
        self.candidates = _writable(goal, candidates(self.sequent))
        self._goal = goal
        self._writer: Writer | None = None

    def listing(self) -> Listing:
        """The goal and its tactics as integers."""
        return listing_of(self.sequent, self.candidates)

    def text(self, index: int) -> str:
        """The tactic of this index as a text."""
        if self._writer is None:
            self._writer = Writer(self._goal)
        return self._writer.text(self.candidates[index])

    def texts(self) -> list[str]:
        """All tactics as texts."""
        return [self.text(index) for index in range(len(self.candidates))]


def listed_goal(state: State, number: int = 0) -> ListedGoal:
    """List the wide set of tactics for a goal of a state of any environment.

    Args:
        state: The state.
        number: Number of the goal; 0 is the main goal.

    Raises:
        Unsupported: If the embedded logic does not read the goal, or the goal has a metavariable.
    """
    return ListedGoal(state.open[number] if isinstance(state, LogicState) else read_goal(state.goals[number]))


def wide_tactics(state: State, number: int = 0) -> list[str]:
    """List the wide set of tactics for a goal of a state as texts, for provers without learning.

    Args:
        state: The state.
        number: Number of the goal; 0 is the main goal.

    Raises:
        Unsupported: If the embedded logic does not read the goal, or the goal has a metavariable.
    """
    return listed_goal(state, number).texts()


def read_goal(text: str) -> Goal:
    """Read a goal that Lean printed.

    Raises:
        Unsupported: If it is not a goal of the embedded logic, or the goal has a metavariable.
    """
    hidden: dict[str, str] = {}
    groups = []
    target = ""
    for entry in entries_of(text):
        if entry.startswith("⊢"):
            target = entry[1:]
        elif not entry.startswith("case "):
            names, _, formula = entry.partition(" :")
            for name in names.split():
                if "✝" in name:  # a name that nothing can be called
                    hidden[name] = f"hidden_{len(hidden)}"
            groups.append(f"({names} : {formula})")
    binders = " ".join(groups)
    for name in sorted(hidden, key=len, reverse=True):  # one may be the beginning of another
        binders, target = binders.replace(name, hidden[name]), target.replace(name, hidden[name])
    try:
        goal = root(Statement(target, binders))
    except (SyntaxProblem, TacticError, Unsupported) as error:
        raise Unsupported(f"a goal that is not of the embedded logic: {error}") from error
    shown = {new: name for name, new in hidden.items()}
    context = tuple([_hidden(local, shown[local.name]) if local.name in shown else local for local in goal.context])
    return Goal(goal.number, context, goal.target, goal.tag, goal.fresh)


def _hidden(local: Local, name: str) -> Local:
    """An entry of a context that no tactic can name."""
    return Local(
        local.number, name.partition("✝")[0], False, local.what, local.formula, local.sort, local.text, local.raw
    )


def _writable(goal: Goal, tactics: list[Candidate]) -> list[Candidate]:
    """Leave out the tactics in which something would have to be written that has no name."""
    symbols = {local.number for local in goal.context if local.formula is None}
    hidden = symbols - {local.number for local in named(goal)}
    if not hidden:
        return tactics
    writer = Writer(goal)
    return [tactic for tactic in tactics if _has_names(writer, tactic, hidden)]


_WRITTEN = frozenset((Template.CUT, Template.WITNESS))  # the forms whose pointer is written, and no hypothesis's name


def _has_names(writer: Writer, tactic: Candidate, hidden: set[int]) -> bool:
    if tactic.template in _WRITTEN and any(hidden & types_in(part) for part in tactic[1:] if part is not None):
        return False
    try:
        writer.text(tactic)
    except KeyError:
        return False
    return True
