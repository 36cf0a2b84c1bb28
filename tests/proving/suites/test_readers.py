"""Benchmarks are read as they are published, and written back byte for byte."""
# ruff: noqa: RUF001 - the letters of Lean

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from lean_ebm.errors import SettingError
from lean_ebm.proving.lean.messages import LeanSource, admitted
from lean_ebm.proving.lexer import SyntaxProblem
from lean_ebm.proving.source.binders import parse_binders
from lean_ebm.proving.statements import Attempt, Outcome, Statement
from lean_ebm.proving.suites.readers import read_lean_folder, read_minif2f, read_theorems, read_verina
from lean_ebm.proving.suites.sources import source_theorems

BENCHMARKS = Path(os.environ.get("LEAN_EBM_DATA") or Path(__file__).parents[3] / "data") / "benchmarks"
MINIF2F, VERINA = BENCHMARKS / "miniF2F-lean4", BENCHMARKS / "verina"

HEADER = "import Mathlib\n\nset_option maxHeartbeats 0\n\nopen Real Nat\n\n"
STATED = "/-- Words. -/\ntheorem two (n : ℕ) -- why not\n  (h : n = 2) :\n  n = 2 := by sorry"


def needs(folder):
    return pytest.mark.skipif(not folder.is_dir(), reason=f"no {folder.name} in LEAN_EBM_DATA/benchmarks")


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def squeezed(text):
    return "".join(text.split())


def to_lean(problem, script="trivial"):
    """The source that Lean would get, where nothing is refused."""
    checked = admitted(Attempt(problem.statement, script))
    assert isinstance(checked, Attempt), checked
    return LeanSource([checked]).text


@needs(MINIF2F)
def test_all_of_minif2f_is_read_and_written_back():
    files = {file.stem: file.read_bytes().decode() for file in MINIF2F.rglob("*.lean")}
    problems = read_minif2f(MINIF2F)
    assert len(problems) == 488 and {problem.name for problem in problems} == files.keys()
    assert [sum(problem.split == split for problem in problems) for split in ("test", "valid")] == [244, 244]
    for problem in problems:
        text, statement = files[problem.name], problem.statement
        assert problem.place.source == text
        assert problem.place.written("intro x\n\nsimp") == re.sub(r" sorry(\n?)$", r"\n  intro x\n\n  simp\1", text)
        stated = re.fullmatch(r"(?s).*\ntheorem \S+(.*?):= by sorry\n?", text)[1]
        assert squeezed(f"{statement.binders}:{statement.proposition}") == squeezed(stated)
        assert problem.imports == ("Mathlib",) and problem.needs_mathlib and problem.axioms == ()
        assert statement.preamble.endswith("set_option maxHeartbeats 0\n\nopen BigOperators Real Nat Topology Rat")
        source = to_lean(problem)
        assert source.count(statement.binders) >= 2 and source.count(statement.proposition) == 2
        parse_binders(statement.binders)  # PyPantograph introduces them by their names


@needs(VERINA)
def test_all_of_verina_is_read_and_written_back():
    files = {file.parent.name: file.read_bytes().decode() for file in VERINA.rglob("task.lean")}
    problems = read_verina(VERINA)
    assert len(problems) == 189 and {problem.name for problem in problems} == files.keys()
    assert {problem.split for problem in problems} == {"basic", "advanced"}
    region = r"(?s)(-- !benchmark @start proof\n).*(  -- !benchmark @end proof\n)"
    for problem in problems:
        text = files[problem.name]
        assert problem.place.source == text
        written = problem.place.written("intro x\n\nsimp")
        assert written == re.sub(region, r"\1  intro x\n\n  simp\n\2", text)
        assert f"{problem.statement.proposition} := by\n" in text and problem.statement.preamble.count("_postcond") >= 1
        imported = tuple(re.findall(r"(?m)^import (\S+)$", text))
        assert problem.imports == imported and "\nimport " not in problem.statement.preamble
        assert len(problem.axioms) == len(re.findall(r"(?m)^axiom ", text))
        assert bool(problem.reference) == (re.search(region, text)[0].count("sorry") == 0)
        to_lean(problem)
    assert sum(problem.needs_mathlib for problem in problems) == 21
    assert sum(bool(problem.reference) for problem in problems) == 46


def test_json_lines_are_read_as_the_files_are(tmp_path):
    write(tmp_path / "lean/Test/two.lean", HEADER + STATED)
    record = {"name": "two", "split": "test", "formal_statement": STATED, "header": HEADER}
    lines = write(tmp_path / "a.jsonl", json.dumps(record) + "\n\n")
    (problem,) = read_minif2f(tmp_path / "lean")
    assert read_minif2f(lines) == [problem]
    assert (problem.name, problem.split) == ("two", "test")
    assert problem.place.written("simp [h]") == (HEADER + STATED).removesuffix(" sorry") + "\n  simp [h]"
    for cut in (" sorry", " by sorry"):  # nothing, or less, may stand where the proof belongs
        stated = {"formal_statement": STATED.removesuffix(cut)}
        (same,) = read_minif2f(write(tmp_path / "b.jsonl", json.dumps(record | stated)))
        assert same.statement == problem.statement and same.place.written("simp") == problem.place.written("simp")


STRANGE = """import Mathlib.Order.Basic
import Std
universe u x
open scoped Topology
/- theorem commented : False := by sorry -/
axiom Choice : True
theorem done : 1 = 1 := rfl
namespace A
variable {α : Type u}
set_option maxRecDepth 2000 in
open Real in
@[simp] protected theorem «odd name».{w, y} [Fact p] (s : Set α) (f : ℕ → ℝ)
    : ⌊‖f 0‖⌋ = 0 ∧ s \\ s = "in end theorem".toList.toSet -- 𝓝
    ∧ (let n := 1
       n = 1) := by
  intro x
  sorry
end A
example : True := sorry
"""


def test_what_stands_around_a_theorem_stays_as_it_is():
    theorems = source_theorems(STRANGE)
    assert [theorem.name for theorem in theorems] == ["done", "A.«odd name»", ""]
    assert [theorem.is_open for theorem in theorems] == [False, True, True]
    odd = theorems[1]
    assert odd.imports == ("Mathlib.Order.Basic", "Std") and odd.axioms == ("Choice",) and odd.line == 12
    assert odd.statement.binders == "[Fact p] (s : Set α) (f : ℕ → ℝ)"
    lines = odd.statement.proposition.split("\n")
    assert lines[0] == " " * 6 + '⌊‖f 0‖⌋ = 0 ∧ s \\ s = "in end theorem".toList.toSet -- 𝓝'  # in its column
    assert lines[2] == "       n = 1)"
    preamble = odd.statement.preamble
    assert "open scoped Topology\n/- theorem commented" in preamble and "theorem done : 1 = 1 := rfl" in preamble
    assert preamble.endswith("variable {α : Type u}\nset_option maxRecDepth 2000\nopen Real\nuniverse y")
    assert preamble.startswith("universe x\n")  # u and w are declared above every theorem
    assert odd.place.written("simp") == STRANGE.replace("\n  intro x\n  sorry", "\n  simp")
    assert theorems[2].place.written("simp") == STRANGE.replace(":= sorry", ":= by\n  simp")


def test_a_trusted_statement_is_not_refused_for_its_text_and_a_script_is():
    trusted = source_theorems(STRANGE)[1].statement
    assert trusted.proposition in LeanSource([admitted(Attempt(trusted, "simp"))]).text
    assert admitted(Attempt(trusted, "sorry")).outcome is Outcome.FORBIDDEN
    assert admitted(Attempt(trusted, "simp\naxiom x : False")).outcome is Outcome.FORBIDDEN
    assert admitted(Attempt(Statement("‖(0 : ℝ)‖ = 0"), "simp")).outcome is Outcome.FORBIDDEN


def test_a_folder_of_lean_files_has_a_problem_for_each_sorry(tmp_path):
    text = (
        "namespace MyAdd\n\ndef myAdd : Nat → Nat → Nat := Nat.add\n\nexample : myAdd 1 2 = 3 := by native_decide\r\n"
        "/-- Either order. -/\ntheorem commutes (a b : Nat) : myAdd a b = myAdd b a := by\r\n  sorry\r\n\r\n"
        "theorem right (a b : Nat) : myAdd a b = a + b := by sorry\n\nend MyAdd\n"
    )
    write(tmp_path / "easy_set/1_MyAdd.lean", text)
    write(tmp_path / "readme.lean", "theorem a : True := trivial\n")
    write(tmp_path / ".lake/packages/mathlib/a.lean", "theorem a : True := sorry\n")
    problems = read_lean_folder(tmp_path)
    assert [(problem.name, problem.split) for problem in problems] == [
        ("easy_set/1_MyAdd:MyAdd.commutes", "easy_set"),
        ("easy_set/1_MyAdd:MyAdd.right", "easy_set"),
    ]
    assert problems[0].place.written("omega") == text.replace("\r\n  sorry\r\n\r\n", "\n  omega\r\n\r\n")
    assert "native_decide" in problems[0].statement.preamble and problems[0].statement == replace(
        problems[1].statement, proposition="myAdd a b = myAdd b a"
    )  # what has no proof is left out, so that nothing can find it


def test_what_has_no_proof_stays_above_what_mentions_it():
    lines = ["theorem A.a : P := sorry", "example : Q := sorry", "theorem b : R := by sorry", "def c := b"]
    theorems = source_theorems("\n".join([*lines, "theorem d : S := sorry"]))
    assert [theorem.statement.preamble.strip().split("\n") for theorem in theorems] == [[""], [""], [""], lines[2:]]


def test_a_theorem_that_is_proved_may_have_any_form():
    text = "theorem a : ∀ n : Nat, P n\n  | 0 => h\n  | n + 1 => g\ntheorem b : a = a := by sorry\n"
    (theorem,) = source_theorems(text)
    assert theorem.name == "b" and theorem.statement.preamble.startswith("theorem a : ∀ n : Nat, P n\n  | 0")
    with pytest.raises(SyntaxProblem, match="line 1: a proof by cases"):
        source_theorems(text.replace("=> h", "=> sorry"))


def test_our_own_lines_are_read(tmp_path):
    line = {"statement": "(p : Prop) : p → p", "script": "exact fun h => h", "split": "test"}
    (problem,) = read_theorems(write(tmp_path / "a.jsonl", json.dumps(line)))
    assert problem.split == "test" and problem.reference == "exact fun h => h" and not problem.statement.trusted
    assert (
        problem.place.written("intro h\nexact h")
        == "theorem theorem_1 (p : Prop) : p → p := by\n  intro h\n  exact h\n"
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("none", "There is no folder"),
        ("empty", "has no theorem whose proof is missing"),
        ("open", "a comment that does not end.lean: the comment that starts in line 1 does not end"),
        ("twice", "several problems with the name a"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(tmp_path, name, said):
    (tmp_path / "empty").mkdir()
    write(tmp_path / "open/a comment that does not end.lean", "/- theorem a : True := by sorry")
    for half in ("x", "y"):
        write(tmp_path / f"twice/{half}.lean", "theorem a : True := by sorry")
    with pytest.raises(SettingError, match=said):
        read_minif2f(tmp_path / name)


@pytest.mark.parametrize("line", ["[]", "{", '{"name": "a", "split": "b"}'])
def test_a_wrong_line_is_said_with_its_number(tmp_path, line):
    with pytest.raises(SettingError, match="line 2: expected a JSON object with name"):
        good = json.dumps({"name": "two", "split": "test", "formal_statement": STATED})
        read_minif2f(write(tmp_path / "a.jsonl", f"{good}\n{line}"))


def test_a_wrong_task_is_said_with_its_file(tmp_path):
    write(tmp_path / "v/task.json", '{"id": "verina_basic_1"}')
    write(tmp_path / "v/task.lean", "theorem a : True := by\n  sorry\n")
    with pytest.raises(SettingError, match="expected one line '-- !benchmark @start proof'"):
        read_verina(tmp_path)
    write(tmp_path / "v/task.json", "[]")
    with pytest.raises(SettingError, match=r"task\.json: expected a JSON object with an id"):
        read_verina(tmp_path)
