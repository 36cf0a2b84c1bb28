"""`lean-ebm improve`: expert iteration from the command line."""

import json

import pytest

from lean_ebm.cli.improve import main
from lean_ebm.experiments import improving
from lean_ebm.guides import load

TINY = ["--practice", "12", "--held-out", "10", "--remembered", "120", "--epochs", "1", "--rounds", "1"]


@pytest.fixture(autouse=True)
def _without_filters(monkeypatch):
    """The command ignores warnings of libraries, for the whole process."""
    monkeypatch.setattr("lean_ebm.cli.training.ignore_known_warnings", lambda: None)


def test_a_round_learns_from_the_provers_own_searches_and_measures_the_gain(tmp_path, capsys):
    output = tmp_path / "better"
    options = ["--output", str(output), "--connectives", "30", "--applications", "8", *TINY]
    assert main(["improve", "--guide", "default", *options]) == 0
    told = capsys.readouterr().out
    assert "of 10 held-out theorems proved at 8 applications" in told and "gain " in told
    record = json.loads((output / "improvement.json").read_text())
    (one,) = record["rounds"]
    assert one["practised"] == 12 and one["learned"] > 0 and one["states"] > one["learned"]
    assert one["gain"]["value"] == pytest.approx(one["solved"] - record["before"])
    assert one["gain"]["low"] <= one["gain"]["value"] <= one["gain"]["high"]
    before, after = (load(path).method.energy.state_dict() for path in (None, output / "round-1.ckpt"))
    assert before.keys() == after.keys() and any((before[name] != after[name]).any() for name in before)

    assert main(["improve", "--guide", "default", *options]) == 2  # nothing is overwritten
    assert "has the figures of another run: name a new folder" in capsys.readouterr().err


def test_theorems_of_a_file_are_practised_on_or_held_out(tmp_path):
    path = tmp_path / "mine.jsonl"
    names = [[f"p{i}" for i in range(n + 1)] for n in range(1, 41)]
    texts = [f"({' '.join(some)} : Prop) : p0 → {' ∨ '.join(some)}" for some in names]
    texts += [text.replace("p", "q").replace("Proq", "Prop") for text in texts]  # the same with other names
    path.write_text("".join(json.dumps({"statement": text}) + "\n" for text in texts))
    settings = improving.Improvement(None, tmp_path / "out", path, practice=20, held_out=100)
    held_out, practice = improving._theorems(settings)
    first, second = practice(1), practice(2)
    assert len(held_out) == 13 and len(first) == len(second) == 20 and first != second
    assert not {*map(str, held_out)} & {*map(str, first + second)}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--guide", "none.ckpt"], "--guide none.ckpt: there is no such checkpoint"),
        (["--guide", "default", "--rounds", "0"], "rounds is 0, expected 1 or more"),
        (["--guide", "default", "--practice", "9"], "practice is 9, expected 10 or more"),
        (
            ["--guide", "default", "--theorems", "few.jsonl"],
            "few.jsonl has 1 theorems that differ in more than names, expected at least 30",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path, monkeypatch, capsys, wrong, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "few.jsonl").write_text(json.dumps({"statement": "p → p"}) + "\n")
    assert main(["improve", "--output", "out", "--remembered", "120", *wrong]) == 2
    assert said in capsys.readouterr().err
