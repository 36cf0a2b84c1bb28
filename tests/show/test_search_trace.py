"""What a search did, as plain data."""

from urllib.parse import unquote

import pytest

from helpers import needs_lean
from lean_ebm.energy import ProofEnergy
from lean_ebm.errors import SettingError
from lean_ebm.guides import LangevinGuide, NetworkGuide, load
from lean_ebm.langevin import Langevin
from lean_ebm.methods import Ranking
from lean_ebm.proving.numbers.world import NUMBERS
from lean_ebm.proving.search import LOGIC, FoundProof, GuidedProver, SearchBudget, SizeGuide, find_proof, read_statement
from lean_ebm.proving.statements import Statement
from lean_ebm.show import editor_link, trace_search
from lean_ebm.show.layout import tree_layout
from show.traces import SWAP, search


@pytest.fixture(scope="module")
def traced():
    return search()


def test_goals_are_those_of_the_search_as_lean_prints_them(traced):
    found, trace = traced
    graph = found.search.graph
    assert trace.proved and "verified by" in trace.verdict
    assert {goal.number for goal in trace.goals} == {node.number for node in graph.nodes.values()}
    assert trace.goals[0].text == "p q : Prop\n⊢ p ∨ q → q ∨ p"
    nodes = {node.number: node for node in graph.nodes.values()}
    for goal in trace.goals:
        node = nodes[goal.number]
        assert goal.visits == len(node.tried) and (goal.state == "proved") == (node.proof is not None)
        assert goal.listed == (len(node.advice.tactics) if node.advice else 0)


def test_tactics_do_in_the_environment_what_the_trace_says(traced):
    """Each goal is restated and each tried tactic is run: it leaves the goals of the trace, or fails."""
    _, trace = traced
    goals = {goal.number: goal for goal in trace.goals}
    ran = 0
    with LOGIC.environment() as logic:
        for goal in trace.goals:
            lines = [line for line in goal.text.splitlines() if not line.startswith("case ")]
            binders = " ".join(f"({line})" for line in lines[:-1])
            start = logic.start(Statement(lines[-1].removeprefix("⊢ "), binders)).state
            for tactic in goal.tactics:
                if tactic.outcome in ("proof", "tried"):
                    state = logic.apply(start, tactic.text).state
                    assert len(state.goals) == tactic.left
                    left = {text.partition("⊢")[2] for text in state.goals}
                    assert {goals[number].text.partition("⊢")[2] for number in tactic.goals} <= left
                    ran += 1
    assert ran >= 10


def test_the_proof_is_a_path_from_the_root(traced):
    found, trace = traced
    goals = {goal.number: goal for goal in trace.goals}
    waiting, path = [0], []
    while waiting:
        goal = goals[waiting.pop()]
        assert goal.on_path and goal.state == "proved"
        (tactic,) = [tactic for tactic in goal.tactics if tactic.outcome == "proof"]
        path.append(tactic.text)
        waiting += reversed(tactic.goals)
    assert len(path) == len(found.search.steps) == sum(goal.on_path for goal in trace.goals)
    assert path[0].startswith("intro") and trace.script == found.statement.theorem("example_1", found.script)


def test_a_long_search_keeps_its_proof_and_the_nearest_goals():
    found, trace = search(most=12)
    assert trace.found == len(found.search.graph.nodes) > 12 == len(trace.goals)
    assert sum(goal.on_path for goal in trace.goals) == len(found.search.steps)
    assert set(tree_layout(trace).goals) == {goal.number for goal in trace.goals}


def test_a_search_without_a_proof():
    found, trace = search("(p q : Prop) : p ∨ q → p ∧ q", applications=40)
    assert not found.proved and not trace.proved and not trace.script and not trace.link
    assert not any(goal.on_path for goal in trace.goals) and "no proof" in trace.verdict
    with pytest.raises(SettingError, match="no search to show"):
        trace_search(FoundProof(None, Statement.of("p")), GuidedProver(SizeGuide()), None)


def test_energies_and_probabilities_are_those_of_the_guide():
    found, trace = search(guide=load())
    root = found.search.graph.root
    shown = {tactic.energy for tactic in trace.goals[0].tactics}
    assert shown == set(root.advice.energies) and trace.goals[0].value == root.value
    probabilities = [tactic.probability for tactic in trace.goals[0].tactics]
    assert probabilities == sorted(probabilities, reverse=True) and sum(probabilities) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("start", ["noise", "listed"])
def test_chains_of_a_guide_are_those_of_its_advice(start):
    """Their ends are where the guide found energies, a chain from a tactic begins there, and energies fall."""
    method = Ranking(ProofEnergy(width=8, depth=1, heads=2, embedding=6, hidden=8), Langevin(8, 0.3, bounds="sphere"))
    guide = LangevinGuide(method, chains=3, start=start)
    found, trace = search(guide=guide, applications=20)
    root, chains = trace.goals[0], trace.goals[0].chains
    advice = found.search.graph.root.advice
    ends = {tactic.text: tactic.energy for tactic in root.tactics if tactic.energy is not None}
    assert {texts[-1] for texts in chains.nearest} == set(ends)
    for energies, decoded, texts in zip(chains.energies, chains.decoded, chains.nearest, strict=True):
        assert len(energies) == len(decoded) == len(texts) == 9
        assert decoded[-1] == pytest.approx(ends[texts[-1]], abs=2e-3) and energies[-1] < energies[0]
        assert (energies[0] == pytest.approx(decoded[0], abs=1e-3)) or start == "noise"
    assert guide.advise([found.search.graph.root.goal])[0].energies == pytest.approx(
        advice.energies, abs=1e-3, nan_ok=True
    )
    assert search(guide=NetworkGuide(method), applications=20)[1].goals[0].chains is None


def test_goals_about_numbers_have_names_and_no_link():
    statement, prover = NUMBERS.read("(n : MyNat) : 0 + n = n"), GuidedProver(SizeGuide(), world=NUMBERS)
    with NUMBERS.environment() as numbers:
        found = find_proof(statement, numbers, prover, SearchBudget(300), numbers)
        trace = trace_search(found, prover, numbers.start(statement).state)
    assert trace.proved and trace.link == "" and "induction n" in trace.script
    assert any("ih : 0 + n = n" in goal.text for goal in trace.goals)
    assert len(trace.goals) == len(found.search.graph.nodes)


def test_the_narrow_set_shows_what_the_environment_prints():
    statement, prover = read_statement("(p q : Prop) : p ∧ q → q ∧ p"), GuidedProver(SizeGuide(), narrow=True)
    with LOGIC.environment() as logic:
        found = find_proof(statement, logic, prover, SearchBudget(100), logic)
        trace = trace_search(found, prover, logic.start(statement).state)
    assert trace.proved and trace.goals[0].text == "p q : Prop\n⊢ p ∧ q → q ∧ p"
    assert len(trace.goals) == len(found.search.graph.nodes)


def test_the_link_holds_the_code_percent_encoded():
    """The editor splits its fragment at & and = and decodes the value; nothing else may end or split it."""
    code = "theorem a (p : Prop) : p → p ∧ (True ∨ ¬p) := by\n  exact ⟨h, .inl trivial⟩ -- 100% & #1 'x' \"y\" = z\n"
    link = editor_link(code)
    address, _, fragment = link.partition("#")
    name, _, value = fragment.partition("=")
    assert address == "https://live.lean-lang.org/" and name == "code" and unquote(value) == code
    assert link.isascii() and not set("&=#'\"()<> \n") & set(value)


def test_the_linked_file_has_imports_above():
    _, trace = search(imports=("Init", "Std"), name="swap")
    lines = unquote(trace.link.partition("#code=")[2]).splitlines()
    assert lines[:4] == ["import Init", "import Std", "", f"theorem swap {SWAP} := by"]


@needs_lean
@pytest.mark.slow
def test_lean_accepts_the_script():
    from lean_ebm.proving.lean import Lean

    found, _ = search()
    with Lean() as lean:
        assert lean.verify(found.statement, found.script).proved
