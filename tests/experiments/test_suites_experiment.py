"""`make suites`, with two problems of each split."""

import json
import shutil

import pytest

from lean_ebm.cli.suite import main
from lean_ebm.experiments import suites
from lean_ebm.experiments.runs import execute
from lean_ebm.experiments.suites import PROVERS, SUITES, SUITES_REPORT, SuiteRun, plan


def test_a_dry_run_measures_reports_and_repeats_nothing(tmp_path, monkeypatch):
    commands = []

    def in_process(module, arguments, *_):
        commands.append(arguments)
        assert module == "lean_ebm" and main(arguments) == 0

    monkeypatch.setattr(suites, "run_module", in_process)
    arguments = ["--fast", f"--folder={tmp_path}", "--suites", "propl", "--provers", "auto", "best-first", "random"]
    SUITES_REPORT.main(arguments)
    text = (tmp_path / "suites.md").read_text()
    assert "A dry run" in text and "256 applications" in text and "Failures" not in text
    assert "| `auto` | 2 of 2 | 2 of 2 | 0 |" in text and "| auto (propl-auto.jsonl) | pass@1 | 4 |" in text
    records = [json.loads(line) for line in (tmp_path / "propl-best-first.jsonl").read_text().splitlines()[1:]]
    assert f"| `best-first` | {sum(each['outcome'] == 'proved' for each in records[:2])} of 2 |" in text
    assert len(commands) == 3 and "--workers" in commands[0]
    SUITES_REPORT.main(arguments)
    assert len(commands) == 3 and (tmp_path / "suites.md").read_text() == text


def test_all_provers_are_measured_on_all_suites_and_a_failure_is_told(tmp_path, monkeypatch):
    runs = plan(SUITES_REPORT.options([f"--folder={tmp_path}"]))
    assert len(runs) == len(SUITES) * len(PROVERS) == 12
    assert "--problems" not in runs[0].command(2)

    monkeypatch.setattr("sys.executable", shutil.which("false"))
    run = SuiteRun("propl", "auto", tmp_path, True)
    assert run.figures() is None
    (told,) = execute([run], 1)
    assert told.startswith("propl-auto failed: see ")
    run.path.write_text("{}")
    assert run.figures() is None


@pytest.mark.parametrize("wrong", [["--suites", "none"], ["--provers", "none"]])
def test_other_suites_and_provers_are_refused(wrong):
    with pytest.raises(SystemExit):
        SUITES_REPORT.options(wrong)
