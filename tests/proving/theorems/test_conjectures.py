"""Conjectures are new, proved, not trivial and graded, and depend on nothing but their settings; so do their cards."""
# ruff: noqa: RUF001 - the letters of Lean

import json
import math
from collections import Counter
from dataclasses import asdict

import pytest

from helpers import needs_lean
from lean_ebm.cli.proving import main
from lean_ebm.errors import RunError, SettingError
from lean_ebm.proving.candidates import wide_tactics
from lean_ebm.proving.lean import Lean
from lean_ebm.proving.logic import Logic
from lean_ebm.proving.logic.decide import OutOfStepsError, prove
from lean_ebm.proving.logic.logic import root
from lean_ebm.proving.search.budget import SearchBudget
from lean_ebm.proving.search.provers import BestFirst, RandomWalk
from lean_ebm.proving.statements import Attempt, Outcome, Statement, Verdict
from lean_ebm.proving.theorems import ConjectureSettings, conjectures, generate_theorems, write_theorems
from lean_ebm.proving.theorems.card import make_card
from lean_ebm.proving.theorems.chat import step_by_step, whole_proof
from lean_ebm.proving.theorems.conjectures import BLOCK, MUTATIONS
from lean_ebm.proving.theorems.examining import WALK, is_trivial, verified_likeness
from lean_ebm.proving.theorems.families import FAMILIES
from lean_ebm.proving.theorems.renaming import hash_of

SETTINGS = ConjectureSettings(seed=2, maximum_size=24, bound=40, hard=0.25)
NUMBER = BLOCK + 10
GIVEN = ["--kind", "conjectures", "--seed", "2", "--maximum-size", "24", "--bound", "40", "--hard", "0.25"]


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("a cache")
        patch.setenv("LEAN_EBM_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="module")
def some(cache):
    return list(generate_theorems(SETTINGS, NUMBER))


@pytest.fixture(scope="module")
def file(some, tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "conjectures.jsonl"
    write_theorems(path, SETTINGS, NUMBER)
    return path


def test_all_are_verified_and_new(some):
    logic = Logic()
    assert len({theorem.hash for theorem in some}) == len({theorem.likeness for theorem in some}) == NUMBER
    for theorem in some:
        statement = Statement.of(theorem.statement)
        assert logic.verify(statement, theorem.script).proved
        assert verified_likeness(logic, statement, theorem.script) == theorem.likeness
        assert hash_of(statement) == theorem.hash
        assert root(statement).target.size == theorem.size <= SETTINGS.maximum_size


def test_none_is_trivial(some):
    logic = Logic()
    for theorem in some:
        statement = Statement.of(theorem.statement)
        assert not RandomWalk().prove(logic, statement, SearchBudget(WALK, math.inf)).proved
    for theorem in some[:15]:  # the same of single tactics, as the environment applies them
        state = logic.start(Statement.of(theorem.statement)).state
        while (after := logic.apply(state, "intro h")).state is not None:
            state = after.state
        assert all(logic.apply(state, tactic).outcome is not Outcome.SOLVED for tactic in wide_tactics(state))


@pytest.mark.parametrize("text", ["p → p", "p → q → p", "p ∧ q → q ∧ p", "(∀ x, P x) → P a", "False → p"])
def test_what_is_trivial(text):
    binders = "(α : Type) (P : α → Prop) (a : α) (p q : Prop)"
    assert is_trivial(Logic(), Statement(text, binders))


def test_grades_are_what_best_first_spends(some):
    logic, budget = Logic(), SearchBudget(SETTINGS.bound, math.inf)
    for theorem in some:
        result = BestFirst().prove(logic, Statement.of(theorem.statement), budget)
        if theorem.tactics == "narrow":
            assert result.proved and result.applications == theorem.applications <= SETTINGS.bound
        else:
            assert not result.proved
    hard = [theorem for theorem in some if theorem.applications is None]
    for theorem in hard[:5]:
        assert not BestFirst(tactics=wide_tactics).prove(logic, Statement.of(theorem.statement), budget).proved
    assert sum(theorem.applications is None for theorem in some[:BLOCK]) >= SETTINGS.hard * BLOCK


def test_all_mutations_occur_over_generations(some):
    assert {theorem.source for theorem in some} == {*MUTATIONS, "formula", "term"}
    for theorem in some:
        assert (theorem.generation == 0) == (theorem.source in ("formula", "term"))
    assert max(theorem.generation for theorem in some) > 1
    assert any("∀" in theorem.statement for theorem in some)


def test_relatives_share_a_split(monkeypatch):
    monkeypatch.setattr(conjectures, "BLOCK", 3)
    small = ConjectureSettings(maximum_size=10, bound=4, hard=0.0)
    splits = [{theorem.split for theorem in small.block(index)} for index in (0, 3, 13)]
    assert splits == [{"train"}, {"validation"}, {"test"}]


def test_the_data_do_not_depend_on_processes_or_interruptions(some, tmp_path, monkeypatch):
    monkeypatch.setenv("LEAN_EBM_CACHE", str(tmp_path))
    assert list(generate_theorems(SETTINGS, NUMBER, workers=2)) == some
    (folder,) = (tmp_path / "conjectures").iterdir()
    assert {"block-000000.jsonl", "block-000001.jsonl"} <= {path.name for path in folder.iterdir()}
    monkeypatch.setattr(conjectures._Population, "grown", None)  # what was made is not made again
    assert list(generate_theorems(SETTINGS, 65)) == some[:65]


def test_the_decision_procedure_counts_its_steps():
    formula = root(FAMILIES["pigeonhole"].statement(2)).target
    proof, low, high = prove(formula), 0, 10_000
    while high - low > 1:
        middle = (low + high) // 2
        try:
            assert prove(formula, steps=middle) == proof
            high = middle
        except OutOfStepsError:
            low = middle
    assert 20 < high < 9_999


@pytest.mark.parametrize(
    "wrong", [{"maximum_size": 5}, {"first_order": 1.5}, {"hard": -0.1}, {"hard": math.nan}, {"bound": 0}]
)
def test_settings_are_checked(wrong):
    (name,) = wrong
    with pytest.raises(SettingError, match=f"{name} is {wrong[name]}"):
        ConjectureSettings(**wrong)


# Chats


def test_a_chat_of_a_whole_proof_is_a_proof(some):
    logic = Logic()
    for theorem in some[:20]:
        statement = Statement.of(theorem.statement)
        user, assistant = whole_proof(statement, theorem.script)
        assert (user["role"], assistant["role"]) == ("user", "assistant")
        assert user["content"] == logic.start(statement).state.goals[0] and "⊢" in user["content"]
        assert logic.verify(statement, assistant["content"]).proved


def test_a_chat_step_by_step_has_a_state_before_each_tactic(some):
    logic = Logic()
    for theorem in some:
        statement = Statement.of(theorem.statement)
        messages = step_by_step(statement, theorem.script)
        assert [message["role"] for message in messages] == ["user", "assistant"] * (len(messages) // 2)
        state = logic.start(statement).state
        for user, assistant in zip(messages[::2], messages[1::2], strict=True):
            assert user["content"].split("\n\n") == list(state.goals)
            state = logic.apply(state, assistant["content"]).state
        assert not state.goals
        assert logic.verify(statement, "\n".join(message["content"] for message in messages[1::2])).proved
    with pytest.raises(RunError, match="proves nothing"):
        step_by_step(Statement.of("(p q : Prop) : p → q"), "intro h\nexact h")


def test_what_a_chat_says():
    messages = step_by_step(
        Statement.of("(p q : Prop) : p ∨ q → q ∨ p"), "intro h\ncases h\nright\nassumption\nleft\nassumption"
    )
    assert [message["content"] for message in messages] == [
        "p q : Prop\n⊢ p ∨ q → q ∨ p",
        "intro h",
        "p q : Prop\nh : p ∨ q\n⊢ q ∨ p",
        "cases h with | inl h1 => ?_ | inr h1 => ?_",
        "case inl\np q : Prop\nh1 : p\n⊢ q ∨ p\n\ncase inr\np q : Prop\nh1 : q\n⊢ q ∨ p",
        "exact Or.inr h1",
        "case inr\np q : Prop\nh1 : q\n⊢ q ∨ p",
        "exact Or.inl h1",
    ]


@needs_lean
def test_lean_accepts_what_chats_say(some):
    statements = [Statement.of(theorem.statement) for theorem in some[:40]]
    chats = [step_by_step(statement, theorem.script) for statement, theorem in zip(statements, some, strict=False)]
    with Lean() as lean:
        verdicts = lean.verify_many([
            Attempt(statement, "\n".join(message["content"] for message in chat[1::2]))
            for statement, chat in zip(statements, chats, strict=True)
        ])  # fmt: skip
    assert all(verdict.proved for verdict in verdicts)


# Cards


class Strict(Logic):
    """A judge that also refuses proofs of statements whose text has an even length."""

    def verify(self, statement, script):
        if len(str(statement)) % 2 == 0:
            return Verdict(False, "strict", "its length is even")
        return Verdict(True, "strict", outcome=super().verify(statement, script).outcome)


def test_a_card_is_computed_from_the_file(file, some):
    card = make_card(file)
    assert card.audit is None and card.refused == 0
    assert list(card.likenesses) == [theorem.likeness for theorem in some]
    assert {source: len(group) for source, group in card.by("source")} == Counter(theorem.source for theorem in some)
    grades = card.grades()
    assert sum(sum(counts.values()) for _, counts in grades) == NUMBER
    assert grades[-1][1].total() == sum(theorem.applications is None for theorem in some)
    ranges = {"1": (1, 1), "2": (2, 2), "3 to 4": (3, 4), "17 to 32": (17, 32)}
    for name, counts in grades[:-1]:
        if name in ranges:
            low, high = ranges[name]
            assert counts.total() == sum(low <= (theorem.applications or 0) <= high for theorem in some)
    assert [name for name, _ in grades][:4] == ["1", "2", "3 to 4", "5 to 8"]


def test_a_card_finds_wrong_proofs_and_overlaps(some, tmp_path):
    records = [asdict(theorem) for theorem in some[:12]]
    records[0]["script"] = "intro h"
    records[1]["likeness"] = "what the file says does not count"
    same = {**records[2], "split": "test"}
    alike = {**records[3], "split": "test"}
    proposition = Statement.of(alike["statement"])
    alike["statement"] = str(Statement(f"True → {proposition.proposition}", proposition.binders))
    alike["script"] = f"intro z\n{alike['script']}"
    path = tmp_path / "mixed.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in [*records, same, alike]))
    card = make_card(path)
    assert card.refused == 1 and card.splits == ["train", "test"]
    assert card.overlaps() == [("train", "test", 1, 2)]
    path.write_text('{"statement": "p"}\n')
    with pytest.raises(SettingError, match="theorem 1 has no script"):
        make_card(path)


def test_the_card_says_how_often_the_stronger_judge_refuses(file, some):
    card = make_card(file, Strict(), 40, seed=3)
    again = make_card(file, Strict(), 40, workers=2, seed=3)
    assert card.audit == again.audit and card.likenesses == again.likenesses
    assert (card.audit.passed, card.audit.checked, card.audit.verifier) == (NUMBER, 40, "strict")
    refused = [attempt for attempt, _ in card.audit.refused]
    assert 0 < len(refused) < 40 and all(len(str(attempt.statement)) % 2 == 0 for attempt in refused)
    rate, low, high = card.audit.rate
    assert rate == len(refused) / 40 and low < rate < high
    everything = make_card(file, Strict(), 10_000).audit
    assert everything.checked == NUMBER
    assert len(everything.refused) == sum(len(theorem.statement) % 2 == 0 for theorem in some)


# The command


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_command_writes_lines_with_chats_and_a_card(capsys, some, tmp_path):
    path = tmp_path / "made.jsonl"
    given = ["theorems", str(path), *GIVEN, "--number", "30", "--card", "--audit", "0", "--format", "chat-steps"]
    assert main(given) == 0
    lines = lines_of(path)
    assert [line["statement"] for line in lines] == [theorem.statement for theorem in some[:30]]
    assert lines[0]["messages"] == step_by_step(Statement.of(some[0].statement), some[0].script)
    card = (tmp_path / "made.card.md").read_text()
    assert "accepts 30 of 30 proofs. Lean has checked none of them." in card
    assert "made.jsonl --kind conjectures --number 30 --seed 2 --maximum-size 24 --first-order 0.2 --bound 40" in card
    hard = sum(theorem.applications is None for theorem in some[:30])
    assert f"| not proved | {hard} | {hard} | {hard / 30:.3f} |" in card
    assert str(tmp_path / "made.card.md") in capsys.readouterr().out
    assert main(["check", str(path)]) == 0


@needs_lean
def test_lean_audits_a_sample(capsys, tmp_path):
    path = tmp_path / "random.jsonl"
    assert main(["theorems", str(path), "--number", "20", "--bound", "20", "--card", "--audit", "10"]) == 0
    card = (tmp_path / "random.card.md").read_text()
    assert "Lean 4.35.0 checked a random sample of 10 of those and refuses 0." in card
    assert "[0.0000, 0.3085]" in card and "| difficulty |" in card


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--hard", "0.5"], "--hard is for conjectures"),
        (["--audit", "5"], "--audit is 5: expected"),
        (["--card", "--audit", "-1"], "--audit is -1: expected"),
        (["--kind", "conjectures", "--hard", "2"], "hard is 2"),
    ],
)
def test_wrong_settings_are_told(capsys, tmp_path, wrong, said):
    assert main(["theorems", str(tmp_path / "a.jsonl"), *wrong]) == 2
    error = capsys.readouterr().err
    assert said in error and len(error.splitlines()) == 1 and not list(tmp_path.iterdir())
