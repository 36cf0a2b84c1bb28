"""The command line of suites."""

import json
import multiprocessing
import sys

import pytest

from lean_ebm.cli.suite import main
from lean_ebm.experiments.suite_tables import passes
from lean_ebm.proving.suites.results import read_results

SMALL = ["suite", "run", "iltp", "--problems", "2", "--split", "contractions", "pigeonhole"]


def test_a_list_ends_with_the_number(capsys, tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.lean").write_text(f"import Mathlib\ntheorem {name} : 1 = 1 := by sorry\n")
    assert main(["suite", "list", "veribench", "--data", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["all\ta:a\tMathlib", "all\tb:b\tMathlib", "2 problems: 2 all; 2 import Mathlib"]
    assert main(["suite", "list", "iltp", "--problems", "2", "--split", "pigeonhole"]) == 0
    assert capsys.readouterr().out == "pigeonhole\tpigeonhole_1\npigeonhole\tpigeonhole_2\n2 problems: 2 pigeonhole\n"


@pytest.mark.parametrize(
    "wrong", [["minif2f"], ["minif2f", "--data", "none"], ["iltp", "--problems", "1", "--split", "x"]]
)
def test_a_mistake_is_said_in_one_sentence(capsys, wrong):
    assert main(["suite", "list", *wrong]) == 2
    error = capsys.readouterr().err
    assert error.startswith("lean-ebm: error: ") and len(error.splitlines()) == 1


def test_a_run_is_written_counted_and_not_repeated(capsys, tmp_path, monkeypatch):
    path = tmp_path / "a.jsonl"
    arguments = [*SMALL, "--prover", "random", "--attempts", "3", "--applications", "30", "--output", str(path)]
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main(arguments) == 0
    told = capsys.readouterr()
    assert "12/12" in told.err and "solved" in told.err  # the progress bar
    assert "| split | problems | tried | solved | pass@1 | pass@3 | applications |" in told.out
    text = path.read_text()
    records = [json.loads(line) for line in text.splitlines()[1:]]
    assert [(record["problem"], record["attempt"]) for record in records][:4] == [
        ("pigeonhole_1", 1), ("pigeonhole_1", 2), ("pigeonhole_1", 3), ("pigeonhole_2", 1),
    ]  # fmt: skip
    solved = {record["problem"] for record in records if record["outcome"] == "proved"}
    assert solved and len({record["seed"] for record in records}) == 12
    assert max(record["applications"] for record in records) == 30
    monkeypatch.setattr(multiprocessing, "get_context", lambda way: None)  # no process can start
    assert main(arguments) == 0
    assert path.read_text() == text and capsys.readouterr().out == told.out
    assert main([*arguments, "--applications", "31"]) == 2
    assert "results of another run (applications was 30 and is now 31)" in capsys.readouterr().err
    results = read_results(path)
    assert results.complete and results.run["versions"]["lean-ebm"]
    for problem, value in passes(results, 1).items():
        assert value * 3 == pytest.approx(
            sum(each["outcome"] == "proved" for each in records if each["problem"] == problem)
        )


def test_runs_are_compared_problem_by_problem(capsys, tmp_path):
    files = [str(tmp_path / name) for name in ("a.jsonl", "b.jsonl", "c.jsonl")]
    for file, prover in zip(files, ("auto", "best-first"), strict=False):
        assert main([*SMALL, "--prover", prover, "--applications", "5", "--output", file]) == 0
    assert main([*SMALL[:-1], "--output", files[2]]) == 0
    capsys.readouterr()
    assert main(["suite", "report", *files[:2]]) == 0
    out = capsys.readouterr().out
    assert "| run |  | problems | auto (a.jsonl) | this run |" in out
    assert "| best-first (b.jsonl) | pass@1 | 4 | 1.000 |" in out
    assert main(["suite", "report", files[0], files[2]]) == 2
    assert "on different problems" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--prover", "best-first", "--attempts", "2"], "expected one with a seed"),
        (["--attempts", "0"], "number of attempts is 0"),
        (["--workers", "0"], "number of workers is 0"),
        (["--project", "x"], "--project is for a Lean"),
        (["--prover", "none"], "--prover is 'none'"),
        (["--guide", "sizes", "--prover", "random"], "leave out --prover random"),
    ],
)
def test_wrong_settings_of_a_run_are_said_in_one_sentence(capsys, tmp_path, more, said):
    assert main([*SMALL, "--output", str(tmp_path / "a.jsonl"), *more]) == 2
    error = capsys.readouterr().err
    assert said in error and len(error.splitlines()) == 1
