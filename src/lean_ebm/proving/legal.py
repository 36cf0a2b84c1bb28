"""The tactics worth trying in a state: what every prover here, learned or not, chooses from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from lean_ebm.proving.environment import State
from lean_ebm.proving.logic.formulas import FALSE, INDIVIDUALS, PROPOSITIONS, Kind, Node
from lean_ebm.proving.logic.goals import Goal, displayed
from lean_ebm.proving.logic.logic import LogicState
from lean_ebm.proving.logic.syntax import SyntaxProblem, Tree, parse_term


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


def _applies(formula: Node, target: Node) -> bool:
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
