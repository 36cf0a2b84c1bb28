"""Every proof of the decision procedure, and of the generator of theorems, is a path within the wide set of tactics."""

from itertools import islice
from random import Random

import pytest

from lean_ebm.proving.candidates import candidates, sequent_of
from lean_ebm.proving.candidates.writing import Writer
from lean_ebm.proving.logic import Logic
from lean_ebm.proving.logic.decide import prove
from lean_ebm.proving.logic.logic import root
from lean_ebm.proving.logic.numbering import with_numbers
from lean_ebm.proving.theorems.families import FAMILIES
from lean_ebm.proving.theorems.renaming import renamed, renumbered
from lean_ebm.proving.theorems.signature import Signature
from lean_ebm.proving.theorems.terms import random_theorem
from lean_ebm.proving.theorems.uniform import uniform_formula
from proving.candidates.paths import Tree, path


def replay(statement, tree):
    """Check that each tactic is listed, run its text, and have the kernel check the script; returns its length."""
    logic = Logic()
    state, script = logic.start(statement).state, []
    left: list[tuple[Tree, dict[int, int]]] = [(tree, {})]  # with the numbers that individuals have in the state
    while left:
        at, numbers = left.pop()
        assert at.candidate in candidates(at.sequent)
        goal = state.open[0]
        pointers = [None if part is None else with_numbers(part, numbers) for part in at.candidate[1:]]
        script.append(Writer(goal).text(at.candidate._replace(first=pointers[0], second=pointers[1])))
        step = logic.apply(state, script[-1])
        assert step.state is not None, (script[-1], step.message)
        before = {local.number for local in goal.context}
        for made, branch in reversed(list(zip(step.state.open, at.branches, strict=False))):
            inner = dict(numbers)
            if branch.sequent.fresh > at.sequent.fresh:
                inner[at.sequent.fresh] = next(
                    local.number for local in made.context if local.formula is None and local.number not in before
                )
            left.append((branch, inner))
        state = step.state
    verdict = logic.verify(statement, "\n".join(script))
    assert verdict.proved, verdict.message
    return len(script)


def decided(formulas, signature):
    """Statements of provable formulas with the proofs of the decision procedure."""
    for formula in formulas:
        statement, _ = renamed(formula, signature)
        proof = prove(root(statement).target)
        if proof is not None:
            yield statement, proof


def terms(random, first_order):
    signature = Signature(3, first_order=first_order)
    while True:
        made = random_theorem(random, signature, random.randrange(2, 13))
        if made is not None:
            statement, numbers = renamed(made[0], signature, made[1])
            yield statement, renumbered(made[1], numbers)


def uniform(random):
    while True:
        yield uniform_formula(random, random.choice((8, 16, 32)))


def formulas(random):
    while True:
        yield Signature(4).formula(random, random.randrange(3, 25))


RANDOM = {
    "uniform": lambda random: decided(uniform(random), Signature(5)),
    "formula": lambda random: decided(formulas(random), Signature(4)),
    "term": lambda random: terms(random, False),
    "first order": lambda random: terms(random, True),
}


@pytest.mark.parametrize("kind", RANDOM)
def test_random_theorems(kind):
    random = Random(f"closure {kind}")
    lengths = [replay(statement, path(sequent_of(root(statement)), proof))
               for statement, proof in islice(RANDOM[kind](random), 120)]  # fmt: skip
    assert sum(length >= 5 for length in lengths) > 20


@pytest.mark.parametrize("name", [family.name for family in FAMILIES.values() if family.provable])
def test_families(name):
    for size in (2,) if name == "de_bruijn" else (2, 3):
        statement = FAMILIES[name].statement(size)
        goal = root(statement)
        assert replay(statement, path(sequent_of(goal), prove(goal.target))) >= 5
