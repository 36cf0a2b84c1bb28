"""The measurement of language models runs, on a model with random weights."""

import re

from lean_ebm.energy import LanguageModelEnergy
from proving.measured_language import chains
from tiny_language import make_language_model


def test_reading_once_ends_at_the_same_energies_and_is_faster(tmp_path, capsys):
    chains(LanguageModelEnergy(make_language_model(tmp_path), tokens=16), 4)
    shown = capsys.readouterr().out
    assert "8 states of 20" in shown and float(re.search(r"at most (\S+);", shown)[1]) < 1e-3
    assert float(re.search(r"ratio \| (\S+) ", shown)[1]) > 1
