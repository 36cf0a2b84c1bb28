"""`make reasoning`, on one task."""

import json
from pathlib import Path

from lean_ebm.cli.training import main
from lean_ebm.experiments.reasoning import MODELS, REASONING, TASKS
from lean_ebm.experiments.runs import TrainingRun

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "reasoning"


def test_runs_are_evaluated_written_up_and_not_repeated(tmp_path, monkeypatch):
    # Starting six commands would take most of the time; the test of the leaderboard starts some.
    monkeypatch.setattr(TrainingRun, "_run", lambda self, command, threads, *more: main(self.arguments(command, *more)))
    arguments = ["--fast", "--tasks", "inverse", f"--folder={tmp_path}", f"--configs={CONFIGS}"]
    REASONING.main([*arguments, "--models", "ired", "denoiser"])
    text = (tmp_path / "reasoning.md").read_text()
    assert "A dry run" in text and "Failures" not in text
    for model in ("ired", "denoiser"):
        figures = json.loads((tmp_path / f"inverse-{model}" / "seed-0" / "evaluation.json").read_text())
        for name in ("same", "harder"):
            assert f"{figures['metrics'][f'test/{name}_error']:.4f}" in text
            assert f"{figures['compute']['10'][f'{name}_error']:.4f}" in text
    assert f"{figures['metrics']['test/same_error_without_thinking']:.4f}" in text and ".0095" in text
    assert (tmp_path / "reasoning.png").stat().st_size > 1000 and "reasoning.png" in text

    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")}
    REASONING.main([*arguments, "--models", "ired", "feed-forward"])  # one more model; the first is not run again
    assert "feed-forward network" in (tmp_path / "reasoning.md").read_text()
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_every_task_has_a_recipe_and_every_model_its_flags_and_steps():
    runs = {run.name: run for run in REASONING.plan(REASONING.options([f"--configs={CONFIGS}"]))}
    assert list(runs) == [f"{task}-{model}" for task in TASKS for model in MODELS] and len(runs) == 18
    for task in TASKS.values():
        for name, model in MODELS.items():
            run = runs[f"{task.name}-{name}"]
            assert run.config.is_file() and run.flags == model.flags
            assert run.fit_flags[0] == f"--trainer.max_steps={round(task.steps * model.longer)}"
