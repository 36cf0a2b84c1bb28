"""The space of chunks: its slots have all that later goals may list, and numbers name chunks."""

from random import Random

import pytest

from lean_ebm.proving.candidates import DONE, NONE, Candidate, Chunk, ChunkSpace, Template, candidates, goals_after
from lean_ebm.proving.candidates.invariants import invariant
from lean_ebm.proving.candidates.sequents import Sequent, sequent_of
from lean_ebm.proving.logic.formulas import FALSE, TRUE, implication
from lean_ebm.proving.logic.logic import root
from lean_ebm.proving.statements import Statement
from lean_ebm.proving.theorems.signature import Signature


def sequent(text):
    return sequent_of(root(Statement.of(text)))


def later(random, at):
    """A goal that a random tactic leaves, or the same one."""
    tactics = candidates(at)
    return random.choice([*goals_after(at, random.choice(tactics)), at]) if tactics else at


def test_two_tactics_on_everything_that_a_goal_lists_is_in_its_slots():
    """Random tactics of random propositional goals; equivalences too, whose halves are no parts of the goal."""
    random, seen, beyond = Random(0), 0, 0
    others = {Candidate(Template.EXACT, TRUE), Candidate(Template.EXACT, FALSE)}  # constructor and cases do the same
    for _ in range(150):
        at = Sequent((), Signature(4).formula(random, random.randint(4, 14)).key)
        for _ in range(random.randint(0, 3)):
            at = later(random, at)
        space = ChunkSpace(at)
        assert space.tactics[: space.listed] == candidates(at)
        assert len(set(space.tactics)) == len(space.tactics) == space.done
        known = set(space.tactics)
        for _ in range(10):
            after = at
            for _ in range(2):
                after = later(random, after)
            assert set(candidates(after)) <= known | others
            seen += len(candidates(after))
            beyond += len(set(candidates(after)) - set(candidates(at)))
    assert seen > 4000 and beyond > 500


def test_the_slots_of_a_small_goal():
    goal = sequent("(p q : Prop) (h : p ↔ q) (n : ¬p) : q")
    p, q = goal.hypotheses[0].a, goal.hypotheses[0].b
    space = ChunkSpace(goal)
    later = {candidate for candidate in space.tactics if candidate.template not in (Template.CUT, Template.EXACT)}
    assert later == {
        *[Candidate(Template(number)) for number in range(5)],
        Candidate(Template.CASES, goal.hypotheses[0]),
        Candidate(Template.CASES, FALSE),
        *[Candidate(Template.APPLY, f) for f in (implication(p, q), implication(q, p), implication(p, FALSE))],
        *[Candidate(Template.REPLACE, f) for f in (implication(p, q), implication(q, p))],
        Candidate(Template.FORWARD, implication(p, q), p),
        Candidate(Template.FORWARD, implication(q, p), q),
        Candidate(Template.ABSURD, implication(p, FALSE)),
        Candidate(Template.CONTRADICTION, implication(p, FALSE), p),
    }
    assert space.size == space.listed * (len(space.tactics) + 1) ** 2


def test_numbers_name_chunks():
    space = ChunkSpace(sequent("(p q : Prop) (h : p ∧ q) : q ∧ p"))
    one, other = space.tactics[1], space.tactics[-1]
    assert space.numbers(Chunk((one, other, one))) == (1, space.done - 1, 1)
    assert space.numbers(Chunk((one,))) == (1, space.done, space.done)
    assert space.numbers(Chunk((Candidate(Template.RIGHT),))) is None  # of a disjunction, so it is not listed
    assert space.numbers(Chunk((one, Candidate(Template.WITNESS, other.first)))) is None
    assert space.chunk([1, space.done, 0]) == Chunk((one,))  # what comes after the end is nothing
    for numbers in ([0, 3, 5], [1, 2, space.done], [0, space.done, space.done]):
        assert space.numbers(space.chunk(numbers)) == tuple(numbers)
    for wrong in (-1, space.listed, space.done):
        with pytest.raises(IndexError, match="is not a listed tactic"):
            space.chunk([wrong, 0, 0])


def test_the_listing_has_a_node_for_each_pointer_and_ends_with_done():
    goal = sequent("(p q : Prop) (h : p ↔ q) : q → p")
    space = ChunkSpace(goal)
    graph, templates, first, second = space.listing
    assert len(templates) == len(first) == len(second) == space.done + 1
    assert (templates[-1], first[-1], second[-1]) == (DONE, NONE, NONE)
    for (template, one, two), *integers in zip(space.tactics, templates, first, second, strict=False):
        assert integers[0] == template
        assert [pointer is None for pointer in (one, two)] == [node == NONE for node in integers[1:]]
    assert max(first) < len(graph.kinds)
    renamed = ChunkSpace(sequent("(b a : Prop) (k : b ↔ a) : a → b")).listing
    assert renamed == space.listing and invariant(renamed.graph) == invariant(graph)
