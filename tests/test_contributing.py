"""The method and the guide in CONTRIBUTING.md are complete: their blocks run without a change."""

import re
import shlex
from pathlib import Path

from helpers import TINY_RUN, events, newest
from lean_ebm.cli.proving import main as proving
from lean_ebm.cli.training import main

TEXT = (Path(__file__).resolve().parents[1] / "CONTRIBUTING.md").read_text()


def _block(section, language):
    (text,) = [part for part in TEXT.split("\n## ") if part.startswith(f"{section}\n")]
    (found,) = re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)
    return found


def test_a_method_is_one_file_and_one_yaml(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    Path("score_matching.py").write_text(_block("A method", "python"))
    Path("score_matching.yaml").write_text(_block("A method", "yaml"))
    main(["fit", "--config=score_matching.yaml", "--model.sampler.steps=2", *TINY_RUN])
    assert "train/loss" in events(newest("config_fit.yaml").parent).Tags()["scalars"]
    assert newest("epoch*.ckpt")


def test_a_guide_is_one_file(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "by_form.py").write_text(_block("A guide", "python"))
    (command,) = re.findall(r"lean-ebm (prove .*) --explain", TEXT)
    applications = {}
    for guide in ("by_form.ByForm", "uniform"):
        assert proving([*shlex.split(command.replace("by_form.ByForm", guide)), "--explain"]) == 0
        out = capsys.readouterr().out
        assert "-- verified by" in out and "-- step 1: " in out
        applications[guide] = int(re.search(r"found with (\d+) applications", out)[1])
    assert applications["by_form.ByForm"] < applications["uniform"] / 2
