"""Writes found proofs as scripts: the tactics as texts, in the order of Lean's main goals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from lean_ebm.proving.candidates.chunks import Chunk
from lean_ebm.proving.candidates.goals import read_goal
from lean_ebm.proving.candidates.listing import candidates
from lean_ebm.proving.candidates.sequents import sequent_of
from lean_ebm.proving.candidates.templates import Candidate
from lean_ebm.proving.candidates.writing import Writer
from lean_ebm.proving.logic.formulas import Expr
from lean_ebm.proving.logic.goals import Goal, printed
from lean_ebm.proving.logic.logic import Logic
from lean_ebm.proving.logic.numbering import with_numbers
from lean_ebm.proving.logic.state import LogicState
from lean_ebm.proving.logic.unify import TacticRun
from lean_ebm.proving.search.goals import SequentGoal, Tactic
from lean_ebm.proving.search.graph import GoalNode
from lean_ebm.proving.search.states import StateGoal
from lean_ebm.proving.statements import State


class WritableGoal(Protocol):
    """A goal with names, printed by ``str``, for which tactics can be written."""

    def write(self, tactic: Tactic) -> str:
        """Write a tactic that the search's goal lists."""
        ...


class NamedGoal:
    """A goal of the embedded logic with names, in which tactics of the search can be written as texts.

    Args:
        goal: The goal.
        numbers: The number in it of each symbol of the search's goal, if that is another one.
    """

    def __init__(self, goal: Goal, numbers: dict[int, int]) -> None:
        self.goal, self.numbers = goal, numbers
        self._writer = Writer(goal)

    def __str__(self) -> str:
        return printed(self.goal, {})

    def write(self, tactic: Tactic) -> str:
        """Write a tactic that the search's goal lists, or a chunk of tactics as far as it can be run."""
        if isinstance(tactic, str):
            return tactic
        if isinstance(tactic, Chunk):
            return "; ".join(self._lines(tactic))
        return self._writer.text(self._listed(tactic) if self.numbers else tactic)

    def _lines(self, chunk: Chunk) -> Iterator[str]:
        """The tactics of a chunk; from one on that is not listed for its goal, ``...``."""
        logic = Logic()
        state: State | None = LogicState([self.goal], TacticRun(self.goal.number, {}), None)
        for tactic in chunk.tactics:
            goals = state.open if isinstance(state, LogicState) else []
            moved = self._listed(tactic)
            if not goals or moved not in candidates(sequent_of(goals[0])):
                yield "..."
                return
            text = Writer(goals[0]).text(moved)
            yield text
            assert state is not None
            state = logic.apply(state, text).state

    def _listed(self, tactic: Candidate) -> Candidate:
        """A tactic with the numbers of this goal."""
        return Candidate(tactic.template, self._moved(tactic.first), self._moved(tactic.second))

    def _moved(self, pointer: Expr | None) -> Expr | None:
        return None if pointer is None else with_numbers(pointer, self.numbers)


class PrintedGoal:
    """A goal of an environment, whose tactics are texts.

    Args:
        text: The goal as Lean prints it.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    def write(self, tactic: Tactic) -> str:
        """The tactic."""
        return str(tactic)


class ProofStep(NamedTuple):
    """One step of a proof: a tactic, or the tactics of a chunk.

    Args:
        tactics: The tactic; of a chunk, those that were applied.
        node: The goal to which it is applied, with what the guide says of it.
        goal: The same goal with names.
    """

    tactics: tuple[str, ...]
    node: GoalNode
    goal: WritableGoal

    @property
    def text(self) -> str:
        """The tactics, one a line."""
        return "\n".join(self.tactics)


class UnwrittenError(Exception):
    """A proof cannot be written as a script."""


def named_goal(state: State) -> Goal:
    """The main goal of a state of any environment, in the embedded logic.

    Raises:
        Unsupported: If the embedded logic does not read it.
    """
    return state.open[0] if isinstance(state, LogicState) else read_goal(state.goals[0])


def steps_of_texts(root: GoalNode) -> Iterator[ProofStep]:
    """The steps of a proof whose tactics are texts."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        goal, proof = node.goal, node.proof
        assert isinstance(goal, StateGoal) and proof is not None
        yield ProofStep((str(proof.tactic),), node, PrintedGoal(goal.state.goals[goal.first]))
        waiting.extend(reversed(proof.goals))


def steps_of_logic(goal: Goal, root: GoalNode) -> Iterator[ProofStep]:
    """The steps of a proof in the embedded logic.

    Goals of the search have no names, and have each hypothesis once. So the proof is run again from the start, and each
    tactic is written for the goal that is there.

    Args:
        goal: The goal that the proof begins with.
        root: Its node, which is proved.

    Raises:
        UnwrittenError: If it cannot be written.
    """
    logic = Logic()
    state = LogicState([goal], TacticRun(goal.number, {}), None)
    waiting: list[tuple[GoalNode, dict[int, int]]] = [(root, {})]
    while waiting:
        node, numbers = waiting.pop()
        proof = node.proof
        assert isinstance(node.goal, SequentGoal) and proof is not None
        begin = NamedGoal(state.open[0], numbers)
        state, texts, left = _run(logic, state, node.goal, proof.applied, numbers)
        yield ProofStep(tuple(texts), node, begin)
        waiting += [(below, known) for below, (_, known) in zip(proof.goals, left, strict=True)][::-1]


def named_goals_of_logic(goal: Goal, root: GoalNode) -> Iterator[tuple[GoalNode, NamedGoal]]:
    """All goals that a search in the embedded logic has found, with names. The nearest to the root come first.

    A goal that occurs several times gets the names that it has where it occurs first. A goal below a tactic that cannot
    be written is left out, unless it occurs elsewhere.

    Args:
        goal: The goal that the search begins with.
        root: Its node.
    """
    logic = Logic()
    found = {root}
    waiting = [(root, goal, dict[int, int]())]
    for node, named, numbers in waiting:
        assert isinstance(node.goal, SequentGoal)
        yield node, NamedGoal(named, numbers)
        for tried in node.tried:
            if tried is None or found.issuperset(tried.goals):
                continue
            state = LogicState([named], TacticRun(named.number, {}), None)
            try:
                state, _, left = _run(logic, state, node.goal, tried.applied, numbers)
            except UnwrittenError:
                continue
            for below, (_, known), made in zip(tried.goals, left, state.open, strict=True):
                if below not in found:
                    found.add(below)
                    waiting.append((below, made, known))


def named_goals_of_texts(root: GoalNode) -> Iterator[tuple[GoalNode, PrintedGoal]]:
    """All goals that a search in an environment has found, as printed. The nearest to the root come first.

    Args:
        root: The node that the search begins with.
    """
    waiting = [root]
    found = {root}
    for node in waiting:
        goal = node.goal
        assert isinstance(goal, StateGoal)
        yield node, PrintedGoal("\n\n".join(goal.state.goals[goal.first : goal.first + goal.count]))
        below = [one for tried in node.tried if tried is not None for one in tried.goals if one not in found]
        waiting += dict.fromkeys(below)
        found.update(below)


def _run(
    logic: Logic, state: LogicState, at: SequentGoal, tactic: Tactic, numbers: dict[int, int]
) -> tuple[LogicState, list[str], list[tuple[SequentGoal, dict[int, int]]]]:
    """Apply a tactic, or the tactics of a chunk, to the main goal of a state; see :func:`_applied`."""
    texts = []
    left = [(at, numbers)]
    for one in tactic.tactics if isinstance(tactic, Chunk) else (tactic,):
        (at, numbers), *others = left
        state, text, made = _applied(logic, state, at, one, numbers)
        texts.append(text)
        left = [*made, *others]
    return state, texts, left


def _applied(
    logic: Logic, state: LogicState, at: SequentGoal, tactic: Tactic, numbers: dict[int, int]
) -> tuple[LogicState, str, list[tuple[SequentGoal, dict[int, int]]]]:
    """Apply a tactic to the main goal of a state.

    Returns:
        The new state, the text of the tactic, and the goals of the search that it leaves, each with the numbers of its
        symbols.
    """
    goal = state.open[0]
    try:
        text = NamedGoal(goal, numbers).write(tactic)
    except KeyError as error:
        raise UnwrittenError(f"a tactic mentions something that its goal does not have: {error}") from error
    made = at.after(tactic) or []
    step = logic.apply(state, text)
    if not isinstance(step.state, LogicState) or len(step.state.open) != len(state.open) - 1 + len(made):
        raise UnwrittenError(f"{text!r} does not do what its structure says: {step.message or 'other goals'}")
    fresh = at.sequent.fresh
    return (
        step.state,
        text,
        [(one, _introduced(goal, new, fresh, numbers)) for one, new in zip(made, step.state.open, strict=False)],
    )


def _introduced(before: Goal, goal: Goal, number: int, numbers: dict[int, int]) -> dict[int, int]:
    """The numbers of symbols after a tactic, which may have made an individual or a proposition.

    Args:
        before: The goal to which it was applied.
        goal: The goal that it left.
        number: The number that the search gives to what it made.
        numbers: The numbers before it.
    """
    known = {local.number for local in before.context}
    for local in goal.context:
        if local.formula is None and local.number not in known:
            return {**numbers, number: local.number}
    return numbers
