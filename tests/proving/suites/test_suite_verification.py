"""What is said of problems with the Lean of the wheel, and with a project whose Lean is a script."""
# ruff: noqa: RUF001 - the letters of Lean

import json
import stat
import sys
from pathlib import Path

import pytest

from helpers import needs_lean
from lean_ebm.cli.equipment import ArgumentEquipment
from lean_ebm.cli.suite import main, suite_parser
from lean_ebm.proving.lean import Lean
from lean_ebm.proving.suites import SUITES
from lean_ebm.proving.suites.attempts import NEEDS, PROVED, UNPROVED, UNREAD, Worker
from lean_ebm.proving.suites.runs import Attempts

HEADER = "import Mathlib\n\nset_option maxHeartbeats 0\n\nopen Real Nat\n\n"
PLAIN = """
open Classical in
/-- A theorem that needs no library. -/
theorem swap (p q : Prop) -- of which
  (h : p ∧ q) : q ∧ p := by sorry
def twice (p : Prop) : Prop := p ∧ p
theorem unfold (p : Prop) (h : p) : twice p → p := by sorry
theorem wrong (p : Prop) : p := sorry
theorem commutes (a b : Nat) : a + b = b + a := by sorry
theorem norm : ‖(1 : ℝ)‖ = 1 := by sorry
"""


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def tried(folder, *arguments):
    """The records of first attempts at all problems of a folder of Lean files, by the names of theorems."""
    settings = suite_parser().parse_args(["run", "veribench", "--data", str(folder), *arguments])
    settings.world = "logic"
    worker = Worker(ArgumentEquipment(settings))
    problems = SUITES["veribench"].problems(folder)
    records = [worker.attempt(Attempts().job(problem, 1)) for problem in problems]
    worker.close()
    return {record.problem.rpartition(":")[2]: record for record in records}


@needs_lean
def test_with_the_wheel_what_needs_no_library_is_judged_and_the_rest_is_said_to_need_it(tmp_path):
    write(tmp_path / "plain.lean", PLAIN)
    write(tmp_path / "mathlib.lean", f"{HEADER}theorem two : 1 + 1 = 2 := by sorry\n")
    write(tmp_path / "std.lean", "import Std.Data.HashSet\ntheorem set : True := by sorry\n")
    records = tried(tmp_path, "--env", "lean", "--applications", "50")
    swap = records["swap"]
    assert swap.outcome == PROVED
    assert swap.verifier.startswith("Lean 4.") and swap.second.startswith("kernel of lean-ebm")
    assert records["unfold"].outcome == PROVED and records["wrong"].outcome == UNPROVED
    for name, said in (
        ("two", "it needs Mathlib: name a Lake project that has it, by --env lean --project DIR"),
        ("set", "it needs Std.Data.HashSet: name a Lean 4"),
        ("commutes", "it needs Lean's library: name a Lean 4 that has it, by --env lean --toolchain LEAN"),
        ("norm", "it needs Lean's library: name a Lean 4 that has it, by --env lean --toolchain LEAN"),
    ):
        record = records[name]
        assert record.outcome == NEEDS and not record.tried and record.reason.startswith(said)
        assert len(record.reason.splitlines()) == 1


VARIABLES = """
section
variable (p : Prop) {α : Type u} {β : Type _} (f : α → β)
theorem mentioned (q : Prop) : p → q → p := by sorry
theorem of_universes (x : α) : ∃ y, y = f x := by sorry
theorem instance_of [Decidable p] : p ∨ ¬ p := by sorry
variable (hp : p)
include hp
theorem included : p := by sorry
theorem not_theirs (q : Prop) : p → q := by sorry
end
theorem bound_by_lean (h : p ∧ q) : q ∧ p := by sorry
"""
PROOFS = {
    "mentioned": "intro h _\nexact h",
    "of_universes": "exact ⟨f x, rfl⟩",
    "instance_of": "exact match ‹Decidable p› with | .isTrue h => Or.inl h | .isFalse h => Or.inr h",
    "included": "exact hp",
    "bound_by_lean": "exact ⟨h.right, h.left⟩",
}


@needs_lean
def test_variables_of_a_section_belong_to_a_statement(tmp_path):
    write(tmp_path / "a.lean", VARIABLES)
    problems = {problem.name.rpartition(":")[2]: problem for problem in SUITES["veribench"].problems(tmp_path)}
    with Lean() as lean:
        for name, problem in problems.items():
            verdict = lean.verify(problem.statement, PROOFS.get(name, "intro _\nexact hp"))
            assert verdict.proved == (name in PROOFS), (name, verdict.message)


def test_the_embedded_logic_says_what_a_problem_needs(tmp_path):
    write(tmp_path / "plain.lean", PLAIN)
    write(tmp_path / "mathlib.lean", f"{HEADER}theorem two : 1 + 1 = 2 := by sorry\n")
    records = tried(tmp_path)
    assert records["swap"].proved and records["swap"].verifier.startswith("kernel of lean-ebm")
    assert {records[name].outcome for name in ("unfold", "wrong", "commutes", "norm", "two")} == {NEEDS}
    assert records["norm"].reason.startswith("it needs Lean: ") and records["two"].reason.startswith(
        "it needs Mathlib: "
    )


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A Lake project with Mathlib, whose lake and lean are scripts; returns the arguments that name it."""
    script = Path(__file__).parents[1] / "fake_lean.py"
    programs = {
        "lean": f'exec "{sys.executable}" "{script}" "$@"',
        "lake": '[ "$1" = env ] && shift && exec "$@" --through-lake',
    }
    for name, line in programs.items():
        program = write(tmp_path / "bin" / name, f"#!/bin/sh\n{line}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    folder = tmp_path / "project"
    write(folder / "lean-toolchain", "leanprover/lean4:v4.24.0\n")
    packages = [{"name": "mathlib", "rev": "f897ebcf72cd"}, {"name": "aesop", "rev": "725ac8cd67ac"}]
    write(folder / "lake-manifest.json", json.dumps({"version": "1.1.0", "packages": packages}))
    monkeypatch.setenv("FAKE_PIDS", str(tmp_path / "pids"))
    return ["--env", "lean", "--toolchain", str(tmp_path / "bin" / "lean"), "--project", str(folder)]


def test_a_project_gets_these_commands_and_these_files(capsys, tmp_path, monkeypatch, project):
    write(tmp_path / "data/Test/two.lean", f"{HEADER}theorem two (n : ℕ) : ‖(n : ℝ)‖ = n := by sorry")
    monkeypatch.setenv("STUB_SCRIPT", "fake_source")
    monkeypatch.setenv("FAKE_AXIOMS", "propext, Classical.choice")
    output = tmp_path / "a.jsonl"
    run = ["suite", "run", "minif2f", "--data", str(tmp_path / "data"), *project, "--seconds", "50", "--memory", "300"]
    assert main([*run, "--prover", "suite_stubs.Scripted", "--output", str(output)]) == 0
    head, record = map(json.loads, output.read_text().splitlines())
    assert head["run"]["versions"]["lean"] == "4.0.0-fake" and head["run"]["versions"]["mathlib"] == "f897ebcf72cd"
    assert head["run"]["versions"]["toolchain"] == "leanprover/lean4:v4.24.0"
    assert record["outcome"] == "proved" and record["verifier"] == "Lean 4.0.0-fake"
    starts = (tmp_path / "pids.starts").read_text().splitlines()
    given = f"{tmp_path / 'project'} --json --stdin -DmaxErrors=0 --memory=300 --through-lake"
    assert [start.partition(" ")[2] for start in starts] == [
        given
    ] * 4  # warm-up, start, the search's check, the judge's
    lines = (tmp_path / "pids.source").read_text().split("\n")
    assert lines[:9] == [
        "import Mathlib", "set_option autoImplicit false", "set_option linter.all false", "universe u v w",
        "set_option autoImplicit true", "set_option maxHeartbeats 0", "", "open Real Nat", lines[8],
    ]  # fmt: skip
    assert lines[8].startswith("theorem _root_._S") and lines[8].endswith(" (n : ℕ) : (")
    assert lines[10] == ") := sorry"
    assert lines[9] == lines[12] == "‖(n : ℝ)‖ = n" and lines[13:15] == [") := by", "  fake_source"]
    assert "pass@1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("script", "more", "said"),
    [
        ("fake_hang", ["--seconds", "2"], "it ran for more than 2.02 seconds"),
        ("fake_crash", [], "Lean ended with 137"),
        ("fake_memory", ["--memory", "200"], "more than the 200 MiB it may"),
        ("fake_garbage", [], "Lean printed 'Segmentation fault, or so'"),
        ("fake_silence", [], "Lean ended before it said"),
        ("sorry", [], "it contains sorry"),
    ],
)
def test_a_lean_that_misbehaves_proves_nothing_and_does_not_end_the_run(
    tmp_path, monkeypatch, project, script, more, said
):
    write(tmp_path / "data/a.lean", f"{HEADER}theorem a : 1 = 1 := by sorry\ntheorem b : 2 = 2 := by sorry\n")
    monkeypatch.setenv("STUB_SCRIPT", script)
    records = tried(tmp_path / "data", *project, "--prover", "suite_stubs.Scripted", *more)
    assert [record.outcome for record in records.values()] == [UNPROVED, UNPROVED]
    assert all(said in record.reason and record.tried for record in records.values())


def test_the_library_is_read_once_before_the_clock_runs(tmp_path, monkeypatch, project):
    write(tmp_path / "data/a.lean", f"{HEADER}theorem a : 1 = 1 := by sorry\n")
    monkeypatch.setenv("STUB_SCRIPT", "simp")
    monkeypatch.setenv("FAKE_COLD", "3")
    records = tried(tmp_path / "data", *project, "--prover", "suite_stubs.Scripted", "--seconds", "1.5")
    assert records["a"].outcome == PROVED


def test_a_project_without_the_library_is_said_to_lack_it(tmp_path, monkeypatch, project):
    write(tmp_path / "data/a.lean", f"{HEADER}theorem a : 1 = 1 := by sorry\n")
    monkeypatch.setenv("STUB_SCRIPT", "simp")
    monkeypatch.setenv("FAKE_MISSING", "Mathlib")
    record = tried(tmp_path / "data", *project, "--prover", "suite_stubs.Scripted")["a"]
    assert record.outcome == NEEDS and record.reason == (
        "it needs Mathlib, which this Lean cannot import: Lean refuses what comes before the theorem: unknown module "
        "prefix 'Mathlib'"
    )


@pytest.mark.parametrize("axiom", ["Own.given", "Other.given"])
def test_axioms_of_the_source_are_allowed_and_others_are_not(tmp_path, monkeypatch, project, axiom):
    write(tmp_path / "data/a.lean", "axiom Own.given : 1 = 1\ntheorem a : 1 = 1 := by sorry\n")
    monkeypatch.setenv("STUB_SCRIPT", "simp")
    monkeypatch.setattr(Lean, "warm_up", lambda self, seconds: "")  # which the pretended axioms would disturb
    monkeypatch.setenv("FAKE_AXIOMS", f"propext, {axiom}")
    record = tried(tmp_path / "data", *project, "--prover", "suite_stubs.Scripted")["a"]
    assert record.proved == (axiom == "Own.given")
    assert record.proved or "depends on Other.given" in record.reason


def test_what_pantograph_finds_is_checked_by_new_processes_and_by_the_embedded_logic(tmp_path, monkeypatch):
    stub = Path(__file__).parents[1] / "repl_stub.py"
    repl = write(tmp_path / "repl", f'#!/bin/sh\necho >> "{tmp_path}/starts"\nexec "{sys.executable}" "{stub}"\n')
    repl.chmod(0o755)
    write(tmp_path / "data/a.lean", "theorem swap (p q : Prop) (h : p ∧ q) : q ∧ p := by sorry\n")
    write(tmp_path / "other/a.lean", "open Nowhere\ntheorem unread : True := by sorry\n")
    arguments = ["--env", "pantograph", "--repl", str(repl), "--prover", "best-first"]
    record = tried(tmp_path / "data", *arguments)["swap"]
    assert record.proved and record.applications > 0 and record.second.startswith("kernel of lean-ebm")
    unread = tried(tmp_path / "other", *arguments)["unread"]
    assert unread.outcome == UNREAD and "Lean refuses the header: unknown namespace 'Nowhere'" in unread.reason
    (tmp_path / "starts").unlink()
    tried(tmp_path / "data", *arguments)
    before = len((tmp_path / "starts").read_text().splitlines())
    monkeypatch.setattr(ArgumentEquipment, "fresh", lambda self, problem: None)
    assert tried(tmp_path / "data", *arguments)["swap"].proved
    assert len((tmp_path / "starts").read_text().splitlines()) - before < before  # the check took processes of its own
