"""Random theorems and formulas for tests of the wide set of tactics, and walks through their states."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from lean_ebm.proving.candidates import ListedGoal, Template
from lean_ebm.proving.logic import Logic, LogicState
from lean_ebm.proving.statements import Statement
from lean_ebm.proving.theorems.renaming import renamed
from lean_ebm.proving.theorems.signature import Signature
from lean_ebm.proving.theorems.terms import random_theorem
from lean_ebm.proving.theorems.uniform import uniform_formula


def statements(random: Random) -> Iterator[Statement]:
    """Statements of all kinds, provable ones and others, without end."""
    while True:
        signature = Signature(4, first_order=random.random() < 0.5)
        made = random_theorem(random, signature, random.randrange(3, 14))
        if made is not None:
            yield renamed(made[0], signature)[0]
        yield renamed(signature.formula(random, random.randrange(3, 20)), signature)[0]
        yield renamed(uniform_formula(random, 12), Signature(5))[0]


def walk(random: Random, statement: Statement, length: int) -> Iterator[tuple[LogicState, ListedGoal, int]]:
    """Random tactics of the wide set, each form as likely as the others: the state, its main goal and the tactic."""
    logic = Logic()
    state = logic.start(statement).state
    for _ in range(length):
        assert isinstance(state, LogicState)
        goal = ListedGoal(state.open[0])
        if not goal.candidates:
            return
        by_form: dict[Template, list[int]] = {}
        for index, candidate in enumerate(goal.candidates):
            by_form.setdefault(candidate.template, []).append(index)
        index = random.choice(by_form[random.choice(list(by_form))])
        yield state, goal, index
        state = logic.apply(state, goal.text(index)).state
        assert isinstance(state, LogicState), goal.text(index)
        if not state.open:
            return
