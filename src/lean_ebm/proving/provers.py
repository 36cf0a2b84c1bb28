"""Provers that need no learning: baselines, and the tactics that learned ones choose from.

A prover works on the main goal of a state of any :class:`~lean_ebm.proving.environment.Environment`, within a budget,
and says "proved" only where the environment's ``verify`` does::

    with Logic() as environment:
        result = BreadthFirst().prove(environment, statement, Budget(applications=1000))
        if result.proved:
            print(result.script)
"""

from __future__ import annotations

import heapq
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from lean_ebm.proving.environment import Environment, Outcome, Request, State, Statement, Verdict
from lean_ebm.proving.logic.formulas import FALSE, INDIVIDUALS, PROPOSITIONS, Kind
from lean_ebm.proving.logic.formulas import Node as Formula
from lean_ebm.proving.logic.goals import Goal, displayed
from lean_ebm.proving.logic.logic import LogicState
from lean_ebm.proving.logic.syntax import SyntaxProblem, Tree, parse_term

# Legal tactics


class Hypothesis(NamedTuple):
    """What the enumeration needs to know of a hypothesis.

    Args:
        name: Its name.
        head: Outermost connective of what it says.
        text: What it says; equal texts are equal formulas.
        after: What it says after one argument, of an implication; empty where that is not known.
        applies: Whether ``apply`` may work.
    """

    name: str
    head: str
    text: str
    after: str = ""
    applies: bool = True


@dataclass(frozen=True)
class View:
    """A goal as the enumeration sees it.

    Args:
        head: Outermost connective of the target: ``and or iff not implies all exists True False atom``, or ``data``.
        text: The target; equal texts are equal formulas.
        hypotheses: Those that have names.
        individuals: Names of individuals.
        names: All names of the context.
    """

    head: str
    text: str
    hypotheses: tuple[Hypothesis, ...]
    individuals: tuple[str, ...]
    names: frozenset[str]


def legal_tactics(state: State) -> list[str]:
    """Tactics that may do something to the main goal of a state, in a fixed order, few enough to try them all.

    With them every theorem of propositional logic has a proof. New hypotheses are called ``h1``, ``h2``, ...; new
    individuals ``x1``, ``x2``, ...
    """
    if isinstance(state, LogicState):
        return list(_tactics(_view(state.open[0]))) if state.open else []
    return list(_tactics(view(state.goals[0]))) if state.goals else []


_CASES = {"and": "| intro {0} {1} => ?_", "iff": "| intro {0} {1} => ?_", "exists": "| intro {2} {0} => ?_"}
_FRESH = tuple(f"h{index}" for index in range(1, 200))


def _tactics(goal: View) -> Iterator[str]:
    if goal.head == "data":
        yield from (f"exact {name}" for name in goal.individuals)
        return
    free = (name for name in _FRESH if name not in goal.names)
    first, second = next(free), next(free)
    individual = next(f"x{index}" for index in range(1, 999) if f"x{index}" not in goal.names)
    for hypothesis in goal.hypotheses:
        if hypothesis.text == goal.text:
            yield f"exact {hypothesis.name}"
            return  # nothing can be better
    if goal.head in ("implies", "not"):
        yield f"intro {first}"
    elif goal.head == "all":
        yield f"intro {individual}"
    elif goal.head in ("and", "iff", "True"):
        yield "constructor"
    known = {hypothesis.text for hypothesis in goal.hypotheses}
    for name, head, *_ in goal.hypotheses:
        if head in _CASES:
            yield f"cases {name} with {_CASES[head].format(first, second, individual)}"
        elif head == "or":
            yield f"cases {name} with | inl {first} => ?_ | inr {first} => ?_"
        elif head == "False":
            yield f"cases {name}"
    for name, head, _, _, applies in goal.hypotheses:
        if head in ("implies", "not", "all") and applies:
            yield f"apply {name}"
    if goal.head == "or":
        yield "left"
        yield "right"
    elif goal.head == "exists":
        yield from (f"refine ⟨{name}, ?_⟩" for name in goal.individuals)
        yield "constructor"
    for name, head, _, after, _ in goal.hypotheses:
        if head == "implies" and after not in known:
            yield f"have {first} := {name} ?_"
        elif head == "all":
            yield from (f"have {first} := {name} {x}" for x in goal.individuals)
    if goal.head != "False":
        yield "exfalso"


_HEADS = {
    Kind.AND: "and", Kind.OR: "or", Kind.IFF: "iff", Kind.NOT: "not", Kind.IMPLIES: "implies", Kind.ALL: "all",
    Kind.EXISTS: "exists", Kind.TRUE: "True", Kind.FALSE: "False",
}  # fmt: skip


def _view(goal: Goal) -> View:
    """The view of a goal of the embedded logic, without printing it."""
    shown = displayed(goal.context)
    hypotheses, individuals = [], []
    for local, name in zip(goal.context, shown, strict=True):
        if name != local.name:
            continue
        if local.formula is not None:
            formula = local.formula
            after = str(id(formula.b.key)) if formula.kind is Kind.IMPLIES else ""
            head = _HEADS.get(formula.kind, "atom")
            hypotheses.append(Hypothesis(name, head, str(id(formula.key)), after, _applies(formula, goal.target)))
        elif local.sort == (False, 0):
            individuals.append(name)
    data = goal.target is INDIVIDUALS or goal.target is PROPOSITIONS
    head = "data" if data else _HEADS.get(goal.target.kind, "atom")
    return View(head, str(id(goal.target.key)), tuple(hypotheses), tuple(individuals), frozenset(shown))


def _applies(formula: Formula, target: Formula) -> bool:
    """Whether what a formula ends with may be the target."""
    key = target.key
    while formula.key is not key:
        if formula.kind is Kind.IMPLIES:
            formula = formula.b
        elif formula.kind is Kind.NOT:
            return key.unknown or key is FALSE
        else:
            return formula.kind is Kind.ALL or formula.unknown or key.unknown
    return True


_ENTRY = re.compile(r"^((?:\S+ )+): (.*)$", re.DOTALL)


def view(goal: str) -> View:
    """The view of a goal that Lean printed."""
    entries: list[str] = []
    for line in goal.splitlines():
        if entries and line[:1].isspace():
            entries[-1] += " " + line.strip()
        elif not line.startswith("case "):
            entries.append(line)
    hypotheses, individuals, types, names = [], [], set(), set()
    target = ""
    for entry in entries:
        if entry.startswith("⊢"):
            target = entry[1:].strip()
            continue
        match = _ENTRY.match(entry)
        if match is None:
            continue
        text = match[2].strip()
        for name in match[1].split():
            names.add(name)
            if "✝" in name:
                continue
            if text.startswith("Type"):
                types.add(name)
            elif text in types:
                individuals.append(name)
            else:
                hypotheses.append(Hypothesis(name, head_of(text), text))
    head = "data" if target in types or target == "Prop" else head_of(target)
    return View(head, target, tuple(hypotheses), tuple(individuals), frozenset(names))


_PREFIX = {"And": "and", "Or": "or", "Iff": "iff", "Not": "not", "Exists": "exists"}


def head_of(text: str) -> str:
    """The outermost connective of a formula that Lean printed, in either notation."""
    try:
        tree: Tree = parse_term(re.sub(r"✝[⁰¹²³⁴⁵⁶⁷⁸⁹]*", "", text))
    except SyntaxProblem:
        return "atom"
    head = tree[1] if tree[0] == "app" else tree
    if head[0] == "name":
        return head[1] if head[1] in ("True", "False") else _PREFIX.get(head[1], "atom")
    return str(tree[0]) if tree[0] in ("and", "or", "iff", "not", "implies", "all", "exists") else "atom"


# Provers


@dataclass(frozen=True)
class Budget:
    """What a search may cost; it ends with whichever is spent first.

    Args:
        applications: Tactic applications.
        seconds: Seconds.
    """

    applications: int = 10_000
    seconds: float = 60.0


@dataclass(frozen=True)
class Result:
    """What came of a search.

    Args:
        verdict: The judge's word on the script; None where the search found none.
        tactics: The tactics found, each applied to the main goal.
        applications: Tactic applications spent.
        exhausted: Whether everything was tried, within the tactics that the prover knows.
    """

    verdict: Verdict | None
    tactics: tuple[str, ...] = ()
    applications: int = 0
    exhausted: bool = False

    @property
    def proved(self) -> bool:
        """Whether the statement is proved."""
        return self.verdict is not None and self.verdict.proved

    @property
    def script(self) -> str:
        """The tactics, one a line."""
        return "\n".join(self.tactics)


class Node(NamedTuple):
    """A state of the search and the tactics that led there."""

    state: State
    tactics: tuple[str, ...]


class Prover(ABC):
    """Searches for a script.

    Args:
        tactics: The tactics to try in a state.
    """

    def __init__(self, tactics: Callable[[State], Iterable[str]] = legal_tactics) -> None:
        self.tactics = tactics

    def prove(self, environment: Environment, statement: Statement, budget: Budget | None = None) -> Result:
        """Search for a script and have the environment verify it."""
        spent = _Spent(environment, budget or Budget())
        start = environment.start(statement)
        if start.state is None:
            return Result(Verdict(False, "", start.message, start.outcome))
        verdict: Verdict | None = None
        for script in self.search(spent, start.state):
            verdict = environment.verify(statement, "\n".join(script))
            if verdict.proved:
                return Result(verdict, script, spent.applications)
        return Result(verdict, (), spent.applications, not spent.out())

    @abstractmethod
    def search(self, spent: _Spent, start: State) -> Iterator[tuple[str, ...]]:
        """Scripts that end with no goals, until the budget is spent or everything was tried."""


class _Spent:
    """The environment with a meter."""

    def __init__(self, environment: Environment, budget: Budget) -> None:
        self.environment, self.budget = environment, budget
        self.applications = 0
        self._out = False
        self._end = time.monotonic() + budget.seconds

    def out(self) -> bool:
        """Whether the search has had to leave something untried."""
        return self._out

    def expand(self, node: Node, tactics: Iterable[str]) -> tuple[list[Node], list[tuple[str, ...]]]:
        """Apply tactics to a state: the nodes that come, and the scripts that end it."""
        left = self.budget.applications - self.applications
        requests = [Request(node.state, tactic) for tactic in tactics]
        if len(requests) > left or time.monotonic() > self._end:
            self._out = True
            requests = requests[:left] if time.monotonic() <= self._end else []
        self.applications += len(requests)
        nodes, scripts = [], []
        for request, step in zip(requests, self.environment.apply_many(requests), strict=True):
            if step.outcome is Outcome.SOLVED:
                scripts.append((*node.tactics, request.tactic))
            elif step.state is not None:
                nodes.append(Node(step.state, (*node.tactics, request.tactic)))
        return nodes, scripts


class BreadthFirst(Prover):
    """Tries all scripts of one length before those of the next, each state once: finds a shortest one."""

    def search(self, spent: _Spent, start: State) -> Iterator[tuple[str, ...]]:
        """All scripts, shorter ones first."""
        layer = [Node(start, ())]
        seen = {spent.environment.key(start)}
        while layer and not spent.out():
            following = []
            for node in layer:
                nodes, scripts = spent.expand(node, self.tactics(node.state))
                yield from scripts
                for found in nodes:
                    key = spent.environment.key(found.state)
                    if key not in seen:
                        seen.add(key)
                        following.append(found)
                if spent.out():
                    return
            spent.environment.release(node.state for node in layer)
            layer = following


class BestFirst(Prover):
    """Goes on where the cost is lowest, each state once.

    Args:
        cost: Cost of a state reached by so many tactics; the default is the length of what is left to prove plus twice
            the number of tactics.
        tactics: The tactics to try in a state.
    """

    def __init__(
        self,
        cost: Callable[[State, int], float] | None = None,
        tactics: Callable[[State], Iterable[str]] = legal_tactics,
    ) -> None:
        super().__init__(tactics)
        self.cost = cost or size_and_length

    def search(self, spent: _Spent, start: State) -> Iterator[tuple[str, ...]]:
        """All scripts, cheap states first."""
        counter = 0  # makes ties first come, first served
        queue = [(0.0, counter, Node(start, ()))]
        seen = {spent.environment.key(start)}
        while queue and not spent.out():
            _, _, node = heapq.heappop(queue)
            nodes, scripts = spent.expand(node, self.tactics(node.state))
            yield from scripts
            for found in nodes:
                key = spent.environment.key(found.state)
                if key not in seen:
                    seen.add(key)
                    counter += 1
                    heapq.heappush(queue, (self.cost(found.state, len(found.tactics)), counter, found))
            spent.environment.release((node.state,))


class RandomWalk(Prover):
    """Applies random tactics, and starts again after so many or where none works.

    Args:
        seed: Seed.
        length: Tactics in one walk.
        tactics: The tactics to draw from.
    """

    def __init__(
        self, seed: int = 0, length: int = 30, tactics: Callable[[State], Iterable[str]] = legal_tactics
    ) -> None:
        super().__init__(tactics)
        self.seed, self.length = seed, length

    def search(self, spent: _Spent, start: State) -> Iterator[tuple[str, ...]]:
        """Scripts of random walks, forever."""
        random = Random(self.seed)
        while not spent.out():
            node = Node(start, ())
            for _ in range(self.length):
                tactics = list(self.tactics(node.state))
                random.shuffle(tactics)
                nodes: list[Node] = []
                for tactic in tactics:
                    nodes, scripts = spent.expand(node, (tactic,))
                    yield from scripts
                    if scripts or nodes or spent.out():
                        break
                if not nodes or spent.out():
                    break
                node = nodes[0]
            if not node.tactics and not spent.out():
                return  # no tactic works at the start


def size_and_length(state: State, length: int) -> float:
    """Connectives and atoms left to prove, and of hypotheses a tenth, plus twice the number of tactics."""
    if not isinstance(state, LogicState):
        return sum(len(goal.rpartition("⊢")[2].split()) for goal in state.goals) + 2.0 * length
    total = 2.0 * length
    for goal in state.open:
        total += goal.target.size
        total += 0.1 * sum(local.formula.size for local in goal.context if local.formula is not None)
    return total
