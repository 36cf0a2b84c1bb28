"""The first run of proofs: two rates and a page."""

import re

import pytest

from helpers import newest
from lean_ebm.cli.training import main as train
from lean_ebm.experiments.quickstart import main

SMALL = ["--model.energy.width=8", "--model.energy.heads=2", "--data.theorems=120", "--data.workers=1"]
SHORT = ["--trainer.limit_train_batches=2", "--trainer.limit_val_batches=1", "--trainer.enable_progress_bar=false"]


def test_two_rates_and_a_page(tmp_path, monkeypatch, capsys):
    pytest.importorskip("plotly", reason="needs plotly: pip install 'lean-ebm[show]'")
    monkeypatch.chdir(tmp_path)
    assert main([]) == 2 and "make quickstart-proofs" in capsys.readouterr().err
    few = ["--trainer.max_epochs=1", "--trainer.accelerator=cpu", "--samples.samples_per_class=1"]
    train(["fit", "--config=proving/quickstart", *SMALL, *SHORT, *few, "--evaluation.num_samples=0"])
    capsys.readouterr()
    assert main(["--theorems", "8", "--applications", "200"]) == 0
    printed = capsys.readouterr().out
    rates = [int(count) for count in re.findall(r"(\d+) proved, ", printed)]
    count = int(printed.split()[0])
    assert len(rates) == 2 and 0 < count <= 8 and all(0 <= rate <= count for rate in rates) and rates[1] > 0
    page = newest("proof.html")
    assert f"is in {page}" in printed and page.parent == newest("config_fit.yaml").parent
    assert "Proved" in page.read_text("utf-8")
