import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers import needs_lean
from lean_ebm.cli.proving import main

STUB = Path(__file__).with_name("repl_stub.py")


def test_prove_prints_a_script_and_who_verified_it(capsys):
    assert main(["prove", "p ∧ q → q ∧ p"]) == 0
    out = capsys.readouterr().out
    assert "theorem example_1 (p q : Prop) : p ∧ q → q ∧ p := by\n  exact fun h => ⟨h.2, h.1⟩\n" in out
    assert "-- verified by kernel of lean-ebm" in out


@needs_lean
@pytest.mark.parametrize("more", [[], ["--prefix"]])
def test_a_real_lean_verifies(capsys, more):
    statement = "(∀ x, P x → Q x) → (∃ x, P x) → ∃ x, Q x ∧ ¬¬P x"
    assert main(["prove", statement, "--env", "lean", *more]) == 0
    assert "-- verified by Lean 4" in capsys.readouterr().out


def test_what_has_no_proof_is_said_to_have_none(capsys):
    assert main(["prove", "p ∨ ¬p"]) == 1
    assert "has no proof in intuitionistic logic" in capsys.readouterr().out
    assert main(["prove", "∀ x, P x", "--applications", "50"]) == 1
    assert "no proof found" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["p ∧", "sorry", "p x ∧ p"])
def test_what_is_no_statement_is_refused(capsys, text):
    assert main(["prove", text]) == 2
    assert "is no statement of this logic" in capsys.readouterr().err


@pytest.mark.parametrize("prover", ["breadth-first", "best-first", "random"])
def test_provers_can_be_chosen(capsys, prover):
    assert main(["prove", "p ∨ q → q ∨ p", "--prover", prover]) == 0
    assert "cases h with" in capsys.readouterr().out


def test_what_prove_prints_can_be_checked(capsys, tmp_path):
    main(["prove", "(p ∨ q) ∧ r → (p ∧ r) ∨ (q ∧ r)", "--name", "distribute"])
    file = tmp_path / "a.lean"
    file.write_text(capsys.readouterr().out)
    assert main(["check", str(file)]) == 0
    assert capsys.readouterr().out.startswith("distribute: proved (kernel of lean-ebm")
    file.write_text(file.read_text().replace("Or.inl", "Or.inr", 1))
    assert main(["check", str(file)]) == 1
    assert "distribute: not proved" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "axiom a : False\n", "theorem a : True := True.intro\n"])
def test_files_with_anything_else_are_refused(capsys, tmp_path, text):
    file = tmp_path / "a.lean"
    file.write_text(text)
    assert main(["check", str(file)]) == 2
    assert capsys.readouterr().err.startswith("lean-ebm: ")


def test_a_repl_can_be_named(capsys, tmp_path):
    repl = tmp_path / "repl"
    repl.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STUB}"\n')
    repl.chmod(0o755)
    for prover in ("auto", "best-first"):
        assert main(["prove", "p ∧ q → q", "--env", "pantograph", "--repl", str(repl), "--prover", prover]) == 0
        assert "-- verified by" in capsys.readouterr().out
    assert main(["prove", "p ∧ q → q", "--env", "pantograph", "--repl", str(tmp_path / "none")]) == 2
    assert main(["prove", "p ∧ q → q", "--env", "lean", "--toolchain", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.count("lean-ebm: ") == 2


def test_theorems_are_written(capsys, tmp_path):
    assert main(["theorems", str(tmp_path / "a.jsonl"), "--number", "30", "--bound", "20", "--seed", "7"]) == 0
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert len(lines) == 30 and lines[0]["seed"] == 7


def test_a_cold_start_takes_less_than_two_seconds_and_no_torch():
    code = (
        "import sys; from lean_ebm.cli.proving import main; status = main(['prove', 'p ∧ q → q ∧ p']); "
        "sys.exit(status or 'torch' in sys.modules)"
    )
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - started < 2
