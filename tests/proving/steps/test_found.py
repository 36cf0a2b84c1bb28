"""States that searches have found: true labels, the prover's own wrong turns, and a file that the data module takes."""

import math
from collections import Counter
from random import Random

import pytest
import torch

from lean_ebm.data import ProofSteps
from lean_ebm.errors import SettingError
from lean_ebm.proving import GuidedProver, Logic, SearchBudget, SizeGuide, Statement
from lean_ebm.proving.logic.decide import prove
from lean_ebm.proving.steps.columns import Columns
from lean_ebm.proving.steps.explore import Exploration
from lean_ebm.proving.steps.found import add_search, found_states, read_columns, write_columns
from lean_ebm.proving.steps.sampling import DEAD, UNKNOWN, Thoroughness

HARD = "(p q r : Prop) : (p ∨ q → r) → (p → r) ∧ (q → r)"
NO_THEOREM = "(p q : Prop) : (p → q) → ((q → p) → p) ∨ (p → q) ∧ q"


def searched(statement, applications):
    with Logic() as logic:
        return GuidedProver(SizeGuide()).prove(logic, Statement.of(statement), SearchBudget(applications))


@pytest.fixture(scope="module")
def proved():
    result = searched(HARD, 2000)
    assert result.proved and result.applications > 2 * len(result.steps)
    return result


def test_states_of_a_proof_and_of_wrong_turns_have_true_labels(proved):
    steps, states = found_states(proved.graph, Random(0), Thoroughness())
    assert 5 <= steps <= len(proved.steps)
    visited = {node.goal.key for node in proved.graph.nodes.values()}
    straight = [state for state in states if not state.turn]
    turns = [state for state in states if state.turn]
    assert max(state.left for state in straight) == steps and len(turns) > 3
    assert {state.goal.key for state in turns} <= visited  # the wrong turns are those of the search
    dead = [state for state in states if state.left == DEAD]
    assert 0 < len(dead) < len(turns)
    for state in states:
        provable = prove(state.goal.target, dict(enumerate(state.goal.hypotheses))) is not None
        assert provable == (state.left != DEAD)
        if provable:
            search = Exploration()
            node = search.node(state.goal)
            assert search.solve(node, 300) and node.found <= state.left
            assert state.left == 1 + min(after for after in state.after if after >= 0)
    again = found_states(proved.graph, Random(0), Thoroughness())[1]
    assert [(state.goal.key, state.after) for state in again] == [(state.goal.key, state.after) for state in states]


def test_a_proof_that_takes_more_than_the_exploration_is_kept(proved):
    """Without any expansion of its own, the exploration knows the proof that the search has found."""
    steps, states = found_states(proved.graph, Random(0), Thoroughness(turns=0, tie_expansions=0))
    assert 0 < steps <= len(proved.steps) and all(not state.turn and state.left > 0 for state in states)


def test_a_search_without_a_proof_gives_its_dead_ends():
    result = searched(NO_THEOREM, 30)
    assert not result.proved
    steps, states = found_states(result.graph, Random(0), Thoroughness())
    assert steps == UNKNOWN and states and all(state.turn for state in states)
    assert any(state.left == DEAD for state in states)


def test_a_narrow_search_is_refused(proved):
    with Logic() as logic:
        narrow = GuidedProver(SizeGuide(), narrow=True).prove(logic, Statement.of(HARD), SearchBudget(50))
    with pytest.raises(ValueError, match="expected the wide set"):
        found_states(narrow.graph, Random(0), Thoroughness())


def test_the_data_module_trains_on_found_states_and_on_nothing_else_of_them(proved, tmp_path):
    columns = Columns()
    add_search(columns, Statement.of(HARD), proved.graph, 0, Thoroughness())
    assert len(columns) > 10 and columns.theorems[0].steps > 0
    write_columns(tmp_path / "found.steps", columns)
    (read,) = read_columns([tmp_path / "found.steps"])
    assert read.columns == columns.columns

    def data(*found):
        made = ProofSteps(theorems=120, workers=1, found=[str(path) for path in found])
        made.prepare_data()
        made.setup("fit")
        return made.table

    plain, more = data(), data(tmp_path / "found.steps", tmp_path / "found.steps")
    for split in ("val", "test"):
        assert torch.equal(plain.rows[split], more.rows[split])
    new = len(more.rows["train"]) - len(plain.rows["train"])
    assert len(columns) / 2 < new <= len(columns)  # each once, and none that the data have already
    learned = Counter(more.batch(more.rows["train"][-new:])[0].left.tolist())
    given = Counter([math.inf if left == DEAD else left for left in columns.columns["left"]])
    assert learned <= given and learned[math.inf] > 3


def test_files_that_are_not_of_states_are_refused(tmp_path):
    with pytest.raises(SettingError, match=r"Cannot read .*none\.steps: No such file"):
        read_columns([tmp_path / "none.steps"])
    (tmp_path / "torn.steps").write_bytes(b"not it")
    with pytest.raises(SettingError, match="is not a file of proof steps, or it is damaged"):
        read_columns([tmp_path / "torn.steps"])
