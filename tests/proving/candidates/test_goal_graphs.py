"""Goals as plain integers: nothing in them has a name or an order, and nothing that matters is lost."""
# ruff: noqa: RUF001 - the letters of Lean

from collections import Counter
from itertools import islice
from random import Random

import pytest

from lean_ebm.proving.candidates import (
    KINDS,
    NONE,
    ListedGoal,
    NodeKind,
    Template,
    listed_goal,
)
from lean_ebm.proving.candidates.invariants import colors, invariant
from lean_ebm.proving.logic import Logic
from lean_ebm.proving.logic.goals import Goal, Local
from lean_ebm.proving.logic.numbering import with_numbers
from lean_ebm.proving.statements import Statement
from proving.candidates.wide import statements, walk


def graph(text):
    return listed_goal(Logic().start(Statement.of(text)).state).listing().graph


def shown(text):
    """The kinds of nodes by name, and their parts."""
    made = graph(text)
    names = [NodeKind(kind).name if kind <= NodeKind.BOUND else f"BOUND+{kind - 15}" for kind in made.kinds]
    return [
        (name, *[part for part in parts if part != NONE])
        for name, *parts in zip(names, made.first, made.second, strict=True)
    ], made.hypotheses, made.target  # fmt: skip


def test_shared_parts_are_there_once():
    assert shown("(p q : Prop) (h : p ∧ q) : ¬p → (p ∧ q ↔ False)") == (
        [("ATOM",), ("ATOM",), ("AND", 0, 1), ("NOT", 0), ("FALSE",), ("IFF", 2, 4), ("IMPLIES", 3, 5)], [2], 6,
    )  # fmt: skip
    assert graph("(p q : Prop) : p ∧ q → ¬p").levels == [0, 0, 1, 1, 2]
    assert graph("(p : Prop) (h : p → False) : False") == graph("(p : Prop) (h : ¬p) : False")


def test_predicates_take_their_arguments_one_by_one():
    assert shown("(α : Type) (R : α → α → Prop) (f : α → α) (a : α) (h : R a (f a)) : ∃ x, R a x") == (
        [
            ("INDIVIDUAL",), ("SYMBOL",), ("APPLY", 1, 0), ("SYMBOL",), ("APPLY", 3, 0), ("APPLY", 4, 2),
            ("BOUND",), ("APPLY", 4, 6), ("TYPE",), ("EXISTS", 8, 7),
        ],
        [5], 9,
    )  # fmt: skip
    deep = "∀ a b c d e f g h i j : α, " + " ∧ ".join(f"P {name}" for name in "abcdefghij")
    kinds = Counter(graph(f"(α : Type) (P : α → Prop) : {deep}").kinds)
    last = KINDS["logic"] - 1
    assert max(kinds) == last and kinds[last] == 1 + 2  # the outermost three have the last kind
    assert ("PROPOSITIONS",) in shown("∀ p : Prop, p → p")[0]


def test_pointers_point_to_what_the_tactic_is_about():
    state = Logic().start(Statement.of("(p q r : Prop) (h : p → q) (k : p) : q ∧ r")).state
    goal = listed_goal(state)
    listing, texts = goal.listing(), goal.texts()
    nodes = listing.graph
    at = texts.index("specialize h k")
    assert listing.templates[at] == Template.FORWARD
    assert (listing.first[at], listing.second[at]) == tuple(nodes.hypotheses)
    at = texts.index("have h1 : r := ?_")
    assert nodes.kinds[listing.first[at]] == NodeKind.ATOM and listing.first[at] == nodes.second[nodes.target]
    assert listing.second[at] == NONE
    at = texts.index("constructor")
    assert (listing.first[at], listing.second[at]) == (NONE, NONE)


def renamed(random, goal, shuffled):
    """The same goal with other numbers and names, and with its hypotheses in another order."""
    symbols = [local for local in goal.context if local.formula is None]
    numbers = {local.number: 1000 - local.number for local in symbols}
    entries = []
    for local in symbols:
        arguments, result = local.sort
        sort = tuple(numbers[part] for part in arguments), numbers.get(result, result)
        entries.append(Local(numbers[local.number], f"s{local.number}", True, local.what, None, sort, local.text))
    if shuffled:
        random.shuffle(entries)  # a context may be in any order here, since nothing depends on it
    hypotheses = [local for local in goal.context if local.formula is not None]
    if shuffled:
        random.shuffle(hypotheses)
    for index, local in enumerate(hypotheses):
        formula = with_numbers(local.formula, numbers)
        entries.append(Local(2000 + index, f"k{index}", True, local.what, formula))
    return Goal(goal.number, tuple(entries), with_numbers(goal.target, numbers), "", 3000)


def test_renaming_leaves_the_integers_as_they_are():
    random, compared = Random(0), 0
    for statement in islice(statements(random), 60):
        for state, goal, _ in walk(random, statement, 5):
            other = ListedGoal(renamed(random, state.open[0], shuffled=False))
            assert other.listing() == goal.listing()
            compared += 1
    assert compared > 150


def described(listing):
    """A listing without the order of nodes, hypotheses and tactics."""
    graph = listing.graph
    color = [*colors(graph), None]
    tactics = zip(listing.templates, listing.first, listing.second, strict=True)
    return (
        Counter(color[:-1]),
        Counter(zip(graph.kinds, graph.levels, strict=True)),
        Counter(color[node] for node in graph.hypotheses),
        color[graph.target],
        Counter((form, color[first], color[second]) for form, first, second in tactics),
    )


def test_reordering_only_reorders_the_integers():
    random, moved = Random(1), 0
    for statement in islice(statements(random), 60):
        for state, goal, _ in walk(random, statement, 6):
            other = ListedGoal(renamed(random, state.open[0], shuffled=True))
            assert described(other.listing()) == described(goal.listing())
            assert invariant(other.listing().graph) == invariant(goal.listing().graph)
            moved += other.listing() != goal.listing()
    assert moved > 25


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("(p q : Prop) (h : p) (k : q) : p", "(p q r : Prop) (h : p) (k : q) : r"),
        ("(p q : Prop) (h : p → q) : p", "(p q : Prop) (h : p → q) : q"),
        ("(p q : Prop) (h : p → q) (k : q) : p", "(p q : Prop) (h : p → q) (k : p) : q"),
        ("(p q r s : Prop) (h : p → q) (k : r → s) : p ∧ s", "(p q r s : Prop) (h : p → q) (k : r → s) : p ∧ q"),
        ("(p q : Prop) (h : p) : q", "(p q : Prop) (h : p) (k : p) : q → p"),
        ("(α : Type) (P Q : α → Prop) (a : α) : P a → Q a", "(α : Type) (P : α → Prop) (a b : α) : P a → P b"),
        (
            "(α : Type) (R : α → α → Prop) : ∀ x y, R x y → R y x",
            "(α : Type) (R : α → α → Prop) : ∀ x y, R x y → R x y",
        ),
        ("(α β : Type) (p : Prop) : (∀ x : α, p) → ∀ x : β, p", "(α : Type) (p : Prop) : (∀ x : α, p) → ∀ x : α, p"),
    ],
)
def test_what_differs_has_another_number(one, other):
    assert invariant(graph(one)) != invariant(graph(other))


def test_hardly_any_two_states_share_a_number():
    """Goals that are printed alike have the same number, and there are as many numbers as printed goals, or nearly."""
    random, numbers = Random(2), {}
    for statement in islice(statements(random), 150):
        for state, goal, _ in walk(random, statement, 4):
            printed = "\n".join(sorted(state.goals[0].splitlines()))
            number = invariant(goal.listing().graph)
            assert numbers.setdefault(printed, number) == number
    assert len(set(numbers.values())) > 0.8 * len(numbers) > 250  # some differ only in names
