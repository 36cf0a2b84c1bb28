import pytest

from helpers import needs_lean
from lean_ebm.proving import report
from lean_ebm.proving.lean import Lean


def test_rows_measure_and_know_whether_they_hold():
    row = report.decided(4)
    assert row.holds and row.measured.startswith("equal on 272 of 272")
    fast = report.applications(0.05)
    assert fast.holds == (int(fast.measured.split(",")[0] + fast.measured.split(",")[1][:3]) >= 20_000)
    few = report.generated(20, 0)
    assert few.measured.startswith("20 in ")


def test_a_suite_that_is_not_there_does_not_hold(tmp_path):
    assert not report.suite("a", "b", str(tmp_path / "test_no.py"), "x", 1).holds
    (tmp_path / "test_it.py").write_text("def test_a():\n    pass\n\ndef test_b():\n    assert False\n")
    assert report.suite("a", "b", str(tmp_path / "test_it.py"), "test_a", 1).holds
    assert not report.suite("a", "b", str(tmp_path / "test_it.py"), "test_a", 2).holds
    assert not report.suite("a", "b", str(tmp_path / "test_it.py"), "test_", 1).holds


def test_the_table_shows_what_does_not_hold():
    text = report._text([report.Row("speed", "10", "5", False), report.Row("size", "1", "1", True)], True, 3, "Lean 4")
    assert "| speed | 10 | 5 | **no** |" in text and "| size | 1 | 1 | yes |" in text
    assert "python -m lean_ebm.proving.report --fast --seed 3" in text


@needs_lean
def test_rows_that_ask_lean():
    with Lean() as lean:
        same = report.differential(lean, 40, 0)
        assert same.holds and " 0 disagreements" in same.measured
        found, changed, _ = report.proofs(lean, 8, 6, 0)
    assert found.holds and found.measured.startswith("8 of 8")
    assert changed.holds and changed.measured.startswith("0 of 6")


@needs_lean
@pytest.mark.parametrize("holds", [True, False])
def test_the_command_fails_where_a_row_does_not_hold(holds, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(report, "_rows", lambda *_: iter([report.Row("speed", "10", "5", holds)]))
    assert report.main(["--fast", "--output", str(tmp_path / "new" / "report.md")]) == (not holds)
    assert capsys.readouterr().out.startswith("ok " if holds else "NO ")
    assert "| speed | 10 | 5 |" in (tmp_path / "new" / "report.md").read_text()
