"""The search for shortest proofs finds them, and what it says of other tactics and of dead ends is true."""

import math
from itertools import islice
from random import Random

import pytest

from lean_ebm.proving.candidates import Candidate, ListedGoal, Sequent, Template, candidates, goals_after
from lean_ebm.proving.logic import Logic
from lean_ebm.proving.logic.decide import prove
from lean_ebm.proving.logic.formulas import FALSE, TRUE, atom, conjunction, disjunction, implication
from lean_ebm.proving.logic.numbering import with_numbers
from lean_ebm.proving.steps.countermodels import Countermodels
from lean_ebm.proving.steps.explore import Exploration, Node, _update
from lean_ebm.proving.steps.sampling import DEAD, UNKNOWN, Thoroughness, sample_states
from lean_ebm.proving.steps.sources import KINDS, draw
from lean_ebm.proving.steps.theory import Bounds
from lean_ebm.proving.theorems.uniform import uniform_formula

P, Q = atom(1), atom(2)


def drawn(random, kind, connectives=(6, 16)):
    while True:
        found = draw(random, kind, connectives)
        if found is not None:
            yield found


def provable(sequent):
    return prove(sequent.target, dict(enumerate(sequent.hypotheses))) is not None


def test_what_a_model_refutes_has_no_proof():
    """The decision procedure proves nothing that a model refutes; of what it does not prove, models refute most."""
    random, refuted, missed = Random(0), 0, 0
    for _ in range(60):
        models = Countermodels()
        root = Sequent((), uniform_formula(random, 10).key)
        for sequent in [root, *[goal for tactic in candidates(root) for goal in goals_after(root, tactic)]]:
            if models.refutes(sequent):
                assert not provable(sequent)
                refuted += 1
            else:
                missed += not provable(sequent)
    assert refuted > 500 and missed < 5


@pytest.mark.parametrize(
    ("text", "has_proof"),
    [
        ("(∀ x, P x → Q x) → (∃ x, P x) → ∃ x, Q x", True),
        ("(∃ x, P x) → (∃ x, Q x) → ∃ x, P x ∧ Q x", False),
        ("(∀ x, ∃ y, R x y) → ∃ y, ∀ x, R x y", False),
        ("(∃ y, ∀ x, R x y) → ∀ x, ∃ y, R x y", True),
        ("(∀ x, P x → P (f x)) → P a → P (f (f a))", True),
        ("(∀ x, P x → P (f x)) → P (f a) → P a", False),
        ("¬(∀ x, ¬P x) → ∃ x, P x", False),
        ("(∀ p : Prop, p ∨ ¬p) → q ∨ ¬q", True),
        ("∀ p : Prop, p ∨ ¬p", False),
        ("∃ p : Prop, ∀ q : Prop, p → q", True),
    ],
)
def test_models_refute_formulas_with_quantifiers(text, has_proof):
    from lean_ebm.proving.candidates import sequent_of
    from lean_ebm.proving.logic.logic import root
    from lean_ebm.proving.search import read_statement

    assert Countermodels().refutes(sequent_of(root(read_statement(text)))) != has_proof


def test_peirce_needs_a_model_with_two_worlds():
    peirce = implication(implication(implication(P, Q), P), P)
    excluded = disjunction(P, implication(P, FALSE))
    weak = disjunction(implication(P, FALSE), implication(implication(P, FALSE), FALSE))
    models = Countermodels()
    assert all(models.refutes(Sequent((), formula)) for formula in (peirce, excluded, weak))
    assert not models.refutes(Sequent((), implication(implication(excluded, FALSE), FALSE)))


def shortest(theorem, most=500):
    """The length of the shortest proof by value iteration over all states that can be reached; None if too many."""
    left, table = [theorem], {}
    while left:
        sequent = left.pop()
        if sequent.key not in table:
            table[sequent.key] = [goals_after(sequent, tactic) for tactic in candidates(sequent)]
            left += [goal for goals in table[sequent.key] for goal in goals]
            if len(table) > most:
                return None
    value = dict.fromkeys(table, math.inf)
    changed = True
    while changed:
        changed = False
        for key, tactics in table.items():
            new = min((1 + sum(value[goal.key] for goal in goals) for goals in tactics), default=math.inf)
            changed |= new < value[key]
            value[key] = new
    return value[theorem.key]


def test_shortest_proofs_are_shortest():
    random, compared = Random(1), []
    for _ in range(100):
        theorem = Sequent((), uniform_formula(random, 4, propositions=3).key)
        truth = shortest(theorem)
        if truth is None:
            continue
        search = Exploration()
        node = search.node(theorem)
        found = search.solve(node, 300)
        assert found == (truth < math.inf)
        if found:
            assert node.found == node.low == truth
            compared.append(truth)
    assert len(compared) > 15 and max(compared) >= 5


def script_of(search, goal, sequent, logic, state, numbers):
    """Apply the best tactics by their texts to the main goal of a state, and to all that it leaves."""
    node = search.node(sequent)
    search.expand(node)
    index = min(range(len(node.goals)), key=lambda i: sum(made.found for made in node.goals[i]))
    tactic = node.candidates[index]
    pointers = [None if part is None else with_numbers(part, numbers) for part in tactic[1:]]
    concrete = tactic._replace(first=pointers[0], second=pointers[1])
    text = goal.text(goal.candidates.index(concrete))
    before = {local.number for local in state.open[0].context}
    state = logic.apply(state, text).state
    script = [text]
    for made in goals_after(sequent, tactic):
        inner = dict(numbers)
        if made.fresh > sequent.fresh:
            inner[sequent.fresh] = next(
                local.number for local in state.open[0].context if local.formula is None and local.number not in before
            )
        lines, state = script_of(search, ListedGoal(state.open[0]), made, logic, state, inner)
        script += lines
    return script, state


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "families"])
def test_what_is_found_is_a_proof_of_that_length(kind):
    """The texts of the tactics that were found are a script of as many lines, and the kernel checks it."""
    random, logic, lengths = Random(2), Logic(), []
    for found in islice(drawn(random, kind), 25):
        search = Exploration()
        node = search.node(found.goal)
        if not search.solve(node, 100):
            continue
        state = logic.start(found.statement).state
        goal = ListedGoal(state.open[0])
        script, state = script_of(search, goal, found.goal, logic, state, {})
        assert not state.open and len(script) == node.found
        assert logic.verify(found.statement, "\n".join(script)).proved
        lengths.append(len(script))
    assert len(lengths) >= 20 and max(lengths) >= 6


@pytest.mark.parametrize("kind", ["uniform", "first_order"])
def test_states_say_what_is_true_of_their_tactics(kind):
    random, seen, dead, turns = Random(3), 0, 0, 0
    for found in islice(drawn(random, kind), 15):
        steps, states = sample_states(found.goal, random, Thoroughness())
        if steps < 0:
            continue
        assert states[0].goal is found.goal and states[0].left == steps and not states[0].turn
        for state in states:
            seen, turns = seen + 1, turns + state.turn
            assert list(state.tactics) == candidates(state.goal)
            assert len(state.after) == len(state.tied) == len(state.tactics)
            if state.left == DEAD:
                dead += 1
                assert set(state.after) == {DEAD} and not any(state.tied)
                assert kind != "uniform" or not provable(state.goal)
                continue
            assert kind != "uniform" or provable(state.goal)
            known = [after for after in state.after if after >= 0]
            assert min(known) + 1 == state.left  # the best tactic is among those that are known
            search = Exploration()
            for tactic, after, tied in zip(state.tactics, state.after, state.tied, strict=True):
                goals = [search.node(goal) for goal in goals_after(state.goal, tactic)]
                assert (after == DEAD) == any(goal.refuted for goal in goals)
                assert after < 0 or after >= sum(goal.low for goal in goals)
                assert not tied or after == UNKNOWN or after + 1 > state.left
    assert seen > 60 and dead > 5 and turns > 20


def test_the_length_that_is_left_is_that_of_the_search():
    """Of each state, a search of its own with more expansions finds the same length if the state says it is exact."""
    random, compared = Random(4), 0
    for found in islice(drawn(random, "uniform"), 20):
        _, states = sample_states(found.goal, random, Thoroughness())
        for state in states:
            if state.left > 0 and state.exact:
                search = Exploration()
                node = search.node(state.goal)
                search.solve(node, 1000)
                assert node.found == state.left
                compared += 1
    assert compared > 50


def test_ties_are_looked_into():
    """``left`` and ``right`` are equally good here, and so are both orders in which to take hypotheses apart."""
    theorem = Sequent((P, Q), disjunction(P, Q))
    _, states = sample_states(theorem, Random(0), Thoroughness(turns=0))
    assert [after for after in states[0].after if after >= 0].count(1) >= 2
    theorem = Sequent((conjunction(P, P), conjunction(Q, TRUE)), conjunction(P, Q))
    _, states = sample_states(theorem, Random(0), Thoroughness(turns=0))
    assert sum(after + 1 == states[0].left for after in states[0].after) >= 3


def test_what_leads_nowhere_ends():
    """Two sequents that lead only to each other have no bound that grows forever, and no proof."""
    one, other = Node(Sequent((P,), Q), Bounds(2, 2)), Node(Sequent((Q,), P), Bounds(2, 2))
    for node, goal in ((one, other), (other, one)):
        node.candidates, node.goals = [Candidate(Template.EXFALSO)], [(goal,)]
        goal.parents[node] = None
    _update(one)
    assert one.low == other.low == one.guess == math.inf


def test_without_a_proof_there_is_no_path():
    search = Exploration()
    node = search.node(Sequent((P,), Q))
    assert not search.solve(node, 5) and search.expansions == 0
    with pytest.raises(ValueError, match="no proof was found"):
        search.proof(node)
