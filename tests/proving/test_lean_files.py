# ruff: noqa: RUF001 - the letters of Lean
import contextlib
import textwrap
import time
from random import Random

import pytest

from helpers import needs_lean
from lean_ebm.proving.lean import Lean
from lean_ebm.proving.lean.messages import LeanReport, admitted
from lean_ebm.proving.lexer import SyntaxProblem
from lean_ebm.proving.logic import Logic
from lean_ebm.proving.source import files
from lean_ebm.proving.source.checking import check_file
from lean_ebm.proving.source.files import read_file
from lean_ebm.proving.statements import Attempt
from proving.file_sampler import sample_file


@pytest.fixture(scope="module")
def lean():
    with Lean() as lean:
        yield lean


def said(text, judge):
    return [str(result) for result in check_file(read_file(text), judge)]


@needs_lean
def test_the_list_of_theorems_is_leans(lean):
    """150 files: Lean has the same theorems, each with the type that ours says."""
    random = Random(17)
    sources, checks, read, listed = [], [], 0, 0
    for number in range(150):
        file = sample_file(random, theorems=3)
        entries = [entry for entry in read_file(file.text).entries if entry.theorem and entry.name]
        assert [entry.name for entry in entries] == file.names, file.text
        assert [entry.line for entry in entries] == file.lines, file.text
        listed += len(entries)
        sources.append(f"namespace F{number}\n{file.text}end F{number}\n")
        for entry in entries:
            if entry.problem:
                continue
            attempt = admitted(Attempt(entry.statement, ""))
            assert not isinstance(attempt, LeanReport), attempt
            head = f"∀ {attempt.statement.binders}, " if attempt.statement.binders else ""
            type_ = f"{head}(\n{attempt.statement.proposition}\n)"
            checks.append((f"F{number}.{entry.name}", type_, entry.statement.preamble))
            read += 1
    assert read > 0.7 * listed > 300
    source = "".join(sources)
    start = source.count("\n")
    for name, type_, preamble in checks:
        if "'" in preamble:  # universes, declared once
            preamble = preamble.partition("\n")[2]
        space, _, _ = name.partition(".")
        ends = "".join(
            f"end {line.split()[1]}\n" for line in reversed(preamble.splitlines()) if line.startswith("namesp")
        )
        own = f"section\nnamespace {space}\n{preamble}\n"
        source += f"{own}example : {type_} := @_root_.{name}\n{ends}end {space}\nend\n"
    messages, death = lean._run(source, 60.0)
    assert death is None
    wrong = [message for message in messages if message.severity == "error" and message.line >= start]
    assert not wrong, (wrong[0], source.splitlines()[wrong[0].line - 12 : wrong[0].line + 2])


@needs_lean
def test_verdicts_are_leans(lean):
    """What Lean proves of a file, when it reads the file itself, is what is said to be proved."""
    random = Random(3)
    proved = 0
    for _ in range(4):
        file = sample_file(random, theorems=6)
        source = file.text + "".join(f"#print axioms {name}\n" for name in file.names)
        messages, death = lean._run(source, 60.0)
        assert death is None
        start = file.text.count("\n")
        theirs = {file.names[m.line - start] for m in messages if m.line >= start and "any axioms" in m.text}
        broken = {m.line + 1 for m in messages if m.severity == "error" and m.line < start}
        results = check_file(read_file(file.text), lean)
        ours = {result.entry.name for result in results if result.entry.name and "proved (" in str(result)}
        read = {result.entry.name for result in results if not result.problem}
        assert ours <= theirs, file.text
        assert theirs & read <= ours, (file.text, theirs & read - ours, broken)
        quick = check_file(read_file(file.text), Logic())
        assert {r.entry.name for r in quick if r.entry.name and r.verdict and r.verdict.proved} <= theirs
        proved += len(ours)
    assert proved > 8


def test_the_example_of_the_documentation_runs():
    text = files.__doc__.partition("::\n\n")[2]
    exec(textwrap.dedent(text), {"read_file": read_file})


def test_a_name_ends_where_lean_ends_it():
    assert said("theorem foo:¬ True := by\n  constructor", Logic())[0].startswith("foo: not proved")
    (entry,) = read_file("theorem theorem : True := trivial").entries[:1]
    assert "expected a name" in entry.problem


def test_comments_are_those_of_lean():
    text = "-- fix the lemmas in /- ... below\ntheorem bad : False := by\n  exact trivial\n-- -/ end\n"
    bad, good = said(f"{text}theorem good : True := trivial\n", Logic())
    assert bad.startswith("bad: not proved") and good.startswith("good: proved")
    for text in ("/- a", 'theorem a : True := "', "theorem «a : True := trivial"):
        with pytest.raises(SyntaxProblem, match="line 1 does not end"):
            read_file(text)


def test_section_variables_become_binders():
    def statement(text):
        return str(read_file(text).entries[-1].statement)

    head = "variable {α : Type} (p q : Prop) [Decidable p] (hp : p)\nvariable (P : α → Prop)\n"
    assert statement(head + "theorem a : q := x") == "(q : Prop) : q"
    assert statement(head + "theorem a : p ∧ q := x") == "(p q : Prop) [Decidable p] : p ∧ q"
    assert statement(head + "theorem a (h : hp = hp) : q := x") == (
        "(p q : Prop) [Decidable p] (hp : p) (h : hp = hp) : q"
    )
    assert statement(head + "theorem a (q : Nat) : q = q := x") == "(q : Nat) : q = q"
    assert statement(head + "theorem a : ∀ hp : q, q := x") == "(q : Prop) : ∀ hp : q, q"
    assert statement(head + "variable {p}\ntheorem a : ∀ x, P x → p := x") == (
        "{α : Type} {p : Prop} [Decidable p] (P : α → Prop) : ∀ x, P x → p"
    )
    assert statement(f"section\n{head}end\ntheorem a : q := x") == "q"
    problem = read_file(head + "theorem a : let hp := q; hp := x").entries[-1].problem
    assert "hp is a section variable" in problem


def test_term_proofs_become_scripts():
    entry = read_file("theorem a : True → True :=\n  fun h =>\n    h -- done\n").entries[0]
    assert entry.script == "exact (\n  fun h =>\n    h)"
    assert Logic().verify(*read_file("theorem a : True → True :=\n  fun h =>\n    h").attempt(entry)).proved


@needs_lean
def test_earlier_theorems_can_be_used(lean):
    text = (
        "namespace A\nvariable (p : Prop)\n@[simp] private theorem one : p → p := fun h => h\nend A\n"
        "theorem two (q : Prop) : q → q := A.one q\nopen A in\ntheorem three : True := two _ trivial\n"
        "theorem bad : False := two _ (bad' : False)\ntheorem four : False := bad\n"
    )
    one, two, three, bad, four = said(text, lean)
    assert all("proved (Lean" in line for line in (one, two, three))
    assert bad.startswith("bad: not proved")
    assert four == "four (line 9): not read: uses the earlier theorem bad, which is not proved"
    assert all("proved (kernel" in line for line in said(text, Logic())[:3])


def test_what_is_not_read_is_named():
    text = """
theorem a : True := trivial
def two := 2
theorem b : two = 2 := rfl
theorem c : True → True
  | _ => trivial
theorem d : True := helper where helper := trivial
set_option maxRecDepth 100 in
theorem e : True := trivial
#eval two
theorem a : False := trivial
theorem f : True
theorem g : True := by
trivial
mutual
theorem h : True := trivial
end
end
macro "x" : tactic => `(tactic| skip)
theorem i : True := trivial
#exit
theorem j : True := trivial
"""
    problems = {entry.title: (entry.line, entry.problem) for entry in read_file(text).entries}
    assert problems.pop("line 3") == (3, "def")
    assert problems.pop("b") == (4, "it mentions two of def in line 3, which is not read")
    assert "pattern" in problems.pop("c")[1]
    assert "'where'" in problems.pop("d")[1]
    assert problems.pop("e") == (9, "set_option ... in")
    assert problems.pop("line 10") == (10, "#eval")
    assert "no proof" in problems.pop("f")[1]
    assert "do not stand right" in problems.pop("g")[1]
    assert problems.pop("line 15") == (15, "mutual")
    assert "line 15 comes before it" in problems.pop("i")[1] or "mutual" in problems["h"][1]
    assert "h" in problems and "j" not in problems
    names = [entry.name for entry in read_file(text).entries if entry.theorem]
    assert names == ["a", "b", "c", "d", "e", "a", "f", "g", "h", "i"]


@pytest.mark.parametrize(
    "piece",
    ["theorem a : True := trivial\n", "open A in ", "/-- d -/ ", "namespace A\n", "end\n", "@[",
     "variable (p : Prop)\n", "∀ x, ", "theorem ", "private ", "lemma a ", "#", "(", "fun p => ", "instance "],
)  # fmt: skip
def test_reading_takes_linear_time(piece):
    text = "variable (p : Prop)\n" + (piece * 30_000)[:30_000]
    start = time.perf_counter()
    with contextlib.suppress(SyntaxProblem):
        read_file(text)
    assert time.perf_counter() - start < 10
