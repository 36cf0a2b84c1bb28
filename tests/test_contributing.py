"""The method in CONTRIBUTING.md is complete: its two blocks run without a change."""

import re
from pathlib import Path

from helpers import TINY_RUN, events, newest
from lean_ebm.cli.training import main

TEXT = (Path(__file__).resolve().parents[1] / "CONTRIBUTING.md").read_text()


def _block(language):
    (found,) = re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.DOTALL)
    return found


def test_a_method_is_one_file_and_one_yaml(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    Path("score_matching.py").write_text(_block("python"))
    Path("score_matching.yaml").write_text(_block("yaml"))
    main(["fit", "--config=score_matching.yaml", "--model.sampler.steps=2", *TINY_RUN])
    assert "train/loss" in events(newest("config_fit.yaml").parent).Tags()["scalars"]
    assert newest("epoch*.ckpt")
