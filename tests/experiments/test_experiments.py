"""The parts that all experiments share: settings, runs, tables and files."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lean_ebm.errors import RunError, SettingError
from lean_ebm.experiments import runs
from lean_ebm.experiments.experiment import Choice, Experiment
from lean_ebm.experiments.held_out import HELD_OUT
from lean_ebm.experiments.leaderboard import LEADERBOARD
from lean_ebm.experiments.provenance import commit, machine, versions
from lean_ebm.experiments.reasoning import REASONING
from lean_ebm.experiments.runs import Figures, TrainingRun, execute
from lean_ebm.experiments.tables import draw_picture, interval, plot_over_steps, table
from lean_ebm.files import write_whole

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "configs"


def run_of(name: str, folder: Path, **settings) -> TrainingRun:
    return TrainingRun(**{"name": name, "config": CONFIGS / "ebt.yaml", "seed": 0, "folder": folder, **settings})


@pytest.fixture
def pretended(monkeypatch):
    """An experiment whose runs neither train nor evaluate; runs called bad fail."""

    def finish(self, threads):
        if self.name == "bad":
            raise RunError("fit of bad failed")

    monkeypatch.setattr(TrainingRun, "finish", finish)
    monkeypatch.setattr(
        TrainingRun,
        "figures",
        lambda self: {"metrics": {"test/x": self.seed}, "compute": {}, "fit": {"threads": 7, "seconds": 60}},
    )
    return Experiment(
        name="some-thing",
        title="Some thing",
        description="Pretend.",
        introduction="About it.",
        output="thing.md",
        choices={"names": Choice(("good", "bad"), "names")},
        plan=lambda o: [run_of(name, o.folder, seed=seed) for seed in o.seeds for name in o.chosen["names"]],
        body=lambda options, runs: ["## Body", "", interval(runs_of("good", runs).metric("x"))],
        seeds=3,
    )


def runs_of(name: str, all_runs: list[TrainingRun]) -> Figures:
    return runs.finished(all_runs)[name]


def test_interval_is_students():
    assert interval([0.5]) == "0.500" and interval([]) == "-"
    # scipy.stats.t.interval(0.95, 3, 2.5, sem) is 2.5 -+ 2.054
    assert interval([1.0, 2.0, 3.0, 4.0]) == "2.500 ± 2.053"
    assert interval([10.0, 10.0], 1) == "10.0 ± 0.0"
    # beyond the table: scipy.stats.t.ppf(0.975, 11) is 2.201 and of 29 degrees of freedom 2.045
    for size, t in ((12, 2.201), (30, 2.045)):
        values = [-1.0, 1.0] * (size // 2)
        error = (size / (size - 1) / size) ** 0.5
        assert float(interval(values, 5).split(" ± ")[1]) == pytest.approx(t * error, rel=2e-3)


def test_table():
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_figures_are_of_the_seeds_that_have_them():
    figures = Figures(
        [
            {"metrics": {"test/a": 1.0}, "compute": {"10": {"b": 2.0}, "2": {"b": 3.0}}, "fit": {"seconds": 60}},
            {"metrics": {"test/a": 4.0, "test/c": 5.0}, "compute": {"2": {"b": 6.0}}, "fit": {"seconds": 90}},
        ]
    )
    assert figures.metric("a") == [1, 4] and figures.metric("c") == [5] and figures.metric("d") == []
    assert figures.steps == [2, 10] and figures.at(2, "b") == [3, 6] and figures.at(10, "b") == [2]
    assert figures.minutes == [1, 1.5]
    lines = []

    class Axis:
        def plot(self, x, y, style, **settings):
            lines.append((x, y, style, settings["label"]))

    plot_over_steps(Axis(), figures, "b", "--", label="some")
    assert lines == [([2, 10], [4.5, 2], "--", "some")]


def test_pictures_have_their_panels_in_rows(tmp_path):
    path = tmp_path / "some" / "picture.png"
    draw_picture(path, 4, lambda axes: [axis.plot([1, 2]) for axis in axes] and None, columns=3)
    size = [int.from_bytes(path.read_bytes()[at : at + 4], "big") for at in (16, 20)]
    assert size == [3 * 420, 2 * 340]


def test_files_are_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "new folder" / "report.md"
    write_whole(path, "± 1")
    assert path.read_bytes() == "± 1".encode()

    def fail(beside, target):
        assert Path(beside).read_bytes() == b"another"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, "another")
    assert path.read_bytes() == "± 1".encode() and list(path.parent.iterdir()) == [path]


def test_where_figures_come_from():
    import torch

    assert "cores" in machine() and f"torch {torch.__version__}".split("+")[0] in versions()
    describe = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(describe, cwd=Path(runs.__file__).parent, capture_output=True, text=True)
    assert commit() == (done.stdout.strip() if done.returncode == 0 else None)


def test_what_only_sampling_uses_needs_no_new_training(tmp_path):
    text = (CONFIGS / "ebt.yaml").read_text()

    def fingerprint(recipe: str) -> str:
        assert recipe == text or recipe not in text
        (tmp_path / "ebt.yaml").write_text(recipe)
        return run_of("ebt", tmp_path, config=tmp_path / "ebt.yaml").fingerprint()

    assert fingerprint(text) == fingerprint(text + "# a comment\n")
    assert fingerprint(text) == fingerprint(text.replace("sampler: {steps: 25", "sampler: {steps: 26"))
    assert fingerprint(text) != fingerprint(text.replace("cross_entropy: 0.01", "cross_entropy: 0.02"))
    assert fingerprint(text) != fingerprint(text.replace("lr: 5.0e-3", "lr: 4.0e-3"))


def test_a_run_that_fails_is_told_and_does_not_stop_the_others(tmp_path, monkeypatch):
    done = []
    monkeypatch.setattr(TrainingRun, "evaluate", lambda self, threads: done.append(self.name))

    def train(self, threads):
        if self.name == "bad":
            raise RunError("fit of bad failed")

    monkeypatch.setattr(TrainingRun, "train", train)
    assert execute([run_of(name, tmp_path) for name in ("bad", "good")], jobs=2) == ["fit of bad failed"]
    assert done == ["good"]


def test_a_command_that_fails_names_its_log(tmp_path, monkeypatch):
    run = run_of("some", tmp_path)
    monkeypatch.setattr(sys, "executable", "false")
    with pytest.raises(RunError, match=r"fit of some, seed 0 failed: see .*fit\.log"):
        run.train(threads=1)
    with pytest.raises(RunError, match="has no checkpoint to evaluate"):
        run.evaluate(threads=1)


def test_nothing_begins_if_one_of_the_runs_cannot(tmp_path, monkeypatch):
    monkeypatch.setattr(TrainingRun, "finish", lambda self, threads: pytest.fail("began"))
    missing = run_of("other", tmp_path, config=tmp_path / "other.yaml")
    with pytest.raises(SettingError, match=r"There is no recipe .*other\.yaml"):
        execute([run_of("some", tmp_path), missing], jobs=1)


def test_commands_of_a_report_can_be_pasted(tmp_path):
    import shlex

    run = run_of("some", tmp_path / "a folder", test_flags=("--evaluation.steps=[1, 2]",))
    fit, test = run.commands()
    assert shlex.split(fit) == ["lean-ebm", *run.arguments("fit")]
    assert "--evaluation.steps=[1, 2]" in shlex.split(test) and "--evaluation.steps=[1, 2]" not in shlex.split(fit)


def test_a_report_says_what_was_run_and_how_to_repeat_it(pretended, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    pretended.main(["--names", "good"])
    text = Path("results/thing.md").read_text()
    command = "python -m lean_ebm.experiments.some_thing --names good"
    assert text.startswith(
        f"# Some thing\n\nWritten by `{command}`; change nothing by hand. About it. Means over seeds 0 "
    )
    assert re.search(r"\n\n## Body\n\n1\.000 ± 2\.483\n\n## Again\n\n    lean-ebm fit '?--config=", text)
    assert f"Each run had 7 CPU thread(s) of {machine()}." in text and versions() in text
    assert "Failures" not in text and "Report: results/thing.md" in capsys.readouterr().out

    with pytest.raises(SystemExit) as exit:
        pretended.main(["--fast", "--jobs=2"])
    assert exit.value.code == 1
    text = Path("lightning_logs/some-thing-fast/thing.md").read_text()
    assert "Written by `make some-thing FAST=1`" in text and "A dry run" in text and "Seed 0 only." in text
    assert "About it" not in text and text.endswith("## Failures\n\n- fit of bad failed\n")


def test_a_report_that_cannot_be_written_is_told_in_one_sentence(pretended, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match=r"some_thing: error: .*file.*\. Is the path right"):
        pretended.main(["--names", "good", f"--output={tmp_path / 'file' / 'thing.md'}"])


@pytest.mark.parametrize("experiment", [LEADERBOARD, HELD_OUT, REASONING], ids=lambda experiment: experiment.name)
def test_settings_are_told_in_one_sentence(experiment, tmp_path, capsys):
    for arguments, message in {
        ("--seeds=0",): "argument --seeds: 0 is not a whole number of 1 or more.",
        ("--jobs", "two"): "argument --jobs: two is not a whole number of 1 or more.",
        ("--unknown",): "unrecognized arguments: --unknown",
    }.items():
        with pytest.raises(SystemExit) as exit:
            experiment.main(arguments)
        lines = capsys.readouterr().err.splitlines()
        assert exit.value.code == 2 and lines[0] == f"{experiment.program}: error: {message}" and len(lines) == 2
    with pytest.raises(SystemExit, match=r"error: There is no recipe .*yaml"):
        experiment.main([f"--configs={tmp_path}", f"--folder={tmp_path}"])


@pytest.mark.parametrize("experiment", [LEADERBOARD, HELD_OUT, REASONING], ids=lambda experiment: experiment.name)
def test_an_experiment_is_a_module_and_a_target_of_make(experiment):
    module = experiment.program.removeprefix("python -m ")
    assert getattr(sys.modules[module], experiment.name.upper().replace("-", "_")) is experiment
    done = subprocess.run(["make", "-n", experiment.name, "FAST=1"], cwd=ROOT, capture_output=True, text=True)
    assert f"python -m {module} --fast" in done.stdout
    options = experiment.options(["--fast"])
    assert options.folder == Path(f"lightning_logs/{experiment.name}-fast") and options.output.parent == options.folder
    assert experiment.options([]).output.parent == Path("results")
    assert len(replace(experiment, seeds=4).options([]).seeds) == 4
