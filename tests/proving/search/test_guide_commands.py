"""The commands prove --guide, suggest and theorems --solve-with."""

import json
import re
import sys
from pathlib import Path

import pytest

from lean_ebm.cli.proving import main
from lean_ebm.proving.search import SEARCHES

STUB = Path(__file__).parents[1] / "repl_stub.py"
SWAP = "(p q : Prop) : p ∧ q → q ∧ p"
HARD = "(p q r : Prop) : (p ∧ q → r) ↔ (p → q → r)"


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("search", [None, *SEARCHES])
def test_prove_prints_a_script_and_what_it_cost(capsys, search):
    assert main(["prove", SWAP, "--guide", "sizes", *(["--search", search] if search else [])]) == 0
    out = capsys.readouterr().out
    assert f"theorem example_1 {SWAP} := by" in out and "-- verified by kernel of lean-ebm" in out
    assert re.search(r"^-- found with \d+ applications, 0 evaluations, \d+ goals, \d+\.\d\d s$", out, re.MULTILINE)


def test_the_searches_and_sets_of_tactics_are_those_that_are_named(capsys):
    costs = []
    for more in ([], ["--search", "puct"], ["--tactics", "narrow"], ["--guide", "random"]):
        assert main(["prove", HARD, "--guide", "uniform", *more]) == 0
        costs.append(re.search(r"found with (\d+) applications", capsys.readouterr().out)[1])
    assert len(set(costs)) == 4


def test_budgets_end_a_search_and_are_reported(capsys, tmp_path, monkeypatch):
    assert main(["prove", HARD, "--guide", "uniform", "--applications", "7"]) == 1
    assert "no proof found with 7 tactic applications" in (out := capsys.readouterr().out)
    assert "-- searched with 7 applications, 0 evaluations" in out
    (tmp_path / "counting.py").write_text(COUNTING)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert main(["prove", HARD, "--guide", "counting.Counting", "--evaluations", "100"]) == 1
    assert 90 < int(re.search(r"(\d+) evaluations", capsys.readouterr().out)[1]) <= 100
    assert main(["prove", HARD, "--guide", "counting.Counting", "--seconds", ".001"]) == 1


COUNTING = """
from lean_ebm.proving import Advice

class Counting:
    def advise(self, goals):
        return [Advice(goal.tactics, [-1.0] * len(goal.tactics), 1.5, len(goal.tactics), [2.5] * len(goal.tactics))
                for goal in goals]

class Silent:
    pass
"""


def test_explain_says_what_the_guide_says_at_each_step(capsys, tmp_path, monkeypatch):
    (tmp_path / "counting.py").write_text(COUNTING)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert main(["prove", SWAP, "--guide", "counting.Counting", "--explain"]) == 0
    out = capsys.readouterr().out
    steps = re.findall(r"^-- step (\d+): ⊢ (.*)   V = 1.50$", out, re.MULTILINE)
    assert steps[0] == ("1", "p ∧ q → q ∧ p") and len(steps) >= 4
    chosen = re.findall(r"^--  > E    2.500  p 0.368  (.*)$", out, re.MULTILINE)
    assert len(chosen) == len(steps) and chosen[0] == "intro h1"
    assert re.search(r"^--    E    2.500  p 0.368  exfalso$", out, re.MULTILINE)
    shown = out.split("-- step ")[1:]
    assert max(step.count("\n--  ") for step in shown) in (5, 6)


def test_suggest_lists_the_best_tactics(capsys):
    assert main(["suggest", "(p q : Prop) (h : p ∧ q) : q", "--guide", "random", "--number", "2"]) == 0
    goal, hypothesis, target, first, second, cost = capsys.readouterr().out.splitlines()
    assert (goal, hypothesis, target) == ("p q : Prop", "h : p ∧ q", "⊢ q") and cost == "-- 3 tactics, 0 evaluations"
    assert float(first.split()[1]) > float(second.split()[1]) > 0
    assert main(["suggest", "(p q : Prop) (h : p ∧ q) : q", "--guide", "sizes", "--tactics", "narrow"]) == 0
    assert "⊢ q   V = 0.3" in (out := capsys.readouterr().out) and "cases h with | intro h1 h2 => ?_" in out
    assert main(["suggest", "p", "--guide", "sizes", "--number", "0"]) == 2


def test_the_theorems_of_a_file_are_searched_in_lock_step(capsys, tmp_path):
    path = tmp_path / "th.jsonl"
    statements = [SWAP, "(p : Prop) : p ∨ ¬p", "p → → p", HARD, "(p : Prop) : p → p"]
    path.write_text("\n".join(json.dumps({"statement": text}) for text in statements))
    assert main(["prove", str(path), "--guide", "sizes", "--applications", "2000"]) == 1
    out = capsys.readouterr().out
    assert "3 of 5 proved" in out and " 0 evaluations, " in out
    lines = lines_of(tmp_path / "th.proofs.jsonl")
    assert [line["statement"] for line in lines][:2] == statements[:2] and len(lines) == 5
    assert [line["proved"] for line in lines] == [True, False, False, True, True]
    assert "no proof found" in lines[1]["reason"] and "not a statement" in lines[2]["reason"]
    for index in (0, 3, 4):
        assert main(["prove", statements[index], "--guide", "sizes", "--applications", "2000"]) == 0
        alone = capsys.readouterr().out
        assert f"found with {lines[index]['applications']} applications" in alone
        assert lines[index]["script"].splitlines()[0].strip() in alone
    assert main(["check", str(tmp_path / "th.proofs.jsonl")]) == 1
    assert "3 of 5 proved" in capsys.readouterr().out


def test_theorems_are_graded_by_a_guide(capsys, tmp_path):
    path = tmp_path / "th.jsonl"
    assert main(["theorems", str(path), "--number", "80", "--bound", "30", "--solve-with", "sizes"]) == 0
    lines = lines_of(path)
    assert len(lines) == 80 and {line["guide"] for line in lines} == {"sizes"}
    counts = [line["guide_applications"] for line in lines]
    assert None in counts and any(count is not None for count in counts)
    for line in [line for line in lines if line["guide_applications"] is not None][-3:]:
        capsys.readouterr()
        assert main(["prove", line["statement"], "--guide", "sizes"]) == 0
        assert f"found with {line['guide_applications']} applications" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--guide", "best"], "expected one of uniform, random, sizes, default, a checkpoint"),
        (["--guide", "none.ckpt"], "there is no such checkpoint"),
        (["--guide", "nowhere.Guide"], "there is no module nowhere"),
        (["--guide", "counting.Silent"], "has no class Silent with a method advise"),
        (["--search", "puct"], "add --guide"),
        (["--evaluations", "10"], "add --guide"),
        (["--explain"], "add --guide"),
        (["--guide", "sizes", "--prover", "random"], "leave out --prover random"),
        (["--guide", "sizes", "--evaluations", "0"], "0 evaluations"),
        (["--guide", "sizes", "--search", "depth-first"], "invalid choice"),
    ],
)
def test_wrong_guides_are_said_in_one_sentence(capsys, tmp_path, monkeypatch, wrong, said):
    (tmp_path / "counting.py").write_text(COUNTING)
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        status = main(["prove", SWAP, *wrong])
    except SystemExit as end:
        status = end.code
    error = capsys.readouterr().err
    assert status == 2 and error.startswith("lean-ebm: error: ") and said in error
    assert len(error.splitlines()) <= 2


def test_a_file_that_is_no_checkpoint_of_a_guide_is_refused(capsys, tmp_path):
    path = tmp_path / "last.ckpt"
    path.write_bytes(b"not a checkpoint")
    assert main(["prove", SWAP, "--guide", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("lean-ebm: error: ") and str(path) in error and len(error.splitlines()) == 1


def test_a_repl_can_judge_what_a_guide_has_found(capsys, tmp_path):
    repl = tmp_path / "repl"
    repl.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STUB}"\n')
    repl.chmod(0o755)
    for tactics in ("wide", "narrow"):
        environment = ["--env", "pantograph", "--repl", str(repl)]
        assert main(["prove", "p ∧ q → q", "--guide", "sizes", "--tactics", tactics, *environment]) == 0
        out = capsys.readouterr().out
        assert "-- verified by" in out and "-- found with" in out


def test_a_terminal_sees_how_many_applications_were_tried(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main(["prove", HARD, "--guide", "uniform", "--applications", "500"]) == 1
    assert re.search(r"\d+/500 ", capsys.readouterr().err)
