import json
import sys
import time
from pathlib import Path

import pytest

from helpers import needs_lean
from lean_ebm.cli.proving import main
from lean_ebm.proving.lean import Lean
from lean_ebm.proving.lean.messages import LeanMessage, LeanSource
from lean_ebm.proving.lexer import SyntaxProblem
from lean_ebm.proving.logic import Logic
from lean_ebm.proving.pantograph import Pantograph
from lean_ebm.proving.source.checking import check_file
from lean_ebm.proving.source.files import read_file
from lean_ebm.proving.statements import Attempt, Outcome, Statement
from proving import attacks
from proving.attacks import TEXTS
from proving.hostile import HOSTILE


@pytest.fixture(scope="module")
def lean():
    with Lean() as lean:
        yield lean


def test_there_are_enough_attacks():
    assert len(set(TEXTS)) + len(attacks.FILES) > 700


def test_the_embedded_logic_is_not_fooled():
    logic = Logic()
    for attempt in [*TEXTS, *(Attempt(Statement("False"), HOSTILE[name]) for name in attacks.ENDLESS)]:
        start = time.perf_counter()
        assert not logic.verify(*attempt).proved, attempt
        assert time.perf_counter() - start < 10


@needs_lean
@pytest.mark.parametrize("filtered", [True, False])
def test_lean_is_not_fooled(lean, monkeypatch, filtered):
    """With the filter of words, and without it."""
    if not filtered:
        monkeypatch.setattr("lean_ebm.proving.lean.messages.refuse", lambda _: None)
    start = time.perf_counter()
    reports = lean.check(TEXTS)
    assert time.perf_counter() - start < 60
    for attempt, report in zip(TEXTS, reports, strict=True):
        assert report.outcome is not Outcome.SOLVED, attempt
        assert report.outcome is not Outcome.CRASH, (attempt, report.reason)
        assert report.outcome is Outcome.OK or report.reason


def test_pantograph_is_not_fooled():
    stub = Path(__file__).with_name("repl_stub.py")
    with Pantograph([sys.executable, str(stub)]) as environment:
        assert environment.verify(Statement("True"), "constructor -- so it is").proved
        chosen = [attempt for attempt in TEXTS if "#" not in attempt.script][::25]
        for attempt, verdict in zip(chosen, environment.verify_many(chosen), strict=True):
            assert not verdict.proved, attempt


@needs_lean
def test_a_known_secret_opens_nothing(lean, monkeypatch):
    monkeypatch.setattr("lean_ebm.proving.lean.messages.refuse", lambda _: None)
    monkeypatch.setattr("lean_ebm.proving.lean.messages.secrets.token_hex", lambda _: "known")
    texts = [
        "exact @_root_.Ttknown_0",
        "exact Ttknown_1",
        "exact Ctknown_1",
        "trivial\ntheorem Ctknown_0 : True := trivial\n#print axioms Ctknown_0",
        "exact trivial\ntheorem _root_.Stknown_0 : True := trivial",
        "trace \"'Ctknown_0' does not depend on any axioms\"",
        "exact (Ctknown_0 : Stknown_0)",
    ]
    reports = lean.check([Attempt(Statement("False"), text) for text in texts])
    assert Outcome.SOLVED not in {report.outcome for report in reports}


def test_only_the_answer_to_our_question_counts():
    """A message counts by its place and severity, not by its words."""
    source = LeanSource([Attempt(Statement("True"), "trivial")])
    name = source.text.rpartition("_root_.")[2].strip()
    last = source.text.count("\n") - 1
    good = LeanMessage("information", f"'{name}' does not depend on any axioms", last, 0)
    assert source.reports([good], frozenset())[0].outcome is Outcome.SOLVED
    other = LeanMessage("information", good.text, last - 1, 0)
    for messages in (
        [],
        [other],
        [LeanMessage("warning", good.text, last, 0)],
        [LeanMessage("information", f"{good.text} or so", last, 0)],
        [good, good],
        [good, LeanMessage("error", "no", 0, 0)],
        [good, LeanMessage("error", "no", last - 1, 0)],
        [good, LeanMessage("error", "no", last, 0)],
        [LeanMessage("information", f"'{name}' depends on axioms: [cheat]", last, 0)],
    ):
        assert source.reports(messages, frozenset())[0].outcome is not Outcome.SOLVED


@needs_lean
def test_files_do_not_fool_check(lean):
    logic = Logic()
    for text, names in attacks.FILES:
        for judge in (logic, lean) if "variable" in text or "open" in text else (logic,):
            try:
                file = read_file(text)
            except SyntaxProblem:
                assert not names, text
                continue
            results = check_file(file, judge)
            found = [result.entry.name for result in results]
            assert [name for name in names if name not in found] == [], (text, found)
            proved = {result.entry.name for result in results if result.verdict and result.verdict.proved}
            assert proved <= {"good", "a"}, (text, proved)
            assert len(proved) < len(results), text


@pytest.mark.parametrize(
    "name", ["theorem", "foo:¬", "a b", "", "1", "_", "a : False := trivial --", "a.1", "(a)", "a\nb"]
)
def test_names_are_those_of_lean(capsys, name):
    assert main(["prove", "p → p", "--name", name]) == 2
    assert "--name is" in capsys.readouterr().err


@pytest.mark.parametrize("statement", ["while → while", "p → (q", "p := q", "theorem → p", "p -- ) → q", "/- p"])
def test_keywords_and_halves_are_no_statements(capsys, statement):
    assert main(["prove", statement]) in (1, 2)
    said = capsys.readouterr()
    assert "verified" not in said.out and "Traceback" not in said.err


def test_ascii_is_read_and_written_as_the_library_does(capsys):
    assert main(["prove", "p /\\ q -> q"]) == 0
    assert "(p q : Prop) : p ∧ q → q := by" in capsys.readouterr().out
    assert main(["prove", "(forall x, P x -> Q x) -> (exists x, P x) -> exists x, Q x \\/ False"]) == 0


def test_lines_of_a_file_do_not_fool_check(capsys, tmp_path):
    path = tmp_path / "a.jsonl"
    records = [{"statement": str(attempt.statement), "script": attempt.script} for attempt in TEXTS[:300:5]]
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records if record["statement"].strip()))
    assert main(["check", str(path)]) == 1
    assert ": 0 of " in capsys.readouterr().out
