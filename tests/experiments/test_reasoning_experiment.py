"""`make reasoning`, on one task."""

import json
import math
from collections import Counter
from pathlib import Path
from statistics import stdev

import pytest
import yaml

from lean_ebm.cli.training import main
from lean_ebm.experiments.provenance import commit
from lean_ebm.experiments.reasoning import REASONING
from lean_ebm.experiments.reasoning_tables import comparison, difference, tables, wrong_found
from lean_ebm.experiments.reasoning_tasks import MODELS, TASKS
from lean_ebm.experiments.runs import Figures, TrainingRun

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "reasoning"


def test_runs_are_evaluated_written_up_and_not_repeated(tmp_path, monkeypatch):
    # Starting six commands would take most of the time; the test of the leaderboard starts some.
    monkeypatch.setattr(TrainingRun, "_run", lambda self, command, threads, *more: main(self.arguments(command, *more)))
    arguments = ["--fast", "--tasks", "inverse", f"--folder={tmp_path}", f"--configs={CONFIGS}"]
    REASONING.main([*arguments, "--models", "verified", "denoiser"])
    text = (tmp_path / "reasoning.md").read_text()
    if commit() is not None:
        assert json.loads((tmp_path / "inverse-verified/seed-0/fit.json").read_text())["commit"] == commit()
        assert f"Trained at commit {commit()}." in text
    assert "A dry run" in text and "Failures" not in text and "## Targets" in text
    for model in ("verified", "denoiser"):
        figures = json.loads((tmp_path / f"inverse-{model}" / "seed-0" / "evaluation.json").read_text())
        for name in ("same", "harder"):
            assert f"{figures['metrics'][f'test/{name}_error']:.5f}" in text
            assert f"{figures['compute']['10'][f'{name}_error']:.5f}" in text
            values = figures["values"][f"{name}_error"]
            assert len(values) == 20 and all(value == float(f"{value:.7g}") for value in values)
    assert f"{figures['metrics']['test/same_error_without_thinking']:.5f}" in text and ".0095" in text
    assert (tmp_path / "reasoning.png").stat().st_size > 1000 and "reasoning.png" in text

    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")}
    REASONING.main([*arguments, "--models", "verified", "ired"])  # one more model; the first is not run again
    assert "| IRED |" in (tmp_path / "reasoning.md").read_text()
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_every_task_has_a_recipe_and_every_model_its_flags_and_steps():
    runs = {run.name: run for run in REASONING.plan(REASONING.options([f"--configs={CONFIGS}", "--seeds=1"]))}
    assert list(runs) == [f"{task}-{model}" for task in TASKS for model in MODELS] and len(runs) == 24
    for task in TASKS.values():
        recipe = yaml.safe_load((CONFIGS / f"{task.name}.yaml").read_text())
        assert recipe["trainer"]["max_steps"] == task.steps["verified"]  # so that a recipe reaches what the report says
        model = recipe["model"]["init_args"]
        assert task.chain == model["energy"]["init_args"]["landscapes"] * (1 + model["sampler"]["steps"])
        assert f"--evaluation.steps=[1, 5, 20, {8 * task.chain}]" in runs[f"{task.name}-denoiser"].test_flags
        for name, model in MODELS.items():
            run = runs[f"{task.name}-{name}"]
            assert run.config.is_file() and run.flags[: len(model.flags)] == model.flags
            assert run.flags[len(model.flags) :] == (task.ired if name == "ired" else ())
            assert run.fit_flags[0] == f"--trainer.max_steps={task.steps[name]}"
    names = Counter(run.name for run in REASONING.plan(REASONING.options([f"--configs={CONFIGS}"])))
    assert names["sudoku-verified"] == REASONING.seeds == 3 and names["sudoku-ired"] == 1


def run(metrics=(), **values):
    return {"metrics": dict(metrics), "compute": {}, "values": values, "fit": {"seconds": 60.0, "threads": 1}}


def test_differences_have_intervals_over_problems_and_seeds():
    first = [Figures([run(a=[1.0, 3.0, 2.0])]), Figures([run(a=[1.0, 3.0, 2.0]), run(a=[2.0, 4.0, 3.0])])]
    second = Figures([run(b=[0.0, 0.0, 0.0]), run(b=[0.0, 0.0, 0.0])])
    one = difference(first[0], "a", second, "b", higher=True)
    assert one.value == pytest.approx(2) and one.half == pytest.approx(1.96 * stdev([1, 3, 2]) / 3**0.5)
    two = difference(first[1], "a", second, "b", higher=False)
    seeds = 12.71 * stdev([2, 3]) / 2**0.5
    assert two.value == pytest.approx(-2.5) and two.half == pytest.approx(((1.96 / 3**0.5) ** 2 + seeds**2) ** 0.5)
    assert one.ahead and not one.behind and not two.behind
    assert one.text(1) == "**+2.0 ± 1.1**" and two.text(0) == "-2 ± 6"
    assert difference(first[0], "c", second, "b", higher=True) is None


def test_the_summary_counts_the_targets_that_hold(tmp_path):
    task, hard = TASKS["sudoku"], [0.0, 1.0] * 50
    known = {"same_wrong_auroc": 0.96, "harder_wrong_auroc": 0.89, "same_best_of_draws_share": float("nan")}
    known |= {"harder_best_of_draws_share": 0.5, "same_solved": 0.8, "harder_solved": 0.5}
    known |= {"same_surest_50_solved": 0.9, "harder_surest_50_solved": 0.74}
    metrics = {f"test/{name}": value for name, value in known.items()}
    values = {"same_solved": hard[:98], "harder_solved": hard, "harder_best_of_draws_solved": [1.0] * 100}
    verified = Figures([run(metrics, **values)])
    assert math.isnan(wrong_found(verified, "same")[0]) and wrong_found(verified, "harder") == [0.89]  # 49 and 50 wrong
    assert wrong_found(Figures([run(metrics, **values)] * 2), "same") == [0.96, 0.96]  # 98 wrong, with two seeds
    denoiser = Figures([run(harder_solved=hard, harder_solved_at_most_steps=hard)])
    found = {"verified": verified, "denoiser": denoiser}
    assert comparison(task, found, "denoiser-8").value == 0.5 and comparison(task, found, "denoiser-1").value == 0
    assert comparison(task, found, "feed-forward-8") is None
    models = {name: MODELS[name] for name in found}
    text = "\n".join(tables({task: found}, models, tmp_path / "picture.png"))
    for row in (
        "| wrong answers found: AUROC at least .95, harder .9; discrete tasks | 0 of 1; not applicable: 1 |",
        "| best of 8: at least half of the way from one draw to the best | 1 of 1; not applicable: 1 |",
        "| surest half: at most half of the risk; Sudoku and inverse | 1 of 2 |",
        "| harder: ahead of the denoiser, 8 times the steps | 1 of 1 |",
        "| harder: ahead of feed-forward | 0 of 0; not applicable: 1 |",
        "| harder: best of 8 better than one draw | 1 of 1 |",
    ):
        assert row in text
    assert "| n/a |" in text and "**+0.500" in text
