"""Views of goals: the parts that a search needs, without the environment's own data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from lean_ebm.proving.lexer import SyntaxProblem
from lean_ebm.proving.parser import Tree, parse_term


class Hypothesis(NamedTuple):
    """A hypothesis of a goal.

    Args:
        name: Its name.
        head: Outermost connective of its formula, as in :class:`GoalView`.
        text: A text of its formula; equal texts mean equal formulas.
        after: A text of its formula's conclusion if it is an implication; empty if that is not known.
        applies: False if ``apply`` with this hypothesis is known to fail.
        sort: The type over which its outermost quantifier is, as in :class:`Individual`; empty if there is none or it
            is not known.
    """

    name: str
    head: str
    text: str
    after: str = ""
    applies: bool = True
    sort: str = ""


class Individual(NamedTuple):
    """An individual that a quantifier may range over.

    Args:
        name: Its name.
        sort: A text of its type: equal texts, also of hypotheses and the target of the same goal, mean equal types;
            ``Prop`` for propositions.
    """

    name: str
    sort: str


@dataclass(frozen=True)
class GoalView:
    """A goal in parts.

    Args:
        head: Outermost connective of the target: ``and or iff not implies all exists True False atom``; ``data`` if the
            goal asks for an individual or a proposition.
        text: A text of the target; equal texts, also of hypotheses of this goal, mean equal formulas.
        hypotheses: The hypotheses that tactics can name.
        individuals: The individuals and propositions that tactics can name.
        names: All names in the context.
        sort: The type for which the goal asks, or over which its outermost quantifier is, as in :class:`Individual`;
            empty if there is none or it is not known.
    """

    head: str
    text: str
    hypotheses: tuple[Hypothesis, ...]
    individuals: tuple[Individual, ...]
    names: frozenset[str]
    sort: str = ""

    def of_sort(self, sort: str) -> list[str]:
        """List the names of the individuals of a type; of all individuals if the type is not known (empty)."""
        return [name for name, its in self.individuals if (its == sort if sort else its != "Prop")]


_ENTRY = re.compile(r"^((?:(?!: )\S+ )+): (.*)$", re.DOTALL)
_PREFIX = {"And": "and", "Or": "or", "Iff": "iff", "Not": "not", "Exists": "exists"}


def view_of(goal: str) -> GoalView:
    """Take apart a goal that Lean printed."""
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
            elif text in types or text == "Prop":
                individuals.append(Individual(name, text))
            else:
                hypotheses.append(Hypothesis(name, head_of(text), text, sort=_sort_of(text)))
    data = target in types or target == "Prop"
    sort = target if data else _sort_of(target)
    head = "data" if data else head_of(target)
    return GoalView(head, target, tuple(hypotheses), tuple(individuals), frozenset(names), sort)


_DAGGER = re.compile(r"✝[⁰¹²³⁴⁵⁶⁷⁸⁹]*")
_BINDER = re.compile(r"[∀∃] \((?:[^\s:()]+ )+: ([^\s()]+)\)")


def _sort_of(text: str) -> str:
    """The type over which the outermost quantifier is, in a formula that Lean printed; empty if it does not say."""
    match = _BINDER.match(text)
    return match[1] if match is not None else ""


def head_of(text: str) -> str:
    """Find the outermost connective of a formula that Lean printed with or without notation."""
    try:
        tree: Tree = parse_term(_DAGGER.sub("", text))
    except SyntaxProblem:
        return "atom"
    head = tree[1] if tree[0] == "app" else tree
    if head[0] == "name":
        return head[1] if head[1] in ("True", "False") else _PREFIX.get(head[1], "atom")
    return str(tree[0]) if tree[0] in ("and", "or", "iff", "not", "implies", "all", "exists") else "atom"
