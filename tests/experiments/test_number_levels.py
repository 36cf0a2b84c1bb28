"""Levels that only Lean reads, searched in Lean for a report."""

import pytest

from helpers import needs_lean
from lean_ebm.experiments import number_levels
from lean_ebm.experiments.number_levels import levels_in_lean, other_levels
from lean_ebm.proving.lean import LeanNotFoundError
from lean_ebm.proving.numbers.levels import find_level


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(
        number_levels, "levels", lambda: tuple(map(find_level, ["zero_add", "le_refl", "zero_le", "mul_left_cancel"]))
    )


@needs_lean
def test_what_is_proved_is_counted_and_kept(tmp_path, monkeypatch):
    text, table = other_levels((60, 150), tmp_path, [])
    assert "There are 3 of them" in text
    assert table.splitlines()[2:] == ["| best-first by size | 1 | 2 |"]
    assert levels_in_lean(150, tmp_path) == ["le_refl", "zero_le"]
    monkeypatch.setattr(number_levels, "Lean", lambda **_: pytest.fail("it was searched again"))
    assert other_levels((60, 150), tmp_path, []) == [text, table]


def test_without_a_lean_the_report_says_so(tmp_path, monkeypatch):
    def missing(**_):
        raise LeanNotFoundError("There is no Lean.")

    monkeypatch.setattr(number_levels, "Lean", missing)
    assert other_levels((60,), tmp_path, []) == ["The 3 other levels were not searched. There is no Lean."]
