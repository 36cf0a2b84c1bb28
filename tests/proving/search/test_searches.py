"""Searches on problems whose costs are known: order, budgets, shared goals, circles and lock step."""

import math
import time
from random import Random

import pytest

from lean_ebm.errors import SettingError
from lean_ebm.proving.search import (
    SEARCHES,
    Advice,
    AndOrBestFirst,
    Costs,
    Puct,
    SearchBudget,
    StateBestFirst,
    run_searches,
)
from proving.search.tables import TableGuide, begun, proof_of, random_table, run, slow_search

ALL = pytest.mark.parametrize("search", [make() for make in SEARCHES.values()], ids=list(SEARCHES))
CERTAIN = {name: [1.0] for name in "ABCDEFGH"}


def test_the_order_of_the_and_or_search_is_the_rule():
    """Worked out by hand: f of an untried tactic is V + 3 (-log p), a tried one adds .5 to the sum over its goals."""
    table = {
        "A": {"t": ["B", "C"], "u": ["D"]},
        "B": {"t": ["E"]},
        "C": {"t": []},
        "D": {"t": []},
        "E": {"t": ["E"], "u": []},
    }
    priors = {**CERTAIN, "A": [0.75, 0.25], "E": [0.5, 0.5]}
    values = {"A": 4.0, "B": 2.0, "C": 1.5, "D": 1.0, "E": 3.0}
    # A: t 4 + 3 (.29) = 4.86, u 4 + 3 (1.39) = 8.16. After t: .5 + 2 + 1.5 = 4, so on with the harder goal B.
    # B: after t, .5 + f(E) = .5 + 3 + 3 (.69) = 5.58; A: .5 + 5.58 + 1.5 = 7.58 < 8.16, so on with the harder goal E.
    # E: t leads back to E and is of no use, so u is next, with the same f; then C is left: A is .5 + 0 + 1.5.
    graph, log = run(table, TableGuide(priors, values))
    assert log == ["A.t", "B.t", "E.t", "E.u", "C.t"]
    assert proof_of(graph.root) == ["A.t", "B.t", "E.u", "C.t"]
    # If E seems one tactic harder, A is 8.58 > 8.16 by t, and u is tried; D needs 1.5.
    graph, log = run(table, TableGuide(priors, {**values, "E": 4.0}))
    assert log == ["A.t", "B.t", "A.u", "D.t"]
    assert graph.root.estimate == 0 and graph.nodes["B"].estimate == pytest.approx(0.5 + 4 + 3 * math.log(2))


def test_the_constants_of_the_and_or_search_are_those_of_the_rule():
    """A tried tactic adds ``step``, an untried one ``surprise`` for each unit of -log p."""
    table = {"A": {"t": ["B"], "u": ["C"]}, "B": {"t": ["B"], "u": []}, "C": {"t": []}}
    guide = TableGuide({"A": [0.75, 0.25], "B": [0.5, 0.5], "C": [1.0]}, {"A": 4.0, "B": 3.0, "C": 1.0})
    # After t, A is step + 3 + surprise .69 by it, and 4 + surprise 1.39 by u.
    assert run(table, guide, AndOrBestFirst(step=0.5, surprise=1.0))[1][:2] == ["A.t", "B.t"]
    assert run(table, guide, AndOrBestFirst(step=2.5, surprise=1.0))[1][:2] == ["A.t", "A.u"]
    assert run(table, guide, AndOrBestFirst(step=2.5, surprise=3.0))[1][:2] == ["A.t", "B.t"]
    graph, _ = run(table, guide, AndOrBestFirst(step=2.5, surprise=1.0), SearchBudget(1))
    assert graph.root.estimate == pytest.approx(4 + math.log(4))
    for wrong in ({"step": 0.0}, {"surprise": -1.0}, {"step": math.nan}):
        with pytest.raises(SettingError, match="expected a step above 0"):
            AndOrBestFirst(**wrong)


def test_without_values_the_and_or_search_goes_by_the_sum_of_log_p():
    table = {"A": {"t": ["B", "C"], "u": ["D"]}, "B": {"t": []}, "C": {"t": []}, "D": {"t": []}}
    likely = {"A": [0.6, 0.4], "B": [1.0], "C": [1.0], "D": [1.0]}
    assert run(table, TableGuide(likely))[1][0:2] == ["A.t", "B.t"]
    two = {"A": {"t": ["B"], "u": ["D"]}, "B": {"t": None, "u": []}, "C": {}, "D": {"t": []}}
    # t then the best of B: -log(.6 * .9), less than -log .4; after that has failed, -log(.6 * .1) is more.
    assert run(two, TableGuide({**likely, "B": [0.9, 0.1]}))[1] == ["A.t", "B.t", "A.u", "D.t"]


@pytest.mark.parametrize("seed", range(100))
def test_estimates_are_exact_in_graphs_with_circles(seed):
    """The order of all applications is that of a search that computes everything anew before each of them."""
    table, guide = random_table(Random(seed))
    assert run(table, guide)[1] == slow_search(table, guide)


def test_random_problems_have_all_that_is_to_be_tested():
    logs = [slow_search(*random_table(Random(seed))) for seed in range(100)]
    graphs = [run(*random_table(Random(seed)))[0] for seed in range(100)]
    assert sum(graph.root.proof is not None for graph in graphs) > 25
    assert sum(graph.root.proof is None for graph in graphs) > 12
    assert max(map(len, logs)) > 15
    assert sum(not graph.root.dead and graph.root.proof is None for graph in graphs) > 3  # only circles are left


@ALL
@pytest.mark.parametrize("seed", range(15))
def test_every_search_proves_what_has_a_proof(search, seed):
    table, guide = random_table(Random(seed))
    provable: set[str] = set()
    for _ in table:
        provable |= {
            name for name in table for left in table[name].values() if left is not None and set(left) <= provable
        }
    graph, _ = run(table, guide, search, SearchBudget(3000))
    assert (graph.root.proof is not None) == ("A" in provable)
    if graph.root.proof is not None:
        assert proof_of(graph.root)
    elif not isinstance(search, StateBestFirst):  # there are infinitely many states
        assert not graph.costs.out()


@ALL
def test_a_goal_that_is_left_twice_is_proved_twice(search):
    table = {"A": {"t": ["B", "B"], "u": ["B"]}, "B": {"t": ["C", "C"]}, "C": {"t": []}}
    guide = TableGuide({"A": [1.0, 0.0], "B": [1.0], "C": [1.0]}, {"A": 3.0, "B": 2.0, "C": 1.0})
    graph, log = run(table, guide, search)
    assert proof_of(graph.root) == ["A.t", "B.t", "C.t", "C.t", "B.t", "C.t", "C.t"]
    assert log == ["A.t", "B.t", "C.t"]  # but searched once


@ALL
def test_what_is_proved_in_one_state_is_proved_in_all(search):
    table = {"A": {"t": ["B", "C"], "u": ["B", "D"]}, "B": {"t": []}, "C": {"t": None}, "D": {"t": []}}
    guide = TableGuide({**CERTAIN, "A": [0.5, 0.5]}, {"A": 1.0, "B": 9.0, "C": 1.0, "D": 1.0})
    graph, log = run(table, guide, search)
    assert proof_of(graph.root) == ["A.u", "B.t", "D.t"] and log.count("B.t") == 1


@ALL
def test_a_goal_below_itself_is_no_proof_and_no_trap(search):
    table = {"A": {"t": ["B"]}, "B": {"t": ["A"], "u": ["C"]}, "C": {"t": ["B"], "u": []}}
    guide = TableGuide({"A": [1.0], "B": [0.9, 0.1], "C": [0.9, 0.1]}, dict.fromkeys("ABC", 1.0))
    graph, _ = run(table, guide, search, SearchBudget(200))
    assert proof_of(graph.root) == ["A.t", "B.u", "C.u"]
    circle = {"A": {"t": ["B"]}, "B": {"t": ["A"], "u": ["C"]}, "C": {"t": ["B"], "u": None}}
    graph, log = run(circle, guide, search, SearchBudget(200))
    assert graph.root.proof is None and not graph.costs.out()
    assert sorted(set(log)) == ["A.t", "B.t", "B.u", "C.t", "C.u"]


@ALL
def test_the_way_back_to_a_goal_may_be_the_way_to_its_proof(search):
    """B occurs below C and C below B; the proof of A goes through B to C, although C came first."""
    table = {"A": {"t": ["C", "D"], "u": ["B"]}, "B": {"t": ["C"]}, "C": {"t": ["B"], "u": ["E"]}, "D": {"t": None}}
    table["E"] = {"t": []}
    guide = TableGuide(
        {"A": [0.9, 0.1], "B": [1.0], "C": [0.9, 0.1], "D": [1.0], "E": [1.0]}, dict.fromkeys("ABCDE", 1.0)
    )
    graph, _ = run(table, guide, search, SearchBudget(200))
    assert proof_of(graph.root) == ["A.u", "B.t", "C.u", "E.t"]


def test_states_are_searched_by_cumulative_log_p_or_by_g_plus_v():
    table = {"A": {"t": ["B"], "u": ["C"]}, "B": {"t": None, "u": ["D"]}, "C": {"t": []}, "D": {"t": []}}
    priors = {"A": [0.6, 0.4], "B": [0.8, 0.2], "C": [1.0], "D": [1.0]}
    # .6, then .6 * .8 = .48, then .4, then .4 * 1.
    assert run(table, TableGuide(priors), StateBestFirst())[1] == ["A.t", "B.t", "A.u", "C.t"]
    values = {"A": 3.0, "B": 0.5, "C": 4.0, "D": 0.1}
    # A.t 3 + 3 (.51) = 4.53, then B.t .5 + .5 + 3 (.22) = 1.67, A.u 3 + 3 (.92) = 5.75, C.t .5 + 4; B.u is 5.83.
    log = run(table, TableGuide(priors, values), StateBestFirst(by_value=True))[1]
    assert log == ["A.t", "B.t", "A.u", "C.t"]
    # With .4 for B, B.u is 5.73.
    log = run(table, TableGuide(priors, {**values, "B": 0.4}), StateBestFirst(by_value=True))[1]
    assert log == ["A.t", "B.t", "B.u", "D.t"]


def test_puct_follows_its_formula():
    """Priors .8 and .2; t seems to need 10 tactics, u 2. All numbers are worked out here from the formula."""
    table = {
        "A": {"t": ["B"], "u": ["C"]},
        "B": {"t": ["D"]},
        "C": {"t": ["E"]},
        "D": {"t": ["F"]},
        "E": {"t": ["G"]},
        "F": {"t": []},
        "G": {"t": []},
    }
    values = {"A": 6.0, "B": 9.0, "C": 1.0, "D": 9.0, "E": 1.0, "F": 9.0, "G": 1.0}
    priors = {**CERTAIN, "A": [0.8, 0.2]}

    def c(visits):
        return (1.25 + math.log((visits + 19653) / 19652)) * math.sqrt(visits)

    # First t, which was not followed, as u: .8 c > .2 c. It needs 1 + 9 = 10; A has needed (6 + 10) / 2 = 8.
    # Now q of t is 0, the least, and that of u too: .8 c(2) / 2 > .2 c(2), so t is followed again, and B.t is applied.
    assert 0.8 * c(2) / 2 > 0.2 * c(2)
    # Then t has been followed twice, and after D.t thrice; u is tried as soon as .8 / (1 + n) < .2.
    assert 0.8 * c(3) / 3 > 0.2 * c(3) and 0.8 * c(4) / 4 == pytest.approx(0.2 * c(4))
    _, log = run(table, TableGuide(priors, values), Puct(), SearchBudget(3))
    assert log == ["A.t", "B.t", "D.t"]
    # With .7 and .3 it is the third: .7 / 3 < .3. u needs 1 + 1 and has q 1, t has q 0: u is followed to its end.
    assert 0.7 / 2 > 0.3 > 0.7 / 3 and 0.3 * c(4) / 2 + 1 > 0.7 * c(4) / 3
    _, log = run(table, TableGuide({**CERTAIN, "A": [0.7, 0.3]}, values), Puct())
    assert log == ["A.t", "B.t", "A.u", "C.t", "E.t", "G.t"]


@ALL
def test_budgets_are_kept_to_the_last_application_and_evaluation(search):
    table = {name: {"t": [chr(ord(name) + 1)], "u": [chr(ord(name) + 1)]} for name in map(chr, range(65, 300))}
    for limit in (1, 2, 7, 50):
        graph, log = run(table, TableGuide(), search, SearchBudget(limit))
        assert len(log) <= graph.costs.applications == limit and graph.costs.out()
    for limit, asked in ((1, 0), (7, 1), (13, 1), (14, 2), (70, 10)):
        guide = TableGuide(cost=7)
        graph, _ = run(table, guide, search, SearchBudget(1000, 60, limit))
        assert graph.costs.evaluations == 7 * asked <= limit and graph.costs.out()
        assert sum(node.advice is not None for node in graph.nodes.values()) == asked


@ALL
def test_what_is_found_within_the_budget_is_found(search):
    """A proof with the last application and the last evaluation counts; with one less of either there is none."""
    table = {"A": {"t": ["B"]}, "B": {"t": ["C"]}, "C": {"t": []}}
    for budget, proved in (
        (SearchBudget(3, 60, 15), True),
        (SearchBudget(2, 60, 15), False),
        (SearchBudget(3, 60, 14), False),
    ):
        graph, _ = run(table, TableGuide(cost=5), search, budget)
        assert (graph.root.proof is not None) == proved == (not graph.costs.out())


@ALL
def test_seconds_are_those_of_the_search_and_of_its_share_of_the_guide(search):
    class Slow(TableGuide):
        def advise(self, goals):
            time.sleep(0.02 * len(goals))
            return super().advise(goals)

    table = {name: {"t": [chr(ord(name) + 1)]} for name in map(chr, range(65, 300))}
    graphs = [begun(table, SearchBudget(1000, 0.15)) for _ in range(4)]
    started = time.monotonic()
    ended = list(run_searches(search, Slow(), graphs, company=4))
    taken = time.monotonic() - started
    assert len(ended) == 4 and all(graph.root.proof is None and graph.costs.out() for graph in graphs)
    assert all(0.15 <= graph.costs.seconds < 0.4 for graph in graphs)
    assert sum(graph.costs.seconds for graph in graphs) == pytest.approx(taken, abs=0.1)
    assert all(5 <= graph.costs.applications <= 8 for graph in graphs)


@ALL
@pytest.mark.parametrize("company", [1, 3, 64])
def test_a_search_finds_the_same_in_any_company(search, company):
    problems = [random_table(Random(seed)) for seed in range(20)]
    alone = [run(table, guide, search, SearchBudget(60)) for table, guide in problems]

    class Many:
        asked = 0

        def advise(self, goals):
            self.asked += 1
            by_table = {id(table): guide for table, guide in problems}
            return [by_table[id(goal.table)].about(goal) for goal in goals]

    many = Many()
    graphs = [begun(table, SearchBudget(60)) for table, _ in problems]
    ended = list(run_searches(search, many, iter(graphs), company))
    assert sorted(map(id, ended)) == sorted(map(id, graphs))
    for graph, (other, log) in zip(graphs, alone, strict=True):
        assert graph.root.goal.log == log and graph.costs.applications == other.costs.applications
    rounds = sum(len(guide.asked) for _, guide in problems)
    assert many.asked == rounds if company == 1 else many.asked < rounds


def test_advice_that_cannot_be_is_refused():
    class Silent:
        def advise(self, goals):
            return []

    with pytest.raises(ValueError, match="Silent gave 0 pieces of advice about 1 goals"):
        list(run_searches(AndOrBestFirst(), Silent(), [begun({"A": {"t": []}})]))
    with pytest.raises(ValueError, match="2 tactics and 1 priors"):
        Advice(["t", "u"], [0.0])
    for wrong in (math.nan, math.inf):
        with pytest.raises(ValueError, match="log prior that is infinite or not a number"):
            Advice(["t", "u"], [0.0, wrong])
    for value in (math.nan, -1.0):
        with pytest.raises(ValueError, match="value"):
            Advice(["t"], [0.0], value)


@ALL
def test_what_has_no_prior_is_not_tried(search):
    table = {"A": {"t": ["B"], "u": []}, "B": {"t": []}}
    graph, log = run(table, TableGuide({"A": [1.0, 0.0], "B": [0.0]}), search)
    assert log == ["A.t"] and graph.root.dead and not graph.costs.out()


def test_the_clock_runs_only_while_a_search_does():
    costs = Costs(SearchBudget(10, 5))
    time.sleep(0.02)
    assert costs.seconds == 0
    costs.resume()
    time.sleep(0.02)
    costs.pause()
    assert 0.02 <= costs.seconds < 1
    assert costs.advised(3, 4.0) and costs.may_apply() and 4 < costs.seconds < 5
    assert costs.advised(3, 1.0) and costs.left() == 0 and not costs.may_apply() and costs.out()
