"""The code of docs/suites.md runs, and its commands do with a Lean that is a script."""

import json
import re
import shlex
import stat
import sys
from pathlib import Path

import pytest

from lean_ebm.cli.suite import main, suite_parser
from lean_ebm.proving import Logic, Statement
from lean_ebm.proving.suites import SUITES
from lean_ebm.proving.suites.attempts import OUTCOMES

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "suites.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [
    shlex.split(line, comments=True)[1:] for line in re.findall(r"^    (lean-ebm suite .*)$", PAGE, re.MULTILINE)
]


def test_every_command_of_the_page_can_be_parsed():
    assert len(COMMANDS) >= 8
    for command in COMMANDS:
        suite_parser().parse_args(command[1:])


def test_the_page_knows_all_suites_and_outcomes():
    assert all(f"| `{name}` |" in PAGE for name in (*SUITES, *OUTCOMES))
    assert "](docs/suites.md)" in (ROOT / "README.md").read_text()


def test_the_code_of_the_page_runs(capsys):
    names = {}
    for block in BLOCKS:
        exec(compile(block, "docs/suites.md", "exec"), names)
    assert capsys.readouterr().out.startswith("de_bruijn_1 (p1 p2 p3 : Prop)")
    with Logic() as logic:
        assert names["Closers"]().prove(logic, Statement.of("(p q : Prop) : p ∧ q → q ∧ p")).proved


@pytest.fixture
def pretended(tmp_path, monkeypatch):
    """A folder with miniF2F as its repository has it, and with scripts in place of lean and lake."""
    script = ROOT / "tests" / "proving" / "fake_lean.py"
    for name, line in (("lean", f'exec "{sys.executable}" "{script}" "$@"'), ("lake", 'shift && exec "$@"')):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{line}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    for split in ("Test", "Valid"):
        folder = tmp_path / "miniF2F-lean4" / "MiniF2F" / split
        folder.mkdir(parents=True)
        (folder / f"{split}.lean").write_text(f"import Mathlib\n\ntheorem {split} : 1 + 1 = 2 := by sorry")
    (tmp_path / "closers.py").write_text(BLOCKS[0])
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("FAKE_PIDS", str(tmp_path / "pids"))
    return tmp_path


def test_the_second_and_third_command_of_minif2f_do_what_they_say(capsys, pretended):
    (run,) = (command for command in COMMANDS if "closers.Closers" in command)
    (report,) = (command for command in COMMANDS if command[1:] == ["report", "minif2f.jsonl"])
    assert main(run) == main(report) == 0
    head, line = map(json.loads, Path("minif2f.jsonl").read_text().splitlines())
    assert head["run"]["versions"]["lean"] == "4.0.0-fake"
    assert (line["problem"], line["outcome"], line["script"]) == ("Test", "proved", "norm_num")
    assert "| test | 1 | 1 | 1 | 1.000 [" in capsys.readouterr().out
