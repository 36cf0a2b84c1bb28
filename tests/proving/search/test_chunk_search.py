"""Searches with chunks of tactics: what a chunk leaves, what it costs, and that found proofs are scripts."""
# ruff: noqa: RUF001 - the letters of Lean

import math
from random import Random

import pytest

from lean_ebm.cli.guidance import explanation
from lean_ebm.proving.candidates import Candidate, Chunk, ChunkSpace, Template, sequent_of
from lean_ebm.proving.logic import Logic
from lean_ebm.proving.logic.logic import root
from lean_ebm.proving.search import SEARCHES, Advice, GuidedProver, SearchBudget, SequentGoal
from lean_ebm.proving.statements import Statement
from lean_ebm.proving.steps.explore import Exploration

INTRO, SPLIT, LEFT = (Candidate(template) for template in (Template.INTRO, Template.CONSTRUCTOR, Template.LEFT))
STATEMENTS = [
    Statement.of(text)
    for text in (
        "(p q : Prop) : p ∧ q → q ∧ p",
        "(p q r : Prop) : (p ∧ q → r) ↔ (p → q → r)",
        "(p q r s : Prop) (h : p ∨ q ∨ r) (g : ¬q) (k : r → s) : p ∨ s",
        "(α : Type) (P Q : α → Prop) : (∃ x, P x ∧ Q x) → (∃ x, P x) ∧ ∃ x, Q x",
    )
]
ALL = pytest.mark.parametrize("search", [make() for make in SEARCHES.values()], ids=list(SEARCHES))


def goal_of(text):
    return SequentGoal(sequent_of(root(Statement.of(text))))


def test_each_tactic_of_a_chunk_is_tried_in_the_first_goal_that_is_open():
    goal = goal_of("(p q r : Prop) (h : p) (g : q) : (p ∧ q) ∧ (r → r)")
    p, q = goal.sequent.hypotheses
    exact = Candidate(Template.EXACT, p)
    whole = goal.attempt(Chunk((SPLIT, SPLIT, exact)), 3)
    assert whole.applications == 3 and whole.tactic == Chunk((SPLIT, SPLIT, exact))
    first, second = whole.goals
    assert first.sequent.target is q and second.sequent.target is goal.sequent.target.b
    broken = goal.attempt(Chunk((SPLIT, SPLIT, INTRO)), 3)  # intro is for the second goal, which is not the first
    assert broken.applications == 3 and broken.tactic == Chunk((SPLIT, SPLIT)) and len(broken.goals) == 3
    sooner = goal.attempt(Chunk((SPLIT, LEFT, SPLIT)), 3)
    assert sooner.applications == 2 and sooner.tactic == Chunk((SPLIT,)) and len(sooner.goals) == 2
    assert goal.attempt(Chunk((LEFT, SPLIT, SPLIT)), 3) == (None, 1, Chunk(()))
    for most in (1, 2):  # the budget
        cut = goal.attempt(Chunk((SPLIT, SPLIT, exact)), most)
        assert cut.applications == most and len(cut.tactic.tactics) == most
    assert goal.attempt(SPLIT, 1).tactic == SPLIT and len(goal.attempt(SPLIT, 1).goals) == 2
    with pytest.raises(ValueError, match="without tactics"):
        goal.attempt(Chunk(()), 3)


def test_what_comes_after_the_last_goal_costs_nothing():
    goal = goal_of("(p : Prop) (h : p) : p")
    exact = Candidate(Template.EXACT, goal.sequent.target)
    attempt = goal.attempt(Chunk((exact, INTRO, INTRO)), 3)
    assert attempt == ([], 1, Chunk((exact,)))
    goal = goal_of("(p q : Prop) (h : p ∧ q) : q")
    assert len(goal.attempt(Chunk((Candidate(Template.CASES, goal.sequent.hypotheses[0]),)), 3).goals) == 1


class Prover:
    """Advises the first tactics of a shortest proof as a chunk, as far as the goal's space has them."""

    def advise(self, goals):
        found = []
        for goal in goals:
            search = Exploration()
            node = search.node(goal.sequent)
            left, tactics = [node] if search.solve(node, 100) else [], []
            while left and len(tactics) < 3:
                node, *others = left
                search.expand(node)
                best = min(range(len(node.goals)), key=lambda i: sum([at.found for at in node.goals[i]]))
                tactics.append(node.candidates[best])
                left = [*node.goals[best][::-1], *others]
            chunks = [Chunk(tuple(tactics or [LEFT])), Chunk((INTRO, LEFT, LEFT))]
            found.append(Advice(chunks, [math.log(0.9), math.log(0.1)]))
        return found


class RandomChunks:
    """Advises random chunks."""

    def advise(self, goals):
        found = []
        for goal in goals:
            random, space = Random(str(sorted(map(repr, goal.tactics)))), ChunkSpace(goal.sequent)
            chunks = [
                space.chunk([random.randrange(space.listed), *random.choices(range(space.done + 1), k=2)])
                for _ in range(30 if space.listed else 0)
            ]
            chunks = list(dict.fromkeys(chunks))
            found.append(Advice(chunks, [-math.log(len(chunks) or 1)] * len(chunks), 1.0))
        return found


@ALL
def test_a_proof_of_chunks_is_written_as_the_tactics_that_were_applied(search):
    logic = Logic()
    for statement in STATEMENTS:
        result = GuidedProver(Prover(), search).prove(logic, statement, SearchBudget(60))
        assert result.proved and logic.verify(statement, "\n".join(result.tactics)).proved
        assert len(result.tactics) == sum([len(step.tactics) for step in result.steps]) > len(result.steps)
        assert all(text and "\n" not in text for text in result.tactics)
    shown = explanation(result.steps)
    assert "; " in shown and "..." in shown  # a chunk that cannot be run as a whole


@ALL
def test_a_budget_is_never_overshot(search):
    for statement in STATEMENTS:
        spent = set()
        for most in range(1, 12):
            result = GuidedProver(RandomChunks(), search).prove(Logic(), statement, SearchBudget(most))
            assert result.applications <= most
            spent.add(result.applications)
            assert result.proved or result.exhausted or result.applications == most
        assert len(spent) > 3


def test_chunks_that_leave_the_same_goals_are_the_same_edge():
    class Alike:
        """Chunks that break after the same first tactic."""

        def advise(self, goals):
            chunks = [Chunk((INTRO, INTRO, INTRO)), Chunk((INTRO, SPLIT, SPLIT)), Chunk((INTRO,))]
            return [Advice(chunks, [math.log(1 / 3)] * 3) for _ in goals]

    result = GuidedProver(Alike()).prove(Logic(), Statement.of("(p q : Prop) : p → q ∨ p"), SearchBudget(50))
    node = result.graph.root
    assert node.spent == [2, 2, 1] and result.exhausted
    assert len({id(tried) for tried in node.tried}) == 1 and node.tried[0].applied == Chunk((INTRO,))
    assert result.graph.nodes[node.tried[0].goals[0].goal.key].tried == [None] * 3
