"""`make reasoning`, on one task."""

import json
from pathlib import Path

from lean_ebm.reasoning.__main__ import main, plan
from lean_ebm.reasoning.tasks import MODELS, TASKS

CONFIGS = Path(__file__).resolve().parents[1] / "configs" / "reasoning"


def test_runs_are_judged_written_up_and_not_repeated(tmp_path):
    options = ["--fast", "--tasks", "inverse", f"--folder={tmp_path}", f"--configs={CONFIGS}"]
    main([*options, "--models", "ired", "denoiser"])
    text = (tmp_path / "reasoning.md").read_text()
    assert "A dry run" in text and "make reasoning FAST=1" in text and "Failures" not in text
    for model in ("ired", "denoiser"):
        figures = json.loads((tmp_path / f"inverse-{model}" / "seed-0" / "evaluation.json").read_text())
        for name in ("same", "harder"):
            assert f"{figures['metrics'][f'test/{name}_error']:.4f}" in text
            assert f"{figures['compute']['10'][f'{name}_error']:.4f}" in text
    assert f"{figures['metrics']['test/same_error_without_thinking']:.4f}" in text and ".0095" in text
    assert (tmp_path / "reasoning.png").stat().st_size > 1000 and "reasoning.png" in text

    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")}
    main([*options, "--models", "ired", "feed-forward"])  # one more model, nothing anew
    assert "feed-forward network" in (tmp_path / "reasoning.md").read_text()
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_every_task_has_a_recipe_and_its_figure():
    for task in TASKS.values():
        assert (CONFIGS / f"{task.name}.yaml").is_file()
        for model in MODELS:
            run = plan(task, model, 0, CONFIGS, Path("logs"), fast=False)
            assert run.fit_flags[0] == f"--trainer.max_steps={round(task.steps * MODELS[model].longer)}"
            assert run.flags == MODELS[model].flags
