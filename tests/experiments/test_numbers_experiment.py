"""The report on provers of numbers: what is run, and what the table says."""

import json

import pytest

from lean_ebm.experiments import numbers
from lean_ebm.experiments.numbers import NUMBERS_REPORT, UNTRAINED, body, plan
from lean_ebm.experiments.runs import Figures
from lean_ebm.proving.numbers.benchmarks import benchmarks
from lean_ebm.proving.numbers.levels import find_level
from lean_ebm.proving.numbers.world import NUMBERS
from lean_ebm.proving.steps.sources import Benchmark


def test_the_plan_has_each_recipe_with_each_seed():
    options = NUMBERS_REPORT.options([])
    runs = plan(options)
    assert [(run.name, run.seed) for run in runs] == [
        (name, seed) for seed in range(3) for name in ("numbers", "numbers_policy_value")
    ]
    assert all(run.config.is_file() and "--evaluation.theorems=100" in run.test_flags for run in runs)
    assert "held_out: [add_left_comm, mul_right_comm, pow_add]" in runs[0].config.read_text()
    assert numbers.HELD_OUT == ("add_left_comm", "mul_right_comm", "pow_add")


def test_the_table_has_the_untrained_and_the_trained(tmp_path, monkeypatch):
    asked = []

    def few(number, held_out):
        asked.append(number)
        easy, hard = (find_level(name).statement for name in ("zero_add", "add_assoc"))
        return {name: Benchmark([easy, hard], 30, NUMBERS) for name in benchmarks(0, held_out)}

    monkeypatch.setattr(numbers, "benchmarks", few)
    monkeypatch.setattr(numbers, "other_levels", lambda limits, folder, runs: [f"{limits} {folder} {len(runs)}"])
    values = {"walks_8": [1.0, 0.75], "new_8": [1.0, 1.0], "levels_64": [1.0, 0.0]}
    trained = Figures([{"metrics": {"test/top_1": 0.5}, "fit": {"seconds": 60.0}, "values": values}])
    monkeypatch.setattr(numbers, "finished", lambda _: {"numbers": trained})
    options = NUMBERS_REPORT.options(["--fast", f"--folder={tmp_path}"])
    texts = body(options, plan(options))
    assert texts[0].startswith("**An application is a tactic that is tried, failed ones included")
    assert texts[2].splitlines()[2:] == [
        "| levels, 64 | at least 0.80 | 0.500 | no |",
        "| k = 8 | at least 0.85 | 0.875 | yes |",
        "| new lemmas, k = 8 | above each search without learning, the interval above 0 | +0.50 [+0.00, +1.00] | no |",
    ]
    rows = {row.split(" | ")[0]: row.split(" | ")[1:] for row in texts[4].splitlines()}
    assert texts[-1] == f"(4,) {tmp_path} 2"
    header = rows["| prover"]
    assert len(header) == 9 and rows["| `numbers`"][header.index("k = 8")] == "0.88 [0.75, 1.00]"
    assert set(rows) > {f"| {name}" for name in UNTRAINED}
    assert float(rows["| best-first by size"][0]) == pytest.approx(0.5)
    assert asked == [3] * len(UNTRAINED)
    assert body(options, plan(options))[4] == texts[4] and asked == [3] * len(
        UNTRAINED
    )  # what is known is not computed again
    assert json.loads((tmp_path / "untrained-best-first-by-size-3.json").read_text())["walks_4"] == [1.0, 0.0]


@pytest.mark.slow
def test_a_dry_run_makes_the_report(tmp_path, monkeypatch):
    monkeypatch.setenv("LEAN_EBM_CACHE", str(tmp_path / "cache"))
    NUMBERS_REPORT.main(["--fast", f"--folder={tmp_path}", "--recipes", "numbers"])
    report = (tmp_path / "numbers.md").read_text()
    assert "A dry run" in report and "Failures" not in report
