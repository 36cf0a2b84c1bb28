"""Lean programs that hang, die, belong to a project or are not there, as processes."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lean_ebm.cli.proving import main
from lean_ebm.proving.lean import Lean, LeanNotFoundError
from lean_ebm.proving.statements import Attempt, Outcome, Statement

SWAP = Statement.of("(p q : Prop) : p ∧ q → q ∧ p")
PROOF = "intro h\nexact ⟨h.2, h.1⟩"


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A `lean` that accepts everything and misbehaves on request."""
    program = tmp_path / "lean"
    script = Path(__file__).with_name("fake_lean.py")  # a line "#!" cannot name an interpreter whose path has a blank
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("FAKE_PIDS", str(tmp_path / "pids"))
    return program


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


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
    try:
        ended, _ = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:  # there is no child at all; other tests may have left one that runs, for multiprocessing
        ended = 0
    assert ended == 0


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
