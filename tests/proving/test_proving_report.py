import pytest

from helpers import needs_lean
from lean_ebm.proving.lean import Lean
from proving import measure


def test_rows_measure_and_know_whether_they_hold():
    row = measure.decided(4)
    assert row.holds and row.measured.startswith("equal on 272 of 272")
    fast = measure.applications(0.05)
    assert fast.holds == (int(fast.measured.split(",")[0] + fast.measured.split(",")[1][:3]) >= 20_000)
    whole = measure.searched(20)
    assert whole.holds == (int(whole.measured.partition(" ")[0].replace(",", "")) >= 40_000)
    few = measure.generated(20, 0)
    assert few.measured.startswith("20 in ")


def test_a_suite_that_is_not_there_does_not_hold(tmp_path):
    assert not measure.suite("a", "b", tmp_path / "test_no.py", ["x"], 1).holds
    folder = tmp_path / "a folder called test_a"  # its name selects nothing
    folder.mkdir()
    path = folder / "test_it.py"
    path.write_text("def test_a():\n    pass\n\ndef test_b():\n    assert False\n")
    assert measure.suite("a", "b", path, ["test_a"], 1).holds
    assert not measure.suite("a", "b", path, ["test_a"], 2).holds
    assert not measure.suite("a", "b", path, ["test_a", "test_b"], 1).holds
    assert not measure.suite("a", "b", path, ["test_c"], 1).holds


def test_the_table_shows_what_does_not_hold():
    text = measure._text(
        [measure.Row("speed", "10", "5", False), measure.Row("size", "1", "1", True)], True, 3, "Lean 4"
    )
    assert "| speed | 10 | 5 | **no** |" in text and "| size | 1 | 1 | yes |" in text
    assert "python -m proving.measure --fast --seed 3" in text


@needs_lean
def test_rows_that_ask_lean():
    with Lean() as lean:
        same = measure.differential(lean, 40, 0)
        assert same.holds and " 0 disagreements" in same.measured
        found, changed, _ = measure.proofs(lean, 8, 6, 0)
    assert found.holds and found.measured.startswith("8 of 8")
    assert changed.holds and changed.measured.startswith("0 of 6")


@needs_lean
@pytest.mark.parametrize("holds", [True, False])
def test_the_command_fails_where_a_row_does_not_hold(holds, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(measure, "_rows", lambda *_: iter([measure.Row("speed", "10", "5", holds)]))
    assert measure.main(["--fast", "--output", str(tmp_path / "new" / "report.md")]) == (not holds)
    assert capsys.readouterr().out.startswith("ok " if holds else "NO ")
    assert "| speed | 10 | 5 |" in (tmp_path / "new" / "report.md").read_text()
