import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers import needs_lean
from lean_ebm.cli import prove
from lean_ebm.cli.proving import main
from lean_ebm.errors import SettingError
from lean_ebm.proving.logic import Logic
from lean_ebm.proving.statements import Statement

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
    assert "is not a statement of this logic" in capsys.readouterr().err


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


def test_a_file_without_theorems_is_refused(capsys, tmp_path):
    file = tmp_path / "a.lean"
    file.write_text("-- nothing\n")
    assert main(["check", str(file)]) == 2
    assert capsys.readouterr().err.startswith("lean-ebm: ")


def test_a_carriage_return_ends_no_line(capsys, tmp_path):
    file = tmp_path / "a.lean"
    file.write_bytes(b"-- hidden \r theorem a : True := True.intro\r\ntheorem b : True := by\r\n  constructor\r\n")
    assert main(["check", str(file)]) == 0
    assert capsys.readouterr().out.startswith("b: proved")


def test_what_is_not_read_is_named_with_its_line(capsys, tmp_path):
    file = tmp_path / "a.lean"
    file.write_text("axiom a : False\ntheorem b : True := True.intro\ntheorem c : False := a\n")
    assert main(["check", str(file)]) == 1
    first, second, third = capsys.readouterr().out.splitlines()
    assert first == "line 1: not read: axiom"
    assert second.startswith("b: proved")
    assert third == "c (line 3): not read: it mentions a of axiom in line 1, which is not read"


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


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--number", "0"], "number is 0"),
        (["--workers", "0"], "workers is 0"),
        (["--maximum-size", "2"], "maximum_size is 2"),
        (["--first-order", "2"], "first_order is 2"),
        (["--bound", "-1"], "bound is -1"),
        (["--number", "three"], "invalid int value"),
    ],
)
def test_theorems_with_wrong_settings_leave_an_old_file_alone(capsys, tmp_path, wrong, said):
    path = tmp_path / "ds.jsonl"
    path.write_text("old\n")
    assert status(["theorems", str(path), *wrong]) == 2
    assert path.read_text() == "old\n" and list(tmp_path.iterdir()) == [path]
    error = capsys.readouterr().err
    assert error.startswith("lean-ebm: error: ") and said in error and len(error.splitlines()) <= 2


def test_a_place_that_cannot_be_written_to_is_said_in_one_sentence(capsys, tmp_path):
    for path in (tmp_path, tmp_path / "none" / "a.jsonl"):
        assert main(["theorems", str(path)]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def status(args):
    """The exit status, also where argparse exits by itself."""
    try:
        return main(args)
    except SystemExit as end:
        return end.code


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_theorems_of_a_file_are_proved_and_checked(capsys, tmp_path):
    path = tmp_path / "th.jsonl"
    assert main(["theorems", str(path), "--number", "25", "--bound", "20"]) == 0
    assert main(["check", str(path)]) == 0
    assert "25 of 25 proved (kernel of lean-ebm" in capsys.readouterr().out
    assert main(["prove", str(path), "--seconds", "20"]) == 0
    output = tmp_path / "th.proofs.jsonl"
    said = capsys.readouterr()
    assert f"{output}: 25 of 25 proved" in said.out and said.err == ""  # a bar is for terminals
    results = lines_of(output)
    assert [line["statement"] for line in results] == [line["statement"] for line in lines_of(path)]
    assert all(line["proved"] and line["verifier"].startswith("kernel") and not line["reason"] for line in results)
    assert main(["check", str(output)]) == 0


def test_what_a_file_has_no_proof_of_is_said_and_is_the_exit_status(capsys, tmp_path):
    path, output = tmp_path / "th.jsonl", tmp_path / "mine.jsonl"
    statements = ["(p : Prop) : p → p", "(p : Prop) : p ∨ ¬p", "p → → p"]
    path.write_text("\n".join(json.dumps({"statement": text}) for text in statements))
    assert main(["prove", str(path), "--output", str(output)]) == 1
    assert "1 of 3 proved" in capsys.readouterr().out
    good, unprovable, unread = lines_of(output)
    assert good["proved"] and good["script"] == "exact fun h => h"
    assert "intuitionistic" in unprovable["reason"] and "not a statement" in unread["reason"]
    assert unprovable["script"] is None and not unprovable["proved"]
    assert main(["check", str(output)]) == 1
    out = capsys.readouterr().out
    assert "1 of 3 proved" in out and "theorem 2: not proved: it has no script" in out
    output.write_text(json.dumps({"statement": statements[0], "script": "intro h"}))
    assert main(["check", str(output)]) == 1
    assert "theorem 1: not proved: goals are left" in capsys.readouterr().out


def test_results_are_written_whole_or_not_at_all(capsys, tmp_path, monkeypatch):
    path, output = tmp_path / "th.jsonl", tmp_path / "th.proofs.jsonl"
    path.write_text('{"statement": "p → p"}\n{"statement": "q → q"}\n')
    output.write_text("old\n")
    found = iter([prove.find_proof(Statement.of("(p : Prop) : p → p"), Logic())])
    monkeypatch.setattr(prove, "find_proof", lambda *_: next(found))  # the second time it fails
    with pytest.raises((StopIteration, RuntimeError)):
        main(["prove", str(path)])
    assert output.read_text() == "old\n" and set(tmp_path.iterdir()) == {path, output}
    before = path.read_text()
    assert main(["prove", str(path), "--output", str(path)]) == 2
    assert path.read_text() == before


@needs_lean
def test_a_real_lean_checks_a_file_in_one_go(capsys, tmp_path):
    path = tmp_path / "th.jsonl"
    main(["theorems", str(path), "--number", "40", "--bound", "20"])
    assert main(["check", str(path), "--env", "lean"]) == 0
    assert "40 of 40 proved (Lean 4" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "nonsense\n", "[1]\n", '{"statement": 5}\n', '{"script": "skip"}\n'])
@pytest.mark.parametrize("command", ["prove", "check"])
def test_files_of_anything_else_are_refused(capsys, tmp_path, command, text):
    path = tmp_path / "th.jsonl"
    path.write_text(text)
    assert main([command, str(path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"lean-ebm: error: {path}") and len(error.splitlines()) == 1
    assert main([command, str(tmp_path / "none.jsonl")]) == 2
    assert "Cannot read" in capsys.readouterr().err


MINE = """
from lean_ebm.proving import BestFirst, Prover

class MyProver(Prover):
    def search(self, spent, start):
        yield ("intro h", "exact h")

class Abstract(Prover):
    pass

class Wanting(BestFirst):
    def __init__(self, network):
        super().__init__()

NotOne = 5
"""


def test_a_prover_of_ones_own_is_named_by_its_import_path(capsys, tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "faulty.py").write_text("import torchh\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert main(["prove", "p → p", "--prover", "mine.MyProver"]) == 0
    assert "exact fun h => h" in capsys.readouterr().out
    assert main(["prove", "p → q → p", "--prover", "mine.MyProver"]) == 1
    for name, said in (
        ("mine.Other", "has no class Other"),
        ("mine.NotOne", "has no class NotOne"),
        ("mine.Abstract", "does not define search"),
        ("mine.Wanting", "missing a required argument: 'network'"),
        ("nowhere.MyProver", "there is no module nowhere"),
        ("worst-first", "expected one of auto, best-first"),
    ):
        capsys.readouterr()
        assert main(["prove", "p → p", "--prover", name]) == 2
        error = capsys.readouterr().err
        assert error.startswith("lean-ebm: error: --prover") and said in error and len(error.splitlines()) == 1
    with pytest.raises(ModuleNotFoundError, match="torchh"):  # a fault of that file, with its line
        main(["prove", "p → p", "--prover", "faulty.MyProver"])


@pytest.mark.parametrize("wrong", [["--applications", "0"], ["--seconds", "0"], ["--name", "a b"], ["--output", "x"]])
def test_wrong_settings_are_said_in_one_sentence(capsys, wrong):
    assert main(["prove", "p → p", *wrong]) == 2
    error = capsys.readouterr().err
    assert error.startswith("lean-ebm: error: ") and len(error.splitlines()) == 1


def test_a_terminal_sees_a_progress_bar(capsys, tmp_path, monkeypatch):
    path = tmp_path / "th.jsonl"
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    for args in (["theorems", str(path), "--number", "5"], ["prove", str(path)], ["check", str(path)]):
        assert main(args) == 0
        error = capsys.readouterr().err
        assert "100%|" in error and " 5/5 [" in error and error.endswith("it/s]\n")
    assert main(["theorems", str(path), "--number", "0"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_traceback_is_there_for_those_who_ask(monkeypatch, tmp_path):
    monkeypatch.setenv("LEAN_EBM_TRACEBACK", "1")
    with pytest.raises(SettingError):
        main(["check", str(tmp_path / "none.jsonl")])


def test_every_public_name_is_at_the_top():
    import lean_ebm.proving as top

    assert {name for names in top._HOMES.values() for name in names} == set(top.__all__) <= set(dir(top))
    for name in top.__all__:
        assert getattr(top, name).__name__ == name
    with pytest.raises(AttributeError, match="nothing"):
        _ = top.nothing


def test_a_cold_start_takes_less_than_two_seconds_and_no_torch():
    code = (
        "import sys; from lean_ebm.cli.proving import main; status = main(['prove', 'p ∧ q → q ∧ p']); "
        "sys.exit(status or bool({'torch', 'lightning', 'numpy', 'asyncio'} & set(sys.modules)))"
    )
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - started < 2
