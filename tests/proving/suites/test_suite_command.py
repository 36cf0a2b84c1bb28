"""The command line of suites."""

import pytest

from lean_ebm.cli.suite import main


def test_a_list_ends_with_the_number(capsys, tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.lean").write_text(f"import Mathlib\ntheorem {name} : 1 = 1 := by sorry\n")
    assert main(["suite", "list", "veribench", "--data", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["all\ta:a\tMathlib", "all\tb:b\tMathlib", "2 problems: 2 all; 2 import Mathlib"]
    assert main(["suite", "list", "iltp", "--problems", "2", "--split", "pigeonhole"]) == 0
    assert capsys.readouterr().out == "pigeonhole\tpigeonhole_1\npigeonhole\tpigeonhole_2\n2 problems: 2 pigeonhole\n"


@pytest.mark.parametrize("wrong", [["minif2f"], ["minif2f", "--data", "none"], ["iltp", "--split", "x"]])
def test_a_mistake_is_said_in_one_sentence(capsys, wrong):
    assert main(["suite", "list", *wrong]) == 2
    error = capsys.readouterr().err
    assert error.startswith("lean-ebm: error: ") and len(error.splitlines()) == 1
