"""The measurement of chains over soft tokens runs, on a model with random weights."""

import json

from lean_ebm.experiments import language_chains
from tiny_language import make_language_model


def test_reading_once_ends_at_the_same_energies_and_is_faster(tmp_path):
    language_chains.main([str(tmp_path / "chains.json"), f"--base={make_language_model(tmp_path)}"])
    found = json.loads((tmp_path / "chains.json").read_text())
    assert 200 <= found["tokens"] < 210 and found["apart"] < 1e-3
    assert found["each"] > found["once"] > found["reading"] > 0 and found["memory"] > 0.1
