"""The experiments with digits, on one recipe."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

import forked
from lean_ebm.cli.training import main
from lean_ebm.errors import SettingError
from lean_ebm.experiments.held_out import HELD_OUT
from lean_ebm.experiments.leaderboard import ENERGY, LEADERBOARD, _summary
from lean_ebm.experiments.runs import Figures, TrainingRun, execute

CONFIGS = Path(__file__).resolve().parents[2] / "configs"


def test_leaderboard_makes_runs_writes_a_report_and_resumes(tmp_path, monkeypatch):
    plain, started = TrainingRun._run, []

    def one_start(self, subcommand, threads, *more):
        """Start the first command as it is. The others need no Python of their own."""
        started.append(subcommand)
        if len(started) == 1:
            return plain(self, subcommand, threads, *more)
        done = forked.run("-m", "lean_ebm", *self.arguments(subcommand, *more))
        with (self.path / f"{subcommand}.log").open("a") as log:
            log.write(done.stdout + done.stderr)
        assert done.returncode == 0, done.stderr
        return None

    monkeypatch.setattr(TrainingRun, "_run", one_start)
    arguments = ["--fast", "--jobs=2", "--recipes", "contrastive", f"--folder={tmp_path}", f"--configs={CONFIGS}"]
    LEADERBOARD.main(arguments)
    folder, report = tmp_path / "contrastive" / "seed-0", tmp_path / "README.md"
    figures = json.loads((folder / "evaluation.json").read_text())
    text = report.read_text()
    spent = json.loads((folder / "fit.json").read_text())
    assert spent["processor_seconds"] > 0 and spent["seconds"] > 0
    for name in ("samples_accuracy", "real_coverage", "energy_auroc_rotated", "long_run_accuracy"):
        assert f"{figures['metrics'][f'test/{name}']:.3f}" in text
    assert f"{figures['compute']['3']['frechet']:.3f}" in text
    assert "A dry run" in text and "1 of 1" in text and "prototype" in text and "Failures" not in text
    for picture in ("training.png", "compute.png", "samples-contrastive.png"):
        assert (tmp_path / picture).stat().st_size > 1000 and picture in text

    # the second time nothing is trained or evaluated, but the report is written
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    report.unlink()
    for events in folder.glob("events.out.tfevents.*"):  # the curves are kept beside the figures
        before.pop(events)
        events.unlink()
    (tmp_path / "training.png").unlink()
    LEADERBOARD.main(arguments)
    assert (tmp_path / "training.png").stat().st_size > 1000
    assert json.loads((folder / "curves.json").read_text())["train/loss"]
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()} == before
    assert report.read_text() == text

    # an interrupted run resumes from its checkpoint
    (folder / "fit.json").unlink()
    seconds = json.loads((folder / "begun.json").read_text())["seconds"]
    LEADERBOARD.main(arguments)
    assert "Restoring states from the checkpoint" in (folder / "fit.log").read_text()
    record = json.loads((folder / "fit.json").read_text())
    assert record["seconds"] > seconds and record["processor_seconds"] is None  # it was interrupted

    # and a run of another recipe is not mistaken for it
    (run,) = LEADERBOARD.plan(LEADERBOARD.options(arguments))
    with pytest.raises(SettingError, match="another recipe or other settings: remove the folder"):
        execute([replace(run, fit_flags=("--trainer.max_steps=9",))], jobs=1)

    # figures of another evaluation do not count
    assert run.figures() is not None
    assert replace(run, test_flags=()).figures() is None


def _figures(**metrics):
    samples = {"samples_accuracy": 0.996, "samples_frechet": 5.0, "samples_coverage": 0.93}
    detected = {name: 0.95 for name in ENERGY.values() if "auroc" in name}
    return Figures([{"metrics": {f"test/{name}": value for name, value in (samples | detected | metrics).items()}}])


def test_the_summary_counts_targets_by_recipes_and_kinds_of_strange_images():
    lines = _summary({"a": _figures(), "b": _figures(energy_auroc_rotated=0.89, samples_frechet=6.5), "c": Figures([])})
    assert "| 9 of 10 |" in lines[-1] and "at most 6.0; recipes | 1 of 2 |" in lines[-1]
    assert "read as asked at least 0.995; recipes | 2 of 2 |" in lines[-1]
    assert _summary({"c": Figures([])}) == []


def test_only_the_first_seed_is_evaluated_in_depth():
    runs = LEADERBOARD.plan(LEADERBOARD.options([]))
    assert [run.seed for run in runs] == [seed for seed in range(3) for _ in range(3)]
    for run in runs:
        assert run.predict == ("--evaluation.long_run=2000" in run.test_flags) == (run.seed == 0)


@pytest.mark.filterwarnings("ignore:Precision bf16-mixed is not supported by the model summary")  # which is not read
def test_held_out_digits(tmp_path, monkeypatch):
    monkeypatch.setattr(TrainingRun, "_run", lambda self, command, threads, *more: main(self.arguments(command, *more)))
    arguments = ["--fast", "--recipes", "contrastive", f"--folder={tmp_path}", f"--configs={CONFIGS}"]
    HELD_OUT.main(["--digits", "4", *arguments])
    figures = json.loads((tmp_path / "contrastive-without-4" / "seed-0" / "evaluation.json").read_text())["metrics"]
    text = (tmp_path / "held-out.md").read_text()
    assert f"| `contrastive` | {figures['test/held_out_auprc']:.3f} |" in text
    assert "| *best found* | *0.949* |" in text and "--data.held_out=4" in text
