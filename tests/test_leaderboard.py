import json
from pathlib import Path

import pytest

from lean_ebm.leaderboard.__main__ import main
from lean_ebm.leaderboard.held_out import main as held_out
from lean_ebm.leaderboard.report import interval, table
from lean_ebm.leaderboard.runs import Run, execute

CONFIGS = Path(__file__).resolve().parents[1] / "configs"


def test_interval_is_students():
    assert interval([0.5]) == "0.500" and interval([]) == "-"
    # scipy.stats.t.interval(0.95, 3, 2.5, sem) is 2.5 -+ 2.054
    assert interval([1.0, 2.0, 3.0, 4.0]) == "2.500 ± 2.053"
    assert interval([10.0, 10.0], 1) == "10.0 ± 0.0"


def test_table():
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_leaderboard_runs_reports_and_goes_on(tmp_path, capsys):
    options = ["--fast", "--seeds=1", "--recipes", "contrastive", f"--folder={tmp_path}", f"--configs={CONFIGS}"]
    main(options)
    run, report = tmp_path / "contrastive" / "seed-0", tmp_path / "results" / "README.md"
    figures = json.loads((run / "evaluation.json").read_text())
    text = report.read_text()
    for name in ("samples_accuracy", "real_coverage", "energy_auroc_rotated", "long_run_accuracy"):
        assert f"{figures['metrics'][f'test/{name}']:.3f}" in text
    assert f"{figures['compute']['3']['frechet']:.3f}" in text
    assert "1 of 1" in text and "prototype" in text and "make leaderboard FAST=1" in text and "torch 2." in text
    for picture in ("training.png", "compute.png", "samples-contrastive.png"):
        assert (tmp_path / "results" / picture).stat().st_size > 1000 and picture in text

    # a second time trains and judges nothing, but writes the report
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file()}
    report.unlink()
    main(options)
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file()} == before
    assert report.read_text() == text

    # an interrupted run goes on from its checkpoint
    (run / "fit.json").unlink()
    seconds = json.loads((run / "begun.json").read_text())["seconds"]
    main(options)
    assert "Restoring states from the checkpoint" in (run / "fit.log").read_text()
    assert json.loads((run / "fit.json").read_text())["seconds"] > seconds

    # and one of another recipe is not mistaken for it
    other = Run("contrastive", CONFIGS / "contrastive.yaml", 0, tmp_path, fit_flags=("--trainer.max_steps=9",))
    with pytest.raises(SystemExit, match="another recipe or other settings: remove the folder"):
        execute([other], jobs=1)


def test_held_out_digits(tmp_path):
    options = ["--fast", "--recipes", "contrastive", f"--folder={tmp_path}", f"--configs={CONFIGS}"]
    held_out(["--digits", "4", *options])
    figures = json.loads((tmp_path / "contrastive-without-4" / "seed-0" / "evaluation.json").read_text())["metrics"]
    text = (tmp_path / "held-out.md").read_text()
    assert f"| `contrastive` | {figures['test/held_out_auprc']:.3f} |" in text
    assert "| *best found* | *0.949* |" in text and "make held-out FAST=1" in text


def test_what_only_sampling_uses_asks_for_no_new_training(tmp_path):
    text = (CONFIGS / "ebt.yaml").read_text()

    def fingerprint(recipe: str) -> str:
        assert recipe == text or recipe not in text
        (tmp_path / "ebt.yaml").write_text(recipe)
        return Run("ebt", tmp_path / "ebt.yaml", 0, tmp_path).fingerprint()

    assert fingerprint(text) == fingerprint(text + "# a comment\n")
    assert fingerprint(text) == fingerprint(text.replace("sampler: {steps: 25", "sampler: {steps: 26"))
    assert fingerprint(text) != fingerprint(text.replace("cross_entropy: 0.01", "cross_entropy: 0.02"))
    assert fingerprint(text) != fingerprint(text.replace("lr: 5.0e-3", "lr: 4.0e-3"))


def test_a_run_that_fails_is_told_and_does_not_stop_the_others(tmp_path, monkeypatch):
    done = []
    monkeypatch.setattr(Run, "evaluate", lambda self, threads: done.append(self.name))

    def train(self, threads):
        if self.name == "bad":
            raise RuntimeError("fit of bad failed")

    monkeypatch.setattr(Run, "train", train)
    runs = [Run(name, CONFIGS / "ebt.yaml", 0, tmp_path) for name in ("bad", "good")]
    assert execute(runs, jobs=2) == ["fit of bad failed"] and done == ["good"]


def test_bad_numbers_are_refused(capsys):
    with pytest.raises(SystemExit):
        main(["--seeds=0"])
    assert "--seeds is 0" in capsys.readouterr().err
