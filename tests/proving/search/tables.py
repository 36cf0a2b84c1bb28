"""Problems given by tables: what each tactic leaves, what a guide says; and a slow search to compare with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

from lean_ebm.proving.search import (
    Advice,
    AndOrBestFirst,
    Costs,
    GoalNode,
    OpenGoal,
    Search,
    SearchBudget,
    SearchGraph,
    run_searches,
)

Table = dict[str, dict[str, list[str] | None]]
"""The goals that each tactic of each goal leaves; None if it fails."""


class TableGoal(OpenGoal):
    """A goal of a table; the tactics that are applied are written into a log."""

    def __init__(self, table: Table, name: str, log: list[str]) -> None:
        self.table, self.name, self.log = table, name, log
        self.key = name

    @property
    def tactics(self) -> list[str]:
        return list(self.table[self.name])

    def after(self, tactic: str) -> list[OpenGoal] | None:
        self.log.append(f"{self.name}.{tactic}")
        left = self.table[self.name][tactic]
        return None if left is None else [TableGoal(self.table, name, self.log) for name in left]

    def sizes(self):
        raise NotImplementedError

    def listing(self):
        raise NotImplementedError


class TableGuide:
    """Says what a table says: the prior of each tactic of each goal, and the value of each goal.

    Args:
        priors: The priors by goal, in the order of its tactics. None: all equal.
        values: The value of each goal. None: it does not judge.
        cost: Evaluations for each goal.
    """

    def __init__(
        self,
        priors: dict[str, list[float]] | None = None,
        values: dict[str, float] | None = None,
        cost: int = 0,
    ) -> None:
        self.priors, self.values, self.cost = priors or {}, values, cost
        self.asked: list[list[str]] = []

    def advise(self, goals: Sequence[TableGoal]) -> list[Advice]:
        self.asked.append([goal.name for goal in goals])
        return [self.about(goal) for goal in goals]

    def about(self, goal: TableGoal) -> Advice:
        count = len(goal.tactics)
        priors = self.priors.get(goal.name, [1 / count] * count if count else [])
        value = None if self.values is None else self.values[goal.name]
        return Advice(goal.tactics, [math.log(prior) if prior else -math.inf for prior in priors], value, self.cost)


def begun(table: Table, budget: SearchBudget | None = None, root: str = "A") -> SearchGraph:
    return SearchGraph(TableGoal(table, root, []), Costs(budget or SearchBudget(1000)))


def run(
    table: Table, guide: TableGuide, search: Search | None = None, budget: SearchBudget | None = None
) -> tuple[SearchGraph, list[str]]:
    """Search for a proof of ``A``; returns the graph, and the tactics in the order in which they were applied."""
    graph = begun(table, budget)
    assert list(run_searches(search or AndOrBestFirst(), guide, [graph])) == [graph]
    return graph, graph.root.goal.log


def proof_of(node: GoalNode) -> list[str]:
    """The tactics of a proof, in the order in which main goals want them; fails if it goes in a circle."""
    assert node.proof is not None
    found, waiting = [], [(node, ())]
    while waiting:
        at, above = waiting.pop()
        assert at not in above
        found.append(f"{at.goal.name}.{at.proof.tactic}")
        waiting.extend((goal, (*above, at)) for goal in reversed(at.proof.goals))
    return found


def random_table(random: Random, goals: int = 10) -> tuple[Table, TableGuide]:
    """A problem in which goals occur below themselves, and a guide with random priors and values."""
    names = [chr(ord("A") + index) for index in range(goals)]
    table, priors, values = {}, {}, {}
    for name in names:
        table[name] = {}
        for tactic in "tuvw"[: random.randint(1, 4)]:
            left = [random.choice(names) for _ in range(random.choice([1, 2, 2, 3]))]
            table[name][tactic] = random.choice([None, left, left, left, *([[], []] if name > "D" else [])])
        weights = [random.random() for _ in table[name]]
        priors[name] = [weight / sum(weights) for weight in weights]
        values[name] = random.uniform(1, 9)
    return table, TableGuide(priors, values)


def slow_search(table: Table, guide: TableGuide) -> list[str]:
    """The rule of :class:`AndOrBestFirst` word by word, with all estimates computed anew before each tactic."""
    ranked, tried = {}, {name: [] for name in table}
    for name in table:
        advice = guide.about(TableGoal(table, name, []))
        pairs = zip(advice.log_priors, advice.tactics, strict=True)
        ranked[name] = [(tactic, -prior) for prior, tactic in sorted(pairs, key=lambda pair: -pair[0])]
    log: list[str] = []
    while True:
        estimate = dict.fromkeys(table, math.inf)
        choice: dict[str, list[str] | None] = dict.fromkeys(table)
        proved: set[str] = set()
        for _ in range(len(table) + 1):  # what is proved first, which counts 0
            for name in table:
                proved |= {name} if any(left is not None and set(left) <= proved for left in tried[name]) else set()
        changed = True
        while changed:
            changed = False
            for name in table:
                rest = ranked[name][len(tried[name]) :]
                options = [(guide.values[name] + 3 * rest[0][1], None)] if rest else []
                for left in tried[name]:
                    if left is not None:
                        options.append((0.5 + sum(estimate[goal] for goal in left if goal not in proved), left))
                best = (0.0, None) if name in proved else min(options, key=lambda o: o[0], default=(math.inf, None))
                if best[0] < estimate[name]:
                    estimate[name], choice[name] = best
                    changed = True
        if "A" in proved or estimate["A"] == math.inf:
            return log
        name = "A"
        while choice[name] is not None:
            name = max([goal for goal in choice[name] if goal not in proved], key=estimate.__getitem__)
        tactic = ranked[name][len(tried[name])][0]
        tried[name].append(table[name][tactic])
        log.append(f"{name}.{tactic}")
